"""How loud each family is: the balance of a scene before distance and mixing.

Loudness as of ITU-R BS.1770 (gated, mono), heard from the usual distance of such a
thing: a quiet room far below talk, talk below thunder. A factor of 10 dB sounds
about twice as loud.
"""

from __future__ import annotations

from dataclasses import dataclass

from .synth import decibels


@dataclass(frozen=True)
class Level:
    """Of one family.

    Attributes
    ----------
    target : float
        LUFS that the family shall have.
    natural : float
        LUFS that its synthesis gives, moving at its usual speed; measured by
        ``bench/sound.py --levels``.
    """

    target: float
    natural: float

    @property
    def gain(self) -> float:
        """The factor from one to the other."""
        return decibels(self.target - self.natural)


LEVELS: dict[str, Level] = {
    "wind": Level(-30, -21.7),
    "rain": Level(-29, -11.4),
    "thunder": Level(-23, -16.3),
    "stream": Level(-30, -13.9),
    "waterfall": Level(-25, -11.3),
    "sea": Level(-27, -18.8),
    "lake": Level(-34, -23.0),
    "drops": Level(-36, -24.5),
    "splash": Level(-29, -15.4),
    "pouring": Level(-31, -13.1),
    "fire": Level(-29, -20.5),
    "leaves": Level(-32, -6.5),
    "birds": Level(-32, -6.4),
    "insects": Level(-34, -13.5),
    "buzzing": Level(-34, -7.9),
    "cicadas": Level(-31, -11.1),
    "dog": Level(-23, -19.4),
    "cat": Level(-29, -14.1),
    "cow": Level(-25, -13.6),
    "sheep": Level(-27, -19.8),
    "horse": Level(-25, -15.4),
    "crow": Level(-27, -22.1),
    "gull": Level(-28, -13.0),
    "duck": Level(-29, -23.4),
    "rooster": Level(-26, -12.5),
    "eagle": Level(-28, -11.5),
    "owl": Level(-32, -11.4),
    "frog": Level(-31, -24.5),
    "footsteps": Level(-31, -29.5),
    "footsteps on wood": Level(-30, -23.8),
    "footsteps on gravel": Level(-33, -8.8),
    "footsteps on leaves": Level(-34, -6.7),
    "footsteps on snow": Level(-34, -14.1),
    "footsteps on grass": Level(-35, -26.0),
    "cloth": Level(-44, -1.6),
    "paws": Level(-36, -31.3),
    "hooves": Level(-28, -21.4),
    "wings": Level(-34, -33.2),
    "voice": Level(-27, -18.0),
    "children": Level(-27, -14.5),
    "crowd": Level(-28, -12.8),
    "cheering": Level(-23, -10.9),
    "car": Level(-25, -19.5),
    "truck": Level(-22, -19.8),
    "motorcycle": Level(-21, -14.7),
    "motorboat": Level(-24, -23.9),
    "tractor": Level(-23, -27.3),
    "bicycle": Level(-35, -28.3),
    "train": Level(-22, -10.2),
    "jet": Level(-22, -16.4),
    "propeller": Level(-24, -1.0),
    "helicopter": Level(-21, -16.2),
    "traffic": Level(-28, -14.6),
    "hum": Level(-40, -2.5),
    "fan": Level(-35, -13.9),
    "machine": Level(-26, -12.6),
    "tool": Level(-24, -3.7),
    "clock": Level(-40, -26.2),
    "typing": Level(-36, -27.3),
    "siren": Level(-22, -1.6),
    "horn": Level(-21, 1.6),
    "bell": Level(-24, -6.0),
    "chime": Level(-32, -9.8),
    "phone": Level(-27, -4.1),
    "impact": Level(-25, -19.6),
    "knocking": Level(-27, -20.6),
    "door": Level(-28, -23.7),
    "glass": Level(-26, -19.2),
    "metal": Level(-27, -18.3),
    "explosion": Level(-20, -15.7),
    "gunshot": Level(-25, -23.6),
    "ball": Level(-29, -26.8),
    "scraping": Level(-29, -19.3),
    "clapping": Level(-26, -24.0),
    "whoosh": Level(-30, -11.7),
    "room tone": Level(-48, -32.3),
}
