"""Reading stills and image sequences.

A sequence is a folder, a printf pattern such as ``shot_%04d.png``, or a list of
files. Numbers tell the time: where one is missing, the picture before it is held.
"""

from __future__ import annotations

import bisect
import contextlib
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from ..errors import See2SoundError, from_os_error
from .memory import Memory
from .problems import bad_media, check_file, check_size
from .scaling import Picture, Scaler, reduced_size, shown_size

# fmt: off
PICTURE_SUFFIXES = frozenset({
    ".png", ".jpg", ".jpeg", ".jp2", ".j2k", ".tif", ".tiff", ".webp", ".bmp", ".tga", ".exr",
    ".dpx", ".hdr", ".psd", ".sgi", ".rgb", ".pbm", ".pgm", ".ppm", ".avif", ".heic",
})
# fmt: on
_PATTERN = re.compile(r"%0?(\d*)d")
_NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Sequence:
    """Picture files in the order of their numbers.

    Attributes
    ----------
    name : Path
        What errors call it.
    numbers : tuple of int
        Rising; the first is 0.
    paths : tuple of Path
    """

    name: Path
    numbers: tuple[int, ...]
    paths: tuple[Path, ...]

    @property
    def length(self) -> int:
        """How many pictures it stands for, the missing ones counted."""
        return self.numbers[-1] + 1

    def path_at(self, number: int) -> Path:
        """The file that is shown for a number; the one before where it is missing."""
        return self.paths[self._index(number)]

    def number_at(self, number: int) -> int:
        """The number of the file that is shown for a number."""
        return self.numbers[self._index(number)]

    def _index(self, number: int) -> int:
        return max(bisect.bisect_right(self.numbers, number) - 1, 0)


def is_picture(path: Path) -> bool:
    """Whether a file's name says that it is a single picture."""
    return path.suffix.lower() in PICTURE_SUFFIXES


def is_pattern(path: Path) -> bool:
    """Whether a path is a printf pattern rather than a file."""
    return _PATTERN.search(path.name) is not None and not path.exists()


def from_files(name: Path, files: tuple[Path, ...]) -> Sequence:
    """A sequence of the given files, each of which must be there.

    Raises
    ------
    See2SoundError
        Naming the first file that is missing or cannot be read.
    """
    for path in files:
        check_file(path)
    return Sequence(name, tuple(range(len(files))), files)


def from_pattern(pattern: Path) -> Sequence:
    """The files that a printf pattern stands for.

    Raises
    ------
    See2SoundError
        When there is none.
    """
    before, digits, after = _PATTERN.split(pattern.name, maxsplit=1)
    wanted = re.compile(re.escape(before) + r"(\d+)" + re.escape(after))
    found: dict[int, Path] = {}
    for path in _listing(pattern.parent):
        match = wanted.fullmatch(path.name)
        if match and len(match[1]) >= int(digits or 1):
            found[int(match[1])] = path
    if not found:
        raise See2SoundError(
            f"cannot read {pattern}",
            "no file has such a name",
            "Check the path",
            kind="missing-file",
        )
    return _numbered(pattern, found)


def from_folder(folder: Path) -> Sequence:
    """The pictures of a folder, by number where all share one name, else in natural order.

    Raises
    ------
    See2SoundError
        When there is none.
    """
    paths = [p for p in _listing(folder) if is_picture(p) and not p.name.startswith(".")]
    if not paths:
        raise bad_media(
            folder, "the folder holds no pictures", "Choose a file, or a folder of pictures"
        )
    # Text and numbers take turns, text first: ["shot_", "0001", ""].
    stems = [_NUMBER.split(path.stem) for path in paths]
    if all(len(stem) > 1 for stem in stems):
        names = {(*stem[:-2], stem[-1], p.suffix) for stem, p in zip(stems, paths, strict=True)}
        numbers = {int(stem[-2]): path for stem, path in zip(stems, paths, strict=True)}
        if len(names) == 1 and len(numbers) == len(paths):
            return _numbered(folder, numbers)
    keys = [[int(p) if i % 2 else p.lower() for i, p in enumerate(stem)] for stem in stems]
    ordered = [path for _, path in sorted(zip(keys, paths, strict=True))]
    return Sequence(folder, tuple(range(len(ordered))), tuple(ordered))


