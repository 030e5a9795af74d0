"""What a step has done."""

from __future__ import annotations

from dataclasses import dataclass

from ..scene import SoundScene


@dataclass(frozen=True)
class StepResult:
    """What a step has to say beside the scene it wrote."""

    scene: SoundScene
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class SoundedResult(StepResult):
    """A step's result that also names the sources whose sound was made."""

    made: tuple[str, ...] = ()
