"""Runs inside Blender: executes the Python that the test sends, in a timer, and answers.

Started by ``blender --python remote.py -- FOLDER``. The test writes
``FOLDER/N.py``; the answer is ``FOLDER/N.json`` with the value of ``answer``,
or the traceback. A timer, not a thread, so that the interface lives as always;
the longest pause between two of its ticks tells how long Blender was frozen.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path

import bpy

FOLDER = Path(sys.argv[sys.argv.index("--") + 1])
state = {"next": 0, "tick": time.perf_counter(), "pause": 0.0}


def longest_pause() -> float:
    """The longest pause since the last call, seconds."""
    pause, state["pause"] = state["pause"], 0.0
    return pause


def serve() -> float:
    now = time.perf_counter()
    state["pause"] = max(state["pause"], now - state["tick"])
    request = FOLDER / f"{state['next']}.py"
    if request.exists():
        scope = {"bpy": bpy, "answer": None, "longest_pause": longest_pause}
        try:
            exec(compile(request.read_text(encoding="utf-8"), request.name, "exec"), scope)
            reply = {"answer": scope["answer"]}
        except BaseException:
            reply = {"traceback": traceback.format_exc()}
        part = FOLDER / f"{state['next']}.part"
        part.write_text(json.dumps(reply), encoding="utf-8")
        os.replace(part, FOLDER / f"{state['next']}.json")
        state["next"] += 1
    state["tick"] = time.perf_counter()
    return 0.01


bpy.app.timers.register(serve, first_interval=0.5, persistent=True)
