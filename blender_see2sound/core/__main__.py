"""Starts the command: ``see2sound``, or ``python -m blender_see2sound.core``."""

from __future__ import annotations

import io
import os
import sys


def main() -> int:
    """Run the command with the process's arguments; give its exit code."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by who started us
            # It stays open to the end.
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        from .cli import run
        from .models.offline import keep_offline

        keep_offline()
        return run(sys.argv[1:])
    except KeyboardInterrupt:  # while it was still loading
        return 130


if __name__ == "__main__":
    sys.exit(main())
