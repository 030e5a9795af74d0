"""Named sets of parts that go together, chosen by licence, quality or speed; any part can be another."""

from __future__ import annotations

from dataclasses import dataclass

from .catalogue import Role
from .errors import See2SoundError


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
        "free", "Free for Commercial Work", "Models whose licences allow any use",
        "sam2.1-large", "depth-anything-small", "florence-2-base", "draft",
    ),
    PartSet(
        "best", "Best Quality", "The best models; some are for research only",
        "sam2.1-large", "depth-pro", "florence-2-large", "draft",
    ),
    PartSet(
        "fastest", "Fastest", "The least to compute; the choice for a computer without a GPU",
        "eomt-large", "depth-anything-small", "labels", "draft",
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
