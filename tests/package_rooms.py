"""Packages whose folders are rooms: what they tell of themselves, and what they import."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType


@dataclass(frozen=True)
class Package:
    """A package and its rooms.

    Attributes
    ----------
    name : str
        Dotted.
    folder : Path
    told : list of str
        The rooms of which its text tells, in that order: each name stands in a line of its own.
    """

    name: str
    folder: Path
    told: list[str]

    @property
    def rooms(self) -> list[str]:
        """The folders that are rooms."""
        return sorted(path.parent.name for path in self.folder.glob("*/__init__.py"))

    def modules(self, room: str) -> list[Path]:
        """The modules in a room, those in its own folders too, but not its `__init__`."""
        start = self.folder / room / "__init__.py"
        return sorted(path for path in start.parent.rglob("*.py") if path != start)

    def imported(self, module: Path) -> set[str]:
        """The rooms that a module of the package imports from, wherever in it, but not its own."""
        own = module.relative_to(self.folder).parts
        names = _imported(module, [self.name, *own[:-1]])
        start = self.name + "."
        inside = {n.removeprefix(start).partition(".")[0] for n in names if n.startswith(start)}
        return inside & set(self.rooms) - {own[0]}

    def arrows(self) -> dict[str, set[str]]:
        """The rooms that each room imports from."""
        return {
            room: set[str]().union(*(self.imported(module) for module in self.modules(room)))
            for room in self.rooms
        }

    def check_is_told(self) -> None:
        """The package tells of each room, a room of each of its modules; rooms run no code."""
        assert sorted(self.told) == self.rooms
        for room in self.rooms:
            tree = ast.parse((self.folder / room / "__init__.py").read_text(encoding="utf-8"))
            assert len(tree.body) == 1, f"{room}/__init__.py is more than its text"
            told = set(re.findall(r"`(\w+)`", ast.get_docstring(tree) or ""))
            assert {path.stem for path in self.modules(room)} <= told, room

    def check_order(self) -> None:
        """Each room imports only from those told of before it; what stands outside, from none.

        But for the package itself, its door: it may give out what a room makes.
        """
        order = self.told
        back = {
            path.relative_to(self.folder).as_posix(): turned
            for room in order
            for path in self.modules(room)
            if (turned := self.imported(path) - set(order[: order.index(room)]))
        }
        back |= {
            path.name: turned
            for path in self.folder.glob("*.py")
            if path.name != "__init__.py" and (turned := self.imported(path))
        }
        assert back == {}


def package_of(module: ModuleType) -> Package:
    """A package as it was imported."""
    assert module.__file__ is not None
    told = re.findall(r"^`(\w+)`$", module.__doc__ or "", re.MULTILINE)
    return Package(module.__name__, Path(module.__file__).parent, told)


def _imported(module: Path, parents: list[str]) -> set[str]:
    """The full dotted names of all that a module in these packages imports."""
    names = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            path = ".".join(parents).split(".")
            start = path[: len(path) + 1 - node.level] if node.level else []
            base = [*start, *([node.module] if node.module else [])]
            names |= {".".join([*base, alias.name]) for alias in node.names}
    return names
