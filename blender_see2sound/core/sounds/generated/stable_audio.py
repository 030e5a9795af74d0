"""Stable Audio Open (Evans et al., 2024): stereo at 44.1 kHz, 47 s, by `StableAudioPipeline` of `diffusers`.

However short a sound is to be, the model denoises its full length; it is told how long the sound
is, and the rest is silence, of which little is decoded. Its schedule adds noise at each step, by
`torchsde`: here on the processor, so that a seed sounds the same on every device.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...models.devices import Device
from ...models.folder import Located
from ...progress import Progress
from .generating import Asked, Request, Tell
from .loaded import Loaded, LoadedGenerator, load_pipeline
from .maker import GeneratedMaker

#: Latents decoded beyond the end: what the decoder's filters reach, and a little.
_BEYOND = 16
#: The text encoder was trained on so many tokens.
_TOKENS = 128


class StableAudio(LoadedGenerator):
    """A Stable Audio Open that is loaded; see `generating.Generator`."""

    steps = 100
    guidance = 7.0

    def __init__(self, loaded: Loaded) -> None:
        super().__init__(loaded)
        self.rate = int(loaded.pipeline.vae.config.sampling_rate)

    def latents(self, requests: Sequence[Request], asked: Asked, tell: Tell) -> Sequence[Any]:
        """Denoise sounds together; see `generating.Generator`."""
        with self._running(tell):
            return self._denoised(
                requests,
                asked,
                prompt=[request.text for request in requests],
                negative_prompt=[one.negative for one in requests] if asked.guided else None,
                audio_end_in_s=min(asked.seconds, self._longest()),
                callback=lambda step, *_: tell((step + 1) / asked.steps),
            )

    def decoded(self, latent: Any, asked: Asked, tell: Tell) -> NDArray[np.float32]:
        """The (2, n) samples of a latent."""
        samples = int(min(asked.seconds, self._longest()) * self.rate)
        count = -(-samples // int(self._pipeline.vae.hop_length)) + _BEYOND
        with self._running(tell):
            sound = self._pipeline.vae.decode(latent[None, :, :count]).sample
        return np.asarray(sound[0, :, :samples].float().cpu().numpy(), np.float32)

    def _longest(self) -> float:
        """What the model computes, seconds."""
        latents = self._pipeline.transformer.config.sample_size
        return float(latents * self._pipeline.vae.hop_length / self.rate)


def load(located: Located, device: Device, progress: Progress) -> StableAudio:
    """Load a Stable Audio Open; for `core.models.keeper.borrowed`.

    Raises
    ------
    See2SoundError, Cancelled
    """
    import diffusers
    import transformers

    loaded = load_pipeline(
        diffusers.StableAudioPipeline,
        located,
        device,
        progress,
        tools={"tokenizer": transformers.T5Tokenizer},
        models={
            "text_encoder": transformers.T5EncoderModel,
            "projection_model": diffusers.StableAudioProjectionModel,
            "vae": diffusers.AutoencoderOobleck,
        },
        denoiser=("transformer", diffusers.StableAudioDiTModel),
    )
    tokenizer = loaded.pipeline.tokenizer
    tokenizer.model_max_length = min(tokenizer.model_max_length, _TOKENS)
    _make_noise_of_seeds(loaded.pipeline.scheduler)
    return StableAudio(loaded)


def _make_noise_of_seeds(scheduler: Any) -> None:
    """Let the noise that a schedule adds at each step be made on the processor, from the seeds."""
    import torch
    from diffusers.schedulers.scheduling_dpmsolver_sde import BrownianTreeNoiseSampler

    step = scheduler.step
    ends = (scheduler.config.sigma_min, scheduler.config.sigma_max)

    def stepping(
        model_output: Any, timestep: Any, sample: Any, generator: Any = None, **more: Any
    ) -> Any:
        # The schedule drops its noise when it begins anew.
        if scheduler.noise_sampler is None:
            like = torch.zeros(model_output.shape)
            seeds = [one.initial_seed() for one in generator]
            scheduler.noise_sampler = BrownianTreeNoiseSampler(like, *ends, seeds)
        return step(model_output, timestep, sample, generator=generator, **more)

    scheduler.step = stepping


class StableAudioMaker(GeneratedMaker):
    """Makes sounds with Stable Audio Open."""

    load = staticmethod(load)
    shortest, longest = 2.0, 47.0
