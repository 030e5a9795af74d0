"""The four steps as functions on files: what the command, the worker and scripts call.

Each reads and writes a sound scene (`core.scene_file`) and the files beside it:
``thumbnails/<id>.png``, ``sounds/<id>.wav``, the mix. Each reports progress and
can be cancelled; what it had not finished is not there, what was there stays.
"""

from .finding import DEFAULT_SOURCES, find_sources
from .mix_settings import MixSettings
from .mixing import mix_scene
from .results import SoundedResult, StepResult
from .running import run_clip
from .sounding import choose_take, make_sounds

__all__ = [
    "DEFAULT_SOURCES",
    "MixSettings",
    "SoundedResult",
    "StepResult",
    "choose_take",
    "find_sources",
    "make_sounds",
    "mix_scene",
    "run_clip",
]
