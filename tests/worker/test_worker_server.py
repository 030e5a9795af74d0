"""The server from outside, as any JSON-RPC client would meet it: a process and its two pipes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import ROOT


class Raw:
    """A server started by ``python -m``, spoken to in lines."""

    def __init__(self, *arguments: str, python: str = sys.executable) -> None:
        self.popen = subprocess.Popen(
            [python, "-m", "blender_see2sound.worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )
        self.ready = self.read()

    def say(self, *lines: bytes) -> None:
        self.popen.stdin.write(b"".join(line + b"\n" for line in lines))
        self.popen.stdin.flush()

    def read(self) -> dict:
        return json.loads(self.popen.stdout.readline())

    def answer(self) -> dict:
        """The next message that is not progress."""
        while (message := self.read()).get("method") == "progress":
            pass
        return message


@pytest.fixture
def server() -> Iterator[Raw]:
    raw = Raw()
    yield raw
    raw.popen.kill()
    raw.popen.communicate()


def ping(job_id: int) -> bytes:
    return b'{"jsonrpc":"2.0","id":%d,"method":"ping","params":{}}' % job_id


def test_it_says_who_it_is_before_anything_else(server):
    assert server.ready["method"] == "ready"
    assert server.ready["params"]["pid"] == server.popen.pid
    assert server.ready["params"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert server.ready["params"]["version"].count(".") == 2


def test_requests_are_answered_in_their_order(server):
    server.say(*(ping(number) for number in range(20)))
    assert [server.answer()["id"] for _ in range(20)] == list(range(20))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"no JSON at all", -32700),
        (b"\xff\xfe\xfd", -32700),
        (b"[1, 2, 3]", -32700),
        (b'{"jsonrpc":"2.0","id":"a","method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":5,"method":7}', -32600),
        (b'{"jsonrpc":"2.0","id":5,"method":"paint","params":{}}', -32601),
        (b'{"jsonrpc":"2.0","id":5,"method":"ping","params":[1]}', -32602),
        (b'{"jsonrpc":"2.0","id":5,"method":"ping","params":{"loud":true}}', -32602),
    ],
)
def test_what_it_cannot_take_is_answered_by_an_error_and_the_next_request_works(server, line, code):
    server.say(line, ping(9))
    assert server.answer()["error"]["code"] == code
    assert server.answer()["id"] == 9


def test_notifications_are_never_answered(server):
    server.say(
        b'{"jsonrpc":"2.0","method":"cancel","params":{"id":77}}',
        b'{"jsonrpc":"2.0","method":"cancel"}',
        b'{"jsonrpc":"2.0","method":"unheard of"}',
        b"",
        ping(9),
    )
    assert server.answer()["id"] == 9


def test_it_ends_when_its_input_ends_and_when_told_to():
    for last in (b"", b'{"jsonrpc":"2.0","method":"shutdown","params":{}}\n'):
        raw = Raw()
        raw.popen.stdin.write(last)
        raw.popen.stdin.flush()
        if not last:
            raw.popen.stdin.close()
        assert raw.popen.wait(30) == 0
        raw.popen.stdout.close()


def test_it_ends_by_itself_when_idle():
    raw = Raw("--idle-seconds", "0.3")
    assert raw.popen.wait(30) == 0
    raw.popen.communicate()


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for Python")
def test_what_libraries_print_never_reaches_the_protocol(tmp_path: Path):
    # A library that prints from Python and, as C libraries do, on the descriptor itself.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, threading, time\n"
        "def chatter():\n"
        "    while True:\n"
        "        time.sleep(0.01)\n"
        "        import sys\n"
        "        if sys.stdout is sys.stderr:\n"
        "            print('loading'); os.write(1, b'75% of it')\n"
        "threading.Thread(target=chatter, daemon=True).start()\n"
    )
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{tmp_path}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    raw = Raw(python=str(python))
    for number in range(30):
        raw.say(ping(number))
        assert raw.answer()["id"] == number
    raw.popen.kill()
    raw.popen.communicate()
