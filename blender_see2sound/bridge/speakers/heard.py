"""Sounds as they are heard: the file whose start is the clip's start.

A sound that starts elsewhere, is packed into the .blend or plays at another pitch
is written to the session folder, a piece between two pauses. It keeps its own
samples: a pitch is another rate in the file's head.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import aud
import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.errors import See2SoundError
from ...core.files import atomic_path
from ..animation import actions
from ..blend import files
from ..listener import motion
from ..timeline.strips import StripClip
from . import wav

#: How far a sound may start from the clip before that matters, seconds.
_TOGETHER = 0.002
#: What is read between two pauses, and of it what was read before, to join them: seconds.
_BLOCK, _AGAIN = 4, 1
#: How many samples tell where a block goes on, and how far off it may be.
_TELLING, _OFF = 256, 4096
#: Rates that a file may have, Hz; one from which every pitch (0.1 to 10) leads there.
_SLOWEST, _FASTEST, _BETWEEN = 1_000, 384_000, 32_000
#: How much of a file is copied between two pauses, bytes.
_PIECE = 2**21


@dataclass(frozen=True)
class Played:
    """How a speaker plays its sound; plain data.

    Attributes
    ----------
    speaker : str
        The object's name.
    path : Path
        The sound file; of a packed one where it was.
    packed : bytes or None
        What is in the .blend.
    late : float
        Seconds after the clip's start at which it starts.
    pitch : float
    """

    speaker: str
    path: Path
    packed: bytes | None
    late: float
    pitch: float


def played(speaker: bpy.types.Object, clip: StripClip) -> Played | None:
    """How a speaker plays its sound now; None where it has none.

    Raises
    ------
    See2SoundError
        When the file is missing.
    """
    sound = speaker.data.sound
    if sound is None:
        return None
    path = files.absolute(sound.filepath, sound.library)
    packed = sound.packed_file
    if packed is None and not path.is_file():
        raise See2SoundError(
            f"the sound of {speaker.name!r} is missing",
            f"{path} does not exist",
            "Choose another sound for the speaker, or make it again",
            kind="missing-file",
        )
    starts = [s.frame_start for s in actions.sound_strips(speaker) if not s.mute]
    return Played(
        speaker.name,
        path,
        None if packed is None else packed.data,
        (starts[0] - clip.frame_start) / clip.fps if starts else 0.0,
        speaker.data.pitch,
    )


def from_start(sound: Played, seconds: float) -> Generator[float, None, Path]:
    """The file with a sound from the clip's start on; it is written once.

    Yields the fraction done.

    Parameters
    ----------
    seconds : float
        The clip's length; nothing later is needed.

    Raises
    ------
    See2SoundError
        When Blender cannot read it, or the file cannot be written.
    """
    path = sound.path
    plain = abs(sound.late) < _TOGETHER and abs(sound.pitch - 1.0) < 1e-6
    if sound.packed is not None:
        path = yield from motion.scaled(_unpacked(sound.packed, path.suffix), 0.0, 0.2)
    if plain and (sound.packed is None or path.suffix.lower() in (".wav", ".flac")):
        return path
    state = path.stat()
    what = f"{path} {state.st_size} {state.st_mtime_ns} {sound.late} {sound.pitch} {seconds}"
    target = _folder() / f"{hashlib.sha256(what.encode()).hexdigest()[:16]}.wav"
    if not target.exists():
        try:
            yield from motion.scaled(_write(target, path, sound, seconds), 0.2, 1.0)
        except aud.error as error:
            raise See2SoundError(
                f"cannot read the sound of {sound.speaker!r}",
                f"{path}: {error}",
                "Choose another sound for the speaker, or make it again",
                kind="bad-sound",
            ) from error
    files.keep_origin(sound.path, target)
    return target


def _write(target: Path, path: Path, sound: Played, seconds: float) -> Generator[float, None, None]:
    plain = wav.read(path)
    if plain is not None and _bearable(plain.rate * sound.pitch):
        made, rate, pieces = plain, plain.rate, _pieces(path, plain)
    else:
        decoded = aud.Sound(str(path))
        rate = round(decoded.specs[0])
        if not _bearable(rate * sound.pitch):
            rate, decoded = _BETWEEN, decoded.resample(_BETWEEN, True)
        made, pieces = wav.MONO, _decoded(decoded.rechannel(1), rate)
    played_rate = round(rate * sound.pitch)
    frame, wanted = made.frame, round(seconds * played_rate) * made.frame
    silent = min(max(round(sound.late * played_rate), 0) * frame, wanted)
    skipped = max(round(-sound.late * played_rate), 0) * frame
    with atomic_path(target) as part, part.open("wb") as file:
        file.write(made.head(0, played_rate))
        written = 0
        while written < silent:
            some = made.silence * (min(_PIECE, silent - written) // frame)
            written += file.write(some)
            yield written / wanted
        for piece in pieces:
            if written >= wanted:
                break
            some = piece[skipped:][: wanted - written]
            skipped = max(skipped - len(piece), 0)
            written += file.write(some)
            yield written / wanted
        # A sound that ended before the clip begins is silent there; no file may be empty.
        written += file.write(b"" if written else made.silence)
        file.seek(0)
        file.write(made.head(written, played_rate))


def _bearable(rate: float) -> bool:
    return _SLOWEST <= rate <= _FASTEST


def _pieces(path: Path, plain: wav.Wav) -> Iterator[bytes]:
    """A WAV file's samples as they are."""
    with path.open("rb") as file:
        file.seek(plain.offset)
        left = plain.size - plain.size % plain.frame
        while left > 0 and (piece := file.read(min(_PIECE - _PIECE % plain.frame, left))):
            yield piece
            left -= len(piece)


