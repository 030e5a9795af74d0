"""What does not belong to the background: a mask per frame of a stretch of one shot.

Two kinds of evidence are joined. Where the frames, brought to a common canvas by
the camera's motion, mostly show the same thing, the median over time of what
does not move there is the background, and what differs from it is foreground;
the difference is taken to the range of the background's neighbours, so that
misregistration by a pixel does not count. Where dense optical flow (DIS; Kroeger
et al. 2016, "Fast Optical Flow using Dense Inverse Search") differs from the
camera's motion and the picture really changes, something moves. Flow alone
smears over edges; the background alone keeps ghosts of what it learnt wrongly.
A shadow is darker in the same colour (Horprasert et al. 1999) and is taken off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...progress import Progress
from ..outline import Mask
from ..tracks.camera import corners_of, inverse
from ..tracks.timeline import Timeline

#: Difference from the background that counts, on the 0 to 255 scale of 8-bit Lab.
DIFFERENCE = 16.0
COLOUR_WEIGHT = np.float32(1.6)
#: Change between frames that counts when the flow says that it moves.
CHANGE = 9.0
#: Flow relative to the camera that counts, pixels a frame at analysis size.
FLOW = 0.6
#: Flow that counts when it goes on for this many frames before and after.
SLOW_FLOW = 0.25
SLOW_STEP = 4
#: A shadow's change of a and b, at most, and how much that grows with its change of L.
SHADOW_TINT = (4.0, 0.14)
#: The background is known where this share of the frames shows something at rest.
REST = 0.08
#: A thing of which more than this share looks like shadow is kept whole.
MOSTLY_SHADOW = 0.8
#: Unless it is smaller than this share of the picture.
SHADOW_AREA = 0.01
#: Frames that the background is made of, at most.
SAMPLES = 32


@dataclass
class Stretch(Timeline):
    """Consecutive frames of one shot, at analysis size.

    Attributes
    ----------
    times, to_shot
        As of `Timeline`.
    frames : (N, h, w, 3) uint8 array
        8-bit Lab.
    flow : (N, h, w, 2) float32 array
        From a frame to the next one, the camera's motion taken off; the last is the one before.
    """

    frames: NDArray[np.uint8]
    flow: NDArray[np.float32]


@dataclass
class Evidence:
    """What the background of a stretch is and what is in front of it.

    Attributes
    ----------
    masks : (N, h, w) bool array
        Foreground.
    background : (h, w, 3) uint8 array
        8-bit Lab, as the stretch's middle frame sees it.
    flicker : (h, w) float array
        Temporal standard deviation of grey values (0 to 1), camera motion removed.
    """

    masks: NDArray[np.bool_]
    background: NDArray[np.uint8]
    flicker: NDArray[np.float64]


def dense_flow(
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    camera: NDArray[np.float64],
    engine: cv2.DISOpticalFlow,
) -> NDArray[np.float32]:
    """Flow from one grey frame to the next, less the camera's.

    Parameters
    ----------
    before, after : (h, w) uint8 array
    camera : (3, 3) float array
        Takes a pixel of `before` to where a thing at rest is in `after`.
    engine : cv2.DISOpticalFlow

    Returns
    -------
    (h, w, 2) float32 array
        Pixels.
    """
    flow = engine.calc(before, after, None)
    if not np.allclose(camera, np.eye(3), atol=1e-9):
        h, w = before.shape
        grid = np.stack(np.meshgrid(np.arange(w), np.arange(h)), -1).astype(np.float32)
        flow -= cv2.perspectiveTransform(grid.reshape(1, -1, 2), camera).reshape(h, w, 2) - grid
    return flow


def find_foreground(stretch: Stretch, progress: Progress) -> Evidence:
    """Separate a stretch into background and foreground."""
    n, h, w, _ = stretch.frames.shape
    progress("Looking for what moves", 0.0)
    speed, slow = _speeds(stretch)
    progress("Looking for what moves", 0.1)
    middle = n // 2
    still = bool(np.allclose(stretch.to_shot, stretch.to_shot[middle], atol=1e-6))
    canvas, size = _canvas(stretch.to_shot, middle, h, w)
    ground = _background(stretch, np.maximum(speed, slow), canvas, size, still)
    progress("Looking for what moves", 0.3)
    near = np.ones((3, 3), np.uint8)
    layers = (cv2.erode(ground.picture, near), cv2.dilate(ground.picture, near), *ground.layers())
    flags = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    masks = np.zeros((n, h, w), bool)
    for i in range(n):
        if i % 8 == 0:
            progress("Looking for what moves", 0.3 + 0.7 * i / n)
        if still:
            views = layers
        else:
            views = tuple(cv2.warpPerspective(v, canvas[i], (w, h), flags=flags) for v in layers)
        differs, shadow = _differs(stretch.frames[i], *views)
        reliable = views[3] > 0
        fast, grey_fast = _changes(stretch, i, 1, still, reliable)
        creeping, grey_creeping = _changes(stretch, i, SLOW_STEP, still, reliable)
        fast, creeping = fast & (speed[i] > FLOW), creeping & (slow[i] > SLOW_FLOW)
        # A shadow is what at least one kind of evidence calls so, and none denies.
        shadow &= ~((fast & ~grey_fast) | (creeping & ~grey_creeping))
        shadow |= ~differs & (grey_fast | ~fast) & (grey_creeping | ~creeping)
        masks[i] = _without_shadows(differs | fast | creeping, shadow)
    view = canvas[middle]
    seen = cv2.warpPerspective(ground.picture, view, (w, h), flags=flags)
    flicker = cv2.warpPerspective(ground.flicker, view, (w, h), flags=flags)
    return Evidence(masks, seen, flicker.astype(np.float64) / 255.0)


def _speeds(stretch: Stretch) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Speed in each frame, and the speed of what creeps on for several frames, (N, h, w) pixels."""
    flow = stretch.flow
    n = len(flow)
    speed = np.empty(flow.shape[:3], np.float32)
    slow = np.empty_like(speed)
    around = np.zeros(flow.shape[1:], np.float32)
    for i in range(-SLOW_STEP, n):
        if i + SLOW_STEP < n:
            around += flow[i + SLOW_STEP]
        if i - SLOW_STEP > 0:
            around -= flow[i - SLOW_STEP - 1]
        if i < 0:
            continue
        count = min(i + SLOW_STEP + 1, n) - max(i - SLOW_STEP, 0)
        cv2.magnitude(flow[i, ..., 0], flow[i, ..., 1], speed[i])
        cv2.magnitude(around[..., 0], around[..., 1], slow[i])
        slow[i] /= count
        # What creeps does so now as well: something swift may only be about to pass.
        np.minimum(slow[i], 2.0 * speed[i], out=slow[i])
    return speed, slow


