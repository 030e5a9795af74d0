"""The parser of both commands: of `core.cli`, and of Blender's own command line."""

from __future__ import annotations

import argparse
from typing import NoReturn

from .errors import See2SoundError


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like every other error of a command."""

    def error(self, message: str) -> NoReturn:
        """Raise what the command prints."""
        raise See2SoundError(message, "", f"See {self.prog} --help", kind="bad-request")
