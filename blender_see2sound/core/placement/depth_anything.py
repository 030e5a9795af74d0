"""Depth Anything V2 (Yang et al., NeurIPS 2024): relative inverse depth, or metres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..models.devices import Device
from ..models.folder import Located
from ..progress import Progress
from .depth_maps import Way
from .depth_models import ModelDepth, load
from .preparing import Preparing, fitted

if TYPE_CHECKING:
    import torch

#: Pictures of 1280 pixels become 924 x 518, which the models were trained for.
_LONG_SIDE = 1280


class RelativeDepthAnything(ModelDepth):
    """Inverse depth up to scale and shift, larger is nearer; brought to metres by the ground."""

    way = Way("inverse", _LONG_SIDE, batch=8)

    @staticmethod
    def make(located: Located, device: Device, progress: Progress) -> tuple[Any, Preparing]:
        """Load the model."""
        from transformers import DepthAnythingForDepthEstimation

        return load(DepthAnythingForDepthEstimation, located, device, progress)

    @staticmethod
    def look(model: Any, preparing: Preparing, batch: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Maps of pictures; see `ModelDepth.look`."""
        return model(pixel_values=pixels_of(model, preparing, batch)).predicted_depth, None


class MetricDepthAnything(RelativeDepthAnything):
    """Metres, as learned indoors (20 at most) or on streets (80 at most)."""

    way = Way("metres", _LONG_SIDE, batch=8)


def pixels_of(model: Any, preparing: Preparing, batch: torch.Tensor) -> torch.Tensor:
    """What the model takes, as `DPTImageProcessor` makes it."""
    from ..models.images import resized, scaled

    small = resized(batch, fitted((batch.shape[2], batch.shape[3]), preparing))
    return scaled(small, preparing.statistics, model.dtype)
