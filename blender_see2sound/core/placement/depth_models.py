"""What the depth estimators with weights share: loaded models, asked for maps of pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..media import OpenClip
from ..media.clip import Frame
from ..models.checkpoints import Checkpoint
from ..models.devices import Device
from ..models.folder import Located
from ..models.keeper import Computing, borrowed
from ..models.loading import load_model
from ..progress import Progress, part_of
from ..regions.protocol import Region
from .depth_maps import Maps, Way, distances_by
from .preparing import Preparing, preparing_of
from .protocol import Distances

if TYPE_CHECKING:
    import torch


class ModelDepth:
    """A depth estimator whose maps a model makes.

    Parameters
    ----------
    checkpoint : Checkpoint
    computing : Computing

    Attributes
    ----------
    way : Way
        On a GPU; on a processor pictures come one by one, so that a cancel is heard.
    """

    way: ClassVar[Way]

    def __init__(self, checkpoint: Checkpoint, computing: Computing) -> None:
        self._checkpoint = checkpoint
        self._computing = computing

    @staticmethod
    def make(located: Located, device: Device, progress: Progress) -> tuple[Any, Preparing]:
        """Load the model; a static method of each."""
        raise NotImplementedError

    @staticmethod
    def look(
        model: Any, preparing: Preparing, batch: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Maps (N, h, w) and, where it sees them, fields of view (N,) of uint8 (N, 3, H, W)."""
        raise NotImplementedError

    def distances(
        self,
        clip: OpenClip,
        regions: Sequence[Region],
        horizontal_fov: float | None,
        progress: Progress,
    ) -> Distances:
        """Give per region its distance at each of its times; see `DepthEstimator`."""
        import torch

        from ..models.images import batch_of

        def look(frames: Sequence[Frame]) -> Maps:
            with torch.inference_mode():
                batch = batch_of([frame.image for frame in frames], device.torch)
                depth, views = self.look(model, preparing, batch)
            return Maps(
                np.asarray(depth.float().cpu().numpy()),
                None if views is None else views.double().cpu().numpy().reshape(-1),
            )

        loading, looking = part_of(progress, 0.0, 0.3), part_of(progress, 0.3, 1.0)
        with borrowed(self._checkpoint, self._computing, self.make, loading) as (made, device):
            model, preparing = made
            way = self.way
            if device.name == "cpu":
                way = dataclasses.replace(way, batch=1)
            return distances_by(look, way, clip, regions, horizontal_fov, looking)


def load(
    cls: type[Any], located: Located, device: Device, progress: Progress, half: bool = True
) -> tuple[Any, Preparing]:
    """A model of `transformers` and what it takes."""
    preparing = preparing_of(located)
    if device.half == "bfloat16":  # has 8 bits: too few for depth
        device = dataclasses.replace(device, half="float16")
    return load_model(cls, located, device, half=half, progress=progress), preparing
