"""The loudspeaker layouts: where each channel's loudspeaker stands, in one table.

Azimuths are ITU-R BS.2051's 0+2+0, 0+5+0 and 0+7+0, positive to the left; the
order is that of a WAV file. Standard library only, so that a command or a panel
can list them at no cost.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import See2SoundError


@dataclass(frozen=True)
class Channel:
    """A channel of a file.

    Attributes
    ----------
    name : str
        As ffmpeg and WAV name it.
    azimuth : float or None
        Degrees, positive to the left; None for the LFE, which has no direction.
    """

    name: str
    azimuth: float | None

    @property
    def loudness_weight(self) -> float:
        """Its weight in a loudness measurement (ITU-R BS.1770-5, annex 1, table 4).

        1.41 at the sides (60 to 120 degrees), 1 elsewhere, 0 for the LFE.
        """
        if self.azimuth is None:
            return 0.0
        return 1.41 if 60.0 <= abs(self.azimuth) <= 120.0 else 1.0


@dataclass(frozen=True)
class Layout:
    """A loudspeaker layout.

    Attributes
    ----------
    name : str
    channels : tuple of Channel
        In the order of the file.
    wav_mask : int
        The channel mask of a WAVE_FORMAT_EXTENSIBLE header.
    ring : tuple of float
        The azimuths that directions are panned on: those of the main channels, or
        those of 5.0 where the layout is too narrow to surround anyone.
    fold : tuple of rows, or None
        How the ring's loudspeakers fold into the main channels: a row per main channel,
        a column per loudspeaker of the ring. None: they are the main channels.
    """

    name: str
    channels: tuple[Channel, ...]
    wav_mask: int
    ring: tuple[float, ...]
    fold: tuple[tuple[float, ...], ...] | None = None

    @property
    def mains(self) -> tuple[int, ...]:
        """The places of the main channels (all but the LFE) among the file's channels."""
        return tuple(i for i, c in enumerate(self.channels) if c.azimuth is not None)

    @property
    def lfe(self) -> int | None:
        """The LFE's place among the file's channels."""
        return next((i for i, c in enumerate(self.channels) if c.azimuth is None), None)


_FL, _FR, _FC, _LFE = Channel("FL", 30), Channel("FR", -30), Channel("FC", 0), Channel("LFE", None)
_SL, _SR = Channel("SL", 90), Channel("SR", -90)
_RING_5 = (30.0, -30.0, 0.0, 110.0, -110.0)

#: Fold-down as in ITU-R BS.2127-1, 6.1.2.4 (0+2+0): the middle at -4.8 dB to both,
#: so that what lies between left and centre keeps its direction; surrounds at -3 dB.
_TO_STEREO = ((1.0, 0.0, 3**-0.5, 0.5**0.5, 0.0), (0.0, 1.0, 3**-0.5, 0.0, 0.5**0.5))

LAYOUTS: tuple[Layout, ...] = (
    Layout("mono", (_FC,), 0x4, _RING_5, ((1.0, 1.0, 1.0, 1.0, 1.0),)),
    Layout("stereo", (_FL, _FR), 0x3, _RING_5, _TO_STEREO),
    Layout(
        "5.1",
        (_FL, _FR, _FC, _LFE, Channel("BL", 110), Channel("BR", -110)),
        0x3F,
        _RING_5,
    ),
    Layout(
        "7.1",
        (_FL, _FR, _FC, _LFE, Channel("BL", 135), Channel("BR", -135), _SL, _SR),
        0x63F,
        (30.0, -30.0, 0.0, 135.0, -135.0, 90.0, -90.0),
    ),
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
