"""Which parts do a strip's work, and which of their files are missing: told before a job starts."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import bpy

from ..core import parts, sets
from ..core.catalogue import Role
from ..core.errors import See2SoundError
from . import computer

#: The roles of the parts that look at a picture.
LOOKING: tuple[Role, ...] = ("finder", "depth", "describer")


@dataclass(frozen=True)
class Choice:
    """What a strip is set to.

    Attributes
    ----------
    part_set : str
        A name from `core.sets`.
    finder, depth, describer, maker : str
        Parts instead of the set's; the set's where empty.
    off_screen : bool
        Whether sources that are not seen are looked for.
    """

    part_set: str
    finder: str = ""
    depth: str = ""
    describer: str = ""
    maker: str = ""
    off_screen: bool = False

    def part(self, role: Role) -> str:
        """The name of the part for a role."""
        own: str = getattr(self, role)
        return own or sets.set_named(self.part_set).part(role)

    def request(self) -> dict[str, Any]:
        """What a worker is told that looks at a picture."""
        own = {role: getattr(self, role) or None for role in LOOKING}
        return {"set": self.part_set, **own, "off_screen": self.off_screen}

    def lacking(self) -> See2SoundError | None:
        """What files the first part that cannot look at a picture here lacks."""
        return lacking({role: self.part(role) for role in LOOKING})


def choice_of(settings: bpy.types.PropertyGroup | None) -> Choice:
    """What a strip's settings say; what the preferences say for a strip that has none yet."""
    if settings is None:
        own = computer.settings()
        return Choice(own.part_set, off_screen=own.off_screen)
    named = {role: getattr(settings, role).strip() for role in sets.ROLES}
    # A set of a later version has no name here.
    name = settings.part_set or sets.SETS[0].name
    return Choice(name, **named, off_screen=settings.off_screen)


def with_set(choice: Choice, name: str) -> Choice:
    """The same with another set.

    Raises
    ------
    See2SoundError
        When there is no such set.
    """
    return dataclasses.replace(choice, part_set=sets.set_named(name).name)


def lacking(names: dict[Role, str]) -> See2SoundError | None:
    """What files the first of these parts, by their roles, lacks."""
    folder = computer.models_folder()
    errors = (parts.lacking(role, name, folder) for role, name in names.items())
    return next((error for error in errors if error is not None), None)
