"""The bank of sounds, grouped by nature: a name for each family, and what makes it."""

from __future__ import annotations

from . import air, calls, impacts, machines, nature, steps, vehicles, voices, water, weather
from .family import Family, Take

#: Every family by its name.
FAMILIES: dict[str, Family] = {
    family.name: family
    for module in (
        weather,
        water,
        nature,
        calls,
        steps,
        voices,
        vehicles,
        machines,
        impacts,
        air,
    )
    for family in module.FAMILIES
}

__all__ = ["FAMILIES", "Family", "Take"]
