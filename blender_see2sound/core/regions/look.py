"""Measuring a region's look: colour, texture, place, flicker, rhythm; and its thumbnail."""

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
#: Longest side of a thumbnail.
THUMBNAIL = 256


def true_lab(lab: NDArray[Any]) -> NDArray[np.float64]:
    """CIE L*a*b* (L 0 to 100) from OpenCV's 8-bit kind."""
    return np.asarray(lab, np.float64) * (100.0 / 255.0, 1.0, 1.0) - (0.0, 128.0, 128.0)


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
