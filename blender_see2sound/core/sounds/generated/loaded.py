"""A pipeline of `diffusers` that is loaded: what the generators do alike, each model's own class beside it."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

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
from .revision import revision_of


@dataclass(frozen=True)
class Loaded:
    """A pipeline, and what it was loaded from.

    Attributes
    ----------
    pipeline : diffusers.DiffusionPipeline
    denoiser : str
        The name of the component that computes in short numbers where others do not.
    precision : str
        The numbers that it computes in.
    revision : str
        As `generating.Generator` has it.
    """

    pipeline: Any
    located: Located
    device: Device
    denoiser: str
    precision: str
    revision: str

    def widened(self) -> Loaded:
        """The same with a denoiser in float32."""
        components = dict(self.pipeline.components)
        narrow = type(components[self.denoiser])
        components[self.denoiser] = load_component(narrow, self.located, self.denoiser, self.device)
        pipeline = type(self.pipeline)(**components)
        return dataclasses.replace(self, pipeline=pipeline, precision="float32")


def load_pipeline(
    pipeline: type[Any],
    located: Located,
    device: Device,
    progress: Progress,
    *,
    tools: Mapping[str, type[Any] | None],
    models: Mapping[str, type[Any]],
    denoiser: tuple[str, type[Any]],
    half: bool = True,
) -> Loaded:
    """Check a pipeline's files and make it of its components.

    Parameters
    ----------
    pipeline : type
        A class of `diffusers`.
    located : Located
    device : Device
    progress : Progress
    tools, models : mapping of str to type
        The components without weights beside the schedule, and those with weights, which are in
        float32; None leaves one out.
    denoiser : (str, type)
        The component that denoises.
    half : bool
        Whether it computes in the device's short numbers.

    Raises
    ------
    See2SoundError
        Of kind "missing-part".
    Cancelled
    """
    import diffusers

    classes = check_pipeline(located)
    sums = check(located, part_of(progress, 0.0, 0.4))
    schedule = getattr(diffusers, classes["scheduler"])
    components = {
        name: cls and load_settings(cls, located, name)
        for name, cls in {**tools, "scheduler": schedule}.items()
    }
    for number, (name, cls) in enumerate(models.items()):
        progress("Loading the model", 0.4 + 0.3 * number / len(models))
        components[name] = load_component(cls, located, name, device)
    progress("Loading the model", 0.7)
    name, cls = denoiser
    half = half and device.half != "float32"
    model = load_component(cls, located, name, device, half=half)
    components[name] = narrowed(model) if half else model
    made = pipeline(**components)
    remember(located, sums)
    precision = device.half if half else "float32"
    return Loaded(made, located, device, name, precision, revision_of(located, sums))


class LoadedGenerator:
    """What the generators share; each has its settings, its `latents` and `decoded`.

    Parameters
    ----------
    loaded : Loaded
    """

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._pipeline = loaded.pipeline
        self.precision = loaded.precision
        self.revision = loaded.revision

    def widened(self) -> Self:
        """The same in float32."""
        return type(self)(self._loaded.widened())

    def _running(self, tell: Tell) -> contextlib.AbstractContextManager[None]:
        """The pipeline at work, telling that it goes on."""
        return running(self._pipeline, lambda: tell(None))

    def _denoised(self, requests: Sequence[Request], asked: Asked, **own: Any) -> list[Any]:
        """The latents of sounds; `own` is what this pipeline is told beside what all are.

        The noise is made on the processor, so that a seed sounds the same on every device.
        """
        import torch

        denoised = self._pipeline(
            num_inference_steps=asked.steps,
            guidance_scale=asked.guidance,
            generator=[torch.Generator().manual_seed(request.seed) for request in requests],
            output_type="latent",
            **own,
        )
        return list(denoised.audios)
