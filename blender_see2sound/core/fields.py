"""Checks plain JSON data value by value, and names the field that breaks a format. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .errors import See2SoundError

#: Makes the error for a field: ``refused(where, why, remedy)``.
Refused = Callable[[str, str, str], See2SoundError]

#: What a label or a prompt has at most, characters.
LONGEST_WORDS = 2000


class Fields:
    """Reads single values; `where` is the field's path in the file, as a person finds it.

    Parameters
    ----------
    refused : callable
        Makes the error for a field that breaks the format.
    """

    def __init__(self, refused: Refused) -> None:
        self._refused = refused

    def bad(self, where: str, why: str, remedy: str = "") -> See2SoundError:
        return self._refused(where, why, remedy)

    def mapping(
        self, value: Any, where: str, known: set[str], needed: set[str]
    ) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self.bad(where, "it must be an object")
        dot = f"{where}." if where else ""
        for key in value:
            if key not in known:
                raise self.bad(f"{dot}{key}", "this field is not known")
        for key in sorted(needed):
            if key not in value:
                raise self.bad(f"{dot}{key}", "it is missing")
        return value

    def sequence(self, value: Any, where: str, length: int | None = None) -> Sequence[Any]:
        if not isinstance(value, (list, tuple)):
            raise self.bad(where, "it must be a list")
        if length is not None and len(value) != length:
            raise self.bad(where, f"it must have {length} values, not {len(value)}")
        return value

    def number(
        self,
        value: Any,
        where: str,
        *,
        low: float = -1e9,
        high: float = 1e9,
        above: float = -math.inf,
        below: float = math.inf,
    ) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.bad(where, f"it must be a number, not {value!r:.40}")
        if not (low <= value <= high and above < value < below):  # NaN fails every comparison
            raise self.bad(where, f"{value!r:.40} is out of range")
        return float(value)

    def flag(self, value: Any, where: str) -> bool:
        if not isinstance(value, bool):
            raise self.bad(where, f"it must be true or false, not {value!r:.40}")
        return value

    def integer(self, value: Any, where: str, *, low: int, high: int = 2**53) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.bad(where, f"it must be a whole number, not {value!r:.40}")
        if not low <= value <= high:
            raise self.bad(where, f"{value!r:.40} is out of range")
        return value

    def numbers(
        self, value: Any, where: str, *, low: float = -1e9, high: float = 1e9
    ) -> tuple[float, ...]:
        values = self.sequence(value, where)
        if _all_numbers(values, low, high):
            return tuple(map(float, values))
        return tuple(
            self.number(v, f"{where}[{i}]", low=low, high=high) for i, v in enumerate(values)
        )

    def vectors(
        self, value: Any, where: str, width: int, lengths: tuple[int, ...]
    ) -> tuple[tuple[float, ...], ...]:
        rows = self.sequence(value, where)
        if len(rows) not in lengths:
            raise self.bad(where, f"it has {len(rows)} values for {lengths[-1]} times")
        if all(isinstance(row, (list, tuple)) and len(row) == width for row in rows):
            values = [value for row in rows for value in row]
            if _all_numbers(values, -1e9, 1e9):
                return tuple(tuple(map(float, row)) for row in rows)
        return tuple(
            tuple(
                self.number(v, f"{where}[{i}][{j}]")
                for j, v in enumerate(self.sequence(row, f"{where}[{i}]", length=width))
            )
            for i, row in enumerate(rows)
        )

    def text(self, value: Any, where: str) -> str:
        if not isinstance(value, str):
            raise self.bad(where, f"it must be text, not {value!r:.40}")
        if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise self.bad(where, "it holds characters that no file can bear")
        return value

    def words(self, value: Any, where: str) -> str:
        text = self.text(value, where)
        if len(text) > LONGEST_WORDS:
            raise self.bad(where, f"it has {len(text)} characters, more than {LONGEST_WORDS}")
        return text

    def text_or_none(self, value: Any, where: str) -> str | None:
        return None if value is None else self.text(value, where)


def check_words(text: str) -> None:
    """Refuse a prompt that no sound scene can bear.

    Raises
    ------
    See2SoundError
        Of kind "bad-request".
    """

    def refused(where: str, why: str, remedy: str) -> See2SoundError:
        return See2SoundError(f"{where} cannot be used", why, "Write it anew", kind="bad-request")

    Fields(refused).words(text, f"{text!r:.60}")


def _all_numbers(values: Sequence[Any], low: float, high: float) -> bool:
    """Whether all are numbers from low to high: for long lists, of which no field is named.

    False says nothing: then each is looked at.
    """
    if not set(map(type, values)) <= {int, float}:
        return False
    # NaN may hide from `min` and `max`, not from the sum.
    return not values or (
        low <= min(values) and max(values) <= high and not math.isnan(sum(values))
    )
