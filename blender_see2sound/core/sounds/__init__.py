"""Makers of sounds: from a source's words, motion and presence to a mono sound.

`protocol` is what a maker offers, `making` asks makers and writes files, `origin` says how
a sound came about; `built_in` is the one without a model, a bank of
procedural `families` chosen by the table in `words`.
"""

from __future__ import annotations

from .protocol import Made, Maker, Making
from .words import Choice, families_for
from .writing import add_sound, write_sound

__all__ = [
    "Choice",
    "Made",
    "Maker",
    "Making",
    "add_sound",
    "families_for",
    "write_sound",
]
