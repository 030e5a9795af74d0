"""AudioLDM 2 (Liu et al., IEEE/ACM TASLP 2024): mono at 16 kHz, 10 s, by `AudioLDM2Pipeline` of `diffusers`.

The pipeline is asked sound by sound for its words, and denoises all of them together:

- Left to itself it pads the prompts of a batch to the longest, and lets its language model go on
  behind the padding, so that a sound would hang on what else is in the batch. It also cuts the
  negative prompt to the length of the prompt.
- Published language models are `GPT2Model`, with which it fails; their weights are those of
  `GPT2LMHeadModel`, which is loaded instead.
- Its own choice among takes needs librosa and CLAP's small part in it, and is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...models.devices import Device
from ...models.folder import Located
from ...progress import Progress
from .generating import Asked, Request, Tell
from .loaded import Loaded, LoadedGenerator, load_pipeline
from .maker import GeneratedMaker


class AudioLdm2(LoadedGenerator):
    """An AudioLDM 2 that is loaded; see `generating.Generator`."""

    steps = 100
    guidance = 3.5

    def __init__(self, loaded: Loaded) -> None:
        super().__init__(loaded)
        self.rate = int(loaded.pipeline.vocoder.config.sampling_rate)

    def latents(self, requests: Sequence[Request], asked: Asked, tell: Tell) -> Sequence[Any]:
        """Denoise sounds together; see `generating.Generator`."""
        with self._running(tell):
            texts = [self._read(request.text) for request in requests]
            against = [self._read(request.negative) for request in requests if asked.guided]
            longest = max(len(text.words) for text in (*texts, *against))
            words, mask, generated = _stacked(texts, longest)
            given: dict[str, Any] = {
                "prompt_embeds": words,
                "attention_mask": mask,
                "generated_prompt_embeds": generated,
            }
            if asked.guided:
                words, mask, generated = _stacked(against, longest)
                given |= {
                    "negative_prompt_embeds": words,
                    "negative_attention_mask": mask,
                    "negative_generated_prompt_embeds": generated,
                }
            return self._denoised(
                requests,
                asked,
                audio_length_in_s=asked.seconds,
                callback=lambda step, *_: tell((step + 1) / asked.steps),
                **given,
            )

    def decoded(self, latent: Any, asked: Asked, tell: Tell) -> NDArray[np.float32]:
        """The (1, n) samples of a latent."""
        vae = self._pipeline.vae
        with self._running(tell):
            mel = vae.decode(latent[None] / vae.config.scaling_factor).sample
            wave = self._pipeline.mel_spectrogram_to_waveform(mel)
        return np.asarray(wave.numpy()[:, : int(asked.seconds * self.rate)], np.float32)

    def _read(self, text: str) -> _Read:
        words, mask, generated = self._pipeline.encode_prompt(
            [text], self._loaded.device.torch, 1, do_classifier_free_guidance=False
        )
        return _Read(words[0], mask[0], generated[0])


@dataclass(frozen=True)
class _Read:
    """What the pipeline makes of a text: a row for each of its words, their mask, and what it goes on with."""

    words: Any
    mask: Any
    generated: Any


def _stacked(texts: Sequence[_Read], longest: int) -> tuple[Any, Any, Any]:
    """Texts as one batch; what is behind the end of one is masked."""
    import torch

    pad = torch.nn.functional.pad
    words = torch.stack([pad(t.words, (0, 0, 0, longest - len(t.words))) for t in texts])
    mask = torch.stack([pad(t.mask, (0, longest - len(t.mask))) for t in texts])
    return words, mask, torch.stack([t.generated for t in texts])


def load(located: Located, device: Device, progress: Progress) -> AudioLdm2:
    """Load an AudioLDM 2; for `core.models.keeper.borrowed`.

    Raises
    ------
    See2SoundError, Cancelled
    """
    import diffusers
    import transformers

    loaded = load_pipeline(
        diffusers.AudioLDM2Pipeline,
        located,
        device,
        progress,
        tools={
            # Only the pipeline's own choice among takes would hear.
            "feature_extractor": None,
            "tokenizer": transformers.RobertaTokenizer,
            "tokenizer_2": transformers.T5Tokenizer,
        },
        models={
            "text_encoder": transformers.ClapModel,
            "text_encoder_2": transformers.T5EncoderModel,
            "projection_model": diffusers.AudioLDM2ProjectionModel,
            "language_model": transformers.GPT2LMHeadModel,
            "vae": diffusers.AutoencoderKL,
            "vocoder": transformers.SpeechT5HifiGan,
        },
        denoiser=("unet", diffusers.AudioLDM2UNet2DConditionModel),
    )
    return AudioLdm2(loaded)


class AudioLdm2Maker(GeneratedMaker):
    """Makes sounds with AudioLDM 2; it was trained on 10.24 s."""

    load = staticmethod(load)
    shortest, longest = 5.12, 10.24
