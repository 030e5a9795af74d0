"""What a request leaves out is as the command has it; what it says to be null is left as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.options import build_parser
from blender_see2sound.core.pipeline import MixSettings
from blender_see2sound.worker.jobs import Params, mixing_of, stem_folder


def asked(**told: Any) -> MixSettings:
    params = Params(told, "mix")
    mixing = mixing_of(params)
    params.end()
    return mixing


def test_a_mix_of_which_nothing_is_said_is_that_of_the_command() -> None:
    of_command = vars(build_parser().parse_args(["mix", "scene.json", "-o", "mix.wav"]))
    of_worker = vars(asked())
    assert of_worker.pop("cache") == stem_folder()
    assert of_worker == {name: of_command[name] for name in of_worker}


def test_null_leaves_loudness_and_air_and_keeps_nothing() -> None:
    mixing = asked(lufs=None, air=None, cache=None, layout=None)
    assert (mixing.lufs, mixing.air, mixing.cache, mixing.layout) == (None, None, None, "5.1")


def test_all_that_is_said_of_a_mix_is_heeded(tmp_path: Path) -> None:
    told = {
        "layout": "binaural", "lufs": -16.0, "room": "hall", "format": "flac",
        "stems": str(tmp_path), "air": [5.0, 80.0], "propagation": True,
        "sofa": str(tmp_path / "head.sofa"), "renderer": "microphones", "cache": str(tmp_path),
    }  # fmt: skip
    heeded = {
        name: list(value) if isinstance(value, tuple) else str(value) if isinstance(value, Path) else value
        for name, value in vars(asked(**told)).items()
    }  # fmt: skip
    assert heeded == told


def test_a_loudness_that_cannot_be_reached_is_refused_before_the_scene_is_read() -> None:
    with pytest.raises(See2SoundError, match="-70 to 0"):
        asked(lufs=5.0)
