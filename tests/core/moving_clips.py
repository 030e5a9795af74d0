"""Small movies of textured things that move before a textured ground, with known positions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

SIZE = (320, 180)
RATE = 12

Picture = NDArray[np.uint8]


def ground(width: int = 320, height: int = 180, seed: int = 1, grain: int = 5) -> Picture:
    """Patches of brownish grey."""
    random = np.random.default_rng(seed)
    light = random.uniform(90, 190, (height // grain + 1, width // grain + 1, 1))
    tint = random.uniform(-8, 8, (*light.shape[:2], 3)) + np.array([6, 0, -10])
    patches = np.kron(light + tint, np.ones((grain, grain, 1)))
    return np.clip(patches[:height, :width], 0, 255).astype(np.uint8)


def thing(width: int, height: int, colour: tuple[int, int, int], seed: int = 7) -> Picture:
    """A patchy block of one colour."""
    random = np.random.default_rng(seed)
    shade = np.kron(
        random.uniform(0.7, 1.2, (height // 4 + 1, width // 4 + 1, 1)), np.ones((4, 4, 1))
    )
    return np.clip(shade[:height, :width] * colour, 0, 255).astype(np.uint8)


def paste(picture: Picture, what: Picture, x: float, y: float) -> None:
    """Put a block with its middle at x, y; what lies outside is cut off."""
    h, w = what.shape[:2]
    left, top = round(x - w / 2), round(y - h / 2)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + w, picture.shape[1]), min(top + h, picture.shape[0])
    if x0 < x1 and y0 < y1:
        picture[y0:y1, x0:x1] = what[y0 - top : y1 - top, x0 - left : x1 - left]


def film(path: Path, draw: Callable[[float], Picture], seconds: float, rate: int = RATE) -> Path:
    """Write a movie of the pictures that `draw` gives for each time."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.pix_fmt = "yuv420p"
        stream.codec_context.options = {"crf": "14", "preset": "ultrafast"}
        stream.codec_context.thread_count = 1  # with it what is encoded would change
        for number in range(round(seconds * rate)):
            image = draw(number / rate)
            if number == 0:
                stream.height, stream.width = image.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path
