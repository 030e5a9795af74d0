"""The mix: sounds and where they are, to the channels of a loudspeaker layout.

`mix_to_file` does all of it. What it needs is imported when it is first asked
for, so that listing layouts or printing a command's help costs nothing. Each room imports only
from those above it:

`signals`
    Sound as samples: read, filtered, in batches.
`layouts`
    What a mix is made for: which channels there are, and where.
`panning`
    How much of a sound each channel carries, by its direction.
`travel`
    Where a source is, and what its way to the listener does to its sound.
`heads`
    What arrives at two ears, for headphones.
`channels`
    How sound gets to the channels of a layout: directly, by filters, from all around.
`acoustics`
    What a room adds: reflections and late sound, or microphones in it.
`rendering`
    Sources become samples of all channels.
`stems`
    What each source gives to a mix, kept for the next one.
`delivery`
    The whole: a scene becomes a file as loud as asked, and a report of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .delivery.mixing import mix_to_file
    from .delivery.report import MixReport

__all__ = ["MixReport", "mix_to_file"]


def __getattr__(name: str) -> Any:
    if name == "mix_to_file":
        from .delivery.mixing import mix_to_file

        return mix_to_file
    if name == "MixReport":
        from .delivery.report import MixReport

        return MixReport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
