"""From a decoded frame to a small upright RGB picture.

Frames are reduced in the decoder's own pixel format, so that no RGB picture of
full size is ever made; then transparency goes over black, scene-linear values
become sRGB (IEC 61966-2-1), and the picture is turned as its file says.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def shown_size(
    width: int, height: int, pixel_aspect: Fraction | None, rotation: int
) -> tuple[int, int]:
    """The size of a picture on a screen with square pixels.

    Parameters
    ----------
    width, height : int
        Stored pixels.
    pixel_aspect : Fraction or None
        Width of a pixel divided by its height; None or 0 for square.
    rotation : int
        Degrees counterclockwise, as `av.VideoFrame.rotation`.
    """
    if pixel_aspect:
        if pixel_aspect > 1:
            width = round(width * pixel_aspect)
        else:
            height = round(height / pixel_aspect)
    return (height, width) if quarter_turns(rotation) % 2 else (width, height)


def quarter_turns(rotation: int) -> int:
    """The nearest number of counterclockwise quarter turns, 0 to 3."""
    return round(rotation / 90) % 4


def reduced_size(size: tuple[int, int], longest: int | None) -> tuple[int, int]:
    """`size` with its long side at most `longest`, the aspect kept, never enlarged."""
    if longest is None or longest >= max(size):
        return size
    scale = longest / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


class Scaler:
    """Turns frames of one stream into small upright RGB pictures; keeps swscale's tables."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def picture(self, frame: av.VideoFrame, size: tuple[int, int]) -> Picture:
        """The frame as shown, at a size.

        Parameters
        ----------
        frame : av.VideoFrame
        size : (int, int)
            Width and height as shown, the rotation applied.

        Returns
        -------
        (height, width, 3) uint8 array
            RGB, sRGB-coded.
        """
        turns = quarter_turns(frame.rotation)
        width, height = (size[1], size[0]) if turns % 2 else size
        name = frame.format.name
        if "f32" in name or "f16" in name:  # OpenEXR and Radiance: scene-linear, premultiplied
            rgb = _srgb(self._array(frame, width, height, "gbrpf32le"))
        elif any(part.is_alpha for part in frame.format.components):
            rgba = self._array(frame, width, height, "rgba")
            rgb = (rgba[:, :, :3] * (rgba[:, :, 3:] / np.float32(255.0)) + 0.5).astype(np.uint8)
        else:
            rgb = self._array(frame, width, height, "rgb24")
        return np.ascontiguousarray(np.rot90(rgb, turns)) if turns else rgb

    def grey(self, frame: av.VideoFrame, size: tuple[int, int]) -> Picture:
        """As `picture`, but a grey one (height, width); for most movies cheaper."""
        plain = not frame.format.is_rgb and not any(p.is_alpha for p in frame.format.components)
        if not plain:
            return np.asarray(cv2.cvtColor(self.picture(frame, size), cv2.COLOR_RGB2GRAY), np.uint8)
        turns = quarter_turns(frame.rotation)
        width, height = (size[1], size[0]) if turns % 2 else size
        # FFmpeg pads the rows of pictures whose width is no multiple of some number.
        return np.ascontiguousarray(np.rot90(self._array(frame, width, height, "gray"), turns))

    def _array(self, frame: av.VideoFrame, width: int, height: int, layout: str) -> NDArray[Any]:
        small = self._reformatter.reformat(
            frame, width=width, height=height, format=layout, interpolation="AREA"
        )
        return small.to_ndarray()


def _srgb(linear: NDArray[np.float32]) -> Picture:
    value = np.clip(np.nan_to_num(linear), 0.0, 1.0)
    coded = np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)
    return (coded * 255.0 + 0.5).astype(np.uint8)
