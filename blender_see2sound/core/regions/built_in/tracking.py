"""Following the things of a stretch from frame to frame.

The foreground of each frame falls into blobs. A blob that lies where tracks are
predicted to be is theirs; one that several claim is shared out (`ledger`); what is swift
and has turned is looked for (`turning`). A thing
that stops stays where it is as long as the picture does not change there. Two
that were taken for one are told apart later (`parting`).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...progress import Progress
from ..outline import Mask
from ..tracks.camera import inverse
from ..tracks.look import unlikeness
from ..tracks.timeline import moved
from ..tracks.tracklets import Tracklet, centre
from .blobs import at_border, blobs_of, joiner_for
from .foreground import Evidence, Stretch
from .ledger import MOST_TRACKS, Ledger, Outline, Track, Vector
from .measuring import extent, is_restless, measure
from .parting import OTHER_COLOURS, cut_where_it_changes, split
from .turning import is_swift, turned

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
#: A track this near (share of the width) may claim a blob that is so much more like it.
REACH = 0.15
MUCH_MORE = 1.0
#: A track of which less than this share is seen is partly hidden, and what comes out nearby
#: in colours no more unlike than this is the rest of it.
HALF_HIDDEN = 0.85
SAME_COLOURS = 0.45
#: Where less than this share of a track is left, a blob in other colours is another thing.
HALF_GONE = 0.5
#: Less than this share of a thing's usual size is the last that is seen of it, and with less
#: than the second figure it does not stand still but is on its way behind something.
LAST_OF_IT = 0.1
STANDING_SIZE = 0.3
#: Nor does what has gone on by more than this of its size since it was seen: that there the
#: picture does not change says nothing of it.
HALTING = 0.5
#: The share of its greatest speed that a thing is expected to have a frame later.
KEPT_PACE = 0.8
#: What covers more than this share of the picture and keeps less of its outline is stuff.
STUFF_AREA = 0.2
STUFF_UNSTEADY = 0.5
#: What covers so much has no outside, and is none either.
ALL = 0.7


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


class _Follower(Ledger):
    """Fills the ledger frame by frame."""

    def __init__(self, stretch: Stretch, evidence: Evidence) -> None:
        super().__init__(stretch, evidence, SMALLEST)
        self.flicker = evidence.flicker
        self.joiner = joiner_for(self.w)

    # -------------------------------------------------------------- one frame

    def step(self, i: int, mask: Mask) -> None:
        blobs, count = blobs_of(mask, self.joiner, self.smallest)
        alive = [t for t in self.tracks if t.alive]
        outlines = {t.number: self._predicted(t, i) for t in alive}
        sizes = np.bincount(blobs.ravel(), minlength=count)
        outlines |= turned(self, i, blobs, sizes, alive, outlines)
        claims = self._claims(i, blobs, count, alive, outlines)
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
                self.share(i, blob, owners, [outlines[t.number] for t in owners])
                contested.update(t.number for t in owners)
        for track in alive:
            if track.alive:
                self._update(i, track, outlines[track.number], track.number in contested)
        for track in [t for t in alive if t.alive]:
            split(self, i, track)

    def _predicted(self, track: Track, i: int) -> NDArray[np.uint8]:
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
        alive: list[Track],
        outlines: dict[int, Outline],
    ) -> list[list[Track]]:
        """Per blob the tracks that it belongs to."""
        sizes = np.bincount(blobs.ravel(), minlength=count)
        claims: list[list[Track]] = [[] for _ in range(count)]
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

    def _takes_over(self, i: int, blob: Mask, track: Track) -> bool:
        """Whether a blob is where a half hidden track was but is something else that came out."""
        hidden = np.count_nonzero(track.outline) < HALF_GONE * track.size
        if not (track.thing and hidden):
            return False
        return unlikeness(self.colours(i, blob), track.colours) > OTHER_COLOURS

    def _claim_by_colour(
        self,
        i: int,
        blob: Mask,
        owners: list[Track],
        alive: list[Track],
        outlines: dict[int, Outline],
    ) -> None:
        """Add the tracks to a blob's owners that are near and that it is much more like."""
        y0, y1, x0, x1 = extent(blob)
        reach = round(REACH * self.w)
        window = np.s_[max(y0 - reach, 0) : y1 + reach, max(x0 - reach, 0) : x1 + reach]
        bins = self.bins[i][blob]

        def likeness(track: Track) -> float:
            return float(np.log(track.colours + 1e-3)[bins].mean())

        best = max(likeness(t) for t in owners)
        for track in alive:
            if track in owners or not track.thing or not outlines[track.number][window].any():
                continue
            if likeness(track) > best + MUCH_MORE:
                owners.append(track)

    def _heirs(self, i: int, owners: list[Track]) -> list[Track]:
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

    def _owner_nearby(self, blob: Mask, size: int, outlines: dict[int, Outline]) -> list[Track]:
        """The track that a small blob beside it is a piece of."""
        y0, y1, x0, x1 = extent(blob)
        reach = round(NEAR * self.w)
        window = np.s_[max(y0 - reach, 0) : y1 + reach, max(x0 - reach, 0) : x1 + reach]
        best: tuple[int, Track] | None = None
        for number, outline in outlines.items():
            track = self.tracks[number - 1]
            near = int(np.count_nonzero(outline[window]))
            piece = near > 0 and track.alive and size < PIECE * np.count_nonzero(outline)
            if piece and (best is None or near > best[0]):
                best = (near, track)
        return [] if best is None else [best[1]]

    def _half_hidden(self, i: int, blob: Mask, outlines: dict[int, Outline]) -> list[Track]:
        """The track that has lost part of itself behind something and comes out with this blob."""
        y0, y1, x0, x1 = extent(blob)
        reach = round(REACH * self.w)
        window = np.s_[max(y0 - reach, 0) : y1 + reach, max(x0 - reach, 0) : x1 + reach]
        colours = self.colours(i, blob)
        best: tuple[float, Track] | None = None
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

    def _begin(self, i: int, blob: Mask) -> Track | None:
        number = len(self.tracks) + 1
        if number > MOST_TRACKS or self.is_ghost(i, blob):
            return None
        flow = self.stretch.flow[i][blob].astype(np.float64)
        self.labels[i][blob] = number
        track = Track(
            number, i, blob.astype(np.uint8), self.colours(i, blob), np.median(flow, 0), 0, i
        )
        track.start = centre(track.outline)
        track.size = float(np.count_nonzero(blob))
        self.tracks.append(track)
        return track

    def _update(self, i: int, track: Track, predicted: Outline, contested: bool) -> None:
        own = self.labels[i] == track.number
        area = int(np.count_nonzero(own))
        expected = int(np.count_nonzero(predicted))
        vanishing = area < LAST_OF_IT * track.size
        leaving = vanishing and at_border(own if area else predicted > 0)
        if not vanishing and area >= max(self.smallest, 0.1 * expected):
            track.velocity = self._velocity(i, track, own, contested)
            track.pace = max(float(np.linalg.norm(track.velocity)), KEPT_PACE * track.pace)
            track.outline = own.astype(np.uint8)
            if contested:
                # What others cover of it now is still there behind them.
                track.outline |= ((predicted > 0) & self.taken(i, track)).astype(np.uint8)
            track.size = max(0.97 * track.size, area)
            if not contested:
                track.colours = 0.9 * track.colours + 0.1 * self.colours(i, own)
            track.lost, track.last = 0, i
            track.seen += 1
            track.thing = track.thing or self._is_thing(track, area)
            return
        taken = self.taken(i, track)
        whole = track.thing and expected >= STANDING_SIZE * track.size
        gone = (track.lost + 1) * float(np.linalg.norm(track.velocity))
        whole = whole and gone < HALTING * np.sqrt(track.size)
        if whole and not leaving and self.stands(i, track.last, predicted, taken):
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

    def _velocity(self, i: int, track: Track, own: Mask, contested: bool) -> Vector:
        """How far a track will go by the next frame, less the camera's motion, pixels."""
        now, before = np.count_nonzero(own), np.count_nonzero(track.outline)
        if not contested and 0.8 * before < now < 1.25 * before and track.last == i - 1:
            # Flow loses what is swift; a whole outline that has moved does not lie.
            return centre(own) - moved(self.stretch, i - 1, i, centre(track.outline))
        if is_swift(track):
            return track.velocity
        return np.median(self.stretch.flow[i][own].astype(np.float64), 0)

    def _is_thing(self, track: Track, area: int) -> bool:
        if track.seen < SEEN_FRAMES:
            return False
        gone = float(np.linalg.norm(centre(track.outline) - track.start))
        return area >= THING * self.h * self.w or gone > GONE_FAR * np.sqrt(area)

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
                if not self.stands(j, first, outline, self.taken(j, track)):
                    break
                self.labels[j][(outline > 0) & (self.labels[j] == 0)] = track.number
                track.birth = j

    def tracklets(self, shot: int) -> tuple[list[Tracklet], NDArray[np.float64]]:
        """The tracklets of all things, and the share of frames in which steady ones covered what."""
        for track in self.tracks:  # the tracks that are cut off too
            if track.thing:
                cut_where_it_changes(self, track)
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
