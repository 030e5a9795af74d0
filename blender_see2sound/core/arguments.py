"""What both commands parse alike: that of `core.cli`, and Blender's own command line."""

from __future__ import annotations

import argparse
import math
from typing import NoReturn

from .errors import See2SoundError
from .targets import TARGETS


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like every other error of a command."""

    def error(self, message: str) -> NoReturn:
        """Raise what the command prints."""
        raise See2SoundError(message, "", f"See {self.prog} --help", kind="bad-request")


def loudness(text: str) -> float | None:
    """The loudness in LUFS that a text stands for: a target's name, a number, or none."""
    if text.lower() == "none":
        return None
    named = {target.name: target.lufs for target in TARGETS}
    value = named.get(text.lower())
    if value is None:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
    if not -70.0 <= value <= 0.0:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no loudness: it is {', '.join(named)}, a number from -70 to 0, or none"
        )
    return value
