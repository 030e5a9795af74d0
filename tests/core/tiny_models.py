"""Makes tiny random models in the layout of published ones: the real classes, 0.1 s each.

Each function writes a folder ``<folder>/<owner>--<name>`` and returns it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch


def _sure(head: Any, bias: float) -> None:
    """Let a head's last layer say nearly the same for everything."""
    torch.nn.init.zeros_(head.proj_out.weight)
    torch.nn.init.constant_(head.proj_out.bias, bias)


def _sharp(decoder: Any, factor: float) -> None:
    """Let a mask decoder's masks be of large blocks, and its logits far from 0."""
    for conv in (decoder.upscale_conv1, decoder.upscale_conv2):
        conv.weight.copy_(conv.weight.mean((-1, -2), keepdim=True).expand_as(conv.weight))
    for name in ("conv_s0", "conv_s1"):
        if hasattr(decoder, name):
            torch.nn.init.zeros_(getattr(decoder, name).weight)
    for head in decoder.output_hypernetworks_mlps:
        head.proj_out.weight.mul_(factor)
        head.proj_out.bias.mul_(factor)


def sam2_config(size: int = 64) -> Any:
    """The configuration of a SAM 2.1 that sees `size` pixels a side."""
    from transformers import Sam2VideoConfig

    levels = [[size // k, size // k] for k in (4, 8, 16)]
    backbone = {
        "model_type": "sam2_hiera_det_model", "image_size": [size, size], "hidden_size": 8,
        "num_attention_heads": 1, "blocks_per_stage": [1, 1, 2, 1],
        "embed_dim_per_stage": [8, 16, 32, 64], "num_attention_heads_per_stage": [1, 1, 2, 2],
        "window_size_per_stage": [4, 4, 4, 2], "global_attention_blocks": [3],
        "window_positional_embedding_background_size": [2, 2],
    }  # fmt: skip
    return Sam2VideoConfig(
        vision_config={
            "model_type": "sam2_vision_model", "backbone_config": backbone,
            "backbone_channel_list": [64, 32, 16, 8], "backbone_feature_sizes": levels,
            "fpn_hidden_size": 128,
        },
        prompt_encoder_config={"hidden_size": 128, "image_size": size, "patch_size": 16},
        mask_decoder_config={
            "hidden_size": 128, "mlp_dim": 64, "num_attention_heads": 2, "iou_head_hidden_dim": 32,
        },
        image_size=size,
        memory_attention_hidden_size=128,
        memory_attention_feed_forward_hidden_size=64,
        memory_attention_num_layers=2,
        memory_attention_rope_feat_sizes=[size // 16, size // 16],
        memory_encoder_hidden_size=128,
        memory_encoder_output_channels=64,
        mask_downsampler_embed_dim=128,
        memory_fuser_embed_dim=128,
        memory_fuser_intermediate_dim=64,
    )  # fmt: skip


def sam2_model(size: int = 64, *, present: float = 5.0) -> Any:
    """A random SAM 2.1 whose masks are stable; `present` is its logit that objects are seen."""
    from transformers import Sam2VideoModel

    torch.manual_seed(3)
    model = Sam2VideoModel(sam2_config(size)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(4.0)
        _sharp(model.mask_decoder, 4000.0)
        _sure(model.mask_decoder.iou_prediction_head, 4.0)
        # Of the three masks the second is liked best: with this seed it covers a part of what
        # it is asked about, also when that is followed.
        model.mask_decoder.iou_prediction_head.proj_out.bias[2] = 4.5
        _sure(model.mask_decoder.pred_obj_score_head, present)
    return model


def save_sam2(folder: Path, name: str = "sam2.1-hiera-tiny", **options: Any) -> Path:
    """A SAM 2.1 as facebook/sam2.1-hiera-tiny is published."""
    path = folder / f"facebook--{name}"
    sam2_model(**options).save_pretrained(path)
    return path


#: The letters and marks that tiny tokenizers can write, as byte-level tokens; a space is Ġ.
_LETTERS = [*"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,?:-'", "Ġ", "Ċ"]


def save_florence(folder: Path, name: str = "florence-community/Florence-2-base-ft") -> Path:
    """Save a tiny Florence-2 that sees 32 pixels a side, with its thousand location tokens."""
    from transformers import (
        CLIPImageProcessorPil,
        Florence2Config,
        Florence2ForConditionalGeneration,
        RobertaTokenizer,
    )

    path = folder / name.replace("/", "--")
    tokens = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *_LETTERS]
    tokens += ["<image>", *(f"<loc_{i}>" for i in range(1000))]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    tokenizer = RobertaTokenizer(vocab=vocabulary, merges=[])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    tokenizer.add_tokens([f"<loc_{i}>" for i in range(1000)], special_tokens=True)
    torch.manual_seed(2)
    config = Florence2Config(
        text_config={
            "model_type": "bart", "vocab_size": len(tokens), "d_model": 32, "encoder_layers": 1,
            "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
            "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "max_position_embeddings": 256,
            "init_std": 0.5, "bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2,
            "decoder_start_token_id": 2, "forced_bos_token_id": 0, "forced_eos_token_id": 2,
        },
        vision_config={
            "depths": [1, 1, 1, 1], "embed_dim": [8, 16, 16, 32], "num_heads": [1, 2, 2, 4],
            "num_groups": [1, 2, 2, 4], "window_size": 2, "projection_dim": 32,
            "drop_path_rate": 0.0, "initializer_range": 0.3,
        },
        image_token_id=vocabulary["<image>"],
    )  # fmt: skip
    model = Florence2ForConditionalGeneration(config)
    model.generation_config.update(num_beams=3, no_repeat_ngram_size=3, early_stopping=True)
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    CLIPImageProcessorPil(
        size={"height": 32, "width": 32}, do_center_crop=False, resample=3,
        image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225],
    ).save_pretrained(path)  # fmt: skip
    return path


def save_smolvlm(folder: Path, name: str = "HuggingFaceTB/SmolVLM2-256M-Video-Instruct") -> Path:
    """Save a tiny SmolVLM2 that sees 32 pixels a side, as four tokens."""
    from transformers import (
        GPT2Tokenizer,
        SmolVLMConfig,
        SmolVLMForConditionalGeneration,
        SmolVLMImageProcessorPil,
    )

    path = folder / name.replace("/", "--")
    marks = ["<|endoftext|>", "<|im_start|>", "<end_of_utterance>"]
    marks += ["<image>", "<fake_token_around_image>", "<global-img>"]
    vocabulary = {token: i for i, token in enumerate([*marks, *_LETTERS])}
    tokenizer = GPT2Tokenizer(vocab=vocabulary, merges=[])
    tokenizer.add_special_tokens({"additional_special_tokens": marks})
    torch.manual_seed(3)
    config = SmolVLMConfig(
        text_config={
            "model_type": "llama", "vocab_size": len(vocabulary), "hidden_size": 32,
            "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
            "num_key_value_heads": 1, "max_position_embeddings": 512, "initializer_range": 0.5,
            "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
        },
        vision_config={
            "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1,
            "num_attention_heads": 2, "image_size": 32, "patch_size": 8, "initializer_range": 0.3,
        },
        scale_factor=2,
        image_token_id=vocabulary["<image>"],
        pad_token_id=0,
    )  # fmt: skip
    SmolVLMForConditionalGeneration(config).save_pretrained(path)
    tokenizer.save_pretrained(path)
    SmolVLMImageProcessorPil(
        size={"longest_edge": 128}, max_image_size={"longest_edge": 32}
    ).save_pretrained(path)
    return path


# ------------------------------------------------------------------ depth


def _seeded() -> None:
    torch.manual_seed(0)


def save_depth_anything(
    folder: Path, name: str = "Depth-Anything-V2-Small-hf", metric: float | None = None
) -> Path:
    """A Depth Anything of 56 pixels; of metres up to `metric`, else of relative inverse depth."""
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation
    from transformers.models.dpt.image_processing_pil_dpt import DPTImageProcessorPil

    _seeded()
    backbone = {
        "model_type": "dinov2", "image_size": 56, "patch_size": 14, "hidden_size": 32,
        "num_hidden_layers": 4, "num_attention_heads": 2, "mlp_ratio": 2, "out_indices": [1, 2, 3, 4],
        "reshape_hidden_states": False, "apply_layernorm": True,
    }  # fmt: skip
    config = DepthAnythingConfig(
        backbone_config=backbone, patch_size=14, reassemble_hidden_size=32,
        neck_hidden_sizes=[8, 16, 16, 32], fusion_hidden_size=16, head_hidden_size=8,
        depth_estimation_type="relative" if metric is None else "metric",
        max_depth=1 if metric is None else int(metric),
    )  # fmt: skip
    model = DepthAnythingForDepthEstimation(config).eval()
    with torch.no_grad():
        model.head.conv3.bias.fill_(2.0 if metric is None else 0.0)
        model.head.conv3.weight.mul_(30.0)
    path = folder / f"depth-anything--{name}"
    model.save_pretrained(path)
    DPTImageProcessorPil(
        size={"height": 56, "width": 56}, ensure_multiple_of=14, keep_aspect_ratio=True
    ).save_pretrained(path)
    return path


def save_depth_pro(folder: Path, fov: bool = True) -> Path:
    """A Depth Pro of 56 pixels in patches of 14; `fov` says whether it sees the field of view."""
    from transformers import DepthProConfig, DepthProForDepthEstimation

    _seeded()
    vit = {
        "model_type": "dinov2", "image_size": 16, "patch_size": 4, "hidden_size": 16,
        "num_hidden_layers": 2, "num_attention_heads": 2, "mlp_ratio": 2,
    }  # fmt: skip
    config = DepthProConfig(
        fusion_hidden_size=16, patch_size=16, intermediate_hook_ids=[1, 0],
        intermediate_feature_dims=[8, 8], scaled_images_ratios=[0.25, 0.5, 1.0],
        scaled_images_overlap_ratios=[0.0, 0.5, 0.25], scaled_images_feature_dims=[8, 8, 8],
        merge_padding_value=1, use_fov_model=fov, image_model_config=dict(vit),
        patch_model_config=dict(vit), fov_model_config=dict(vit),
    )  # fmt: skip
    model = DepthProForDepthEstimation(config).eval()
    with torch.no_grad():
        last = [m for m in model.head.modules() if isinstance(m, torch.nn.Conv2d)][-1]
        last.weight.mul_(1e-3)
        last.bias.fill_(0.2)  # about five focal lengths of one width
        if fov:
            head = [m for m in model.fov_model.modules() if isinstance(m, torch.nn.Conv2d)][-1]
            head.weight.zero_()
            head.bias.fill_(61.0)
    path = folder / "apple--DepthPro-hf"
    model.save_pretrained(path)
    settings = {
        "do_normalize": True, "do_rescale": True, "do_resize": True, "resample": 2,
        "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "rescale_factor": 1 / 255,
        "image_processor_type": "DepthProImageProcessor", "size": {"height": 64, "width": 64},
    }  # fmt: skip
    (path / "preprocessor_config.json").write_text(json.dumps(settings))
    return path


def save_zoe_depth(folder: Path) -> Path:
    """A ZoeDepth with the two heads of the published one, for rooms and streets."""
    from transformers import ZoeDepthConfig, ZoeDepthForDepthEstimation
    from transformers.models.zoedepth.image_processing_pil_zoedepth import (
        ZoeDepthImageProcessorPil,
    )

    _seeded()
    backbone = {
        "model_type": "beit", "image_size": 64, "patch_size": 16, "hidden_size": 32,
        "num_hidden_layers": 4, "num_attention_heads": 2, "intermediate_size": 64,
        "use_relative_position_bias": True, "reshape_hidden_states": False,
        "out_features": ["stage1", "stage2", "stage3", "stage4"],
    }  # fmt: skip
    config = ZoeDepthConfig(
        backbone_config=backbone, neck_hidden_sizes=[8, 16, 16, 32], fusion_hidden_size=16,
        num_relative_features=8, bottleneck_features=16, num_attractors=[4, 4, 2, 1],
        bin_embedding_dim=16, num_patch_transformer_layers=4, patch_transformer_hidden_size=128,
        patch_transformer_intermediate_size=32, patch_transformer_num_attention_heads=2,
        bin_configurations=[
            {"name": "nyu", "n_bins": 8, "min_depth": 0.001, "max_depth": 10.0},
            {"name": "kitti", "n_bins": 8, "min_depth": 0.001, "max_depth": 80.0},
        ],
    )  # fmt: skip
    path = folder / "Intel--zoedepth-nyu-kitti"
    ZoeDepthForDepthEstimation(config).eval().save_pretrained(path)
    ZoeDepthImageProcessorPil(
        size={"height": 64, "width": 96}, ensure_multiple_of=32, keep_aspect_ratio=True,
        image_mean=[0.5] * 3, image_std=[0.5] * 3,
    ).save_pretrained(path)  # fmt: skip
    return path


def save_sam(folder: Path, name: str = "sam-vit-base") -> Path:
    """A SAM as facebook/sam-vit-base is published."""
    from transformers import SamConfig, SamModel

    torch.manual_seed(7)
    config = SamConfig(
        vision_config={
            "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 64,
            "patch_size": 8, "window_size": 2, "output_channels": 16, "global_attn_indexes": [1],
            "num_pos_feats": 8, "mlp_dim": 32, "initializer_range": 0.5,
        },
        prompt_encoder_config={
            "hidden_size": 16, "image_size": 64, "patch_size": 8, "mask_input_channels": 4,
        },
        mask_decoder_config={
            "hidden_size": 16, "mlp_dim": 32, "num_attention_heads": 2, "iou_head_hidden_dim": 16,
        },
    )  # fmt: skip
    model = SamModel(config).eval()
    with torch.no_grad():
        for parameter in model.mask_decoder.parameters():
            if parameter.dim() > 1:
                parameter.mul_(6.0)
        _sharp(model.mask_decoder, 1e5)
        _sure(model.mask_decoder.iou_prediction_head, 0.95)
    path = folder / f"facebook--{name}"
    model.save_pretrained(path)
    return path


def _names(count: int) -> dict[int, str]:
    """COCO's names of the first classes, and of some stuff after."""
    things = ["person", "dog", "car", "cup"]
    stuff = ["sky-other-merged", "grass-merged", "wall-other-merged"]
    return dict(enumerate((things * 20)[:80] + (stuff * 20)[: count - 80]))


def save_eomt(folder: Path, name: str = "coco_panoptic_eomt_large_640") -> Path:
    """An EoMT as tue-mps/coco_panoptic_eomt_large_640 is published."""
    from transformers import EomtConfig, EomtForUniversalSegmentation

    torch.manual_seed(3)
    names = _names(133)
    config = EomtConfig(
        hidden_size=32, num_hidden_layers=3, num_attention_heads=2, image_size=64, patch_size=8,
        num_blocks=1, num_queries=12, mlp_ratio=2, num_upscale_blocks=1, num_register_tokens=2,
        id2label=names, label2id={v: k for k, v in names.items()},
    )  # fmt: skip
    model = EomtForUniversalSegmentation(config).eval()
    with torch.no_grad():
        model.attn_mask_probs.zero_()
        model.class_predictor.weight.mul_(1e3)
        model.mask_head.fc3.weight.mul_(1e3)
    path = folder / f"tue-mps--{name}"
    model.save_pretrained(path)
    return path


def save_oneformer(folder: Path, name: str = "oneformer_coco_swin_large") -> Path:
    """A OneFormer as shi-labs/oneformer_coco_swin_large is published, with its tokenizer."""
    from transformers import OneFormerConfig, OneFormerForUniversalSegmentation

    torch.manual_seed(3)
    names = _names(133)
    config = OneFormerConfig(
        backbone_config={
            "model_type": "swin", "image_size": 64, "embed_dim": 8, "depths": [1, 1, 1, 1],
            "num_heads": [1, 1, 2, 2], "window_size": 2,
            "out_features": ["stage1", "stage2", "stage3", "stage4"],
        },
        num_queries=12, hidden_dim=32, mask_dim=32, conv_dim=32, encoder_feedforward_dim=16,
        dim_feedforward=16, encoder_layers=1, decoder_layers=3, num_attention_heads=2,
        text_encoder_width=32, text_encoder_num_layers=1, text_encoder_vocab_size=600,
        query_dec_layers=1, id2label=names, label2id={v: k for k, v in names.items()},
    )  # fmt: skip
    model = OneFormerForUniversalSegmentation(config).eval()
    decoder = model.model.transformer_module.decoder
    with torch.no_grad():
        decoder.class_embed.weight.mul_(1e4)
        for parameter in decoder.mask_embed.parameters():
            parameter.mul_(20.0)
    path = folder / f"shi-labs--{name}"
    model.save_pretrained(path)
    letters = sorted(set("".join(_words())))
    # As published: the tokenizer in its parts.
    vocabulary = [*letters, *(f"{c}</w>" for c in letters), "<|startoftext|>", "<|endoftext|>"]
    (path / "vocab.json").write_text(json.dumps({t: k for k, t in enumerate(vocabulary)}))
    (path / "merges.txt").write_text("#version: 0.2\n")
    (path / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": 77})
    )
    return path


def _words() -> list[str]:
    return ["the", "task", "is", "panoptic", "semantic", "instance"]


# ------------------------------------------------------------------ sets


def save_free_set(folder: Path) -> Path:
    """The models of the set "free", tiny ones under their names; gives the models folder."""
    from .tiny_generators import save_stable_audio

    save_sam2(folder, "sam2.1-hiera-large")
    save_depth_anything(folder)
    save_florence(folder)
    save_stable_audio(folder)
    return folder
