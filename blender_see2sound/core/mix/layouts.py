"""The layouts: where each channel's loudspeaker stands, headphones and ambisonics, in one table.

Places are those of ITU-R BS.2051's 0+2+0, 0+5+0, 0+7+0, 4+5+0 and 4+7+0, azimuth
positive to the left; the order is that of a WAV file. Standard library only, so
that a command or a panel can list them at no cost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ..errors import See2SoundError


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


def _sphere() -> Layout:
    """24 loudspeakers all around, none of them in the middle between the ears.

    A. D. McLaren's (1963) design: the turns of one point by the rotations of a cube, its squares
    the roots of ``t^3 - t^2 + t/5 - 1/105``. Averages over it are exact to the seventh degree:
    what all of them play alike is a diffuse field in third order.
    """
    squares = (0.071094437342, 0.178522012776, 0.750383549882)
    one, two, three = (math.sqrt(s) for s in squares)
    turned = [(one, two, three), (two, three, one), (three, one, two)]
    points = [(x, y, z) for a, b, c in turned for x, y, z in _signs(a, b, c)]
    places = tuple(
        (math.degrees(math.atan2(-x, y)), math.degrees(math.asin(z))) for x, y, z in points
    )
    channels = tuple(Channel(f"V{n}", *place) for n, place in enumerate(places))
    return Layout("sphere", channels, 0, places)


def _signs(a: float, b: float, c: float) -> list[tuple[float, float, float]]:
    """The eight points that a cube's rotations make of one without turning its axes around."""
    even = [(a, b, c), (a, -b, -c), (-a, b, -c), (-a, -b, c)]
    odd = [(b, a, -c), (b, -a, c), (-b, a, c), (-b, -a, -c)]
    return even + odd


#: Virtual loudspeakers that spread sound comes from, in headphones and ambisonics.
RIG = _sphere()


def rig_of(layout: Layout) -> Layout:
    """The loudspeakers that spread sound comes from: a layout's own, or virtual ones."""
    return layout if layout.coding == "loudspeakers" else RIG


def _ambix(order: int) -> Layout:
    channels = tuple(Channel(f"ACN{n}", None) for n in range((order + 1) ** 2))
    return Layout(f"ambix{order}", channels, 0, RIG.loudspeakers, coding="ambisonics", order=order)


_LEFT_RIGHT_CENTRE = (Channel("FL", 30), Channel("FR", -30), Channel("FC", 0))
_LFE = Channel("LFE", None)
_5_1 = (*_LEFT_RIGHT_CENTRE, _LFE, Channel("BL", 110), Channel("BR", -110))
_7_1 = (
    *(*_LEFT_RIGHT_CENTRE, _LFE, Channel("BL", 135), Channel("BR", -135)),
    *(Channel("SL", 90), Channel("SR", -90)),
)


def _upper(front: float, back: float) -> tuple[Channel, ...]:
    """Four upper loudspeakers."""
    places = {"TFL": front, "TFR": -front, "TBL": back, "TBR": -back}
    return tuple(Channel(name, azimuth, 30.0) for name, azimuth in places.items())


def _surround(name: str, channels: tuple[Channel, ...], wav_mask: int) -> Layout:
    """A layout whose main channels are what directions are panned on."""
    places = tuple((c.azimuth, c.elevation) for c in channels if c.azimuth is not None)
    return Layout(name, channels, wav_mask, places)


#: WAVE_FORMAT_EXTENSIBLE's bits of the upper front and back pairs.
_UPPER_MASK = 0x2D000

_SURROUND_5 = _surround("5.1", _5_1, 0x3F)

#: Fold-down as in ITU-R BS.2127-1, 6.1.2.4 (0+2+0): the middle at -4.8 dB to both,
#: so that what lies between left and centre keeps its direction; surrounds at -3 dB.
_TO_STEREO = ((1.0, 0.0, 3**-0.5, 0.5**0.5, 0.0), (0.0, 1.0, 3**-0.5, 0.0, 0.5**0.5))

LAYOUTS: tuple[Layout, ...] = (
    Layout("mono", (Channel("FC", 0),), 0x4, _SURROUND_5.loudspeakers, ((1.0,) * 5,)),
    Layout("stereo", _LEFT_RIGHT_CENTRE[:2], 0x3, _SURROUND_5.loudspeakers, _TO_STEREO),
    _SURROUND_5,
    _surround("7.1", _7_1, 0x63F),
    _surround("5.1.4", _5_1 + _upper(30.0, 110.0), 0x3F | _UPPER_MASK),
    _surround("7.1.4", _7_1 + _upper(45.0, 135.0), 0x63F | _UPPER_MASK),
    Layout("binaural", _LEFT_RIGHT_CENTRE[:2], 0x3, RIG.loudspeakers, coding="binaural"),
    _ambix(1),
    _ambix(2),
    _ambix(3),
)


def layout_named(name: str) -> Layout:
    """The layout of this name.

    Raises
    ------
    See2SoundError
        Of kind "bad-request", naming the layouts there are.
    """
    for layout in LAYOUTS:
        if layout.name == name:
            return layout
    known = ", ".join(layout.name for layout in LAYOUTS)
    raise See2SoundError(
        f"there is no layout {name!r}", f"there is: {known}", "Choose one", kind="bad-request"
    )
