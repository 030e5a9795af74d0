"""Measuring a region's look: colour, texture, rhythm, shape, how it stands; and its thumbnail."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

#: The rhythm of steps and strides, Hz.
SLOWEST_RHYTHM = 0.8
FASTEST_RHYTHM = 5.0
#: Share of the shape's variation that must be at one frequency to be called a rhythm.
RHYTHM_SHARE = 0.3
#: A thing stands on the ground when its lower edge is below the horizon for this share of
#: the time and the ratio of its depth below it to its height varies by no more than this.
STANDING = 0.75
STANDING_SPREAD = 2.2
#: Bins of L, a and b of the colours that a thing is known by.
BINS = (4, 8, 8)
#: Longest side of a thumbnail.
THUMBNAIL = 256


def true_lab(lab: NDArray[Any]) -> NDArray[np.float64]:
    """CIE L*a*b* (L 0 to 100) from OpenCV's 8-bit kind."""
    return np.asarray(lab, np.float64) * (100.0 / 255.0, 1.0, 1.0) - (0.0, 128.0, 128.0)


def bins_of(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colour bin of each pixel of an 8-bit Lab picture, 0 to 255.

    Colours of real pictures crowd around grey, so a and b are binned over the
    middle of their range.
    """
    light = frame[..., 0].astype(np.int32) * BINS[0] // 256
    a = np.clip((frame[..., 1].astype(np.int32) - 80) * BINS[1] // 96, 0, BINS[1] - 1)
    b = np.clip((frame[..., 2].astype(np.int32) - 80) * BINS[2] // 96, 0, BINS[2] - 1)
    return ((light * BINS[1] + a) * BINS[2] + b).astype(np.uint8)


def unlikeness(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Bhattacharyya (Hellinger) distance of two histograms that add up to 1: 0 alike, 1 disjoint."""
    return float(np.sqrt(max(0.0, 1.0 - float(np.sqrt(a * b).sum()))))


def gradient(light: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Absolute difference of grey values (0 to 1) to the next pixel, across and down."""
    grey = light.astype(np.float32) / 255.0
    across = np.abs(np.diff(grey, axis=1, append=grey[:, -1:]))
    down = np.abs(np.diff(grey, axis=0, append=grey[-1:]))
    return across, down


def rhythm_of(times: NDArray[np.float64], boxes: NDArray[np.float64]) -> float:
    """Dominant frequency of the changes of a box's shape.

    Parameters
    ----------
    times : (T,) float array
        Evenly spaced seconds.
    boxes : (T, 4) float array

    Returns
    -------
    float
        Hz; 0 where no frequency stands out.
    """
    if len(times) < 12:
        return 0.0
    period = float(np.median(np.diff(times)))
    size = boxes[:, 2:] - boxes[:, :2]
    shape = np.log(np.maximum(size[:, 0], 1.0) / np.maximum(size[:, 1], 1.0))
    trend = np.polyval(np.polyfit(times - times[0], shape, 1), times - times[0])
    wave = (shape - trend) * np.hanning(len(shape))
    power = np.abs(np.fft.rfft(wave, 4 * len(wave))) ** 2
    frequencies = np.fft.rfftfreq(4 * len(wave), period)
    band = (frequencies >= SLOWEST_RHYTHM) & (frequencies <= FASTEST_RHYTHM)
    if not band.any() or power.sum() <= 1e-9:
        return 0.0
    peak = int(np.flatnonzero(band)[np.argmax(power[band])])
    around = np.abs(frequencies - frequencies[peak]) < 1.5 / (period * len(wave))
    return float(frequencies[peak]) if power[around].sum() > RHYTHM_SHARE * power.sum() else 0.0


def aspect_of(boxes: NDArray[np.float64]) -> float:
    """Width divided by height of boxes (T, 4), the median of where most of the thing is seen."""
    sides = boxes[:, 2:] - boxes[:, :2]
    areas = np.prod(sides, axis=1)
    full_view = areas >= np.percentile(areas, 60)
    return float(np.median((sides[:, 0] / np.maximum(sides[:, 1], 1e-6))[full_view]))


def stands(boxes: NDArray[np.float64], height: int) -> bool:
    """Whether boxes are those of something that stands on the ground, the horizon in the middle.

    Parameters
    ----------
    boxes : (T, 4) float array
    height : int
        The picture's, pixels.
    """
    below = boxes[:, 3] - 0.52 * height
    if np.mean(below > 0) < STANDING:
        return False
    # Nearer or farther, it is seen from the same height: the ratio stays.
    ratio = np.maximum(below, 1.0) / np.maximum(boxes[:, 3] - boxes[:, 1], 1.0)
    low, high = np.percentile(ratio, (25, 75))
    return bool(high < STANDING_SPREAD * low)


def cut_out(image: NDArray[np.uint8], box: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The part of a picture in a box, with a little around it, as a thumbnail."""
    h, w = image.shape[:2]
    margin = 0.08 * max(box[2] - box[0], box[3] - box[1])
    x0, y0 = (int(max(0.0, v - margin)) for v in box[:2])
    x1 = int(np.clip(np.ceil(box[2] + margin), x0 + 1, w))
    y1 = int(np.clip(np.ceil(box[3] + margin), y0 + 1, h))
    cut = image[min(y0, h - 1) : y1, min(x0, w - 1) : x1]
    scale = min(1.0, THUMBNAIL / max(cut.shape[:2]))
    size = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
    return cv2.resize(cut, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else cut.copy()
