"""Stable Audio 3 (Stability AI, 2026): stereo at 44.1 kHz, in 8 steps, by `StableAudio3Pipeline` of `diffusers`.

It takes as long as the sound is long. Distilled, it needs no guidance: what it is to keep away
from is heard only with a guidance above 1. On Apple's GPUs it computes in float32, since float16
gives noise there (diffusers' documentation of the pipeline).

Its decoder attends to neighbours only, but keeps a mask of all pairs, which at two minutes would
take gigabytes. So it decodes in windows with as much beside them as it can hear: that gives the
same sound, and memory does not grow with the length.
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

#: Latents that are decoded at once, 24 s of sound.
_WINDOW = 256


class StableAudio3:
    """A Stable Audio 3 that is loaded; see `generating.Generator`."""

    guidance = 1.0

    def __init__(
        self, pipeline: Any, located: Located, device: Device, precision: str, revision: str
    ) -> None:
        self._pipeline, self._located, self._device = pipeline, located, device
        self.precision = precision
        self.rate = int(pipeline.vae.config.sampling_rate)
        self.revision = revision
        # Distilled models add noise at each of few steps; their base goes many without.
        self.steps = 8 if pipeline.scheduler.config.stochastic_sampling else 100

    def latents(self, requests: Sequence[Request], asked: Asked, tell: Tell) -> Sequence[Any]:
        """Denoise sounds together; see `generating.Generator`."""
        import torch

        guided = asked.guidance > 1.0

        def after(_pipeline: Any, step: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            tell((step + 1) / asked.steps)
            return tensors

        with running(self._pipeline, lambda: tell(None)):
            latents = self._pipeline(
                [request.text for request in requests],
                negative_prompt=[request.negative for request in requests] if guided else None,
                duration=asked.seconds,
                num_inference_steps=asked.steps,
                guidance_scale=asked.guidance,
                generator=[torch.Generator().manual_seed(request.seed) for request in requests],
                callback_on_step_end=after,
                output_type="latent",
            ).audios
        return list(latents)

    def decoded(self, latent: Any, asked: Asked, tell: Tell) -> NDArray[np.float32]:
        """The (2, n) samples of a latent."""
        vae = self._pipeline.vae
        # Each layer hears its window's width further.
        beside = vae.config.sliding_window * sum(vae.config.encoder_transformer_depths) + 1
        ratio, length = vae.downsampling_ratio, latent.shape[-1]
        pieces = []
        for start in range(0, length, _WINDOW):
            stop = min(start + _WINDOW, length)
            first = max(start - beside, 0)
            with running(self._pipeline, lambda: tell(None)):
                heard = vae.decode(latent[None, :, first : stop + beside]).sample[0]
            kept = heard[:, (start - first) * ratio : (stop - first) * ratio]
            pieces.append(kept.float().cpu().numpy())
        sound = np.concatenate(pieces, axis=1)
        return np.asarray(sound[:, : int(asked.seconds * self.rate)], np.float32)

    def widened(self) -> StableAudio3:
        """The same in float32."""
        from diffusers import StableAudio3Pipeline

        wide = {"transformer": _transformer(self._located, self._device, False)}
        pipeline = StableAudio3Pipeline(**{**self._pipeline.components, **wide})
        return StableAudio3(pipeline, self._located, self._device, "float32", self.revision)


def load(located: Located, device: Device, progress: Progress) -> StableAudio3:
    """Load a Stable Audio 3; for `core.models.keeper.borrowed`.

    Raises
    ------
    See2SoundError, Cancelled
    """
    import diffusers
    import transformers

    classes = check_pipeline(located)
    sums = check(located, part_of(progress, 0.0, 0.4))
    wide = {
        "text_encoder": transformers.T5GemmaEncoderModel,
        "duration_embedder": diffusers.StableAudio3DurationEmbedder,
        "vae": diffusers.AutoencoderSAME,
    }
    components: dict[str, Any] = {
        "tokenizer": load_settings(transformers.GemmaTokenizer, located, "tokenizer"),
        "scheduler": load_settings(getattr(diffusers, classes["scheduler"]), located, "scheduler"),
    }
    for number, (name, cls) in enumerate(wide.items()):
        progress("Loading the model", 0.4 + 0.1 * number)
        components[name] = load_component(cls, located, name, device)
    progress("Loading the model", 0.7)
    half = device.name != "mps"
    components["transformer"] = _transformer(located, device, half)
    pipeline = diffusers.StableAudio3Pipeline(**components)
    remember(located, sums)
    precision = device.half if half else "float32"
    return StableAudio3(pipeline, located, device, precision, revision_of(located, sums))


def _transformer(located: Located, device: Device, half: bool) -> Any:
    from diffusers import StableAudio3DiTModel

    model = load_component(StableAudio3DiTModel, located, "transformer", device, half=half)
    return narrowed(model) if half and device.half != "float32" else model


class StableAudio3Maker(GeneratedMaker):
    """Makes sounds with Stable Audio 3."""

    load = staticmethod(load)
    # The small model was made for up to two minutes (Stability AI's description of it), the medium
    # for six. Beyond two, a job's 64 takes would need more than 1.5 GB of main memory.
    shortest, longest = 2.0, 120.0