def _decoded(sound: aud.Sound, rate: int) -> Iterator[bytes]:
    return (block.astype("<f4").tobytes() for block in _blocks(sound, rate))


def _blocks(sound: aud.Sound, rate: int) -> Iterator[NDArray[np.float32]]:
    """A sound's samples, mono, in blocks without a gap.

    Where Audaspace lands in a compressed file is off by a delay of the codec, and what it
    decodes first there is not yet right: each block begins a second before the last one's
    end, and is joined where it goes on with the same samples.
    """
    last = sound.limit(0, _BLOCK).data()[:, 0]
    yield last
    start, begin = _BLOCK, _AGAIN * rate
    while len(last) >= _TELLING:
        block = sound.limit(start - _AGAIN, start + _BLOCK).data()[:, 0]
        begin = _where(block, last[-_TELLING:], begin)
        if begin >= len(block):
            return
        yield block[begin:]
        last, start = block, start + _BLOCK


def _where(block: NDArray[np.float32], end: NDArray[np.float32], expected: int) -> int:
    """The index in a block after these samples; of several as good the nearest to the expected."""
    begin = expected - len(end)
    if len(block) < expected or np.array_equal(block[begin:expected], end):
        return expected
    first = max(begin - _OFF, 0)
    near = np.lib.stride_tricks.sliding_window_view(block[first : expected + _OFF], len(end))
    error = np.abs(near - end).sum(axis=1)
    good = first + len(end) + np.flatnonzero(error <= 2.0 * error.min() + 1e-6)
    return int(good[np.abs(good - expected).argmin()])


def _unpacked(data: bytes, suffix: str) -> Generator[float, None, Path]:
    digest = hashlib.sha256()
    pieces = range(0, len(data), _PIECE)
    for begin in pieces:
        digest.update(data[begin : begin + _PIECE])
        yield 0.5 * begin / len(data)
    target = _folder() / f"{digest.hexdigest()[:16]}{suffix}"
    if not target.exists():
        with atomic_path(target) as part, part.open("wb") as file:
            for begin in pieces:
                file.write(data[begin : begin + _PIECE])
                yield 0.5 + 0.5 * begin / len(data)
    return target


def _folder() -> Path:
    return files.session_folder() / "heard"
