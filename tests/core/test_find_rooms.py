"""The rooms of the finders and describers: each is told of, and arrows between them go one way."""

from __future__ import annotations

from pathlib import Path

import pytest

from blender_see2sound.core import regions
from tests.package_rooms import Package, package_of

REGIONS = package_of(regions)


def test_every_room_and_module_is_told_of() -> None:
    REGIONS.check_is_told()


def test_a_room_imports_only_from_those_before_it() -> None:
    REGIONS.check_order()


def test_the_two_ways_of_finding_and_the_words_know_nothing_of_each_other() -> None:
    assert REGIONS.arrows() == {
        "tracks": set(),
        "built_in": {"tracks"},
        "masks": {"tracks"},
        "segmentation": {"masks", "tracks"},
        "words": set(),
    }


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("cellar/coal.py", "from ..attic.beams import oak"),
        ("cellar/coal.py", "from .. import attic"),
        ("cellar/coal.py", "def burn():\n    import house.attic.beams"),
        ("cellar/bin/lid.py", "from ...attic import beams"),
        ("door.py", "from .cellar import coal"),
    ],
)
def test_an_arrow_that_is_turned_is_seen(tmp_path: Path, where: str, line: str) -> None:
    for room in ("cellar", "attic"):
        (tmp_path / room / "bin").mkdir(parents=True)
        (tmp_path / room / "__init__.py").write_text('"""A room."""\n')
    (tmp_path / "attic" / "beams.py").write_text("from ..cellar.coal import heap\n")
    house = Package("house", tmp_path, ["cellar", "attic"])
    house.check_order()
    (tmp_path / where).write_text(line + "\n")
    with pytest.raises(AssertionError):
        house.check_order()
