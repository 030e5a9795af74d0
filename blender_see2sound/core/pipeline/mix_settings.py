"""How a person wants a mix to be: what the command, the worker and scripts choose alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from ..errors import See2SoundError

#: The loudness that may be asked for, LUFS.
SOFTEST, LOUDEST = -70.0, 0.0


@dataclass(frozen=True)
class MixSettings:
    """How a scene is mixed.

    Attributes
    ----------
    layout : str
        mono, stereo, 5.1, 7.1, 5.1.4, 7.1.4, binaural, ambix1, ambix2 or ambix3.
    lufs : float or None
        Integrated loudness to reach (ITU-R BS.1770), -70 to 0; None leaves it. By default that
        of EBU R 128.
    room : bool or str
        True takes the scene's room, False none; a text stands for another one (`rooms.chosen`).
    format : {"pcm24", "float", "flac"} or None
        None goes by the output's name: WAV in 24 bits, or FLAC.
    stems : Path or None
        A folder for one file per source.
    air : (celsius, percent) or None
        Temperature and relative humidity of the air that absorbs on the way; None absorbs
        nothing.
    propagation : bool
        Whether sound takes its time, with Doppler.
    sofa : Path or None
        A SOFA file: the head that a binaural mix is heard through, instead of a sphere.
    renderer : {"panning", "microphones"}
        By panning, or as microphones in the room would hear it (the paper's way).
    cache : Path or None
        A folder that keeps what each source gives to the mix, so that a later mix renders only
        what has changed.

    Raises
    ------
    See2SoundError
        Of kind "bad-request" for a loudness that cannot be reached. The others are checked by
        what uses them.
    """

    layout: str = "5.1"
    lufs: float | None = -23.0
    room: bool | str = True
    format: str | None = None
    stems: Path | None = None
    air: tuple[float, float] | None = (20.0, 50.0)
    propagation: bool = False
    sofa: Path | None = None
    renderer: str = "panning"
    cache: Path | None = None

    def __post_init__(self) -> None:
        """Refuse a loudness that cannot be reached."""
        if self.lufs is not None and not (
            math.isfinite(self.lufs) and SOFTEST <= self.lufs <= LOUDEST
        ):
            raise See2SoundError(
                f"a loudness of {self.lufs:g} LUFS cannot be reached",
                "",
                f"Choose {SOFTEST:g} to {LOUDEST:g}",
                kind="bad-request",
            )
