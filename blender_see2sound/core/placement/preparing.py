"""What the published preprocessing of depth models is, read from beside their weights."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..models.folder import Located, broken
from ..models.images import HALF, Three

#: The file that says it.
SETTINGS = "preprocessor_config.json"
_TYPE = "image_processor_type"
#: No model takes larger pictures, pixels a side.
LARGEST = 8192


@dataclass(frozen=True)
class Preparing:
    """How pictures become what a depth model takes.

    Attributes
    ----------
    size : (int, int)
        Height and width that the model was trained for.
    multiple : int
        What both must be multiples of.
    statistics : (three floats, three floats)
        Mean and standard deviation of each channel.
    pad : bool
        Pictures get a mirrored rim first (ZoeDepth).
    keep_aspect : bool
        A picture keeps its shape; else it becomes as large as the model was trained for.
    """

    size: tuple[int, int]
    multiple: int
    statistics: tuple[Three, Three]
    pad: bool = False
    keep_aspect: bool = True


def preparing_of(located: Located) -> Preparing:
    """Read it.

    Raises
    ------
    See2SoundError
        Of kind "missing-part" when the file is no such.
    """
    path = located.path / SETTINGS
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        size = content["size"]
        height, width = int(size["height"]), int(size["width"])
        multiple = int(content.get("ensure_multiple_of", 1))
        mean = _three(content.get("image_mean"), HALF[0])
        deviation = _three(content.get("image_std"), HALF[1])
        if min(height, width, multiple) < 1 or min(deviation) <= 0.0:
            raise ValueError("its sizes or deviations are not above 0")
        if max(height, width, multiple) > LARGEST:
            raise ValueError(f"its sizes are above {LARGEST}")
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        why = f"it does not say how to prepare pictures: {type(error).__name__}: {error}"
        raise broken(located, SETTINGS, why) from error
    return Preparing(
        (height, width),
        multiple,
        (mean, deviation),
        bool(content.get("do_pad", False)),
        # What DPT's processor does where nothing is said; ZoeDepth's keeps it.
        bool(content.get("keep_aspect_ratio", "DPT" not in str(content.get(_TYPE)))),
    )


def _three(values: Any, usual: Three) -> Three:
    if values is None:
        return usual
    red, green, blue = (float(v) for v in values)
    return red, green, blue


def fitted(
    size: tuple[int, int], preparing: Preparing, whole: Callable[[float], int] = round
) -> tuple[int, int]:
    """The height and width that a picture is resized to: its shape, scaled as little as possible.

    As `get_resize_output_image_size` of transformers' DPT and ZoeDepth processors does.

    Parameters
    ----------
    size : (int, int)
        Height and width of the picture.
    preparing : Preparing
    whole : callable
        Rounds.
    """
    if not preparing.keep_aspect:
        height, width = (
            max(whole(side / preparing.multiple), 1) * preparing.multiple for side in preparing.size
        )
        return height, width
    tall, wide = (target / have for target, have in zip(preparing.size, size, strict=True))
    scale = wide if abs(1 - wide) < abs(1 - tall) else tall
    height, width = (
        max(whole(scale * side / preparing.multiple), 1) * preparing.multiple for side in size
    )
    return height, width


def rim_of(size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of ZoeDepth's mirrored rim at each edge of a picture (height, width)."""
    height, width = (int(math.sqrt(side / 2) * 3) for side in size)
    return height, width