class PictureReader:
    """Gives the pictures of a still or sequence.

    Parameters
    ----------
    sequence : Sequence
    frame_rate : float
    memory : Memory, optional
        Keeps what is read, small and grey, and gives it again.

    Attributes
    ----------
    size : (int, int)
        Width and height of the first picture, as shown; all others must have it too.
    """

    def __init__(self, sequence: Sequence, frame_rate: float, memory: Memory | None = None) -> None:
        self._sequence = sequence
        self._rate = frame_rate
        self._memory = memory
        self._scaler = Scaler()
        self._last: tuple[int, int | None, Picture] | None = None
        first = _Still(sequence.paths[0])
        self._codec = first.codec
        self.size = first.size
        check_size(sequence.paths[0], self.size)

    def close(self) -> None:
        """Nothing stays open between pictures."""

    def read(self, time: float, longest: int | None) -> Picture:
        """The picture shown at a moment; parameters and result as `MovieReader.read`.

        Raises
        ------
        See2SoundError
            When the picture cannot be decoded, or is not as large as the first.
        """
        number = self._sequence.number_at(self._number(time))
        if self._last is None or self._last[:2] != (number, longest):
            still = self._still(number)
            picture = still.picture(self._scaler, reduced_size(self.size, longest))
            self._last = (number, longest, picture)
            memory = self._memory
            if memory is not None and memory.wants and memory.known(number) is None:
                small = reduced_size(self.size, memory.width)
                memory.take(number, still.grey(self._scaler, small))
        return self._last[2]

    def grey(self, time: float, longest: int) -> Picture:
        """As `read`, but a grey picture (h, w)."""
        number = self._sequence.number_at(self._number(time))
        if self._memory is not None and self._memory.width == longest:
            known = self._memory.known(number)
            if known is not None:
                return known
        return self._still(number).grey(self._scaler, reduced_size(self.size, longest))

    def _still(self, number: int) -> _Still:
        path = self._sequence.path_at(number)
        still = _Still(path, self._codec)
        if still.size != self.size:
            raise bad_media(
                path,
                f"it is {still.size[0]} x {still.size[1]} pixels, "
                f"{self._sequence.paths[0].name} is {self.size[0]} x {self.size[1]}",
                "Give all pictures of a sequence one size",
            )
        return still

    def begins(self, time: float) -> float:
        """When the picture that is shown at a moment begins to be shown, seconds."""
        return self._sequence.number_at(self._number(time)) / self._rate

    def _number(self, time: float) -> int:
        return int(max(time, 0.0) * self._rate + 1e-3)


class _Still:
    """One decoded picture file.

    Parameters
    ----------
    path : Path
    codec : str, optional
        What its neighbour in a sequence was decoded by.

    Attributes
    ----------
    size : (int, int)
    codec : str or None
        What it was decoded by, where its name tells what it is.
    """

    def __init__(self, path: Path, codec: str | None = None) -> None:
        check_file(path)
        self._frame, self.codec = _decode(path, codec)
        self._upright: Picture | None = None
        if self._frame.rotation:
            # PyAV tells the angle of an EXIF orientation, but not whether it mirrors; OpenCV
            # applies both.
            data = np.frombuffer(path.read_bytes(), np.uint8)
            turned = cv2.imdecode(data, cv2.IMREAD_COLOR)
            if turned is None:
                raise bad_media(path, "it is damaged")
            self._upright = turned[:, :, ::-1]
            self.size = (turned.shape[1], turned.shape[0])
        else:
            self.size = shown_size(self._frame.width, self._frame.height, None, 0)

    def picture(self, scaler: Scaler, size: tuple[int, int]) -> Picture:
        if self._upright is None:
            return scaler.picture(self._frame, size)
        if size == self.size:
            return np.ascontiguousarray(self._upright)
        return np.asarray(cv2.resize(self._upright, size, interpolation=cv2.INTER_AREA), np.uint8)

    def grey(self, scaler: Scaler, size: tuple[int, int]) -> Picture:
        if self._upright is None:
            return scaler.grey(self._frame, size)
        return np.asarray(cv2.cvtColor(self.picture(scaler, size), cv2.COLOR_RGB2GRAY), np.uint8)


def _decode(path: Path, codec: str | None) -> tuple[av.VideoFrame, str | None]:
    """Decode by the suffix (Targa has no other mark), and where that fails by the content.

    To open a file is to decode its picture once already: where the codec is known that is spared.
    """
    if codec is not None:
        with contextlib.suppress(av.error.FFmpegError, IndexError):
            context = av.VideoCodecContext.create(codec, "r")
            return [*context.decode(av.Packet(path.read_bytes())), *context.decode(None)][0], codec
    by_suffix = {"format": "image2", "options": {"pattern_type": "none"}}
    tries: tuple[tuple[Any, dict[str, Any]], ...] = (
        (f"file:{path.absolute()}", by_suffix),
        (io.BytesIO(path.read_bytes()), {}),
    )
    for source, options in tries:
        try:
            with av.open(source, metadata_errors="ignore", **options) as container:
                for frame in container.decode(video=0):
                    told = container.streams.video[0].codec_context.name if options else None
                    return frame, told
        except (av.error.FFmpegError, IndexError):
            continue
    raise bad_media(path, "it is damaged, or not a picture")


def _numbered(name: Path, found: dict[int, Path]) -> Sequence:
    numbers = sorted(found)
    return Sequence(name, tuple(n - numbers[0] for n in numbers), tuple(found[n] for n in numbers))


def _listing(folder: Path) -> list[Path]:
    try:
        return [p for p in folder.iterdir() if p.is_file()]
    except OSError as error:
        raise from_os_error(error, folder, "read") from error
