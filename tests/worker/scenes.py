"""Sound scenes for the worker's tests, small ones and ones that take long."""

from __future__ import annotations

from pathlib import Path

from blender_see2sound.core.scene import Clip, SoundScene, Source
from blender_see2sound.core.scene_file import write_scene


def write(path: Path, *, seconds: float = 1.0, sources: int = 2) -> Path:
    """Write a scene whose sources have no sounds yet; `sound` takes about as long as it is large."""
    prompts = ("rain on leaves", "a crowd", "wind in the trees", "a stream")
    clip = Clip(None, 0.0, seconds, 24.0, (640, 360), 50.0)
    write_scene(
        SoundScene(
            clip,
            tuple(
                Source(
                    id=f"s{number}",
                    label=f"thing {number}",
                    prompt=prompts[number % len(prompts)],
                    kind="point",
                    times=(0.0, seconds),
                    positions=((-2.0, 4.0, 0.0), (2.0, 4.0, 0.0)),
                    presence=(1.0, 1.0),
                    seed=number,
                )
                for number in range(1, sources + 1)
            ),
        ),
        path,
    )
    return path
