"""Starts the command: ``see2sound``, or ``python -m blender_see2sound.core``."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command with the process's arguments; give its exit code."""
    from .cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
