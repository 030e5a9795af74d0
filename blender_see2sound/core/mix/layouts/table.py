"""The layouts: where each channel's loudspeaker stands, headphones and ambisonics, in one table.

Places are those of ITU-R BS.2051's 0+2+0, 0+5+0, 0+7+0, 4+5+0 and 4+7+0, azimuth
positive to the left; the order is that of a WAV file. Standard library only, so
that a command or a panel can list them at no cost.
"""

from __future__ import annotations

from ...errors import See2SoundError
from .layout import Channel, Layout
from .rig import RIG


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
