"""Reading what Python is not shown, by Blender's own description of its data (SDNA).

Every .blend carries the layout of all structures of the Blender that wrote it,
which is also their layout in memory. A tiny file is written, its description
read, and fields are found by name: nothing is assumed about a version, and a
field that is not there is an error, not a wrong number.
"""

from __future__ import annotations

import ctypes
import functools
import re
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import See2SoundError

_NUMBERS = {"char": "b", "short": "h", "ushort": "H", "int": "i", "int8_t": "b", "int64_t": "q"}
_NUMBERS |= {"float": "f", "double": "d", "uint64_t": "Q", "uchar": "B"}
_NAME = re.compile(r"^(\*+)?(\w+)((?:\[\d+\])*)$")


@dataclass(frozen=True)
class Field:
    """Where a field of a structure lies.

    Attributes
    ----------
    type : str
        A number's, or a structure's.
    offset : int
        Bytes.
    pointer : bool
    """

    type: str
    offset: int
    pointer: bool


@dataclass(frozen=True)
class Layout:
    """The structures by name: their size in bytes and their fields."""

    sizes: dict[str, int]
    fields: dict[str, dict[str, Field]]


class View:
    """A structure in Blender's memory. Valid only as long as what it lies in."""

    def __init__(self, struct_name: str, address: int) -> None:
        self._name = struct_name
        self._fields = layout().fields.get(struct_name, {})
        self._address = address

    def field(self, name: str) -> Field:
        """Where a field lies.

        Raises
        ------
        See2SoundError
            When this Blender has no such field.
        """
        try:
            return self._fields[name]
        except KeyError:
            raise unknown(f"its {self._name} has no {name}") from None

    def number(self, name: str) -> float:
        """A field that is a number."""
        field = self.field(name)
        if field.pointer or field.type not in _NUMBERS:
            raise unknown(f"{self._name}.{name} is not a number")
        code = _NUMBERS[field.type]
        return struct.unpack(code, self._bytes(field.offset, struct.calcsize(code)))[0]

    def text(self, name: str, longest: int) -> str:
        """A field that is characters, up to their end."""
        raw = self._bytes(self.field(name).offset, longest)
        return raw.split(b"\0", 1)[0].decode("utf-8", errors="replace")

    def follow(self, name: str, count: int) -> list[View]:
        """The structures that a pointer field leads to."""
        field = self.field(name)
        size = layout().sizes.get(field.type, 0)
        if not field.pointer or size == 0:
            raise unknown(f"{self._name}.{name} leads to no structure")
        address = struct.unpack("P", self._bytes(field.offset, struct.calcsize("P")))[0]
        if address == 0:
            return []
        return [View(field.type, address + i * size) for i in range(count)]

    def _bytes(self, offset: int, count: int) -> bytes:
        return ctypes.string_at(self._address + offset, count)


def unknown(why: str) -> See2SoundError:
    """This Blender keeps its data in a way that we do not know."""
    return See2SoundError(
        "this Blender's retiming cannot be read",
        why,
        "Remove the retiming of the strip, or render the strip to a movie",
        kind="bad-request",
    )


@functools.cache
def layout() -> Layout:
    """The structures of the running Blender."""
    with tempfile.TemporaryDirectory(prefix="dna-", dir=bpy.app.tempdir or None) as folder:
        path = Path(folder) / "layout.blend"
        text = bpy.data.texts.new("layout")
        try:
            bpy.data.libraries.write(str(path), {text}, compress=False)
        finally:
            bpy.data.texts.remove(text)
        data = path.read_bytes()
    return _parse(_dna_block(data))


def _dna_block(data: bytes) -> bytes:
    if data[:7] != b"BLENDER":
        raise unknown("it writes files of another kind")
    if data[7:8] in b"-_":  # up to 4.5: pointer size, byte order, version
        # code, length, old address, structure, count
        head, at, width = "=4siQii", 12, 1
    else:  # since 5.0: length of the header, pointer size, format, byte order, version
        # code, structure, old address, length, count
        head, at, width = "=4siQqq", int(data[7:9]), 3
    size = struct.calcsize(head)
    while at + size <= len(data):
        values = struct.unpack_from(head, data, at)
        at += size
        if values[0] == b"DNA1":
            return data[at : at + values[width]]
        at += values[width]
    raise unknown("its files do not describe its data")


def _parse(dna: bytes) -> Layout:
    cursor = _Cursor(dna)
    cursor.expect(b"SDNA")
    names = cursor.words(b"NAME")
    types = cursor.words(b"TYPE")
    lengths = cursor.shorts(b"TLEN", len(types))
    cursor.align()
    cursor.expect(b"STRC")
    sizes, fields = dict(zip(types, lengths, strict=True)), {}
    for _ in range(cursor.integer()):
        kind, count = cursor.pair()
        offset, members = 0, {}
        for _ in range(count):
            type_index, name_index = cursor.pair()
            match = _NAME.match(names[name_index])
            stars = None if match is None else match[1]
            if match is None:  # a pointer to a function, or to an array
                size = ctypes.sizeof(ctypes.c_void_p)
            else:
                members[match[2]] = Field(types[type_index], offset, bool(stars))
                size = ctypes.sizeof(ctypes.c_void_p) if stars else lengths[type_index]
                for extent in re.findall(r"\d+", match[3]):
                    size *= int(extent)
            offset += size
        if offset != lengths[kind]:
            raise unknown(f"its {types[kind]} is described wrongly")
        fields[types[kind]] = members
    return Layout(sizes, fields)


class _Cursor:
    """Reads the description front to back."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def expect(self, mark: bytes) -> None:
        if self._data[self._at : self._at + 4] != mark:
            raise unknown("its files describe its data in another way")
        self._at += 4

    def integer(self) -> int:
        value = struct.unpack_from("=i", self._data, self._at)[0]
        self._at += 4
        return int(value)

    def pair(self) -> tuple[int, int]:
        a, b = struct.unpack_from("=hh", self._data, self._at)
        self._at += 4
        return a, b

    def words(self, mark: bytes) -> list[str]:
        self.expect(mark)
        words = []
        for _ in range(self.integer()):
            end = self._data.index(b"\0", self._at)
            words.append(self._data[self._at : end].decode("utf-8"))
            self._at = end + 1
        self.align()
        return words

    def shorts(self, mark: bytes, count: int) -> tuple[int, ...]:
        self.expect(mark)
        values = struct.unpack_from(f"={count}h", self._data, self._at)
        self._at += 2 * count
        return values

    def align(self) -> None:
        self._at += -self._at % 4


def view(struct_name: str, block: Any) -> View:
    """The structure that a Python object stands for."""
    return View(struct_name, block.as_pointer())
