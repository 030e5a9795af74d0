"""Which parts do a strip's work and how, and what they lack: told before a job starts."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ...core import parts, sets
from ...core.catalogue import PARTS, Part, Role
from ...core.errors import See2SoundError
from . import computer

#: The roles of the parts that look at a picture.
LOOKING: tuple[Role, ...] = ("finder", "depth", "describer")
#: The maker that takes sounds from a person's own recordings.
LIBRARY = "library"


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


@dataclass(frozen=True)
class Making:
    """What all sounds of a strip are made with.

    Attributes
    ----------
    takes : int
        How many for each source.
    steps : int or None
        A generator's refinements; its own number when None.
    guidance : float or None
        How closely a generator keeps to the prompt; its own when None.
    """

    takes: int = 1
    steps: int | None = None
    guidance: float | None = None

    def generator(self) -> dict[str, int | float | None]:
        """What only a generator is told."""
        return {"steps": self.steps, "guidance": self.guidance}

    def request(self) -> dict[str, Any]:
        """What a worker is told that makes sounds."""
        return {"takes": self.takes, **self.generator()}


def making_of(settings: bpy.types.PropertyGroup) -> Making:
    """What a strip's settings say of making sounds."""
    return Making(settings.takes, settings.steps or None, round(settings.guidance, 3) or None)


def generates(maker: str) -> bool:
    """Whether a maker of this name is a generator, with a model behind it."""
    part = _maker(maker)
    return part is not None and part.checkpoint is not None


def terms(maker: str) -> str:
    """On what terms a maker may be used, for a person."""
    part = _maker(maker)
    if part is None:
        return "This version does not have it"
    return f"Licence: {part.licence}. Commercial use: {part.commercial}"


def _maker(name: str) -> Part | None:
    return next((p for p in PARTS if p.role == "maker" and p.name == name), None)


def with_set(choice: Choice, name: str) -> Choice:
    """The same with another set.

    Raises
    ------
    See2SoundError
        When there is no such set.
    """
    return dataclasses.replace(choice, part_set=sets.set_named(name).name)


def lacking(names: dict[Role, str], library: Path | None = None) -> See2SoundError | None:
    """What files the first of these parts, by their roles, lacks.

    Parameters
    ----------
    library : Path, optional
        The folder of recordings; the preferences' when None.
    """
    if names.get("maker") == LIBRARY and library is None and computer.library_folder() is None:
        return computer.refused("library") or See2SoundError(
            "the library has no folder",
            "no folder with recordings is chosen on this computer",
            "Choose the Library Folder in the preferences, or another maker",
            kind="missing-part",
        )
    chosen = [p for p in PARTS if names.get(p.role) == p.name]
    if any(p.checkpoint for p in chosen) and (refused := computer.refused("models")):
        return refused
    folder = computer.models_folder()
    errors = (parts.lacking(role, name, folder) for role, name in names.items())
    return next((error for error in errors if error is not None), None)
