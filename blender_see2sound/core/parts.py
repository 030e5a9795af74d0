"""The one table of replaceable parts: finders, depth estimators, describers, makers.

Each part is one class in one file behind a small protocol. Adding one touches
its file and this table.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import asdict, dataclass
from typing import Any, Literal

from .errors import See2SoundError

Role = Literal["finder", "depth", "describer", "maker"]


@dataclass(frozen=True)
class Part:
    """One replaceable part.

    Attributes
    ----------
    role : {"finder", "depth", "describer", "maker"}
    name : str
        What a person types and reads.
    about : str
        One sentence for a person.
    licence : str
        Of the weights, or of the code where there are none.
    commercial : str
        "yes", "no" or under which condition.
    size_mb, memory_mb : int
        On disk, and main or GPU memory while it works.
    needs : tuple of str
        Python packages, by import name.
    factory : str
        "module:Class", the module relative to `core`.
    """

    role: Role
    name: str
    about: str
    licence: str
    commercial: str
    size_mb: int
    memory_mb: int
    needs: tuple[str, ...]
    factory: str

    def missing(self) -> tuple[str, ...]:
        """The packages that are not installed here."""
        return tuple(n for n in self.needs if importlib.util.find_spec(n) is None)


#: The first part of each role is its default.
PARTS: tuple[Part, ...] = (
    Part(
        "finder", "draft",
        "Draft: finds what moves by optical flow, and salient and coherent regions; no model.",
        "GPL-3.0-or-later", "yes", 0, 400, ("numpy", "scipy", "cv2", "av"),
        "regions.built_in:DraftFinder",
    ),
    Part(
        "depth", "draft",
        "Draft: distance from ground contact, usual sizes and motion together; no model.",
        "GPL-3.0-or-later", "yes", 0, 50, ("numpy", "scipy", "cv2", "av"),
        "placement.built_in:GroundDepth",
    ),
    Part(
        "describer", "draft",
        "Draft: words from colour, texture, place and motion; no model.",
        "GPL-3.0-or-later", "yes", 0, 100, ("numpy", "cv2", "av"),
        "regions.words:DraftDescriber",
    ),
    Part(
        "maker", "draft",
        "Draft: procedural sounds chosen by the words of the prompt; no model.",
        "GPL-3.0-or-later", "yes", 0, 200, ("numpy", "scipy"),
        "sounds.built_in:ProceduralMaker",
    ),
)  # fmt: skip


def default(role: Role) -> str:
    """The name of the role's default part."""
    return next(part.name for part in PARTS if part.role == role)


def load(role: Role, name: str | None = None) -> Any:
    """Make the part of this role and name (its default when None).

    Raises
    ------
    See2SoundError
        Of kind "bad-request" for an unknown name, "missing-part" for missing packages.
    """
    name = default(role) if name is None else name
    part = next((p for p in PARTS if p.role == role and p.name == name), None)
    if part is None:
        known = ", ".join(p.name for p in PARTS if p.role == role)
        raise See2SoundError(
            f"there is no {role} {name!r}",
            f"there is: {known}",
            "Choose one of these",
            kind="bad-request",
        )
    missing = part.missing()
    if missing:
        raise See2SoundError(
            f"the {role} {name!r} cannot run here",
            f"Python packages are missing: {', '.join(missing)}",
            "Install them, or choose another Python for the worker in the preferences",
            kind="missing-part",
        )
    module, _, cls = part.factory.partition(":")
    return getattr(importlib.import_module(f".{module}", __package__), cls)()


def listing() -> list[dict[str, Any]]:
    """Every part as plain data, with ``default`` and the ``missing`` packages, for `see2sound models`."""
    return [
        {
            **{k: v for k, v in asdict(part).items() if k != "factory"},
            "needs": list(part.needs),
            "default": part.name == default(part.role),
            "missing": list(part.missing()),
        }
        for part in PARTS
    ]
