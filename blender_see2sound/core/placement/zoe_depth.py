"""ZoeDepth (Bhat et al., 2023), the depth model of the paper: metres, indoors and outdoors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..models.devices import Device
from ..models.folder import Located
from ..progress import Progress
from .depth_maps import Way
from .depth_models import ModelDepth, load
from .preparing import Preparing, fitted, rim_of

if TYPE_CHECKING:
    import torch


class ZoeDepth(ModelDepth):
    """Metres by a network that first tells whether it looks at a room or a street."""

    way = Way("metres", 768, batch=4)

    @staticmethod
    def make(located: Located, device: Device, progress: Progress) -> tuple[Any, Preparing]:
        """Load the model; its bins of depth need the longer numbers."""
        from transformers import ZoeDepthForDepthEstimation

        return load(ZoeDepthForDepthEstimation, located, device, progress, half=False)

    @staticmethod
    def look(model: Any, preparing: Preparing, batch: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Maps of pictures; see `ModelDepth.look`."""
        import torch

        made = model(pixel_values=pixels_of(model, preparing, batch)).predicted_depth
        height, width = batch.shape[2:]
        rows, columns = rim_of((height, width)) if preparing.pad else (0, 0)
        whole = torch.nn.functional.interpolate(
            made[:, None], (height + 2 * rows, width + 2 * columns), mode="bicubic",
            align_corners=False,
        )[:, 0]  # fmt: skip
        return whole[:, rows : rows + height, columns : columns + width], None


def pixels_of(model: Any, preparing: Preparing, batch: torch.Tensor) -> torch.Tensor:
    """What the model takes, as `ZoeDepthImageProcessor` makes it: padded by its mirror image."""
    import torch

    from ..models.images import scaled

    pixels = scaled(batch, preparing.statistics)
    if preparing.pad:
        rows, columns = rim_of((batch.shape[2], batch.shape[3]))
        pixels = torch.nn.functional.pad(pixels, (columns, columns, rows, rows), mode="reflect")
    size = fitted((pixels.shape[2], pixels.shape[3]), preparing)
    return torch.nn.functional.interpolate(pixels, size, mode="bilinear", align_corners=True).to(
        model.dtype
    )
