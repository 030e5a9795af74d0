"""What client and server say to each other: JSON-RPC 2.0, one message a line.

Requests go to the server, each answered by a result or an error:

    find    {"clip": {"path", "files", "start", "duration", "frame_rate", "time_map"}, "scene",
             "sources", "set", "finder", "depth", "describer", "fov", "off_screen",
             "device", "low_memory", "models"}           ->  {"scene", "sources", "warnings"}
    sound   {"scene", "set", "maker", "prompt", "negative_prompt", "seed", "only", "takes", "steps",
             "guidance", "library", "speech", "device", "low_memory", "models"}
                                                         ->  {"scene", "sounds", "takes", "warnings"}
    mix     {"scene", "output", "layout", "lufs", "format", "room", "stems", "air",
             "propagation", "sofa", "renderer", "cache"} ->  the mix's report
    listen  {"library", "device", "low_memory", "models"}
                                                         ->  {"files", "heard", "unheard"}
    models  {"models"}                                   ->  {"parts", "sets"}
    ping    {}                                           ->  {"version", "python", "pid"}

``room`` is true, false or a text that `core.rooms.chosen` understands; ``set`` names one of
`core.sets`; ``models`` is the models folder, ``device`` and ``low_memory`` say how models compute
(`core.models.keeper.Computing`). Models stay loaded until the process ends.

Notifications: ``ready`` {"version", "python", "pid"}, ``progress`` {"id", "phase", "fraction"}
and ``refused`` {"python"} (this Python is too old) come from the server; ``cancel`` {"id"} and
``shutdown`` {} go to it. Paths are absolute; arrays and audio travel as files. Messages are
written in ASCII (JSON escapes), so that any path survives, and read as UTF-8.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..core.errors import KINDS, See2SoundError

#: The oldest Python that can be a worker.
OLDEST_PYTHON = (3, 11)

#: Longer lines are not messages, bytes.
LONGEST_LINE = 32 * 2**20

# JSON-RPC 2.0 section 5.1, and RequestCancelled as in the Language Server Protocol.
NOT_JSON = -32700
NOT_A_REQUEST = -32600
UNKNOWN_METHOD = -32601
BAD_PARAMS = -32602
FAILED = -32000
CANCELLED = -32800

Message = dict[str, Any]


class NotAMessage(ValueError):
    """A line that is not a JSON-RPC message."""


def package_folder() -> Path:
    """The folder of the whole package, whatever name it was imported under."""
    return Path(__file__).absolute().parent.parent


def request(job_id: int, method: str, params: Message) -> Message:
    """Ask for work."""
    return {"jsonrpc": "2.0", "id": job_id, "method": method, "params": params}


def notification(method: str, params: Message) -> Message:
    """Say something that is not answered."""
    return {"jsonrpc": "2.0", "method": method, "params": params}


def result(job_id: int, value: Any) -> Message:
    """Answer a request."""
    return {"jsonrpc": "2.0", "id": job_id, "result": value}


def failure(job_id: int | None, code: int, error: See2SoundError | str) -> Message:
    """Answer a request that came to nothing; a `See2SoundError` travels whole in ``data``."""
    told: Message = {"code": code, "message": str(error)}
    if isinstance(error, See2SoundError):
        told["data"] = {
            "kind": error.kind,
            "what": error.what,
            "why": error.why,
            "remedy": error.remedy,
            "report": error.report,
        }
    return {"jsonrpc": "2.0", "id": job_id, "error": told}


def error_from(told: Any) -> See2SoundError:
    """The error that a `failure` carries, whole again."""
    told = told if isinstance(told, dict) else {"message": repr(told)}
    data = told.get("data")
    if isinstance(data, dict) and data.get("kind") in KINDS:
        fields = {k: str(data.get(k, "")) for k in ("what", "why", "remedy", "report")}
        return See2SoundError(**fields, kind=data["kind"])
    return See2SoundError(
        "the worker refused the job", str(told.get("message", "")), "Report this fault"
    )


def encode(message: Message) -> bytes:
    """One line of bytes, its end included.

    Raises
    ------
    ValueError, TypeError
        For what JSON has no word for (NaN, an object), or for a line that is too long.
    """
    line = json.dumps(message, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"
    if len(line) > LONGEST_LINE:
        raise ValueError(f"a message of {len(line)} bytes is too long")
    return line


def decode(line: bytes) -> Message:
    """Read one line.

    Raises
    ------
    NotAMessage
    """
    if not line.lstrip().startswith(b"{"):  # most stray lines end here, at little cost
        raise NotAMessage("not a JSON object")
    try:
        message: Message = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise NotAMessage(f"not JSON: {error}") from error
    if message.get("jsonrpc") != "2.0":
        raise NotAMessage("not a JSON-RPC 2.0 message")
    return message


class Lines:
    """Cuts a stream of bytes into lines; lines longer than `LONGEST_LINE` are passed over."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take more of the stream; give the lines that are whole now, without their ends."""
        *whole, rest = data.split(b"\n")
        lines = []
        for piece in whole:
            self._add(piece)
            if not self._skipping and self._rest.strip():
                lines.append(bytes(self._rest))
            self._rest.clear()
            self._skipping = False
        self._add(rest)
        return lines

    def _add(self, piece: bytes) -> None:
        if self._skipping:
            return
        self._rest += piece
        if len(self._rest) > LONGEST_LINE:
            self._rest.clear()
            self._skipping = True
