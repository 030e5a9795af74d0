"""The rooms of the bridge: each is told of, and imports only from those that are told of before it."""

from __future__ import annotations

from blender_see2sound import bridge
from tests.package_rooms import package_of

BRIDGE = package_of(bridge)


def test_every_room_and_module_is_told_of_and_nothing_stands_outside() -> None:
    BRIDGE.check_is_told()
    assert [path.name for path in BRIDGE.folder.glob("*.py")] == ["__init__.py"]


def test_a_room_imports_only_from_those_before_it() -> None:
    BRIDGE.check_order()
