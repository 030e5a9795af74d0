"""Reading movies with PyAV: the picture shown at a moment, decoded as cheaply as can be.

`measure` looks at a file once; a `MovieReader` then decodes forward, and seeks
where a keyframe makes that cheaper. Damaged packets are left out. Times are
seconds from the movie's first picture.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from av.stream import Disposition

from .memory import Memory
from .problems import bad_media, check_file, check_size
from .scaling import Picture, Scaler, reduced_size, shown_size

#: A picture counts as shown this much before its time stamp, seconds: containers such as
#: Matroska round time stamps to milliseconds, and k / rate must still find picture k.
EARLY = 0.001
#: Jump to a later keyframe only when that saves decoding at least this much, seconds.
WORTH_A_SEEK = 0.5
#: The same where the container has no index, and where the keyframes are is not known.
WORTH_A_BLIND_SEEK = 15.0


@dataclass(frozen=True)
class Movie:
    """What `measure` found.

    Attributes
    ----------
    path : Path
    size : (int, int)
        Width and height as shown: rotation and pixel aspect applied.
    frame_rate : float
        Mean pictures per second.
    duration : float
        Seconds that can be read; less than the file says where it is cut off.
    origin : int
        Time stamp of the first picture, in the stream's time base.
    """

    path: Path
    size: tuple[int, int]
    frame_rate: float
    duration: float
    origin: int


def measure(path: Path) -> Movie:
    """Look at a movie: size, rate, and how long it really is.

    Raises
    ------
    See2SoundError
        When the file is missing, unreadable, empty, not a movie, without a picture, too
        small or of no length.
    """
    container, stream = _open(path)
    with container:
        rate = float(stream.average_rate or stream.guessed_rate or stream.base_rate or 0) or 25.0
        first = next(_decoded(container, stream), None)
        if first is None:
            raise bad_media(path, "no picture in it can be decoded")
        pixel_aspect = stream.sample_aspect_ratio
        size = shown_size(first.width, first.height, pixel_aspect, first.rotation)
        check_size(path, size)
        stamp = _stamp_of(first, container)
        origin = (stream.start_time or 0) if stamp is None else stamp
        duration = _length(container, stream, origin, rate)
    if duration <= 0.0:
        raise bad_media(path, "it has no length")
    return Movie(path, size, rate, duration, origin)


class MovieReader:
    """Gives the pictures of one movie; forward in time is cheapest.

    Parameters
    ----------
    movie : Movie
    memory : Memory, optional
        Keeps all that is decoded, small and grey.
    """

    def __init__(self, movie: Movie, memory: Memory | None = None) -> None:
        self.movie = movie
        self._memory = memory
        self._container, self._stream = _open(movie.path)
        self._scaler = Scaler()
        assert self._stream.time_base is not None  # a decoded stream has one
        self._tick = float(self._stream.time_base)
        self._start(0.0)

    def close(self) -> None:
        """Let go of the file and the decoder."""
        self._container.close()

    def read(self, time: float, longest: int | None) -> Picture:
        """The picture shown at a moment.

        Parameters
        ----------
        time : float
            Seconds; before the first and after the last picture, these are held.
        longest : int or None
            Long side in pixels at most; None for full size.

        Returns
        -------
        (h, w, 3) uint8 array
            RGB.

        Raises
        ------
        See2SoundError
            When nothing can be decoded there.
        """
        frame, _ = self._at(time)
        return self._scaler.picture(frame, reduced_size(self.movie.size, longest))

    def begins(self, time: float) -> float:
        """When the picture that is shown at a moment begins to be shown, seconds.

        Raises
        ------
        See2SoundError
            When nothing can be decoded there.
        """
        return self._at(time)[1]

    def grey(self, time: float, longest: int) -> Picture:
        """As `read`, but a grey picture (h, w)."""
        return self._scaler.grey(self._at(time)[0], reduced_size(self.movie.size, longest))

    def _at(self, time: float) -> tuple[av.VideoFrame, float]:
        """The picture shown at a moment, and its own time."""
        time = min(max(time, 0.0), self.movie.duration)
        self._jump(time)
        while self._next is not None and self._next_time <= time + EARLY:
            self._step()
        if self._shown is not None:
            return self._shown, self._shown_time
        if self._next is not None:
            return self._next, self._next_time
        raise bad_media(self.movie.path, f"no picture can be decoded at {time:.2f} s")

    def _jump(self, time: float) -> None:
        """Seek when `time` lies behind, or when a keyframe closer before it lies ahead."""
        backward = self._shown is not None and time + EARLY < self._shown_time
        if not backward:
            if self._next is None or time - self._next_time < WORTH_A_SEEK:
                return
            key = self._keyframe_before(time)
            gain = WORTH_A_BLIND_SEEK if key is None else WORTH_A_SEEK
            if (time if key is None else key) - self._next_time < gain:
                return
        # A seek may land behind the keyframe that is needed: indexes hold decoding times, and
        # some containers know no keyframes. Go back until a picture is at or before `time`.
        back = 0.0
        while True:
            goal = max(time - back, 0.0)
            self._seek(goal)
            if goal == 0.0 or self._meets_keyframe(time):
                self._seek(goal)
                self._start(goal)
                if goal == 0.0 or (self._next is not None and self._next_time <= time + EARLY):
                    return
            back = max(1.0, 2 * back)

    def _keyframe_before(self, time: float) -> float | None:
        """When the last keyframe before `time` is, where the container's index tells."""
        entries = self._stream.index_entries
        found = entries.search_timestamp(self._stamp(time)) if len(entries) > 1 else -1
        if not 0 <= found < len(entries) - 1:
            return None
        stamp: int = entries[found].timestamp
        # The index of some containers is made while they are read, and has holes.
        if (entries[found + 1].timestamp - stamp) * self._tick > WORTH_A_BLIND_SEEK:
            return None
        return (stamp - self.movie.origin) * self._tick

    def _stamp(self, time: float) -> int:
        return self.movie.origin + round(time / self._tick)

    def _meets_keyframe(self, time: float) -> bool:
        """Whether a keyframe at or before `time` follows; packets are read, not decoded."""
        with contextlib.suppress(av.error.FFmpegError):
            for packet in self._container.demux(self._stream):
                stamp = _stamp_of(packet, self._container)
                if stamp is None or packet.is_keyframe:
                    return stamp is not None and stamp <= self._stamp(time + EARLY)
        return False

    def _seek(self, time: float) -> None:
        """Go to the last keyframe at or before `time`, or to where the container takes it to be."""
        first = min(self.movie.origin, self._stream.start_time or 0)
        try:
            self._container.seek(self._stamp(time) if time > 0.0 else first, stream=self._stream)
        except av.error.FFmpegError:  # a stream that cannot be sought: begin again
            self._container.close()
            self._container, self._stream = _open(self.movie.path)

    def _start(self, time: float) -> None:
        """Begin to decode where the container stands, near `time`."""
        self._frames = _decoded(self._container, self._stream)
        self._shown: av.VideoFrame | None = None
        self._next: av.VideoFrame | None = None
        self._shown_time = self._next_time = time - 1 / self.movie.frame_rate
        if self._memory is not None:
            self._memory.begin()
        self._step()

    def _step(self) -> None:
        """Move on by one picture."""
        if self._next is not None:
            self._shown, self._shown_time = self._next, self._next_time
        last = self._next_time
        for frame in self._frames:
            stamp = _stamp_of(frame, self._container)
            if stamp is None:
                self._next_time = last + 1 / self.movie.frame_rate
            else:
                self._next_time = (stamp - self.movie.origin) * self._tick
            if self._shown is None or self._next_time > last:  # broken stamps go backwards
                self._next = frame
                self._keep(frame)
                return
        self._next, self._next_time = None, last

    def _keep(self, frame: av.VideoFrame) -> None:
        memory = self._memory
        if memory is not None and memory.wants:
            size = reduced_size(self.movie.size, memory.width)
            memory.take(self._next_time, self._scaler.grey(frame, size))


