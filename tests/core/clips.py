"""Makes the small real movies that tests look at, and finds the project's and shared clips."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "park.mp4"
#: Real footage that is not part of the project; tests that want it are skipped without it.
SHARED = ROOT.parent / "shared" / "clips"


def write_movie(
    path: Path, *, seconds: float = 2.0, size: tuple[int, int] = (320, 180), rate: int = 24
) -> Path:
    """Write a movie of a bright disc that crosses a textured ground from left to right."""
    width, height = size
    random = np.random.default_rng(1)
    coarse = random.uniform(60, 150, (height // 6 + 1, width // 6 + 1, 3))
    ground = np.kron(coarse, np.ones((6, 6, 1)))[:height, :width]
    y, x = np.mgrid[:height, :width]
    frames = round(seconds * rate)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1  # with it what is encoded would change
        for number in range(frames):
            centre = width * (0.1 + 0.8 * (number % (3 * rate)) / (3 * rate))
            inside = (x - centre) ** 2 + (y - 0.65 * height) ** 2 < (0.12 * height) ** 2
            image = np.where(inside[:, :, None], (230, 60, 40), ground).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path
