"""Things that stand out in a picture in which nothing moves.

Two cues are multiplied: the spectral residual (Hou & Zhang 2007), which marks
what is unlike the picture's regular texture, and the difference of colour from
the surroundings (frequency-tuned saliency; Achanta et al. 2009, against a wide
neighbourhood instead of the whole picture).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..tracks.look import true_lab

#: The picture is looked at in this width.
WIDTH = 160
#: Standing out by this many times the mean begins a thing.
STANDS_OUT = 3.0
#: Sizes of things, shares of the picture.
SMALLEST = 0.002
LARGEST = 0.25
MOST = 5
#: A thing's least share of all that stands out.
WEAKEST = 0.05
#: A thing's outline: the step (0 to 255, 8-bit Lab) that a fifth of it exceeds.
SHARP = 100.0
#: What goes on beyond the picture on more than this share of a side is no single thing.
CUT_OFF = 0.25


@dataclass(frozen=True)
class Salient:
    """Something that stands out.

    Attributes
    ----------
    mask : (h, w) bool array
        At `WIDTH`.
    strength : float
        How much of all that stands out in the picture it is, 0 to 1.
    """

    mask: NDArray[np.bool_]
    strength: float


def salient_things(picture: NDArray[np.uint8]) -> list[Salient]:
    """What stands out in a picture (8-bit Lab), the strongest first."""
    h, w = picture.shape[:2]
    size = (min(WIDTH, w), max(1, round(h * min(WIDTH, w) / w)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    if small[..., 0].std() < 3.0:
        return []
    strength = saliency(small)
    seeds = strength > STANDS_OUT * strength.mean()
    grown = strength > 0.6 * STANDS_OUT * strength.mean()
    closed = cv2.morphologyEx(grown.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels = cv2.connectedComponents(closed, connectivity=8)
    total = float(strength.sum())
    steps = cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).astype(float)
    edges = np.maximum(steps[..., 0], 1.6 * steps[..., 1:].max(2))
    things = []
    for label in range(1, count):
        mask = labels == label
        share = float(strength[mask].sum()) / total
        whole = (mask & seeds).any() and SMALLEST <= mask.mean() <= LARGEST and share > WEAKEST
        if whole and _is_thing(mask, edges):
            things.append(Salient(mask, share))
    things.sort(key=lambda t: (-t.strength, int(np.flatnonzero(t.mask)[0])))
    return things[:MOST]


def _is_thing(mask: NDArray[np.bool_], edges: NDArray[np.float64]) -> bool:
    """Whether an outline is sharp, as a thing's is and a cloud's or hill's is not, and closed."""
    solid, near = mask.astype(np.uint8), np.ones((5, 5), np.uint8)
    rim = cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, near) > 0
    cut_off = sum(float(side.mean()) for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    return bool(np.percentile(edges[rim], 80) > SHARP and cut_off < CUT_OFF)


def saliency(small: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How much each pixel of an 8-bit Lab picture stands out; the scale is arbitrary."""
    lab = true_lab(small).astype(np.float32)
    h, w = lab.shape[:2]
    near = cv2.GaussianBlur(lab, (0, 0), 1.5)
    around = cv2.GaussianBlur(lab, (0, 0), w / 6.0)
    difference = np.linalg.norm(near - around, axis=2)
    grey = cv2.resize(lab[..., 0], (64, 64), interpolation=cv2.INTER_AREA)
    spectrum = np.fft.fft2(grey)
    amplitude = np.log(np.abs(spectrum) + 1e-6).astype(np.float32)
    residual = amplitude - cv2.blur(amplitude, (3, 3))
    back = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    unlike = cv2.GaussianBlur(back.astype(np.float32), (0, 0), 3.0)
    unlike = cv2.resize(unlike / max(float(unlike.max()), 1e-12), (w, h))
    return (difference * np.sqrt(unlike)).astype(np.float32)
