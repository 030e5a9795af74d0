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
    last = list(head.modules())[-1]
    while not isinstance(last, torch.nn.Linear):
        last = [m for m in head.modules() if isinstance(m, torch.nn.Linear)][-1]
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.constant_(last.bias, bias)


def _sharp(decoder: Any, factor: float) -> None:
    """Let a mask decoder's logits be far from 0, so that its masks are stable."""
    for head in decoder.output_hypernetworks_mlps:
        linear = [m for m in head.modules() if isinstance(m, torch.nn.Linear)][-1]
        linear.weight.mul_(factor)
        linear.bias.mul_(factor)


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

    torch.manual_seed(7)
    model = Sam2VideoModel(sam2_config(size)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(4.0)
        _sharp(model.mask_decoder, 40.0)
        _sure(model.mask_decoder.iou_prediction_head, 4.0)
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
        last.bias.fill_(0.2)  # a depth of five widths, so that it is seen to be no 0
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
        bin_embedding_dim=16, num_patch_transformer_layers=4, patch_transformer_hidden_size=16,
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
