"""Reading what Python is not shown, by Blender's own description of its data (SDNA).

Every .blend carries the layout of all structures of the Blender that wrote it,
which is also their layout in memory. A tiny file is written, its description
read, and fields are found by name: nothing is assumed about a version, and a
field that is not there is an error, not a wrong number.
"""

from __future__ import annotations

import ctypes
import functools
import math
import re
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import See2SoundError

_NUMBERS = {"char": "b", "short": "h", "ushort": "H", "int": "i", "int8_t": "b", "int64_t": "q"}
_NUMBERS |= {"float": "f", "double": "d", "uint64_t": "Q", "uchar": "B"}
#: The structures that are read, by the names that files give them.
_READ = ("Sequence", "SeqRetimingHandle")
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
    """The structures of the running Blender that are read."""
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
    """Read the description: names, types, their sizes, then per structure type and name indices."""
    names, at = _words(dna, dna.index(b"NAME"))
    types, at = _words(dna, dna.index(b"TYPE", at))
    if dna[at : at + 4] != b"TLEN":
        raise unknown("its files describe its data in another way")
    lengths = struct.unpack_from(f"={len(types)}h", dna, at + 4)
    at = dna.index(b"STRC", at + 4 + 2 * len(types))
    count = struct.unpack_from("=i", dna, at + 4)[0]
    at += 8
    sizes, fields = {}, {}
    for _ in range(count):
        kind, members = struct.unpack_from("=hh", dna, at)
        if types[kind] in _READ:
            pairs = struct.iter_unpack("=hh", dna[at + 4 : at + 4 + 4 * members])
            named = [(types[t], names[n], lengths[t]) for t, n in pairs]
            fields[types[kind]] = _fields(types[kind], named, lengths[kind])
            sizes[types[kind]] = lengths[kind]
        at += 4 + 4 * members
    return Layout(sizes, fields)


def _fields(kind: str, members: list[tuple[str, str, int]], size: int) -> dict[str, Field]:
    pointer = ctypes.sizeof(ctypes.c_void_p)
    offset, fields = 0, {}
    for type_name, name, length in members:
        match = _NAME.match(name)
        if match is None:  # a pointer to a function, or to an array
            offset += pointer
            continue
        fields[match[2]] = Field(type_name, offset, bool(match[1]))
        extent = pointer if match[1] else length
        offset += extent * math.prod(int(n) for n in re.findall(r"\d+", match[3]))
    if offset != size:
        raise unknown(f"its {kind} is described wrongly")
    return fields


def _words(dna: bytes, at: int) -> tuple[list[str], int]:
    """The words of a list, and where the next part of the description starts."""
    count = struct.unpack_from("=i", dna, at + 4)[0]
    words = dna[at + 8 :].split(b"\0", count)[:count]
    end = at + 8 + sum(map(len, words)) + count
    return [w.decode("utf-8") for w in words], end + -end % 4


def view(struct_name: str, block: Any) -> View:
    """The structure that a Python object stands for."""
    return View(struct_name, block.as_pointer())
