"""From pictures to what models take: resized, scaled, padded, without torchvision.

Pictures are (h, w, 3) uint8 arrays, RGB, as `core.media` gives them; batches are
(N, 3, h, w) tensors on the device. A resize is antialiased and rounded to whole
values, as Pillow's is on pictures, so that what a model sees is what it saw in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

Picture = NDArray[np.uint8]
Three = tuple[float, float, float]
Filter = Literal["bilinear", "bicubic"]

#: Means and standard deviations of red, green and blue (0 to 1) that models were trained with.
IMAGENET: tuple[Three, Three] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF: tuple[Three, Three] = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
CLIP: tuple[Three, Three] = (
    (0.48145466, 0.4578275, 0.40821073),
    (0.26862954, 0.26130258, 0.27577711),
)


def batch_of(pictures: Sequence[Picture], device: torch.device | str = "cpu") -> torch.Tensor:
    """Pictures of one size as a (N, 3, h, w) uint8 tensor on a device."""
    import torch

    stacked = torch.from_numpy(np.stack(pictures))
    return stacked.to(device).permute(0, 3, 1, 2)


def resized(batch: torch.Tensor, size: tuple[int, int], how: Filter = "bicubic") -> torch.Tensor:
    """Resize pictures as Pillow does.

    Parameters
    ----------
    batch : (N, 3, h, w) uint8 tensor
    size : (int, int)
        Height and width.
    how : {"bilinear", "bicubic"}

    Returns
    -------
    (N, 3, height, width) uint8 tensor
    """
    import torch

    if tuple(batch.shape[-2:]) == tuple(size):
        return batch
    # The processor has this filter for whole numbers, the same as Pillow's; a GPU has not.
    whole = batch.device.type == "cpu"
    small = torch.nn.functional.interpolate(
        batch.contiguous() if whole else batch.float(),
        size,
        mode=how,
        antialias=True,
        align_corners=False,
    )
    return small if whole else small.round_().clamp_(0.0, 255.0).to(torch.uint8)


def scaled(
    batch: torch.Tensor,
    statistics: tuple[Three, Three] = IMAGENET,
    dtype: torch.dtype | None = None,
) -> torch.Tensor:
    """Bring values 0 to 255 to what a model was trained with.

    Parameters
    ----------
    batch : (N, 3, h, w) tensor
        Values 0 to 255.
    statistics : (three floats, three floats)
        Mean and standard deviation of each channel, of values 0 to 1.
    dtype : torch.dtype, optional
        Of the result; float32 when None. It is computed in float32.

    Returns
    -------
    (N, 3, h, w) tensor
    """
    import torch

    mean, deviation = (
        torch.tensor(values, dtype=torch.float32, device=batch.device).view(1, 3, 1, 1) * 255.0
        for values in statistics
    )
    result = (batch.to(torch.float32) - mean) / deviation
    return result if dtype is None else result.to(dtype)


def padded(batch: torch.Tensor, size: tuple[int, int], value: float = 0.0) -> torch.Tensor:
    """Pad pictures at the right and the lower edge to a height and width."""
    import torch

    down, right = size[0] - batch.shape[-2], size[1] - batch.shape[-1]
    return torch.nn.functional.pad(batch, (0, right, 0, down), value=value)


def longest_side(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """A height and width with the longer one `longest`, rounded half up as SAM does."""
    scale = longest / max(size)
    return int(size[0] * scale + 0.5), int(size[1] * scale + 0.5)


def shortest_side(
    size: tuple[int, int], shortest: int, longest: int | None = None
) -> tuple[int, int]:
    """A height and width with the shorter one `shortest`, unless the longer is above `longest`.

    Rounded as `transformers.image_transforms.get_resize_output_image_size` and
    `get_size_with_aspect_ratio` do: the shorter to the nearest, the longer cut off.
    """
    height, width = size
    short, long = min(size), max(size)
    side = float(shortest)
    if longest is not None and long / short * shortest > longest:
        side = longest * short / long
    target = round(side)
    if short == target:
        return height, width
    other = int(side * long / short)
    return (target, other) if height <= width else (other, target)
