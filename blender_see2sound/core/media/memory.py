"""Small grey pictures that are kept while a movie is decoded, so that it need not be decoded again.

Most of the time of a search without a model goes into decoding. What follows a search wants
each picture once more, but small and grey: those of a shot fit in memory.
"""

from __future__ import annotations

import bisect

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

#: What is kept at most, bytes: about 75 s of 30 pictures a second at 320 x 180 pixels.
MOST = 128 << 20


class Memory:
    """Pictures of one movie without a gap, in the order of time.

    A reader that jumps, or a movie too long, ends it: then nothing is kept.

    Parameters
    ----------
    width : int
        Their long side in pixels at most.
    most : int
        Bytes.

    Attributes
    ----------
    wants : bool
        It can still become whole.
    whole : bool
        It holds all pictures of the clip.
    """

    def __init__(self, width: int, most: int = MOST) -> None:
        self.width = width
        self.wants = True
        self.whole = False
        self._most = most
        self._times: list[float] = []
        self._pictures: list[Grey] = []

    def begin(self) -> None:
        """The reader begins to decode elsewhere."""
        # Before a reader goes to its first place it has looked at one picture.
        if len(self._pictures) > 1:
            self.forget()
        self._times.clear()
        self._pictures.clear()

    def take(self, time: float, picture: Grey) -> None:
        """Keep the picture that begins to be shown at a time, seconds of the media."""
        if (len(self._pictures) + 1) * picture.nbytes > self._most:
            self.forget()
            return
        self._times.append(time)
        self._pictures.append(picture)

    def finish(self) -> None:
        """The clip was read to its end."""
        self.whole = self.wants and bool(self._pictures)
        self.wants = False

    def forget(self) -> None:
        """Let go of all that is kept, and keep nothing more."""
        self.wants = self.whole = False
        self._times.clear()
        self._pictures.clear()

    def at(self, time: float) -> tuple[float, Grey]:
        """The picture shown at a time, the first and the last held outside, and its own time."""
        found = max(bisect.bisect_right(self._times, time) - 1, 0)
        return self._times[found], self._pictures[found]
