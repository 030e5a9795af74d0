"""The rooms of the bridge: each is told of, and imports only from those that are told of before it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from blender_see2sound import bridge

HERE = Path(bridge.__file__).parent
ROOMS = re.findall(r"^`(\w+)`$", bridge.__doc__ or "", re.MULTILINE)


def modules(room: str) -> list[Path]:
    return sorted(path for path in (HERE / room).glob("*.py") if path.stem != "__init__")


def imported(module: Path) -> set[str]:
    """The rooms of the bridge that a module imports from, wherever in it."""
    named = (
        node.module or ""
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level == 2
    )
    return {name.partition(".")[0] for name in named}


def test_every_room_is_told_of() -> None:
    assert sorted(ROOMS) == sorted(path.parent.name for path in HERE.glob("*/__init__.py"))
    assert [path.name for path in HERE.glob("*.py")] == ["__init__.py"]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_tells_of_each_of_its_modules_and_imports_nothing_itself(room: str) -> None:
    tree = ast.parse((HERE / room / "__init__.py").read_text(encoding="utf-8"))
    assert len(tree.body) == 1
    told = set(re.findall(r"`(\w+)`", ast.get_docstring(tree) or ""))
    assert {path.stem for path in modules(room)} <= told


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_those_before_it(room: str) -> None:
    before = set(ROOMS[: ROOMS.index(room)])
    assert {p.stem: imported(p) - before for p in modules(room) if imported(p) - before} == {}
