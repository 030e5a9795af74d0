"""Small grey pictures that are kept while a clip is decoded, so that it need not be decoded again.

Most of the time of a search without a model goes into decoding. What follows a search wants
each picture once more, but small and grey: those of a shot fit in main memory, those of a longer
clip in a file that goes when it is closed.
"""

from __future__ import annotations

import bisect
import contextlib
import shutil
import tempfile
from array import array
from typing import IO

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

#: What is kept at most, bytes: about 20 minutes of 30 pictures a second at 320 x 180 pixels.
MOST = 2 << 30
#: What of it stays in main memory: about 75 s of these.
IN_MEMORY = 128 << 20
#: The share of the free disk that may be used.
OF_FREE_DISK = 0.25


class Memory:
    """Pictures of one clip.

    Of a movie they are without a gap, in the order of time: a reader that jumps ends it, and
    then nothing is kept. Of a sequence they are those that were read. A clip that is too long
    ends it too.

    Parameters
    ----------
    width : int
        Their long side in pixels at most.
    most : int
        Bytes.

    Attributes
    ----------
    wants : bool
        More may be taken.
    whole : bool
        It holds all pictures of the clip, or of a sequence all that were read.
    """

    def __init__(self, width: int, most: int = MOST) -> None:
        self.width = width
        self.wants = True
        self.whole = False
        self._most = most
        self._times = array("d")
        self._places: dict[float, int] = {}
        self._shape: tuple[int, ...] = (0, 0)
        self._file: IO[bytes] | None = None

    def begin(self) -> None:
        """The reader begins to decode elsewhere."""
        # Before a reader goes to its first place it has looked at one picture.
        if len(self._times) > 1:
            self.forget()
        self._clear()

    def take(self, time: float, picture: Grey) -> None:
        """Keep a picture.

        Parameters
        ----------
        time : float
            When it begins to be shown, seconds of the media; of a sequence its number.
        """
        kept = len(self._times) * picture.nbytes
        if self._file is None:
            self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
            self._shape = picture.shape
        try:
            if kept <= IN_MEMORY < kept + picture.nbytes:
                free = shutil.disk_usage(tempfile.gettempdir()).free
                self._most = min(self._most, int(OF_FREE_DISK * free))
            if kept + picture.nbytes > self._most:
                self.forget()
                return
            self._file.seek(kept)
            self._file.write(picture.data)
        except OSError:  # a full disk: it is decoded again
            self.forget()
            return
        self._places[time] = len(self._times)
        self._times.append(time)

    def finish(self) -> None:
        """The clip was read to its end."""
        self.whole = self.wants and bool(self._times)
        self.wants = False

    def forget(self) -> None:
        """Let go of all that is kept, and keep nothing more."""
        self.wants = self.whole = False
        self._clear()

    def known(self, time: float) -> Grey | None:
        """The picture that was taken with a time; None where there is none."""
        place = self._places.get(time)
        return None if place is None else self._read(place)

    def at(self, time: float) -> Grey:
        """The picture shown at a time, the first and the last held outside."""
        return self._read(self._index(time))

    def begins(self, time: float) -> float:
        """When the picture that is shown at a time begins to be shown."""
        return self._times[self._index(time)]

    def _index(self, time: float) -> int:
        return max(bisect.bisect_right(self._times, time) - 1, 0)

    def _read(self, place: int) -> Grey:
        assert self._file is not None
        size = self._shape[0] * self._shape[1]
        self._file.seek(place * size)
        return np.frombuffer(self._file.read(size), np.uint8).reshape(self._shape)

    def _clear(self) -> None:
        del self._times[:]
        self._places.clear()
        if self._file is not None:
            with contextlib.suppress(OSError):  # what cannot be written any more is not needed
                self._file.close()
            self._file = None