def _canvas(
    to_shot: NDArray[np.float64], middle: int, h: int, w: int
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Per frame the transform to a canvas that holds them all, and its (width, height)."""
    to_middle = inverse(to_shot[middle]) @ to_shot
    corners = np.vstack([cv2.perspectiveTransform(corners_of((h, w)), m)[0] for m in to_middle])
    # A stretch is cut before the camera has gone a picture's width; see `finder`.
    low = np.floor(np.maximum(corners.min(0), (-w, -h)))
    high = np.ceil(np.minimum(corners.max(0), (2 * w, 2 * h)))
    shift = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1.0]])
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    return shift @ to_middle, size


@dataclass
class _Ground:
    """The background on the canvas.

    Attributes
    ----------
    picture : (H, W, 3) uint8 array
        Median over time of what is at rest, 8-bit Lab.
    reliable : (H, W) uint8 array
        255 where enough frames showed something at rest.
    spread : (H, W) uint8 array
        Median absolute deviation of L of what is at rest, scaled to a standard deviation.
    flicker : (H, W) uint8 array
        The same of all that was seen.
    """

    picture: NDArray[np.uint8]
    reliable: NDArray[np.uint8]
    spread: NDArray[np.uint8]
    flicker: NDArray[np.uint8]

    def layers(self) -> tuple[NDArray[np.uint8], ...]:
        return self.picture, self.reliable, self.spread


def _background(
    stretch: Stretch,
    speed: NDArray[np.float32],
    canvas: NDArray[np.float64],
    size: tuple[int, int],
    still: bool,
) -> _Ground:
    n, h, w, _ = stretch.frames.shape
    chosen = np.unique(np.linspace(0, n - 1, min(n, SAMPLES)).round().astype(int))
    stack = np.empty((len(chosen), size[1], size[0], 3), np.int16)
    seen = np.ones((len(chosen), size[1], size[0]), bool)
    rest = np.empty_like(seen)
    for row, i in enumerate(chosen):
        frame = stretch.frames[i]
        moving = cv2.dilate((speed[i] > SLOW_FLOW).astype(np.uint8), np.ones((5, 5), np.uint8))
        if not still:
            frame = cv2.warpPerspective(frame, canvas[i], size)
            flags = cv2.INTER_NEAREST
            moving = cv2.warpPerspective(moving, canvas[i], size, flags=flags)
            whole = np.ones((h, w), np.uint8)
            seen[row] = cv2.warpPerspective(whole, canvas[i], size, flags=flags) > 0
        stack[row] = frame
        rest[row] = seen[row] & (moving == 0)
    enough = rest.sum(0) >= np.maximum(2, REST * seen.sum(0))
    use = np.where(enough, rest, seen)
    picture = _masked_median(stack, use)
    deviation = np.abs(stack[..., :1] - picture[..., :1])
    spread = 1.4826 * _masked_median(deviation, use)[..., 0]
    flicker = 1.4826 * _masked_median(deviation, seen)[..., 0]
    return _Ground(
        picture.astype(np.uint8),
        np.where(enough, 255, 0).astype(np.uint8),
        np.clip(spread, 0, 255).astype(np.uint8),
        np.clip(flicker, 0, 255).astype(np.uint8),
    )


def _masked_median(stack: NDArray[np.int16], use: NDArray[np.bool_]) -> NDArray[np.int16]:
    """Median along the first axis of what may be used, by sorting the rest to the end."""
    ordered = np.where(use[..., None], stack, np.int16(999))
    ordered.sort(axis=0)
    middle = np.maximum(use.sum(0) - 1, 0) // 2
    median = np.take_along_axis(ordered, middle[None, ..., None], 0)[0]
    return np.where(median == 999, np.int16(0), median)


def _differs(
    frame: NDArray[np.uint8],
    low: NDArray[np.uint8],
    high: NDArray[np.uint8],
    background: NDArray[np.uint8],
    reliable: NDArray[np.uint8],
    spread: NDArray[np.uint8],
) -> tuple[Mask, Mask]:
    """Where a frame differs from the background, and where it may be a shadow on it."""
    light, a, b = cv2.split(cv2.max(cv2.subtract(frame, high), cv2.subtract(low, frame)))
    colour = cv2.max(a, b)
    # Colour tells more than lightness, which also changes with clouds and exposure.
    difference = cv2.max(light.astype(np.float32), COLOUR_WEIGHT * colour)
    limit = DIFFERENCE + 1.5 * cv2.min(spread, 16)
    ratio = frame[..., 0] / cv2.max(background[..., 0], 1).astype(np.float32)
    # A shadow is darker in the same colour, or bluer, since the sky still lights it; never warmer.
    warmer = cv2.subtract(frame[..., 2], high[..., 2])
    same = (colour < _tint(light)) & (warmer < SHADOW_TINT[0]) & (a < 5)
    shadow = (ratio > 0.45) & (ratio < 1.05) & same & (reliable > 0)
    return (difference > limit) & (reliable > 0), shadow


def _without_shadows(mask: Mask, shadow: Mask) -> Mask:
    """Take shadows off things; something that is all shadow is a thing of the ground's colour."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    if count < 2:
        return mask
    area = np.bincount(labels.ravel(), minlength=count)
    dark = np.bincount(labels[shadow], minlength=count)
    only_shadow = (dark > MOSTLY_SHADOW * area) & (area > SHADOW_AREA * mask.size)
    return mask & (~shadow | only_shadow[labels])


def _changes(stretch: Stretch, i: int, step: int, still: bool, reliable: Mask) -> tuple[Mask, Mask]:
    """Where frame i differs from those `step` before and after, the camera's motion removed.

    Where the background is known it must differ from both, since what differs from
    one alone is also where a thing was or will be; elsewhere one is enough. Also
    where it differs in lightness only, and by no more than a shadow's edge would.
    """
    n, h, w, _ = stretch.frames.shape
    frame = stretch.frames[i]
    near = np.ones((3, 3), np.uint8)
    # At a stretch's ends one neighbour is missing, and with it the proof.
    whole = step <= i < n - step
    both = np.full((h, w, 3), 255 if whole else 0, np.uint8)
    either = np.zeros((h, w, 3), np.uint8)
    for j in (i - step, i + step):
        if not 0 <= j < n:
            continue
        other = stretch.frames[j]
        if not still:
            view = inverse(stretch.to_shot[i]) @ stretch.to_shot[j]
            other = cv2.warpPerspective(other, view, (w, h), borderMode=cv2.BORDER_REPLICATE)
        above = cv2.subtract(frame, cv2.dilate(other, near))
        below = cv2.subtract(cv2.erode(other, near), frame)
        change = cv2.max(above, below)
        both = cv2.min(both, change)
        either = cv2.max(either, change)
    light, a, b = cv2.split(np.where(reliable[..., None], both, either))
    colour = cv2.max(a, b)
    grey = (colour < _tint(light)) & (light < cv2.divide(frame[..., 0], 2))
    return cv2.max(light, colour) > CHANGE, grey


def _tint(light: NDArray[Any]) -> NDArray[np.float32]:
    """How much a shadow that takes so much light may change colour: the sky fills it with blue."""
    return SHADOW_TINT[0] + SHADOW_TINT[1] * light.astype(np.float32)
