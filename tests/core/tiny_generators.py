"""Makes tiny random generators of sounds, and a tiny CLAP, in the layout of published ones.

Each function writes a folder ``<folder>/<owner>--<name>`` and returns it. Their sounds are noise,
yet they hang on the words, the seed and the settings as those of real ones do.
"""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import torch

_LETTERS = [*string.ascii_letters, *string.digits, *".,?:-'"]


def _roberta(longest: int) -> Any:
    """A tokenizer of letters, as CLAP has one of words."""
    from transformers import RobertaTokenizer

    tokens = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *_LETTERS, "Ġ"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return RobertaTokenizer(vocab=vocabulary, merges=[], model_max_length=longest)


def _t5(longest: int) -> Any:
    from transformers import T5Tokenizer

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -1.0)]
    pieces += [(letter, -2.0) for letter in _LETTERS]
    return T5Tokenizer(vocab=pieces, extra_ids=0, model_max_length=longest)


def _gemma(longest: int) -> Any:
    from transformers import GemmaTokenizer

    tokens = ["<pad>", "<eos>", "<bos>", "<unk>", "▁", *_LETTERS]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return GemmaTokenizer(vocab=vocabulary, merges=[], model_max_length=longest)


def _clap(wide: int = 16) -> Any:
    from transformers import ClapConfig, ClapModel

    config = ClapConfig(
        text_config={
            "vocab_size": 80, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
            "intermediate_size": 16, "max_position_embeddings": 80, "projection_dim": wide,
            "pad_token_id": 1, "initializer_range": 0.5,
        },
        audio_config={
            "spec_size": 64, "hidden_size": 32, "patch_embeds_hidden_size": 16, "patch_size": 4,
            "patch_stride": [4, 4], "depths": [1, 1], "num_attention_heads": [2, 2], "num_mel_bins": 16,
            "num_hidden_layers": 2, "window_size": 8, "projection_dim": wide, "enable_fusion": False,
            "num_classes": 2,
        },
        projection_dim=wide,
    )  # fmt: skip
    return ClapModel(config).eval()


def save_clap(folder: Path) -> Path:
    """A CLAP as laion/clap-htsat-unfused is published."""
    from transformers import ClapFeatureExtractor

    torch.manual_seed(5)
    path = folder / "laion--clap-htsat-unfused"
    _clap().save_pretrained(path)
    _roberta(77).save_pretrained(path)
    ClapFeatureExtractor(
        feature_size=16, sampling_rate=48_000, hop_length=1920, fft_window_size=2048,
        max_length_s=10, truncation="rand_trunc", padding="repeatpad",
    ).save_pretrained(path)  # fmt: skip
    return path


def save_audioldm2(folder: Path, name: str = "audioldm2", *, bare: bool = True) -> Path:
    """An AudioLDM 2 as cvssp/audioldm2 is published; `bare`: its language model has no head."""
    from diffusers import (
        AudioLDM2Pipeline,
        AudioLDM2ProjectionModel,
        AudioLDM2UNet2DConditionModel,
        AutoencoderKL,
        DDIMScheduler,
    )
    from transformers import (
        ClapFeatureExtractor,
        GPT2Config,
        GPT2LMHeadModel,
        GPT2Model,
        SpeechT5HifiGan,
        SpeechT5HifiGanConfig,
        T5Config,
        T5EncoderModel,
    )

    torch.manual_seed(0)
    unet = AudioLDM2UNet2DConditionModel(
        block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=8, sample_size=8,
        in_channels=4, out_channels=4, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=[[None, 16, 32], [None, 16, 32]], transformer_layers_per_block=1,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=[8, 16], in_channels=1, out_channels=1, norm_num_groups=8,
        down_block_types=["DownEncoderBlock2D", "DownEncoderBlock2D"],
        up_block_types=["UpDecoderBlock2D", "UpDecoderBlock2D"], latent_channels=4,
    )  # fmt: skip
    text = T5EncoderModel(
        T5Config(
            vocab_size=80, d_model=32, d_ff=32, d_kv=8, num_layers=1, num_heads=2,
            relative_attention_num_buckets=8, relative_attention_max_distance=16,
            initializer_factor=4.0,
        )
    )  # fmt: skip
    language = GPT2Config(
        n_embd=16, n_layer=1, n_head=2, vocab_size=80, n_ctx=128, n_positions=128,
        max_new_tokens=8, initializer_range=0.5,
    )  # fmt: skip
    vocoder = SpeechT5HifiGan(
        SpeechT5HifiGanConfig(
            model_in_dim=8, sampling_rate=16_000, upsample_initial_channel=16,
            upsample_rates=[10, 4, 2, 2], upsample_kernel_sizes=[20, 8, 4, 4],
            resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3]], normalize_before=False,
            initializer_range=0.3,
        )
    )  # fmt: skip
    AudioLDM2Pipeline(
        vae=vae,
        text_encoder=_clap(),
        text_encoder_2=text,
        projection_model=AudioLDM2ProjectionModel(
            text_encoder_dim=16, text_encoder_1_dim=32, langauge_model_dim=16
        ),
        language_model=(GPT2Model if bare else GPT2LMHeadModel)(language),
        tokenizer=_roberta(77),
        tokenizer_2=_t5(128),
        feature_extractor=ClapFeatureExtractor(feature_size=16, hop_length=480),
        unet=unet,
        scheduler=DDIMScheduler(
            beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear",
            clip_sample=False, set_alpha_to_one=False, num_train_timesteps=1000,
        ),
        vocoder=vocoder,
    ).save_pretrained(path := folder / f"cvssp--{name}")  # fmt: skip
    return path


