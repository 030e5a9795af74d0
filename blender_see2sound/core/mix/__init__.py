"""The mix: sounds and where they are, to the channels of a loudspeaker layout.

`mix_to_file` does all of it. What it needs is imported when it is first asked
for, so that listing layouts or printing a command's help costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .mixing import mix_to_file
    from .report import MixReport

__all__ = ["MixReport", "mix_to_file"]


def __getattr__(name: str) -> Any:
    if name == "mix_to_file":
        from .mixing import mix_to_file

        return mix_to_file
    if name == "MixReport":
        from .report import MixReport

        return MixReport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
