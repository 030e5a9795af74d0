"""Small media files for tests: movies whose every picture tells its number."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SIZE = (96, 64)  # width, height


def numbered(number: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """A picture of eight upright bars, black or white: the bits of its number, low bit left."""
    width, height = size
    bits = np.array([(number >> bit) & 1 for bit in range(8)])
    row = bits[np.arange(width) * 8 // width] * 215 + 20
    return np.repeat(np.repeat(row[None, :, None], height, 0), 3, 2).astype(np.uint8)


def number_of(image: np.ndarray) -> int:
    """The number that a picture tells."""
    width = image.shape[1]
    middles = ((np.arange(8) + 0.5) * width / 8).astype(int)
    means = image[:, middles].mean(axis=(0, 2))
    return int(sum(1 << bit for bit in range(8) if means[bit] > 128))


def write_movie(
    path: Path,
    images: list[np.ndarray],
    rate: Fraction = Fraction(24),
    *,
    moments: list[float] | None = None,
    gop: int = 12,
    rotation: int = 0,
    pixel_aspect: Fraction | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write H.264; `moments` gives each picture's time in seconds where the rate varies."""
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.options = {"crf": "12", "preset": "ultrafast", "bf": "2"}
        stream.codec_context.thread_count = 1  # with it what is encoded would change
        stream.codec_context.gop_size = gop
        if pixel_aspect is not None:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        if rotation:
            stream.set_display_rotation(rotation)
        if moments is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            if moments is not None:
                frame.time_base = Fraction(1, 1000)
                frame.pts = round(1000 * moments[number])
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_numbered(path: Path, count: int, rate: Fraction = Fraction(24), **how: object) -> Path:
    """Write a movie of `count` pictures that tell their numbers."""
    return write_movie(path, [numbered(k) for k in range(count)], rate, **how)  # type: ignore[arg-type]
