"""Named sets of parts that go together, chosen by licence, quality or speed; any part can be another."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from .catalogue import Role
from .errors import See2SoundError

ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class PartSet:
    """Parts that go together.

    Attributes
    ----------
    name : str
        What a person types.
    title, about : str
        What a person reads.
    finder, depth, describer, maker : str
        Names of parts.
    """

    name: str
    title: str
    about: str
    finder: str
    depth: str
    describer: str
    maker: str

    def part(self, role: Role) -> str:
        """The name of the part for a role."""
        return str(getattr(self, role))


#: The first is the default.
SETS: tuple[PartSet, ...] = (
    PartSet(
        "built-in", "Built In", "Needs no model and no GPU; a draft",
        "draft", "draft", "draft", "draft",
    ),
    PartSet(
        "free", "Free for Commercial Work",
        "Models that may be used in paid work; the maker's below 1 million dollars of revenue",
        "sam2.1-large", "depth-anything-small", "florence-2-base", "stable-audio-open",
    ),
    PartSet(
        "best", "Best Quality", "The best models; some are for research only",
        "sam2.1-large", "depth-pro", "florence-2-large", "stable-audio-3-medium",
    ),
    PartSet(
        "fastest", "Fastest", "The least to compute; the choice for a computer without a GPU",
        "eomt-large", "depth-anything-small", "labels", "stable-audio-3-small-sfx",
    ),
)  # fmt: skip


def set_named(name: str | None) -> PartSet:
    """The set of this name; the default when None.

    Raises
    ------
    See2SoundError
        Of kind "bad-request".
    """
    for one in SETS:
        if name is None or one.name == name:
            return one
    raise See2SoundError(
        f"there is no set {name!r}",
        f"there is: {', '.join(one.name for one in SETS)}",
        "Choose one of these",
        kind="bad-request",
    )


def mixed(name: str | None = None, **parts: str | None) -> PartSet:
    """The set of this name (the default when None), with other parts for the roles that are given.

    Raises
    ------
    See2SoundError
        Of kind "bad-request" for an unknown set.
    """
    own = {role: part for role, part in parts.items() if part is not None}
    return dataclasses.replace(set_named(name), **own)


def listing(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every set as plain data, for `see2sound models`.

    Parameters
    ----------
    parts : sequence of dict
        As `core.parts.listing` gives them.

    Returns
    -------
    list of dict
        The fields of `PartSet`, ``default``, ``complete``, the roles that are ``lacking``,
        whether it may be used for ``commercial`` work, ``size_mb`` on disk, ``memory_mb`` with
        all models kept and ``low_memory_mb`` with one at a time.
    """
    known = {(part["role"], part["name"]): part for part in parts}
    return [_listed(one, [known[role, one.part(role)] for role in ROLES]) for one in SETS]


def _listed(one: PartSet, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    terms = dict.fromkeys(row["commercial"] for row in rows if row["commercial"] != "yes")
    lacking = [row["role"] for row in rows if not row["here"]]
    return dataclasses.asdict(one) | {
        "default": one is SETS[0],
        "complete": not lacking,
        "lacking": lacking,
        "commercial": "no" if "no" in terms else "; ".join(terms) or "yes",
        "size_mb": sum(row["size_mb"] for row in rows),
        "memory_mb": sum(row["memory_mb"] for row in rows),
        "low_memory_mb": max(row["memory_mb"] for row in rows),
    }
