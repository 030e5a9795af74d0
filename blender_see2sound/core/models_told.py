"""What `see2sound models` prints for people: what is here, and how to get what is not.

One line per part; per set also the lines that bring what it lacks. Naming a set or a part
tells all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from . import sets
from .errors import See2SoundError

Row = dict[str, Any]


def overview(together: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    """Every set with what it lacks, and every part in a line.

    Parameters
    ----------
    together, rows : sequences of dict
        As `core.sets.listing` and `core.parts.listing` give them.
    """
    lines = []
    for one in together:
        state = "complete" if one["complete"] else "incomplete"
        size = f"{_size(one['size_mb'])} on disk, {_size(one['memory_mb'])} of memory"
        lines.append(f"set {_title(one)}: {state}, {size}, commercial use: {one['commercial']}")
        lines += [f"    {line}" for row in _of(one, rows) for line in _lacks(row)]
    for role in sets.ROLES:
        lines += ["", f"{role}s" if role != "depth" else "depth estimators"]
        for row in rows:
            if row["role"] == role:
                lines.append(
                    f"    {_title(row):<36} {_state(row):<17} {_size(row['size_mb']):>8}"
                    f"  {row['repository'] or ''}".rstrip()
                )
    more = "see2sound models NAME tells all of a set or a part; docs/models.md how models are got"
    return [*lines, "", more]


def details(name: str, together: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    """All that is known of a set, or of the parts of a name, which different roles may share.

    Raises
    ------
    See2SoundError
        Of kind "bad-request" where there is none of this name.
    """
    lines: list[str] = []
    for one in together:
        if one["name"] == name:
            lines += _set_block(one, rows)
    for row in rows:
        if row["name"] == name:
            lines += _part_block(row)
    if not lines:
        known = ", ".join(dict.fromkeys(row["name"] for row in (*together, *rows)))
        raise See2SoundError(
            f"there is no set or part {name!r}", f"there is: {known}", "Choose one of these",
            kind="bad-request",
        )  # fmt: skip
    return lines


def _set_block(one: Row, rows: Sequence[Row]) -> Iterator[str]:
    lacking = ", ".join(f"{role} {one[role]}" for role in one["lacking"])
    state = "complete" if one["complete"] else f"incomplete, it lacks {lacking}"
    yield f"set {_title(one)}: {state}"
    yield f"    {one['about']}"
    yield f"    {', '.join(f'{role} {one[role]}' for role in sets.ROLES)}"
    yield (
        f"    commercial use: {one['commercial']}, {_size(one['size_mb'])} on disk, "
        f"{_size(one['memory_mb'])} of memory (with --low-memory {_size(one['low_memory_mb'])})"
    )
    for row in _of(one, rows):
        yield from (f"    {line}" for line in _lacks(row))


def _part_block(row: Row) -> Iterator[str]:
    yield f"{row['role']} {_title(row)}: {_state(row)}"
    yield f"    {row['about']}"
    yield (
        f"    licence {row['licence']}, commercial use: {row['commercial']}, "
        f"{_size(row['size_mb'])} on disk, {_size(row['memory_mb'])} of memory"
    )
    if row["path"]:
        yield f"    {row['repository']}: {row['path']}"
    for helper in row["helpers"]:
        if helper["path"]:
            yield f"    uses {helper['repository']}: {helper['path']}"
    if row["absent"]:
        yield f"    {row['absent']}"
    yield from (f"    {line}" for line in _lacks(row))


def _of(one: Row, rows: Sequence[Row]) -> list[Row]:
    """The parts of a set."""
    return [row for role in sets.ROLES for row in rows if (row["role"], row["name"]) == (role, one[role])]  # fmt: skip


def _lacks(row: Row) -> Iterator[str]:
    """What brings what a part lacks, a line each."""
    if row["missing"]:
        yield f"{row['name']} needs Python packages that are missing: {', '.join(row['missing'])}"
    if row["begun"]:
        yield f"{row['name']}: {row['absent']}"
    for found in (row, *row["helpers"]):
        if found["absent"]:
            if found is not row:
                yield f"{found['repository']} is of use to {row['name']}, which works without it too"
            if found["hint"]:
                yield f"{found['repository']}: {found['hint']}"
            if found["download"]:
                yield found["download"]


def _state(row: Row) -> str:
    if row["here"]:
        return "here"
    if row["begun"]:
        return "incomplete"
    return "not here" if row["absent"] else "lacks packages"


def _title(row: Row) -> str:
    return f"{row['name']} (default)" if row["default"] else str(row["name"])


def _size(megabytes: int) -> str:
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes} MB"
