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
from ...models.folder import Located, check, remember
from ...models.pipelines import (
    check_pipeline,
    load_component,
    load_settings,
    narrowed,
    running,
)
from ...progress import Progress, part_of
from .generating import Asked, Request, Tell
from .maker import GeneratedMaker
from .revision import revision_of

#: Latents decoded beyond the end: what the decoder's filters reach, and a little.
_BEYOND = 16
#: The text encoder was trained on so many tokens.
_TOKENS = 128


class StableAudio:
    """A Stable Audio Open that is loaded; see `generating.Generator`."""

    steps = 100
    guidance = 7.0

    def __init__(
        self, pipeline: Any, located: Located, device: Device, precision: str, revision: str
    ) -> None:
        self._pipeline, self._located, self._device = pipeline, located, device
        self.precision = precision
        self.rate = int(pipeline.vae.config.sampling_rate)
        self.revision = revision

    def latents(self, requests: Sequence[Request], asked: Asked, tell: Tell) -> Sequence[Any]:
        """Denoise sounds together; see `generating.Generator`."""
        import torch

        guided = asked.guidance > 1.0
        with running(self._pipeline, lambda: tell(None)):
            latents = self._pipeline(
                [request.text for request in requests],
                negative_prompt=[request.negative for request in requests] if guided else None,
                audio_end_in_s=min(asked.seconds, self._longest()),
                num_inference_steps=asked.steps,
                guidance_scale=asked.guidance,
                generator=[torch.Generator().manual_seed(request.seed) for request in requests],
                callback=lambda step, *_: tell((step + 1) / asked.steps),
                output_type="latent",
            ).audios
        return list(latents)

    def decoded(self, latent: Any, asked: Asked, tell: Tell) -> NDArray[np.float32]:
        """The (2, n) samples of a latent."""
        samples = int(min(asked.seconds, self._longest()) * self.rate)
        count = -(-samples // int(self._pipeline.vae.hop_length)) + _BEYOND
        with running(self._pipeline, lambda: tell(None)):
            sound = self._pipeline.vae.decode(latent[None, :, :count]).sample
        return np.asarray(sound[0, :, :samples].float().cpu().numpy(), np.float32)

    def widened(self) -> StableAudio:
        """The same in float32."""
        from diffusers import StableAudioPipeline

        wide = {"transformer": _transformer(self._located, self._device, False)}
        pipeline = StableAudioPipeline(**{**self._pipeline.components, **wide})
        return StableAudio(pipeline, self._located, self._device, "float32", self.revision)

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

    classes = check_pipeline(located)
    sums = check(located, part_of(progress, 0.0, 0.4))
    tokenizer = load_settings(transformers.T5Tokenizer, located, "tokenizer")
    tokenizer.model_max_length = min(tokenizer.model_max_length, _TOKENS)
    scheduler = load_settings(getattr(diffusers, classes["scheduler"]), located, "scheduler")
    wide = {
        "text_encoder": transformers.T5EncoderModel,
        "projection_model": diffusers.StableAudioProjectionModel,
        "vae": diffusers.AutoencoderOobleck,
    }
    components: dict[str, Any] = {
        "tokenizer": tokenizer,
        "scheduler": _with_noise_of_seeds(scheduler),
    }
    for number, (name, cls) in enumerate(wide.items()):
        progress("Loading the model", 0.4 + 0.1 * number)
        components[name] = load_component(cls, located, name, device)
    progress("Loading the model", 0.7)
    components["transformer"] = _transformer(located, device, True)
    pipeline = diffusers.StableAudioPipeline(**components)
    remember(located, sums)
    return StableAudio(pipeline, located, device, device.half, revision_of(located, sums))


def _transformer(located: Located, device: Device, half: bool) -> Any:
    from diffusers import StableAudioDiTModel

    model = load_component(StableAudioDiTModel, located, "transformer", device, half=half)
    return narrowed(model) if half and device.half != "float32" else model


def _with_noise_of_seeds(scheduler: Any) -> Any:
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
    return scheduler


class StableAudioMaker(GeneratedMaker):
    """Makes sounds with Stable Audio Open."""

    load = staticmethod(load)
    shortest, longest = 2.0, 47.0
