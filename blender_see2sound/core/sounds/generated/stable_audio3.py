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
from ...models.folder import Located
from ...progress import Progress
from .generating import Asked, Request, Tell
from .loaded import Loaded, LoadedGenerator, load_pipeline
from .maker import GeneratedMaker

#: Latents that are decoded at once, 24 s of sound.
_WINDOW = 256


class StableAudio3(LoadedGenerator):
    """A Stable Audio 3 that is loaded; see `generating.Generator`."""

    guidance = 1.0

    def __init__(self, loaded: Loaded) -> None:
        super().__init__(loaded)
        self.rate = int(loaded.pipeline.vae.config.sampling_rate)
        # Distilled models add noise at each of few steps; their base goes many without.
        self.steps = 8 if loaded.pipeline.scheduler.config.stochastic_sampling else 100

    def latents(self, requests: Sequence[Request], asked: Asked, tell: Tell) -> Sequence[Any]:
        """Denoise sounds together; see `generating.Generator`."""

        def after(_pipeline: Any, step: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            tell((step + 1) / asked.steps)
            return tensors

        with self._running(tell):
            return self._denoised(
                requests,
                asked,
                prompt=[request.text for request in requests],
                negative_prompt=[one.negative for one in requests] if asked.guided else None,
                duration=asked.seconds,
                callback_on_step_end=after,
            )

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
            with self._running(tell):
                heard = vae.decode(latent[None, :, first : stop + beside]).sample[0]
            kept = heard[:, (start - first) * ratio : (stop - first) * ratio]
            pieces.append(kept.float().cpu().numpy())
        sound = np.concatenate(pieces, axis=1)
        return np.asarray(sound[:, : int(asked.seconds * self.rate)], np.float32)


def load(located: Located, device: Device, progress: Progress) -> StableAudio3:
    """Load a Stable Audio 3; for `core.models.keeper.borrowed`.

    Raises
    ------
    See2SoundError, Cancelled
    """
    import diffusers
    import transformers

    loaded = load_pipeline(
        diffusers.StableAudio3Pipeline,
        located,
        device,
        progress,
        tools={"tokenizer": transformers.GemmaTokenizer},
        models={
            "text_encoder": transformers.T5GemmaEncoderModel,
            "duration_embedder": diffusers.StableAudio3DurationEmbedder,
            "vae": diffusers.AutoencoderSAME,
        },
        denoiser=("transformer", diffusers.StableAudio3DiTModel),
        half=device.name != "mps",
    )
    return StableAudio3(loaded)


class StableAudio3Maker(GeneratedMaker):
    """Makes sounds with Stable Audio 3."""

    load = staticmethod(load)
    # The small model was made for up to two minutes (Stability AI's description of it), the medium
    # for six. Beyond two, a job's 64 takes would need more than 1.5 GB of main memory.
    shortest, longest = 2.0, 120.0
