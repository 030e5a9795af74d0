"""A rendered mix that waits, since its loudness is known only at its end.

It waits in memory where it is short, else in an unnamed temporary file beside the output.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np

from ...audio.loudness import LoudnessMeter
from ...audio.peaks import PeakMeter
from ...errors import from_os_error
from ..layouts.layout import Layout
from ..signals.convolution import Samples

#: The most bytes of a mix that wait in memory: four minutes of 5.1.
_MOST_IN_MEMORY = 2**28


class RenderedMix:
    """A rendered mix with its loudness and true peak, as a context."""

    def __init__(self, output: Path, layout: Layout) -> None:
        self._output = output
        self.layout = layout
        self._loudness = LoudnessMeter(layout.loudness_weights)
        self._peaks = PeakMeter(len(layout.channels))
        self._lengths: list[int] = []
        self._in_memory: list[Samples] = []
        self._file: IO[bytes] | None = None

    def __enter__(self) -> RenderedMix:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._in_memory.clear()
        if self._file is not None:
            self._file.close()

    @property
    def length(self) -> int:
        """Samples per channel."""
        return sum(self._lengths)

    def push(self, samples: Samples) -> None:
        """Append samples (C, n), which nobody changes any more."""
        self._loudness.push(samples)
        self._peaks.push(samples)
        self._lengths.append(samples.shape[1])
        if self._file is None:
            self._in_memory.append(samples)
            if 4 * self.length * len(samples) > _MOST_IN_MEMORY:
                self._to_file()
        else:
            self._write(self._file, samples)

    def _to_file(self) -> None:
        """Let all wait in a file from now on."""
        try:
            file = tempfile.TemporaryFile(dir=self._output.parent, buffering=0)  # noqa: SIM115 closed in __exit__
        except OSError as error:
            raise from_os_error(error, self._output, "write") from error
        self._file = file
        for samples in self._in_memory:
            self._write(file, samples)
        self._in_memory.clear()

    def _write(self, file: IO[bytes], samples: Samples) -> None:
        data = np.ascontiguousarray(samples).data.cast("B")
        try:
            while data:
                data = data[file.write(data) :]
        except OSError as error:
            raise from_os_error(error, self._output, "write") from error

    def loudness(self) -> float | None:
        """Integrated, LUFS; None for silence."""
        return self._loudness.integrated()

    def loudness_range(self, gain_db: float) -> float | None:
        """LU, with so much more gain; None for silence and what is shorter than 3 s."""
        return self._loudness.loudness_range(gain_db)

    def peak(self) -> float:
        """The largest true peak, full scale 1."""
        return self._peaks.peak()

    def blocks(self) -> Iterator[Samples]:
        """What was pushed, again from the start; not to be changed."""
        if self._file is None:
            yield from self._in_memory
            return
        try:
            self._file.seek(0)
            for length in self._lengths:
                block = np.empty((len(self.layout.channels), length), np.float32)
                data = block.data.cast("B")
                while data:
                    read = self._file.readinto(data)  # type: ignore[attr-defined]
                    if not read:
                        raise OSError(errno.EIO, "a temporary file was cut short")
                    data = data[read:]
                yield block
        except OSError as error:
            raise from_os_error(error, self._output, "write") from error
