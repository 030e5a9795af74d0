"""Generators of sounds as large as the published ones, with random weights, in the published layout.

Their configurations are those of the checkpoints as far as they are known and decide what is
computed; Stable Audio 3's were taken from diffusers' defaults (medium), and its small model and
the larger decoder are guesses. Tokenizers are those of the tests' tiny models.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from blender_see2sound.core.models.devices import Device
from tests.core import tiny_generators
from tests.core.tiny_generators import change_json

Components = dict[str, Callable[[], Any]]


def save(folder: Path, name: str, device: Device) -> None:
    """Save the pipeline of a maker's name; its weights are made on the device."""
    from diffusers.utils import logging

    logging.set_verbosity_error()
    path, components = _MAKERS[name](folder)
    for tokenizer, longest in (("tokenizer", 256), ("tokenizer_2", 128)):
        if (path / tokenizer).is_dir():
            change_json(path / tokenizer / "tokenizer_config.json", model_max_length=longest)
    for component, make in components.items():
        with torch.device(device.torch):
            model = make()
        for file in (path / component).glob("*.safetensors"):
            file.unlink()
        model.to(getattr(torch, device.half)).save_pretrained(path / component)


def save_tiny(folder: Path, name: str) -> None:
    """Save the tests' tiny pipeline for a maker's name."""
    _MAKERS[name](folder)


def _t5(size: str) -> Any:
    from transformers import T5Config, T5EncoderModel

    wide, layers, inner = {"base": (768, 12, 3072), "large": (1024, 24, 2816)}[size]
    config = T5Config(
        d_model=wide, d_kv=64, d_ff=inner, num_layers=layers, num_heads=wide // 64,
        feed_forward_proj="gated-gelu" if size == "large" else "relu",
    )  # fmt: skip
    return T5EncoderModel(config)


def _audioldm2(folder: Path) -> tuple[Path, Components]:
    import diffusers
    import transformers

    channels, crossed = (128, 256, 384, 640), [[None, 768, 1024]] * 4

    return tiny_generators.save_audioldm2(folder), {
        "text_encoder": lambda: transformers.ClapModel(transformers.ClapConfig()),
        "text_encoder_2": lambda: _t5("large"),
        "projection_model": lambda: diffusers.AudioLDM2ProjectionModel(
            text_encoder_dim=512, text_encoder_1_dim=1024, langauge_model_dim=768
        ),
        "language_model": lambda: transformers.GPT2Model(transformers.GPT2Config(max_new_tokens=8)),
        "unet": lambda: diffusers.AudioLDM2UNet2DConditionModel(
            sample_size=256, in_channels=8, out_channels=8, block_out_channels=channels,
            layers_per_block=2, cross_attention_dim=crossed, attention_head_dim=8,
        ),
        "vae": lambda: diffusers.AutoencoderKL(
            in_channels=1, out_channels=1, latent_channels=8, block_out_channels=[128, 256, 512],
            down_block_types=["DownEncoderBlock2D"] * 3, up_block_types=["UpDecoderBlock2D"] * 3,
            layers_per_block=2,
        ),
        "vocoder": lambda: transformers.SpeechT5HifiGan(
            transformers.SpeechT5HifiGanConfig(
                model_in_dim=64, sampling_rate=16_000, upsample_initial_channel=1024,
                upsample_rates=[5, 4, 2, 2, 2], upsample_kernel_sizes=[16, 16, 8, 4, 4],
                normalize_before=False, initializer_range=0.03,
            )
        ),
    }  # fmt: skip


def _stable_audio(folder: Path) -> tuple[Path, Components]:
    import diffusers

    return tiny_generators.save_stable_audio(folder), {
        "text_encoder": lambda: _t5("base"),
        "projection_model": lambda: diffusers.StableAudioProjectionModel(
            text_encoder_dim=768, conditioning_dim=768, min_value=0, max_value=512
        ),
        "transformer": lambda: diffusers.StableAudioDiTModel(),
        "vae": lambda: diffusers.AutoencoderOobleck(),
    }


def _stable_audio_3(folder: Path, *, small: bool) -> tuple[Path, Components]:
    import diffusers
    import transformers

    text = {
        "vocab_size": 256_000, "hidden_size": 768, "intermediate_size": 2048,
        "num_hidden_layers": 12, "num_attention_heads": 12, "num_key_value_heads": 12,
        "head_dim": 64, "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2,
    }  # fmt: skip
    size = {"embed_dim": 1024, "num_heads": 16, "depth": 16} if small else {}
    wide = {} if small else {"encoder_c_mults": [12], "encoder_transformer_depths": [12]}
    name = "stable-audio-3-small-sfx" if small else "stable-audio-3-medium"

    def encoder() -> Any:
        config = transformers.T5GemmaConfig(
            encoder=dict(text), decoder=dict(text), is_encoder_decoder=False
        )
        return transformers.T5GemmaEncoderModel(config)

    return tiny_generators.save_stable_audio3(folder, name), {
        "text_encoder": encoder,
        "duration_embedder": lambda: diffusers.StableAudio3DurationEmbedder(),
        "transformer": lambda: diffusers.StableAudio3DiTModel(**size),
        "vae": lambda: diffusers.AutoencoderSAME(**wide),
    }


_MAKERS: dict[str, Callable[[Path], tuple[Path, Components]]] = {
    "audioldm2": _audioldm2,
    "stable-audio-open": _stable_audio,
    "stable-audio-3-medium": lambda folder: _stable_audio_3(folder, small=False),
    "stable-audio-3-small-sfx": lambda folder: _stable_audio_3(folder, small=True),
}
NAMES = tuple(_MAKERS)
