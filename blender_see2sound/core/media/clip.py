"""A clip: a part of a movie, still or image sequence, as used in the cut.

`open_clip` gives an `OpenClip`, which streams reduced pictures in clip time.
Memory does not grow with the clip's length.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import See2SoundError
from . import movie, pictures
from .memory import Memory
from .problems import bad_media
from .scaling import Picture, reduced_size

#: Pictures per second of stills and sequences, where none is given.
DEFAULT_FRAME_RATE = 24.0
#: How long a still is shown, where no duration is given, seconds.
STILL_DURATION = 10.0
#: Where a clip runs backwards, this many bytes of pictures are decoded forwards and turned round.
_BACKWARD_BYTES = 96 << 20

ClipKind = Literal["movie", "still", "sequence"]


@dataclass(frozen=True)
class ClipRange:
    """What part of which media a clip is.

    Attributes
    ----------
    path : Path
        A movie, a picture, a folder of pictures, or a printf pattern (``shot_%04d.png``).
    start : float
        Where the clip starts, in seconds into the media.
    duration : float or None
        How long the clip is, in seconds; None to the media's end. A clip never lasts longer
        than its media, unless `time_map` is given or the media is a still.
    frame_rate : float or None
        Pictures per second of a still or sequence, 24 when None; a movie has its own.
    files : tuple of Path
        The pictures of a sequence one by one, in order; `path` then only names it.
    time_map : tuple of (float, float)
        For retimed, reversed or frozen strips: pairs of clip seconds and media seconds
        (from the media's very start), linear in between and held outside. Clip seconds
        rise strictly; media seconds may fall or stand still, and those outside the media
        mean its first or last picture. It replaces `start`, and the duration when that is
        None: the clip then ends with the last pair.
    """

    path: Path
    start: float = 0.0
    duration: float | None = None
    frame_rate: float | None = None
    files: tuple[Path, ...] = ()
    time_map: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Frame:
    """A picture at a moment.

    Attributes
    ----------
    time : float
        Seconds from the clip's start.
    image : (h, w, 3) uint8 array
        RGB; (h, w) where grey ones were asked for. Frames that show the same picture may share
        it: do not write into it.
    """

    time: float
    image: NDArray[np.uint8]


class _Reader(Protocol):
    def read(self, time: float, longest: int | None) -> Picture: ...

    def grey(self, time: float, longest: int) -> Picture: ...

    def begins(self, time: float) -> float: ...

    def close(self) -> None: ...


class _Recall:
    """Reads from a memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def grey(self, time: float, longest: int) -> Picture:
        return self._memory.at(time + movie.EARLY)

    def begins(self, time: float) -> float:
        return self._memory.begins(time + movie.EARLY)

    def close(self) -> None:
        """Memory is let go of with the clip."""


class OpenClip:
    """A clip whose pictures can be read; made by `open_clip`, a context manager.

    Attributes
    ----------
    range : ClipRange
    kind : {"movie", "still", "sequence"}
    size : (int, int)
        Width and height in pixels as shown: rotation and pixel aspect applied.
    frame_rate : float
        Pictures per second of the media; their mean where it varies.
    duration : float
        Seconds of the clip.
    """

    def __init__(self, clip_range: ClipRange) -> None:
        self.range = clip_range
        self._media: movie.Movie | pictures.Sequence = _find_media(clip_range)
        self._single: _Reader | None = None
        self._memory: Memory | None = None
        if isinstance(self._media, movie.Movie):
            self.kind: ClipKind = "movie"
            self.size = self._media.size
            self.frame_rate = self._media.frame_rate
            length = self._media.duration
        else:
            self.kind = "still" if len(self._media.paths) == 1 else "sequence"
            self.frame_rate = clip_range.frame_rate or DEFAULT_FRAME_RATE
            reader = pictures.PictureReader(self._media, self.frame_rate)
            self._single = reader
            self.size = reader.size
            length = math.inf if self.kind == "still" else self._media.length / self.frame_rate
        self.duration = _duration(clip_range, length)

    def __enter__(self) -> OpenClip:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of files; those of running `frames` are let go when these end."""
        if self._single is not None:
            self._single.close()
            self._single = None
        if self._memory is not None:
            self._memory.forget()
            self._memory = None

    def remember(self, width: int) -> None:
        """Keep small grey pictures of what the next `frames` decode, for `greys` of this width.

        Of movies that are read from start to end and are not too long (`memory.MOST`), and of
        sequences; others are decoded again.
        """
        if self.kind != "still":
            self._memory = Memory(width)

    def frames(self, rate: float, width: int) -> Iterator[Frame]:
        """Stream the clip's pictures in clip-time order.

        Parameters
        ----------
        rate : float
            Pictures per second; it need not be the media's. Each is the one that is shown
            at its time, so that some repeat when the media has fewer.
        width : int
            The pictures' long side in pixels at most; smaller media are not enlarged.

        Yields
        ------
        Frame
            At the times k / rate below `duration`, with one size; a single one of a still.

        Raises
        ------
        See2SoundError
            When the media turns out to be unreadable.
        """
        if not (math.isfinite(rate) and rate > 0.0 and width >= 1):
            raise ValueError(f"rate {rate} and width {width} must be above 0")
        count = 1 if self.kind == "still" else max(1, math.ceil(self.duration * rate - 1e-6))
        return self._stream(rate, count, width)

    def greys(self, fastest: float, width: int) -> Iterator[Frame]:
        """Stream the clip's pictures in clip-time order, grey, each once and at its own time.

        What a movie of varying rate, a retimed or a reversed clip shows is so timed exactly.

        Parameters
        ----------
        fastest : float
            Pictures per second at most.
        width : int
            As of `frames`.

        Yields
        ------
        Frame
            At the rising clip times of the media's pictures, to which the strip's time map has
            brought them; the first may lie before the clip, which then begins within it.

        Raises
        ------
        See2SoundError
            When the media turns out to be unreadable.
        """
        if not (math.isfinite(fastest) and fastest > 0.0 and width >= 1):
            raise ValueError(f"rate {fastest} and width {width} must be above 0")
        count = 1 if self.kind == "still" else max(1, math.ceil(self.duration * fastest - 1e-6))
        shown, last = math.nan, -math.inf
        with closing(self._again(width)) as reader:
            for run in self._runs(fastest, count, width):
                got: list[tuple[float, float, NDArray[np.uint8]]] = []
                for time in (k / fastest for k in reversed(run)):
                    media = self.media_time(time)
                    begun = reader.begins(media)
                    known = got[-1][0] if got else shown if len(run) == 1 else math.nan
                    if begun != known:
                        own = self._own_time(time, begun, 1 / fastest)
                        got.append((begun, own, reader.grey(media, width)))
                for begun, own, image in reversed(got):
                    if begun != shown and own > last:
                        yield Frame(own, image)
                        last = own
                    shown = begun

    def frame_at(self, time: float, width: int | None = None) -> Frame:
        """The picture shown at one moment.

        Parameters
        ----------
        time : float
            Seconds from the clip's start, held to 0 and `duration`.
        width : int or None
            The long side in pixels at most; None for full size.

        Raises
        ------
        See2SoundError
            When the picture cannot be read.
        """
        time = min(max(time, 0.0), self.duration)
        if self._single is None:
            self._single = self._reader()
        return Frame(time, self._single.read(self.media_time(time), width))

    def media_time(self, time: float) -> float:
        """Where in the media a moment of the clip is, in seconds from the media's start."""
        pairs = self.range.time_map
        if not pairs:
            return self.range.start + time
        after = bisect.bisect_right(pairs, time, key=lambda pair: pair[0])
        if after in (0, len(pairs)):
            return pairs[max(after - 1, 0)][1]
        (t0, m0), (t1, m1) = pairs[after - 1], pairs[after]
        return m0 + (m1 - m0) * (time - t0) / (t1 - t0)

    def _reader(self, memory: Memory | None = None) -> movie.MovieReader | pictures.PictureReader:
        if isinstance(self._media, movie.Movie):
            return movie.MovieReader(self._media, memory)
        return pictures.PictureReader(self._media, self.frame_rate, memory)

    def _again(self, width: int) -> _Recall | movie.MovieReader | pictures.PictureReader:
        """A reader for grey pictures, of what is remembered where it is."""
        memory = self._memory
        if memory is None or not memory.whole or memory.width != width:
            return self._reader()
        return _Recall(memory) if self.kind == "movie" else self._reader(memory)

    def _stream(self, rate: float, count: int, width: int) -> Iterator[Frame]:
        memory = self._memory if self._memory is not None and self._memory.wants else None
        with closing(self._reader(memory)) as reader:
            for run in self._runs(rate, count, width):
                # Decoding goes forwards only: read a backward run from its end, then turn it.
                images = [reader.read(self.media_time(k / rate), width) for k in reversed(run)]
                for k in run:
                    yield Frame(k / rate, images.pop())
            if memory is not None and memory.wants:
                reader.begins(self.media_time(self.duration))  # what comes after the last frame
                memory.finish()

    def _runs(self, rate: float, count: int, width: int) -> Iterator[range]:
        """The numbers of the pictures to be read, those with falling media times together."""
        w, h = reduced_size(self.size, width)
        most = min(max(_BACKWARD_BYTES // (3 * w * h), 8), 256)
        k = 0
        while k < count:
            run = self._falling_run(k, min(k + most, count), rate)
            yield range(k, k + run)
            k += run

    def _falling_run(self, first: int, end: int, rate: float) -> int:
        """How many pictures from `first` on have falling media times; at least 1."""
        if not self.range.time_map:
            return 1
        k = first + 1
        while k < end and self.media_time(k / rate) < self.media_time((k - 1) / rate):
            k += 1
        return k - first

    def _own_time(self, time: float, begun: float, step: float) -> float:
        """The clip time near a moment at which a moment of the media comes."""
        media = self.media_time(time)
        slope = (self.media_time(time + step / 2) - self.media_time(time - step / 2)) / step
        return time if abs(slope) < 1e-6 else time + (begun - media) / slope


def open_clip(clip_range: ClipRange) -> OpenClip:
    """Open a clip for reading, and check it.

    Returns
    -------
    OpenClip
        To be used with ``with``.

    Raises
    ------
    See2SoundError
        Naming the file that is missing, unreadable, empty, damaged, without a picture or
        too small, or the range that is not in it. Of a movie that is cut off, what is there
        is used.
    """
    _check_range(clip_range)
    return OpenClip(clip_range)


def _find_media(clip_range: ClipRange) -> movie.Movie | pictures.Sequence:
    path = Path(clip_range.path)
    try:
        if clip_range.files:
            return pictures.from_files(path, tuple(Path(f) for f in clip_range.files))
        if path.is_dir():
            return pictures.from_folder(path)
        if pictures.is_pattern(path):
            return pictures.from_pattern(path)
        if pictures.is_picture(path):
            return pictures.from_files(path, (path,))
    except ValueError as error:  # a null character in a path
        raise bad_media(path, str(error), "Check the path") from error
    return movie.measure(path)


def _check_range(clip_range: ClipRange) -> None:
    name = clip_range.path
    if not (math.isfinite(clip_range.start) and clip_range.start >= 0.0):
        raise _bad_range(name, f"its start, {clip_range.start:g} s, is not 0 or later")
    if clip_range.duration is not None and not 0.0 < clip_range.duration < math.inf:
        raise _bad_range(name, f"its duration, {clip_range.duration:g} s, is not above 0")
    if clip_range.frame_rate is not None and not 0.0 < clip_range.frame_rate < math.inf:
        raise _bad_range(name, f"its frame rate, {clip_range.frame_rate:g}, is not above 0")
    pairs = clip_range.time_map
    if not all(math.isfinite(value) for pair in pairs for value in pair):
        raise _bad_range(name, "its time map holds values that are no numbers")
    if any(a[0] >= b[0] for a, b in itertools.pairwise(pairs)):
        raise _bad_range(name, "the clip seconds of its time map do not rise")


def _duration(clip_range: ClipRange, length: float) -> float:
    """Seconds of the clip, of media that lasts `length` seconds (a still: infinity)."""
    if clip_range.time_map:
        duration = clip_range.duration
        duration = clip_range.time_map[-1][0] if duration is None else duration
        if duration <= 0.0:
            raise _bad_range(clip_range.path, "its time map has no length")
        return duration
    if clip_range.start >= length:
        raise _bad_range(
            clip_range.path,
            f"it would start at {clip_range.start:g} s, but the media is {length:.3g} s long",
        )
    rest = STILL_DURATION if math.isinf(length) else length - clip_range.start
    if clip_range.duration is None:
        return rest
    return clip_range.duration if math.isinf(length) else min(clip_range.duration, rest)


def _bad_range(path: Path, why: str) -> See2SoundError:
    return See2SoundError(
        f"this part of {path} cannot be used", why, "Choose another part", kind="bad-request"
    )
