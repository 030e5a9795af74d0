"""Writes WAV files with a right channel mask, past 4 GB too, and says why when it cannot."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np
import soundfile
from numpy.typing import NDArray

from ..errors import See2SoundError, from_os_error
from ..sounds.protocol import SAMPLE_RATE

Subtype = Literal["PCM_24", "FLOAT"]

_BYTES = {"PCM_24": 3, "FLOAT": 4}

#: The most a plain WAV can hold, less room for its header.
_MOST_BYTES = 2**32 - 4096

#: A disk with less than this free is full.
_FULL_BYTES = 4 * 2**20


def container(samples: int, channels: int, subtype: Subtype) -> str:
    """libsndfile's name of the format that can hold so much: "WAVEX", or "RF64" past 4 GB."""
    return "WAVEX" if samples * channels * _BYTES[subtype] <= _MOST_BYTES else "RF64"


class WavWriter:
    """A WAV file that is being written, as a context.

    Parameters
    ----------
    part : Path
        Where it is written.
    final : Path
        What a person calls it, for messages.
    samples : int
        How many samples per channel it will hold.
    channels, mask : int
        The channel mask as in WAVE_FORMAT_EXTENSIBLE.
    subtype : {"PCM_24", "FLOAT"}
    """

    def __init__(
        self, part: Path, final: Path, samples: int, channels: int, mask: int, subtype: Subtype
    ) -> None:
        self._part, self._final, self._mask = part, final, mask
        try:
            self._file = soundfile.SoundFile(
                part,
                "w",
                SAMPLE_RATE,
                channels,
                subtype,
                format=container(samples, channels, subtype),
            )
        except soundfile.SoundFileError as error:
            raise self._failed(error) from error

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append samples (C, n), within -1 to 1 where the file is PCM."""
        try:
            self._file.write(samples.T)
        except (soundfile.SoundFileError, AssertionError) as error:
            raise self._failed(error) from error

    def __enter__(self) -> WavWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
            if error is None:
                self._set_mask()
        except (soundfile.SoundFileError, OSError) as closing:
            if error is None:
                raise self._failed(closing) from closing

    def _set_mask(self) -> None:
        """libsndfile has one mask per channel count, and for eight it is not 7.1's."""
        with self._part.open("r+b") as file:
            head = file.read(256)
            # In the chunk's data: 16 bytes of WAVEFORMAT, 2 of size, 2 of valid bits, the mask.
            file.seek(head.index(b"fmt ") + 8 + 20)
            file.write(self._mask.to_bytes(4, "little"))

    def _failed(self, error: Exception) -> See2SoundError:
        # libsndfile only says "System error"; what is left on the disk says more.
        code = errno.EIO
        if shutil.disk_usage(self._part.parent).free < _FULL_BYTES:
            code = errno.ENOSPC
        said = f"{error}" or os.strerror(code)
        reason = OSError(code, os.strerror(code) if code == errno.ENOSPC else said)
        return from_os_error(reason, self._final, "write")
