"""What a layout is: its channels, their places, and what directions are panned on.

Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Channel:
    """A channel of a file.

    Attributes
    ----------
    name : str
        As ffmpeg and WAV name it.
    azimuth : float or None
        Degrees, positive to the left; None for what has no direction: the LFE, and the
        components of ambisonics.
    elevation : float
        Degrees, positive up.
    """

    name: str
    azimuth: float | None
    elevation: float = 0.0

    @property
    def loudness_weight(self) -> float:
        """Its weight in a loudness measurement (ITU-R BS.1770-5, annex 1, table 4).

        1.41 at the sides (60 to 120 degrees, below 30 degrees up), 1 elsewhere, 0 for the LFE.
        """
        if self.azimuth is None:
            # Of ambisonics the first component is what a listener's place hears.
            return 1.0 if self.name == "ACN0" else 0.0
        beside = 60.0 <= abs(self.azimuth) <= 120.0 and abs(self.elevation) < 30.0
        return 1.41 if beside else 1.0


@dataclass(frozen=True)
class Layout:
    """What a mix is made for.

    Attributes
    ----------
    name : str
    channels : tuple of Channel
        In the order of the file.
    wav_mask : int
        The channel mask of a WAVE_FORMAT_EXTENSIBLE header.
    loudspeakers : tuple of (azimuth, elevation)
        What directions are panned on, degrees: the main channels' places, or those of 5.0
        where the layout is too narrow to surround anyone. For headphones and ambisonics
        virtual ones that spread sound comes from.
    fold : tuple of rows, or None
        How the loudspeakers fold into the main channels: a row per main channel, a column
        per loudspeaker. None: they are the main channels.
    coding : {"loudspeakers", "binaural", "ambisonics"}
        What the channels are.
    order : int
        Of ambisonics.
    head : (str, int) or None
        For headphones: a SOFA file and when it was written (nanoseconds), so that a file that
        has changed is read again; None for the spherical head.
    """

    name: str
    channels: tuple[Channel, ...]
    wav_mask: int
    loudspeakers: tuple[tuple[float, float], ...]
    fold: tuple[tuple[float, ...], ...] | None = None
    coding: Literal["loudspeakers", "binaural", "ambisonics"] = "loudspeakers"
    order: int = 0
    head: tuple[str, int] | None = None

    @property
    def mains(self) -> tuple[int, ...]:
        """The places of the main channels (all but the LFE) among the file's channels."""
        return tuple(i for i, c in enumerate(self.channels) if c.name != "LFE")

    @property
    def loudness_weights(self) -> tuple[float, ...]:
        """Each channel's weight in a loudness measurement."""
        return tuple(channel.loudness_weight for channel in self.channels)

    @property
    def lfe(self) -> int | None:
        """The LFE's place among the file's channels."""
        return next((i for i, c in enumerate(self.channels) if c.name == "LFE"), None)
