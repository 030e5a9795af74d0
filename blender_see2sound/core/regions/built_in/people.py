"""Is it a person? OpenCV's built-in people detector.

Histograms of oriented gradients and a linear classifier (Dalal & Triggs 2005).
It knows upright people that are seen whole, and is a weak witness: it finds
about two of three and sees people in poles and trees. So it is only asked where
something was found otherwise, or trusted alone when it is very sure.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

#: A person's height in the pictures that the detector is shown, pixels.
HEIGHT = 110
#: The detector's window, width and height.
WINDOW = (64, 128)
#: A score of the classifier that makes the detector sure.
SURE = 1.2
#: The likeness from which it is trusted alone.
ALONE = 0.6


class PeopleDetector:
    """OpenCV's detector, made once."""

    def __init__(self) -> None:
        self._hog = cv2.HOGDescriptor()
        self._hog.setSVMDetector(cv2.HOGDescriptor.getDefaultPeopleDetector())

    def likeness(self, picture: NDArray[np.uint8], box: NDArray[np.float64]) -> float:
        """How sure it is that a box holds an upright person.

        Parameters
        ----------
        picture : (h, w, 3) uint8 array
            RGB.
        box : (4,) float array
            x0 y0 x1 y1 in its pixels.

        Returns
        -------
        float
            0 to 1.
        """
        x0, y0, x1, y1 = box
        height = y1 - y0
        if height < 24 or (x1 - x0) > 1.6 * height:
            return 0.0
        scale = HEIGHT / height
        half = max(0.45 * height, 0.6 * (x1 - x0))
        middle = (x0 + x1) / 2
        left, right = int(max(middle - half, 0)), int(min(middle + half, picture.shape[1]))
        top = int(max(y0 - 0.25 * height, 0))
        bottom = int(min(y1 + 0.25 * height, picture.shape[0]))
        crop = picture[top:bottom, left:right]
        if crop.size == 0:
            return 0.0
        size = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
        crop = cv2.resize(
            crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        )
        pad = [max(0, -(-(need + 16 - have) // 2)) for need, have in zip(WINDOW, size, strict=True)]
        crop = cv2.copyMakeBorder(crop, pad[1], pad[1], pad[0], pad[0], cv2.BORDER_REPLICATE)
        return max((score for _, score in self._detect(crop)), default=0.0)

    def find(self, picture: NDArray[np.uint8]) -> list[tuple[NDArray[np.float64], float]]:
        """The people that it is sure of in a whole picture, each as box and score (0 to 1)."""
        h, w = picture.shape[:2]
        # Enlarged pictures make it see people in water and leaves.
        scale = min(1.0, 640 / max(h, w))
        size = (max(1, round(w * scale)), max(1, round(h * scale)))
        if size[0] < WINDOW[0] or size[1] < WINDOW[1]:
            return []
        found = [
            (box / scale, score)
            for box, score in self._detect(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
            if score >= ALONE
        ]
        found.sort(key=lambda f: (-f[1], tuple(f[0])))
        kept: list[tuple[NDArray[np.float64], float]] = []
        for box, score in found:
            if all(overlap(box, other) < 0.3 for other, _ in kept):
                kept.append((box, score))
        return kept

    def _detect(self, picture: NDArray[np.uint8]) -> list[tuple[NDArray[np.float64], float]]:
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        boxes, weights = self._hog.detectMultiScale(
            grey, hitThreshold=0.0, winStride=(8, 8), padding=(0, 0), scale=1.08, groupThreshold=0
        )
        found = []
        for (x, y, w, h), weight in zip(boxes, np.ravel(weights), strict=True):
            # The window has a margin around the person.
            tight = np.array([x + 0.2 * w, y + 0.1 * h, x + 0.8 * w, y + 0.9 * h], np.float64)
            found.append((tight, float(np.clip(weight / SURE, 0.0, 1.0))))
        return found


def overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Intersection over union of two boxes."""
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    both = w * h
    return float(both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both))
