"""Following the things of a stretch from frame to frame.

The foreground of each frame falls into blobs. A blob that lies where tracks are
predicted to be is theirs; one that several claim is shared out pixel by pixel,
by nearness to each one's predicted outline and by likeness to its colours
(merge and split as in McKenna et al. 2000, "Tracking groups of people"). A thing
that stops stays where it is as long as the picture does not change there. When
two parts of one track go apart for good, they are two things, and the frames
before are shared out again backwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ..progress import Progress
from .blobs import at_border, blobs_of, joiner_for, parts_of
from .camera import inverse
from .foreground import Evidence, Stretch
from .tracklets import (
    Tracklet,
    bins_of,
    centre,
    extent,
    is_restless,
    measure,
    moved,
    unlikeness,
)

#: The smallest blob, as a share of the picture.
SMALLEST = 0.0004
#: A blob this near to a track (share of the width) that is far larger is a piece of it.
NEAR = 0.035
PIECE = 0.3
#: What counts as a thing: seen in so many frames, and this share of the picture or, where
#: smaller, gone this many times its own size.
SEEN_FRAMES = 4
THING = 0.002
GONE_FAR = 1.5
#: Frames without a blob after which a track ends.
PATIENCE = 4
#: Sharing out a blob: so many pixels from an outline count as much as a likeness of one in e,
#: up to the second figure.
NEARNESS = 5.0
FAR = 28.0
LIKENESS = 1.0
#: A track this near (share of the width) may claim a blob that is so much more like it.
REACH = 0.15
MUCH_MORE = 1.0
#: A track of which less than this share is seen is partly hidden, and what comes out nearby
#: in colours no more unlike than this is the rest of it.
HALF_HIDDEN = 0.85
SAME_COLOURS = 0.45
#: Where less than this share of a track is left, a blob in colours more unlike is another thing.
HALF_GONE = 0.5
OTHER_COLOURS = 0.65
#: Two parts that stay apart for so many frames, while the gap grows or shrinks by this share
#: of the width, are two things.
APART_FRAMES = 5
APART_CHANGE = 0.025
#: Less than this share of a thing's usual size is the last that is seen of it, and with less
#: than the second figure it does not stand still but is on its way behind something.
LAST_OF_IT = 0.1
STANDING_SIZE = 0.3
#: A ghost, where the background holds a thing that stood there for long: it does not move by
#: more than this (pixels a frame), and its outline is sharper by this in the background.
GHOST_FLOW = 0.4
GHOST_EDGE = 1.15
#: A change of this much (0 to 255) where a thing stood means that it is gone.
GONE = 14.0
#: What covers more than this share of the picture and keeps less of its outline is stuff.
STUFF_AREA = 0.2
STUFF_UNSTEADY = 0.5
#: What covers so much has no outside, and is none either.
ALL = 0.7
#: Tracks of a stretch, numbered by a byte.
MOST_TRACKS = 255

Mask = NDArray[np.bool_]
#: 1 where a track is or should be, 0 elsewhere.
Outline = NDArray[np.uint8]
#: x and y.
Vector = NDArray[np.float64]


@dataclass
class _Track:
    number: int
    birth: int
    outline: Outline
    colours: NDArray[np.float64]
    velocity: Vector = field(default_factory=lambda: np.zeros(2))
    lost: int = 0
    last: int = 0
    alive: bool = True
    apart: list[float] = field(default_factory=list)
    size: float = 0.0
    seen: int = 1
    start: Vector = field(default_factory=lambda: np.zeros(2))
    thing: bool = False


def follow(
    stretch: Stretch, evidence: Evidence, shot: int, progress: Progress
) -> tuple[list[Tracklet], NDArray[np.float64]]:
    """Follow what moves through a stretch.

    Parameters
    ----------
    stretch : Stretch
    evidence : Evidence
        Its foreground and background.
    shot : int
        The shot's number, kept in the tracklets.
    progress : Progress

    Returns
    -------
    tracklets : list of Tracklet
    covered : (h, w) float array
        Share of the frames in which one of them was there that is not restless.
    """
    follower = _Follower(stretch, evidence)
    n = len(evidence.masks)
    for i in range(n):
        if i % 4 == 0:
            progress("Following what moves", i / n)
        follower.step(i, evidence.masks[i])
    follower.look_back()
    return follower.tracklets(shot)


class _Follower:
    """The tracks of a stretch and, per frame, which pixel belongs to which."""

    def __init__(self, stretch: Stretch, evidence: Evidence) -> None:
        self.stretch = stretch
        still = np.allclose(stretch.to_shot, stretch.to_shot[0], atol=1e-6)
        self.background = evidence.background if still else None
        self.flicker = evidence.flicker
        n, self.h, self.w, _ = stretch.frames.shape
        self.labels = np.zeros((n, self.h, self.w), np.uint8)
        self.bins = np.stack([bins_of(frame) for frame in stretch.frames])
        self.tracks: list[_Track] = []
        self.joiner = joiner_for(self.w)
        self.smallest = SMALLEST * self.h * self.w

    # -------------------------------------------------------------- one frame

    def step(self, i: int, mask: Mask) -> None:
        blobs, count = blobs_of(mask, self.joiner, self.smallest)
        alive = [t for t in self.tracks if t.alive]
        outlines = {t.number: self._predicted(t, i) for t in alive}
        claims = self._claims(i, blobs, count, alive, outlines)
        sizes = np.bincount(blobs.ravel(), minlength=count)
        contested: set[int] = set()
        for j in sorted(range(1, count), key=lambda k: (-sizes[k], k)):
            blob = blobs == j
            owners = self._heirs(i, claims[j])
            if not owners:
                owners = self._owner_nearby(blob, int(sizes[j]), outlines)
            if not owners:
                owners = self._half_hidden(i, blob, outlines)
            if not owners:
                track = self._begin(i, blob)
                if track is not None:
                    outlines[track.number] = track.outline
            elif len(owners) == 1:
                self.labels[i][blob] = owners[0].number
            else:
                self._share(i, blob, owners, [outlines[t.number] for t in owners])
                contested.update(t.number for t in owners)
        for track in alive:
            if track.alive:
                self._update(i, track, outlines[track.number], track.number in contested)
        for track in [t for t in alive if t.alive]:
            self._split(i, track)

    def _predicted(self, track: _Track, i: int) -> NDArray[np.uint8]:
        """The track's outline where it should be in frame i."""
        view = inverse(self.stretch.to_shot[i]) @ self.stretch.to_shot[i - 1 if i else 0]
        move = np.eye(3)
        move[:2, 2] = track.velocity
        matrix = move @ view
        if np.allclose(matrix, np.eye(3), atol=0.2):
            return track.outline
        return cv2.warpPerspective(track.outline, matrix, (self.w, self.h), flags=cv2.INTER_NEAREST)

    def _claims(
        self,
        i: int,
        blobs: NDArray[np.int32],
        count: int,
        alive: list[_Track],
        outlines: dict[int, Outline],
    ) -> list[list[_Track]]:
        """Per blob the tracks that it belongs to."""
        sizes = np.bincount(blobs.ravel(), minlength=count)
        claims: list[list[_Track]] = [[] for _ in range(count)]
        for track in alive:
            near = cv2.dilate(outlines[track.number], self.joiner)
            common = np.bincount(blobs[near > 0], minlength=count)
            own = max(int(np.count_nonzero(outlines[track.number])), 1)
            for j in range(1, count):
                if common[j] >= 0.15 * min(sizes[j], own):
                    claims[j].append(track)
        for j in range(1, count):
            claims[j] = [t for t in claims[j] if not self._takes_over(i, blobs == j, t)]
            if claims[j]:
                self._claim_by_colour(i, blobs == j, claims[j], alive, outlines)
        return claims

    def _takes_over(self, i: int, blob: Mask, track: _Track) -> bool:
        """Whether a blob is where a half hidden track was but is something else that came out."""
        hidden = np.count_nonzero(track.outline) < HALF_GONE * track.size
        if not (track.thing and hidden):
            return False
        return unlikeness(self._colours(i, blob), track.colours) > OTHER_COLOURS

    def _claim_by_colour(
        self,
        i: int,
        blob: Mask,
        owners: list[_Track],
        alive: list[_Track],
        outlines: dict[int, Outline],
    ) -> None:
        """Add the tracks to a blob's owners that are near and that it is much more like."""
        y0, y1, x0, x1 = extent(blob)
        reach = round(REACH * self.w)
        window = np.s_[max(y0 - reach, 0) : y1 + reach, max(x0 - reach, 0) : x1 + reach]
        bins = self.bins[i][blob]

        def likeness(track: _Track) -> float:
            return float(np.log(track.colours + 1e-3)[bins].mean())

        best = max(likeness(t) for t in owners)
        for track in alive:
            if track in owners or not track.thing or not outlines[track.number][window].any():
                continue
            if likeness(track) > best + MUCH_MORE:
                owners.append(track)

    def _heirs(self, i: int, owners: list[_Track]) -> list[_Track]:
        """The owners of one blob, less those that turn out to be pieces of a larger one."""
        if len(owners) < 2:
            return owners
        largest = max(owners, key=lambda t: (np.count_nonzero(t.outline), -t.number))
        size = np.count_nonzero(largest.outline)
        heirs = []
        for track in owners:
            piece = np.count_nonzero(track.outline) < PIECE * size and not track.thing
            if track is largest or not piece:
                heirs.append(track)
                continue
            track.alive = False
            self.labels[track.birth : i][self.labels[track.birth : i] == track.number] = (
                largest.number
            )
        return heirs

    def _owner_nearby(self, blob: Mask, size: int, outlines: dict[int, Outline]) -> list[_Track]:
        """The track that a small blob beside it is a piece of."""
        y0, y1, x0, x1 = extent(blob)
        reach = round(NEAR * self.w)
        window = np.s_[max(y0 - reach, 0) : y1 + reach, max(x0 - reach, 0) : x1 + reach]
        best: tuple[int, _Track] | None = None
        for number, outline in outlines.items():
            track = self.tracks[number - 1]
            near = int(np.count_nonzero(outline[window]))
            piece = near > 0 and track.alive and size < PIECE * np.count_nonzero(outline)
            if piece and (best is None or near > best[0]):
                best = (near, track)
        return [] if best is None else [best[1]]

    def _half_hidden(self, i: int, blob: Mask, outlines: dict[int, Outline]) -> list[_Track]:
        """The track that has lost part of itself behind something and comes out with this blob."""
        y0, y1, x0, x1 = extent(blob)
        reach = round(REACH * self.w)
        window = np.s_[max(y0 - reach, 0) : y1 + reach, max(x0 - reach, 0) : x1 + reach]
        colours = self._colours(i, blob)
        best: tuple[float, _Track] | None = None
        for number, outline in outlines.items():
            track = self.tracks[number - 1]
            if not (track.alive and track.thing and outline[window].any()):
                continue
            if np.count_nonzero(outline) > HALF_HIDDEN * track.size:
                continue
            unlike = unlikeness(colours, track.colours)
            if unlike < SAME_COLOURS and (best is None or unlike < best[0]):
                best = (unlike, track)
        return [] if best is None else [best[1]]

    def _begin(self, i: int, blob: Mask) -> _Track | None:
        number = len(self.tracks) + 1
        if number > MOST_TRACKS or self._is_ghost(i, blob):
            return None
        flow = self.stretch.flow[i][blob].astype(np.float64)
        self.labels[i][blob] = number
        track = _Track(
            number, i, blob.astype(np.uint8), self._colours(i, blob), np.median(flow, 0), 0, i
        )
        track.start = centre(track.outline)
        track.size = float(np.count_nonzero(blob))
        self.tracks.append(track)
        return track

    def _is_ghost(self, i: int, blob: Mask) -> bool:
        """Whether the background, not the frame, has a thing where they differ."""
        if self.background is None:
            return False
        flow = self.stretch.flow[i][blob]
        if float(np.median(np.hypot(flow[:, 0], flow[:, 1]))) > GHOST_FLOW:
            return False
        y0, y1, x0, x1 = extent(blob)
        window = np.s_[max(y0 - 4, 0) : y1 + 4, max(x0 - 4, 0) : x1 + 4]
        solid = blob[window].astype(np.uint8)
        rim = cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8)) > 0
        now, ground = (
            cv2.morphologyEx(p[window], cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))[rim].mean()
            for p in (self.stretch.frames[i], self.background)
        )
        return bool(ground > GHOST_EDGE * now)

    def _colours(self, i: int, where: Mask) -> NDArray[np.float64]:
        counts = np.bincount(self.bins[i][where], minlength=256).astype(np.float64)
        return counts / max(counts.sum(), 1.0)

    def _share(self, i: int, blob: Mask, owners: list[_Track], outlines: list[Outline]) -> None:
        """Give each pixel of a blob to the owner it is nearest to and most like."""
        y0, y1, x0, x1 = extent(blob)
        inside = blob[y0:y1, x0:x1]
        bins = self.bins[i][y0:y1, x0:x1]
        total = sum(t.colours for t in owners) + 1e-3
        costs = []
        for track, outline in zip(owners, outlines, strict=True):
            away = cv2.distanceTransform(1 - np.minimum(outline, 1), cv2.DIST_L2, 3)[y0:y1, x0:x1]
            unlike = -np.log((track.colours + 1e-3) / total)[bins]
            colour = cv2.blur(unlike.astype(np.float32), (5, 5))
            cost = np.minimum(away, FAR) / NEARNESS + LIKENESS * colour
            costs.append(cost)
        best = np.argmin(costs, axis=0)
        numbers = np.array([t.number for t in owners], np.uint8)
        self.labels[i][y0:y1, x0:x1][inside] = numbers[best][inside]

    def _update(self, i: int, track: _Track, predicted: Outline, contested: bool) -> None:
        own = self.labels[i] == track.number
        area = int(np.count_nonzero(own))
        expected = int(np.count_nonzero(predicted))
        vanishing = area < LAST_OF_IT * track.size
        leaving = vanishing and at_border(own if area else predicted > 0)
        if not vanishing and area >= max(self.smallest, 0.1 * expected):
            track.velocity = self._velocity(i, track, own, contested)
            track.outline = own.astype(np.uint8)
            if contested:
                # What others cover of it now is still there behind them.
                track.outline |= ((predicted > 0) & self._taken(i, track)).astype(np.uint8)
            track.size = max(0.97 * track.size, area)
            if not contested:
                track.colours = 0.9 * track.colours + 0.1 * self._colours(i, own)
            track.lost, track.last = 0, i
            track.seen += 1
            track.thing = track.thing or self._is_thing(track, area)
            return
        taken = self._taken(i, track)
        whole = track.thing and expected >= STANDING_SIZE * track.size
        if whole and not leaving and self._stands(i, track.last, predicted, taken):
            self.labels[i][(predicted > 0) & (self.labels[i] == 0)] = track.number
            track.velocity = np.zeros(2)
            track.outline = predicted
            track.lost, track.last = 0, i
            return
        self.labels[i][own] = 0
        track.lost += 1
        track.outline = predicted
        if leaving or expected == 0 or track.lost > (PATIENCE if track.thing else 1):
            track.alive = False

    def _velocity(self, i: int, track: _Track, own: Mask, contested: bool) -> Vector:
        """How far a track will go by the next frame, less the camera's motion, pixels."""
        now, before = np.count_nonzero(own), np.count_nonzero(track.outline)
        if not contested and 0.8 * before < now < 1.25 * before and track.last == i - 1:
            # Flow loses what is swift; a whole outline that has moved does not lie.
            return centre(own) - moved(self.stretch, i - 1, i, centre(track.outline))
        return np.median(self.stretch.flow[i][own].astype(np.float64), 0)

    def _is_thing(self, track: _Track, area: int) -> bool:
        if track.seen < SEEN_FRAMES:
            return False
        gone = float(np.linalg.norm(centre(track.outline) - track.start))
        return area >= THING * self.h * self.w or gone > GONE_FAR * np.sqrt(area)

    def _taken(self, i: int, track: _Track) -> Mask:
        return (self.labels[i] > 0) & (self.labels[i] != track.number)

    def _stands(self, i: int, last: int, outline: Outline, taken: Mask) -> bool:
        """Whether the picture in an outline is still what it was in the frame `last`."""
        where = (outline > 0) & ~taken
        if np.count_nonzero(where) < 0.3 * max(np.count_nonzero(outline), 1):
            return False
        now = self.stretch.frames[i][where].astype(np.int16)
        then = self.stretch.frames[last][where].astype(np.int16)
        change = float(np.abs(now - then).max(1).mean())
        if change >= GONE:
            return False
        if self.background is None:
            return True
        # It is gone where the picture now shows the background and did not then.
        ground = self.background[where].astype(np.int16)
        uncovered = float(np.abs(now - ground).max(1).mean())
        covered = float(np.abs(then - ground).max(1).mean())
        return not (uncovered < change and uncovered < 0.7 * covered and covered > GONE / 2)

    # -------------------------------------------------------------- two in one

    def _split(self, i: int, track: _Track) -> None:
        """Make two tracks of one whose parts stay apart and move apart or together."""
        if track.last != i or track.lost:
            return
        parts = parts_of(track.outline, self._taken(i, track), 2 * self.smallest)
        if parts is None:
            track.apart.clear()
            return
        away = cv2.distanceTransform(1 - parts[0], cv2.DIST_L2, 3)
        track.apart.append(float(away[parts[1] > 0].min()))
        change = max(track.apart) - min(track.apart)
        if len(track.apart) < APART_FRAMES or change < APART_CHANGE * self.w:
            return
        if len(self.tracks) >= MOST_TRACKS:
            return
        track.apart.clear()
        rest, gone = parts
        if self._is_ghost(i, gone > 0) or self._is_ghost(i, rest > 0):
            track.outline = rest if self._is_ghost(i, gone > 0) else gone
            self.labels[i][(self.labels[i] == track.number) & (track.outline == 0)] = 0
            track.size = float(np.count_nonzero(track.outline))
            return
        self.labels[i][rest > 0] = track.number
        flow = self.stretch.flow[i]
        other = _Track(
            len(self.tracks) + 1, i, gone, self._colours(i, gone > 0),
            np.median(flow[gone > 0].astype(np.float64), 0), 0, i,
        )  # fmt: skip
        self.labels[i][gone > 0] = other.number
        track.outline = rest
        track.colours = self._colours(i, rest > 0)
        track.velocity = np.median(flow[rest > 0].astype(np.float64), 0)
        other.start, other.thing, other.seen = centre(gone), track.thing, APART_FRAMES
        other.size, track.size = float(np.count_nonzero(gone)), float(np.count_nonzero(rest))
        self.tracks.append(other)
        self._share_back(i, track, other)

    def _share_back(self, i: int, track: _Track, other: _Track) -> None:
        """Share the frames before a split out between the two, going backwards."""
        outlines = [track.outline, other.outline]
        for j in range(i - 1, track.birth - 1, -1):
            blob = self.labels[j] == track.number
            if not blob.any():
                return
            self._share(j, blob, [track, other], outlines)
            new = [(self.labels[j] == t.number).astype(np.uint8) for t in (track, other)]
            sizes = [int(np.count_nonzero(o)) for o in new]
            if min(sizes) < 0.08 * sum(sizes):
                # They were one here, or one of them was not there yet.
                winner = track if sizes[0] >= sizes[1] else other
                self._give_back(j, track, other, winner)
                return
            outlines = new
            other.birth = j

    def _give_back(self, j: int, track: _Track, other: _Track, winner: _Track) -> None:
        for k in range(track.birth, j + 1):
            both = (self.labels[k] == track.number) | (self.labels[k] == other.number)
            self.labels[k][both] = winner.number
        if winner is other:
            other.birth, track.birth = track.birth, j + 1

    # -------------------------------------------------------------- afterwards

    def look_back(self) -> None:
        """Extend each track to the frames before it first moved, while it stood there."""
        for track in (t for t in self.tracks if t.thing):
            first = track.birth
            outline = (self.labels[first] == track.number).astype(np.uint8)
            coming_in = at_border(outline > 0) and np.count_nonzero(outline) < 0.5 * track.size
            if (
                coming_in
                or not outline.any()
                or not np.allclose(self.stretch.to_shot[first], self.stretch.to_shot[0], atol=1e-6)
            ):
                continue
            for j in range(first - 1, -1, -1):
                if not self._stands(j, first, outline, self._taken(j, track)):
                    break
                self.labels[j][(outline > 0) & (self.labels[j] == 0)] = track.number
                track.birth = j

    def tracklets(self, shot: int) -> tuple[list[Tracklet], NDArray[np.float64]]:
        """The tracklets of all things, and the share of frames in which steady ones covered what."""
        found = []
        covered = np.zeros((self.h, self.w))
        for track in (t for t in self.tracks if t.thing):
            tracklet = measure(
                self.stretch, self.labels, track.number, self.bins, self.flicker, shot
            )
            if tracklet is None or self._is_stuff(tracklet):
                continue
            found.append(tracklet)
            if not is_restless(tracklet):
                covered += (self.labels == track.number).mean(0)
        return found, covered

    def _is_stuff(self, tracklet: Tracklet) -> bool:
        """Whether it is stuff in motion, such as water: large, and without an outline to keep."""
        share = float(np.median(tracklet.areas)) / (self.h * self.w)
        return share > ALL or (share > STUFF_AREA and tracklet.unsteady > STUFF_UNSTEADY)