def _open(path: Path) -> tuple[av.container.InputContainer, av.VideoStream]:
    check_file(path)
    try:
        # "file:" keeps colons and percent signs in names from being read as protocols and
        # patterns, and never lets a name reach the network.
        container = av.open(f"file:{path.absolute()}", metadata_errors="ignore")
    except av.error.FFmpegError as error:
        raise bad_media(path, _reason(error)) from error
    videos = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not videos:
        audio = len(container.streams.audio) > 0
        container.close()
        if audio:
            raise bad_media(path, "it holds sound but no picture", "Choose a movie or a picture")
        raise bad_media(path, "it holds no picture", "Choose a movie or a picture")
    stream = videos[0]
    if stream.codec_context is None:
        container.close()
        raise bad_media(path, "there is no decoder for its codec")
    stream.thread_type = "AUTO"
    return container, stream


def _stamp_of(
    item: av.VideoFrame | av.Packet, container: av.container.InputContainer
) -> int | None:
    """When a picture or packet is shown, in the stream's time base; None where nobody knows.

    AVI keeps no presentation times, and those guessed from its packets are wrong where
    pictures are reordered; the decoding times leave the decoder in the order of display.
    """
    stamp: int | None = item.dts if container.format.name == "avi" else item.pts
    return stamp


def _decoded(
    container: av.container.InputContainer, stream: av.VideoStream
) -> Iterator[av.VideoFrame]:
    """All pictures that can be decoded from here on; damaged packets are left out."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
        except av.error.FFmpegError:  # the file is cut off or damaged beyond the container
            packet = None
        try:
            # A None sent to the decoder brings out the pictures it still holds.
            yield from stream.decode(packet)
        except av.error.EOFError:
            return
        except av.error.FFmpegError:
            pass
        if packet is None:
            return


def _length(
    container: av.container.InputContainer, stream: av.VideoStream, origin: int, rate: float
) -> float:
    """Seconds from the first picture to the end of the last whose data is in the file."""
    assert stream.time_base is not None
    tick = float(stream.time_base)
    declared = None
    if stream.duration:
        declared = stream.duration * tick
    elif container.duration:
        declared = container.duration / av.time_base
    if container.format.name == "avi":  # the decoder's delay is in the times of its pictures
        origin = stream.start_time or 0
    if declared is not None:
        # Packets come in the order of decoding: the last picture may be some before the last.
        tail = max(declared - 1.0 - 16 / rate, 0.0)
        end = _last_end(container, stream, origin + int(tail / tick), rate)
        if end is not None and (end - origin) * tick > tail:
            return (end - origin) * tick
    end = _last_end(container, stream, min(origin, stream.start_time or 0), rate)
    return 0.0 if end is None else (end - origin) * tick


def _last_end(
    container: av.container.InputContainer, stream: av.VideoStream, seek_to: int, rate: float
) -> float | None:
    """The time stamp at which the last packet after a place ends; packets are not decoded."""
    assert stream.time_base is not None
    frame = 1 / (rate * float(stream.time_base))
    end: float | None = None
    try:
        container.seek(seek_to, stream=stream)
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            stamp = _stamp_of(packet, container)
            if stamp is None:
                end = (0.0 if end is None else end) + frame
            else:
                end = max(end or stamp, stamp + (packet.duration or frame))
    except av.error.FFmpegError:
        pass
    return end


def _reason(error: av.error.FFmpegError) -> str:
    if isinstance(error, (av.error.InvalidDataError, av.error.EOFError)):
        return "it is damaged, or not a movie or picture"
    return error.strerror or "it cannot be opened"
