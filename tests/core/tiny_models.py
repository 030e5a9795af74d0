"""Makes tiny random models in the layout of published ones: the real classes, 0.1 s each.

Each function writes a folder ``<folder>/<owner>--<name>`` and returns it.
"""

from __future__ import annotations

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
