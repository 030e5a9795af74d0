"""Models as large as the published ones, with random weights, in the published layout.

Their configurations are those of the checkpoints as far as they decide what is computed.
Tokenizers and image processors are those of the tests' tiny models, with the full sizes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from blender_see2sound.core.models.devices import Device
from tests.core import tiny_models

#: The tokens of Florence-2.
_VOCABULARY = 51289


def save(folder: Path, name: str, device: Device) -> None:
    """Save the model of a part's name, made on the device in its shorter numbers."""
    path, make, sizes = _MAKERS[name](folder)
    with torch.device(device.torch):
        model = make()
    model.to(getattr(torch, device.half)).save_pretrained(path)
    settings = path / "preprocessor_config.json"
    if sizes:
        known = json.loads(settings.read_text())
        settings.write_text(json.dumps({**known, "size": sizes}))


def save_tiny(folder: Path, name: str) -> None:
    """Save the tests' tiny model for a part's name."""
    _MAKERS[name](folder)


Made = tuple[Path, Callable[[], Any], dict[str, int]]


def _sam2(folder: Path) -> Made:
    path = tiny_models.save_sam2(folder, "sam2.1-hiera-large")

    def make() -> Any:
        from transformers import Sam2VideoConfig, Sam2VideoModel

        backbone = {
            "model_type": "sam2_hiera_det_model", "hidden_size": 144, "num_attention_heads": 2,
            "blocks_per_stage": [2, 6, 36, 4], "embed_dim_per_stage": [144, 288, 576, 1152],
            "num_attention_heads_per_stage": [2, 4, 8, 16], "window_size_per_stage": [8, 4, 16, 8],
            "global_attention_blocks": [23, 33, 43],
            "window_positional_embedding_background_size": [7, 7],
        }  # fmt: skip
        vision = {
            "model_type": "sam2_vision_model", "backbone_config": backbone,
            "backbone_channel_list": [1152, 576, 288, 144],
        }  # fmt: skip
        model = Sam2VideoModel(Sam2VideoConfig(vision_config=vision))
        head = model.mask_decoder.pred_obj_score_head.proj_out
        with torch.no_grad():  # what is followed stays in the picture
            head.weight.zero_()
            head.bias.fill_(5.0)
        return model

    return path, make, {}


def _depth_anything(folder: Path) -> Made:
    path = tiny_models.save_depth_anything(folder)

    def make() -> Any:
        from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation

        backbone = {
            "model_type": "dinov2", "image_size": 518, "patch_size": 14, "hidden_size": 384,
            "num_hidden_layers": 12, "num_attention_heads": 6, "out_indices": [3, 6, 9, 12],
            "reshape_hidden_states": False, "apply_layernorm": True,
        }  # fmt: skip
        return DepthAnythingForDepthEstimation(
            DepthAnythingConfig(
                backbone_config=backbone, patch_size=14, reassemble_hidden_size=384,
                neck_hidden_sizes=[48, 96, 192, 384], fusion_hidden_size=64, head_hidden_size=32,
            )
        )  # fmt: skip

    return path, make, {"height": 518, "width": 518}


def _depth_pro(folder: Path) -> Made:
    path = tiny_models.save_depth_pro(folder)

    def make() -> Any:
        from transformers import DepthProConfig, DepthProForDepthEstimation

        vit = {
            "model_type": "dinov2", "image_size": 384, "patch_size": 16, "hidden_size": 1024,
            "num_hidden_layers": 24, "num_attention_heads": 16,
        }  # fmt: skip
        return DepthProForDepthEstimation(
            DepthProConfig(
                use_fov_model=True, image_model_config=dict(vit), patch_model_config=dict(vit),
                fov_model_config=dict(vit),
            )
        )  # fmt: skip

    return path, make, {"height": 1536, "width": 1536}


def _florence(folder: Path, size: str) -> Made:
    path = tiny_models.save_florence(folder, f"florence-community/Florence-2-{size}-ft")
    tokens = json.loads((path / "config.json").read_text())
    large = size == "large"
    widths = (256, 512, 1024, 2048) if large else (128, 256, 512, 1024)
    heads = [w // 32 for w in widths]
    dim, layers = (1024, 12) if large else (768, 6)

    def make() -> Any:
        from transformers import Florence2Config, Florence2ForConditionalGeneration

        text = {
            "model_type": "bart", "vocab_size": _VOCABULARY, "d_model": dim,
            "encoder_layers": layers, "decoder_layers": layers, "max_position_embeddings": 1024,
            "encoder_attention_heads": dim // 64, "decoder_attention_heads": dim // 64,
            "encoder_ffn_dim": 4 * dim, "decoder_ffn_dim": 4 * dim, "bos_token_id": 0,
            "pad_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2,
        }  # fmt: skip
        vision = {
            "depths": [1, 1, 9, 1], "embed_dim": list(widths), "num_heads": heads,
            "num_groups": heads, "window_size": 12, "projection_dim": dim, "drop_path_rate": 0.0,
        }  # fmt: skip
        config = Florence2Config(
            text_config=text, vision_config=vision, image_token_id=tokens["image_token_id"]
        )
        model = Florence2ForConditionalGeneration(config)
        model.generation_config.update(num_beams=3, no_repeat_ngram_size=3, early_stopping=True)
        return model

    return path, make, {"height": 768, "width": 768}


_MAKERS: dict[str, Callable[[Path], Made]] = {
    "sam2.1-large": _sam2,
    "depth-anything-small": _depth_anything,
    "depth-pro": _depth_pro,
    "florence-2-base": lambda folder: _florence(folder, "base"),
    "florence-2-large": lambda folder: _florence(folder, "large"),
}
