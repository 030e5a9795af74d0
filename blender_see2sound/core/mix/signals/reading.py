"""Reads a source's sound as mono float32 at 48 kHz, in pieces, from any file libsndfile reads."""

from __future__ import annotations

import stat
import wave
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile
from numpy.typing import NDArray

from ...audio import SAMPLE_RATE
from ...audio.resampling import FASTEST, SLOWEST, Resampler
from ...errors import See2SoundError, from_os_error


class SoundReader:
    """A sound file, open for reading from its start.

    Parameters
    ----------
    path : Path
    source_id : str
        Whose sound it is, for messages.

    Attributes
    ----------
    channels : int
        Of the file; `read` gives their mean.

    Raises
    ------
    See2SoundError
        Of kind "missing-file", "no-permission" or "bad-sound", naming source and file.
    """

    def __init__(self, path: Path, source_id: str) -> None:
        self._path = path
        self._id = source_id
        try:
            mode = path.stat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a pipe would be waited for
                raise self._bad("it is not a file")
            with path.open("rb"):
                pass
        except (OSError, ValueError) as error:
            if isinstance(error, ValueError):
                raise self._bad("its name is no file's name") from error
            shown = f"{path}, the sound of source {source_id!r}"
            raise from_os_error(error, shown, "read") from error
        try:
            self._file = soundfile.SoundFile(path)
        except (soundfile.SoundFileError, TypeError, ValueError) as error:
            raise self._bad(_said(error)) from error
        self.channels: int = self._file.channels
        try:
            self._check()
        except BaseException:
            self._file.close()
            raise
        self._resampler = (
            None if self._file.samplerate == SAMPLE_RATE else Resampler(self._file.samplerate)
        )
        self._made = np.zeros(0, np.float32)
        self._ended = False
        self._plain = _plain(path, self._file)

    def _check(self) -> None:
        if self._file.frames <= 0:
            raise self._bad("it is empty")
        if not SLOWEST <= self._file.samplerate <= FASTEST:
            raise self._bad(f"its sample rate is {self._file.samplerate} Hz")

    def __enter__(self) -> SoundReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        if self._plain is not None:
            self._plain.close()

    def read(self, count: int) -> NDArray[np.float32] | None:
        """The next samples (count,), silent after the sound's end; None once all is read."""
        if self._ended and not len(self._made):
            return None
        if self._resampler is None:
            samples = self._frames(count)
            self._ended = len(samples) < count
        else:
            while len(self._made) < count and not self._ended:
                frames = self._frames(self._resampler.wanted)
                self._ended = len(frames) < self._resampler.wanted
                more = self._resampler.push(frames, last=self._ended)
                self._made = np.concatenate([self._made, more])
            samples, self._made = self._made[:count], self._made[count:]
        if len(samples) == count:
            return samples
        return np.concatenate([samples, np.zeros(count - len(samples), np.float32)])

    def _frames(self, count: int) -> NDArray[np.float32]:
        try:
            frames: NDArray[np.float32] = (
                self._file.read(count, dtype="float32", always_2d=True)
                if self._plain is None
                else _of_24_bits(self._plain.readframes(count), self.channels)
            )
        except soundfile.SoundFileError as error:
            raise self._bad(_said(error)) from error
        except OSError as error:
            raise from_os_error(error, self._path, "read") from error
        mono = frames[:, 0] if self.channels == 1 else frames.mean(axis=1, dtype=np.float32)
        if not np.isfinite(mono).all():
            raise self._bad("it holds samples that are no numbers")
        return np.ascontiguousarray(mono)

    def _bad(self, why: str) -> See2SoundError:
        return See2SoundError(
            f"cannot use {self._path}, the sound of source {self._id!r}",
            why,
            "Make this sound again, or choose another file",
            kind="bad-sound",
        )


def _plain(path: Path, file: soundfile.SoundFile) -> wave.Wave_read | None:
    """A plain WAV file of 24 bits, which NumPy turns into floats in a quarter of the time."""
    if (file.format, file.subtype) != ("WAV", "PCM_24"):
        return None
    try:
        plain = wave.open(str(path), "rb")  # noqa: SIM115 closed by the reader
    except (wave.Error, EOFError):
        return None  # of a kind that only libsndfile knows
    # A header that lies about its length is libsndfile's too.
    if plain.getnframes() == file.frames and plain.getnchannels() == file.channels:
        return plain
    plain.close()
    return None


def _of_24_bits(data: bytes, channels: int) -> NDArray[np.float32]:
    """Samples (n, channels), as libsndfile has them, of little-endian integers of three bytes."""
    count = len(data) // (3 * channels) * channels
    # Each with the byte before it, as 32 bits of which the lowest eight are nothing.
    words = np.ndarray((count,), "<i4", b"\0" + data, strides=(3,)) & np.int32(-256)
    return np.multiply(words, np.float32(2.0**-31), dtype=np.float32).reshape(-1, channels)


def _said(error: Exception) -> str:
    """What libsndfile said, without the file's name, which the message has already."""
    return getattr(error, "error_string", str(error)).strip().rstrip(".") or "it cannot be read"
