"""How the camera moved: one plane-to-plane transform per frame, and where shots are cut.

Corners (Shi & Tomasi 1994) of a key frame are followed by pyramidal Lucas-Kanade
(Bouguet 2000) into each new frame; a homography fitted by RANSAC (Fischler &
Bolles 1981) to what most of them do is the camera's motion. Frames are matched
to a key frame rather than to their neighbour, so that errors do not add up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

#: Corners that are followed, and the fewest that make a model of the camera.
CORNERS = 400
FEWEST = 12
#: A corner fits the model within this many pixels at analysis size.
TOLERANCE = 1.0
#: A tripod: this share of the corners stays where it was, spread over the picture (standard
#: deviation of x as a fraction of the width; evenly spread ones have 0.29).
STILL_SHARE = 0.15
STILL_SPREAD = 0.26
#: A cut changes this much of the 0 to 255 range on average, and breaks the corners' matches.
CUT_CHANGE = 14.0
CUT_KEPT = 0.25

Matrix = NDArray[np.float64]


@dataclass
class Camera:
    """Follows the camera frame by frame through one shot after another.

    Attributes
    ----------
    kept : float
        Share of the key frame's corners that fit the model in the last frame, 0 to 1.
    """

    kept: float = 1.0
    _key: NDArray[np.uint8] | None = None
    _corners: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 1, 2), np.float32))
    _key_to_shot: Matrix = field(default_factory=lambda: np.eye(3))
    _step: Matrix = field(default_factory=lambda: np.eye(3))
    _thumb: NDArray[np.float32] | None = None

    def follow(self, picture: NDArray[np.uint8]) -> tuple[Matrix, bool]:
        """Take the next frame.

        Parameters
        ----------
        picture : (h, w, 3) uint8 array
            RGB.

        Returns
        -------
        to_shot : (3, 3) float array
            Takes a pixel (x, y, 1) of this frame to the shot's first frame.
        cut : bool
            This frame begins a new shot.
        """
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        thumb = cv2.resize(picture, (32, 18), interpolation=cv2.INTER_AREA).astype(np.float32)
        last, self._thumb = self._thumb, thumb
        if self._key is None or last is None:
            self._start(grey, np.eye(3))
            return np.eye(3), False
        step, self.kept = self._match(grey)
        change = float(np.abs(thumb - last).mean())
        few = len(self._corners) < FEWEST
        unlike = self.kept < CUT_KEPT and change > CUT_CHANGE
        if unlike or (few and change > 2 * CUT_CHANGE):
            self._start(grey, np.eye(3))
            return np.eye(3), True
        self._step = step
        to_shot = self._key_to_shot @ step
        if self.kept < 0.5 or _overlap(step, grey.shape) < 0.6:
            self._start(grey, to_shot)
        return to_shot, False

    def _start(self, grey: NDArray[np.uint8], to_shot: Matrix) -> None:
        self._key = grey
        corners = cv2.goodFeaturesToTrack(grey, CORNERS, 0.003, 7, blockSize=5)
        self._corners = np.zeros((0, 1, 2), np.float32) if corners is None else corners
        self._key_to_shot = to_shot
        self._step = np.eye(3)

    def _match(self, grey: NDArray[np.uint8]) -> tuple[Matrix, float]:
        """The transform from this frame to the key frame, and the share of corners that obey it."""
        if len(self._corners) < FEWEST:
            return self._step, 0.0
        assert self._key is not None
        guess = cv2.perspectiveTransform(self._corners, inverse(self._step))
        found, ok, _ = cv2.calcOpticalFlowPyrLK(
            self._key, grey, self._corners, guess.astype(np.float32),
            winSize=(15, 15), maxLevel=3, flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        )  # fmt: skip
        h, w = grey.shape
        inside = ((found[:, 0] > 1) & (found[:, 0] < (w - 2, h - 2))).all(1)
        good = (ok[:, 0] == 1) & inside
        here, there = found[good], self._corners[good]
        if len(here) < FEWEST:
            return self._step, 0.0
        still = np.linalg.norm(here - there, axis=2)[:, 0] < 0.5
        spread = here[still][:, 0, 0].std() / w if still.any() else 0.0
        if still.sum() >= max(FEWEST, STILL_SHARE * len(here)) and spread >= STILL_SPREAD:
            return np.eye(3), float(still.sum() / len(self._corners))
        return self._model(here, there, grey.shape)

    def _model(
        self, here: NDArray[np.float32], there: NDArray[np.float32], shape: tuple[int, ...]
    ) -> tuple[Matrix, float]:
        cv2.setRNGSeed(1)
        matrix, fits = cv2.findHomography(here, there, cv2.RANSAC, TOLERANCE, maxIters=500)
        if matrix is None or not _plausible(matrix, shape):
            cv2.setRNGSeed(1)
            affine, fits = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=TOLERANCE)
            if affine is None:
                return self._step, 0.0
            matrix = np.vstack([affine, [0.0, 0.0, 1.0]])
            if not _plausible(matrix, shape):
                return self._step, 0.0
        return matrix, float(fits.sum() / len(self._corners))


def inverse(matrix: Matrix) -> Matrix:
    """The inverse of a (3, 3) transform."""
    return np.asarray(cv2.invert(matrix)[1], np.float64)


def corners_of(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The four corners of a picture of this shape, as (1, 4, 2) pixels."""
    h, w = shape[:2]
    return np.array([[[0, 0], [w, 0], [w, h], [0, h]]], np.float64)


def _plausible(matrix: Matrix, shape: tuple[int, ...]) -> bool:
    """Whether the transform keeps the picture a picture: neither folded nor halved nor doubled."""
    moved = cv2.perspectiveTransform(corners_of(shape), matrix)[0]
    area = cv2.contourArea(moved.astype(np.float32), oriented=True)
    whole = shape[0] * shape[1]
    return bool(
        np.isfinite(moved).all()
        and cv2.isContourConvex(moved.astype(np.float32))
        and 0.4 < area / whole < 2.5
    )


def _overlap(matrix: Matrix, shape: tuple[int, ...]) -> float:
    """The share of the picture that the key frame also shows."""
    here = corners_of(shape)[0].astype(np.float32)
    moved = cv2.perspectiveTransform(corners_of(shape), matrix)[0].astype(np.float32)
    area, _ = cv2.intersectConvexConvex(here, moved)
    return float(area) / (shape[0] * shape[1])
