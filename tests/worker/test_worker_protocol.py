"""Messages survive the wire whole, and what is not a message is told from them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_see2sound.core.errors import KINDS, See2SoundError
from blender_see2sound.worker import protocol

# Any text, lone surrogates too: they stand for the bytes of paths that are not UTF-8.
texts = st.text(st.characters(codec=None), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(values, min_size=1, max_size=6), st.data())
def test_messages_arrive_whole_and_in_order_however_the_stream_is_cut(sent, data):
    stream = b"".join(protocol.encode(protocol.result(n, v)) for n, v in enumerate(sent))
    lines, received = protocol.Lines(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        received += [protocol.decode(line) for line in lines.feed(stream[:size])]
        stream = stream[size:]
    assert received == [{"jsonrpc": "2.0", "id": n, "result": v} for n, v in enumerate(sent)]


@given(st.binary(max_size=60))
def test_a_line_is_a_message_or_refused(line):
    try:
        message = protocol.decode(line)
    except protocol.NotAMessage:
        return
    assert message["jsonrpc"] == "2.0"


@pytest.mark.parametrize(
    "line", [b"", b"Loading model...", b"[1, 2]", b'{"id": 1}', b"\xff\xfe", b"[" * 100_000]
)
def test_stray_lines_are_refused(line):  # fmt: skip
    with pytest.raises(protocol.NotAMessage):
        protocol.decode(line)


def test_an_endless_line_is_passed_over_and_the_next_one_read(monkeypatch):
    monkeypatch.setattr(protocol, "LONGEST_LINE", 100)
    lines = protocol.Lines()
    assert [line for _ in range(50) for line in lines.feed(b"x" * 10)] == []
    assert lines.feed(b"x\nnext\n") == [b"next"]


def test_what_json_has_no_word_for_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        protocol.encode(protocol.result(1, float("nan")))


@given(texts, texts, texts, texts, st.sampled_from(KINDS))
def test_an_error_travels_whole(what, why, remedy, report, kind):
    sent = See2SoundError(what, why, remedy, kind=kind, report=report)
    line = protocol.encode(protocol.failure(7, protocol.FAILED, sent))
    got = protocol.error_from(protocol.decode(line)["error"])
    parts = ("what", "why", "remedy", "kind", "report")
    assert [getattr(got, part) for part in parts] == [getattr(sent, part) for part in parts]


@given(values)
def test_any_error_object_becomes_an_error_for_a_person(told):
    assert str(protocol.error_from(json.loads(json.dumps(told))))
