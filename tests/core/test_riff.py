"""The chunks of WAV files: what stands in them, whatever follows, is cut off, or lies about its size."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_see2sound.core import riff


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def wave(*chunks: bytes, kind: bytes = b"RIFF") -> bytes:
    content = b"WAVE" + b"".join(chunks)
    return kind + struct.pack("<I", len(content)) + content


def read(content: bytes) -> list[tuple[bytes, bytes]]:
    file = io.BytesIO(content)
    return [(name, file.read(size)) for name, size in riff.chunks(file)]


NAMES = st.text("abcdefgh ", min_size=4, max_size=4).map(str.encode)


@given(st.lists(st.tuples(NAMES, st.binary(max_size=9)), max_size=20))
def test_chunks_are_read_as_they_were_written(written: list[tuple[bytes, bytes]]) -> None:
    assert read(wave(*(chunk(*one) for one in written))) == written
    told = b"INFO" + b"".join(chunk(*one) for one in written)
    assert list(riff.info(told)) == written


@given(st.binary(max_size=200))
def test_whatever_a_file_holds_nothing_reaches_beyond_it(content: bytes) -> None:
    found = read(wave(content))
    assert sum(len(one) for _, one in found) <= len(content)
    assert all(name.isascii() for name, _ in found)


def test_sizes_past_four_gigabytes_are_those_of_rf64() -> None:
    sizes = chunk(b"ds64", struct.pack("<QQQI", 0, 6, 3, 0))
    content = wave(sizes, b"data" + b"\xff" * 4 + b"sounds", chunk(b"LIST", b"INFO"), kind=b"RF64")
    assert riff.is_wave(content)
    assert read(content)[1:] == [(b"data", b"sounds"), (b"LIST", b"INFO")]


def test_the_sound_of_a_pipe_goes_on_to_the_end() -> None:
    sound = chunk(b"LIST", b"the sound itself looks like a chunk")
    assert read(wave(b"data" + b"\xff" * 4 + sound)) == [(b"data", sound)]


@pytest.mark.parametrize("filled", [bytes, b"LIST\0\0\0\0".__mul__])
def test_what_follows_is_not_read_through(filled: Callable[[int], bytes]) -> None:
    content = wave(chunk(b"fmt ", b"x" * 16)) + filled(100_000)
    assert 1 <= len(read(content)) <= riff.MOST


@pytest.mark.parametrize("head", [b"", b"RIFF", b"RIFF\0\0\0\0AVI ", b"fLaC\0\0\0\0WAVE"])
def test_other_files_are_no_wave_files(head: bytes) -> None:
    assert not riff.is_wave(head)


def test_another_list_says_nothing() -> None:
    assert list(riff.info(b"adtl" + chunk(b"labl", b"x"))) == []