def save_stable_audio(folder: Path) -> Path:
    """A Stable Audio Open as stabilityai/stable-audio-open-1.0 is published; at most 2.97 s."""
    from diffusers import (
        AutoencoderOobleck,
        CosineDPMSolverMultistepScheduler,
        StableAudioDiTModel,
        StableAudioPipeline,
        StableAudioProjectionModel,
    )
    from transformers import T5Config, T5EncoderModel

    torch.manual_seed(1)
    transformer = StableAudioDiTModel(
        sample_size=64, in_channels=8, num_layers=1, attention_head_dim=8, num_attention_heads=4,
        num_key_value_attention_heads=2, out_channels=8, cross_attention_dim=32,
        cross_attention_input_dim=32, time_proj_dim=16, global_states_input_dim=64,
    )  # fmt: skip
    vae = AutoencoderOobleck(
        encoder_hidden_size=8, downsampling_ratios=[4, 8, 8, 8], channel_multiples=[1, 1, 2, 2],
        decoder_channels=8, decoder_input_channels=8, audio_channels=2, sampling_rate=44_100,
    )  # fmt: skip
    text = T5EncoderModel(
        T5Config(vocab_size=80, d_model=32, d_ff=32, d_kv=8, num_layers=1, num_heads=2)
    )
    StableAudioPipeline(
        vae=vae,
        text_encoder=text,
        projection_model=StableAudioProjectionModel(
            text_encoder_dim=32, conditioning_dim=32, min_value=0, max_value=512
        ),
        tokenizer=_t5(128),
        transformer=transformer,
        scheduler=CosineDPMSolverMultistepScheduler(
            solver_order=2, prediction_type="v_prediction", sigma_data=1.0,
            sigma_schedule="exponential",
        ),
    ).save_pretrained(path := folder / "stabilityai--stable-audio-open-1.0")  # fmt: skip
    return path


def save_stable_audio3(folder: Path, name: str = "stable-audio-3-medium") -> Path:
    """A Stable Audio 3 as diffusers' script converts stabilityai/stable-audio-3-medium."""
    from diffusers import (
        AutoencoderSAME,
        FlowMatchEulerDiscreteScheduler,
        StableAudio3DiTModel,
        StableAudio3DurationEmbedder,
        StableAudio3Pipeline,
    )
    from transformers import T5GemmaConfig, T5GemmaEncoderModel

    torch.manual_seed(2)
    piece = {
        "vocab_size": 80, "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 16,
        "max_position_embeddings": 256, "sliding_window": 64, "pad_token_id": 0,
        "eos_token_id": 1, "bos_token_id": 2, "initializer_range": 0.5,
    }  # fmt: skip
    transformer = StableAudio3DiTModel(
        io_channels=8, embed_dim=32, depth=1, num_heads=2, cond_token_dim=32, global_cond_dim=32,
        local_add_cond_dim=9, timestep_features_dim=16, num_memory_tokens=4,
    )  # fmt: skip
    vae = AutoencoderSAME(
        audio_channels=2, patch_size=64, encoder_channels=16, encoder_c_mults=[2],
        encoder_strides=[4], encoder_transformer_depths=[1], latent_dim=8, dim_heads=16,
        sampling_rate=44_100,
    )  # fmt: skip
    with torch.no_grad():  # what is to be learned begins at nothing
        for parameter in (*vae.parameters(), *transformer.parameters()):
            if parameter.abs().max() < 1e-3:
                parameter.normal_(0.0, 0.5)
    StableAudio3Pipeline(
        vae=vae,
        text_encoder=T5GemmaEncoderModel(
            T5GemmaConfig(encoder=dict(piece), decoder=dict(piece), is_encoder_decoder=False)
        ),
        tokenizer=_gemma(64),
        duration_embedder=StableAudio3DurationEmbedder(output_dim=32, fourier_dim=16),
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, stochastic_sampling=True),
    ).save_pretrained(path := folder / f"stabilityai--{name}")
    return path


def change_json(file: Path, **values: Any) -> None:
    """Change values in a JSON file."""
    file.write_text(json.dumps(json.loads(file.read_text()) | values))
