"""The one table of replaceable parts: finders, depth estimators, describers, makers.

Each part is one class in one file behind a small protocol. Adding one touches
its file and this table. Standard library only: Blender's side lists it too.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Literal

from .models.checkpoints import Checkpoint

Role = Literal["finder", "depth", "describer", "maker"]


@dataclass(frozen=True)
class Part:
    """One replaceable part.

    Attributes
    ----------
    role : {"finder", "depth", "describer", "maker"}
    name : str
        What a person types and reads.
    about : str
        One sentence for a person.
    licence : str
        Of the weights, or of the code where there are none.
    commercial : str
        "yes", "no" or under which condition.
    size_mb, memory_mb : int
        On disk, and main or GPU memory while it works.
    needs : tuple of str
        Python packages, by import name.
    factory : str
        "module:Class", the module relative to `core`. It is called with nothing, or, where there
        is a checkpoint, with it and a `core.models.keeper.Computing`.
    checkpoint : Checkpoint or None
        The weights that it needs.
    """

    role: Role
    name: str
    about: str
    licence: str
    commercial: str
    size_mb: int
    memory_mb: int
    needs: tuple[str, ...]
    factory: str
    checkpoint: Checkpoint | None = None

    def missing(self) -> tuple[str, ...]:
        """The packages that are not installed here."""
        return tuple(n for n in self.needs if importlib.util.find_spec(n) is None)


#: What models that look at pictures compute with.
TORCH = ("torch", "transformers", "safetensors")
#: What a checkpoint of a model for pictures and words holds beside its configuration and weights.
PICTURES_AND_WORDS = ("preprocessor_config.json", "tokenizer.json", "tokenizer_config.json")

#: The first part of each role is its default.
PARTS: tuple[Part, ...] = (
    Part(
        "finder", "draft",
        "Draft: finds what moves by optical flow, and salient and coherent regions; no model.",
        "GPL-3.0-or-later", "yes", 0, 400, ("numpy", "scipy", "cv2", "av"),
        "regions.built_in:DraftFinder",
    ),
    Part(
        "depth", "draft",
        "Draft: distance from ground contact and horizon, else from size and place; no model.",
        "GPL-3.0-or-later", "yes", 0, 50, ("numpy", "cv2", "av"),
        "placement.built_in:GroundDepth",
    ),
    Part(
        "describer", "draft",
        "Draft: words from colour, texture, place and motion; no model.",
        "GPL-3.0-or-later", "yes", 0, 100, ("numpy", "cv2", "av"),
        "regions.words:DraftDescriber",
    ),
    Part(
        "describer", "labels",
        "The finder's own labels, or the draft's words where it has none; no model.",
        "GPL-3.0-or-later", "yes", 0, 100, ("numpy", "cv2", "av"),
        "regions.labels:LabelDescriber",
    ),
    Part(
        "describer", "florence-2-base",
        "Florence-2 base: names and describes each region, captions the scene; small and quick.",
        "MIT", "yes", 540, 1500, ("numpy", "cv2", "av", *TORCH),
        "regions.florence:FlorenceDescriber",
        Checkpoint(
            "florence-community/Florence-2-base-ft", ("Florence2ForConditionalGeneration",), PICTURES_AND_WORDS,
        ),
    ),
    Part(
        "describer", "florence-2-large",
        "Florence-2 large: the same with finer words.",
        "MIT", "yes", 1650, 3500, ("numpy", "cv2", "av", *TORCH),
        "regions.florence:FlorenceDescriber",
        Checkpoint(
            "florence-community/Florence-2-large-ft", ("Florence2ForConditionalGeneration",), PICTURES_AND_WORDS,
        ),
    ),
    Part(
        "describer", "smolvlm-256m",
        "SmolVLM2 256M: is asked what each region sounds like, and what is heard off-screen.",
        "Apache-2.0 (check the model card)", "yes", 1030, 1400, ("numpy", "cv2", "av", *TORCH),
        "regions.smolvlm:SmolDescriber",
        Checkpoint(
            "HuggingFaceTB/SmolVLM2-256M-Video-Instruct", ("SmolVLMForConditionalGeneration",), PICTURES_AND_WORDS,
        ),
    ),
    Part(
        "describer", "smolvlm-500m",
        "SmolVLM2 500M: the same with better answers.",
        "Apache-2.0 (check the model card)", "yes", 2030, 1900, ("numpy", "cv2", "av", *TORCH),
        "regions.smolvlm:SmolDescriber",
        Checkpoint(
            "HuggingFaceTB/SmolVLM2-500M-Video-Instruct", ("SmolVLMForConditionalGeneration",), PICTURES_AND_WORDS,
        ),
    ),
    Part(
        "describer", "smolvlm-2.2b",
        "SmolVLM2 2.2B: the same with the best answers; needs a GPU.",
        "Apache-2.0 (check the model card)", "yes", 8990, 5200, ("numpy", "cv2", "av", *TORCH),
        "regions.smolvlm:SmolDescriber",
        Checkpoint(
            "HuggingFaceTB/SmolVLM2-2.2B-Instruct", ("SmolVLMForConditionalGeneration",), PICTURES_AND_WORDS,
        ),
    ),
    Part(
        "maker", "draft",
        "Draft: procedural sounds chosen by the words of the prompt; no model.",
        "GPL-3.0-or-later", "yes", 0, 200, ("numpy", "scipy"),
        "sounds.built_in:ProceduralMaker",
    ),
)  # fmt: skip
