"""Depth Pro (Bochkovskii et al., ICLR 2025): metres, and the field of view where nobody knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..models.devices import Device
from ..models.folder import Located
from ..progress import Progress
from .depth_maps import Way
from .depth_models import ModelDepth, load
from .preparing import Preparing

if TYPE_CHECKING:
    import torch


class DepthPro(ModelDepth):
    """Depth for a focal length as long as the picture is wide, and the field of view.

    The field of view of the whole clip, a person's or the median of the pictures', then
    gives metres.
    """

    way = Way("focal", 1536, batch=2)

    @staticmethod
    def make(located: Located, device: Device, progress: Progress) -> tuple[Any, Preparing]:
        """Load the model."""
        from transformers import DepthProForDepthEstimation

        return load(DepthProForDepthEstimation, located, device, progress)

    @staticmethod
    def look(
        model: Any, preparing: Preparing, batch: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Maps of pictures and their fields of view; see `ModelDepth.look`."""
        made = model(pixel_values=pixels_of(model, preparing, batch))
        # The model tells the inverse of the depth.
        return 1.0 / made.predicted_depth.float().clamp(1e-4, 1e4), made.field_of_view


def pixels_of(model: Any, preparing: Preparing, batch: torch.Tensor) -> torch.Tensor:
    """What the model takes, as `DepthProImageProcessor` makes it: scaled first, not antialiased."""
    import torch

    from ..models.images import scaled

    return torch.nn.functional.interpolate(
        scaled(batch, preparing.statistics), preparing.size, mode="bilinear", align_corners=False
    ).to(model.dtype)
