"""The one table of replaceable parts: finders, depth estimators, describers, makers.

Each part is one class in one file behind a small protocol. Adding one touches
its file and this table. Standard library only: Blender's side lists it too.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from .errors import See2SoundError
from .models.checkpoints import Checkpoint, Component

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
        "module:Class", the module relative to `core`. It is called with the checkpoint, where
        there is one, and with a `core.models.keeper.Computing` where there are weights at all.
    checkpoint : Checkpoint or None
        The weights that it needs.
    helpers : tuple of Checkpoint
        Weights that it uses where they are here.
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
    helpers: tuple[Checkpoint, ...] = ()

    def missing(self) -> tuple[str, ...]:
        """The packages that are not installed here."""
        return missing_packages(self.needs)


def missing_packages(needs: Iterable[str]) -> tuple[str, ...]:
    """Which of these packages are not installed here."""
    return tuple(name for name in needs if importlib.util.find_spec(name) is None)


def need_packages(needs: Iterable[str], what: str) -> None:
    """Refuse what needs packages that are not installed here.

    Parameters
    ----------
    needs : iterable of str
        Import names.
    what : str
        What cannot be done without them, one sentence without a final period.

    Raises
    ------
    See2SoundError
        Of kind "missing-part", naming them.
    """
    if missing := missing_packages(needs):
        raise See2SoundError(
            what,
            f"Python packages are missing: {', '.join(missing)}",
            "Install them as docs/models.md shows, or choose another Python for the worker in the "
            "preferences",
            kind="missing-part",
        )


#: What looking at a clip needs.
PICTURES = ("numpy", "scipy", "cv2", "av")
#: What models that look at pictures compute with.
TORCH = ("torch", "transformers", "safetensors")
#: What a checkpoint of a model for pictures and words holds beside its configuration and weights.
PICTURES_AND_WORDS = ("preprocessor_config.json", "tokenizer.json", "tokenizer_config.json")

#: What generators of sounds compute with.
GENERATING = ("numpy", "scipy", "soxr", *TORCH, "diffusers")

#: Tells how well a sound and words fit.
CLAP = Checkpoint(
    "laion/clap-htsat-unfused", ("ClapModel",),
    ("preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"),
)  # fmt: skip

_TOKENIZER = ("tokenizer.json", "tokenizer_config.json")
#: As newer versions of `transformers` call a tokenizer of any kind.
_ANY_TOKENIZER = ("TokenizersBackend", "PreTrainedTokenizerFast")
_SCHEDULE = ("scheduler_config.json",)


def _audioldm2(name: str) -> Checkpoint:
    return Checkpoint(
        name, ("AudioLDM2Pipeline",),
        components=(
            Component("text_encoder", ("ClapModel",)),
            Component("text_encoder_2", ("T5EncoderModel",)),
            Component("projection_model", ("AudioLDM2ProjectionModel",)),
            Component("language_model", ("GPT2Model", "GPT2LMHeadModel")),
            Component("tokenizer", ("RobertaTokenizer", "RobertaTokenizerFast", *_ANY_TOKENIZER), _TOKENIZER, False),
            Component("tokenizer_2", ("T5Tokenizer", "T5TokenizerFast", *_ANY_TOKENIZER), _TOKENIZER, False),
            Component("unet", ("AudioLDM2UNet2DConditionModel",)),
            Component("vae", ("AutoencoderKL",)),
            Component("vocoder", ("SpeechT5HifiGan",)),
            Component(
                "scheduler", ("DDIMScheduler", "PNDMScheduler", "LMSDiscreteScheduler"), _SCHEDULE, False,
            ),
        ),
    )  # fmt: skip


def _stable_audio_3(name: str) -> Checkpoint:
    return Checkpoint(
        name, ("StableAudio3Pipeline",),
        components=(
            Component("text_encoder", ("T5GemmaEncoderModel",)),
            Component("tokenizer", ("GemmaTokenizer", "GemmaTokenizerFast", *_ANY_TOKENIZER), _TOKENIZER, False),
            Component("duration_embedder", ("StableAudio3DurationEmbedder",)),
            Component("transformer", ("StableAudio3DiTModel",)),
            Component("vae", ("AutoencoderSAME",)),
            Component("scheduler", ("FlowMatchEulerDiscreteScheduler",), _SCHEDULE, False),
        ),
        published=False,
        hint="It is published in another form: convert it once with diffusers' script "
        "convert_stable_audio_3_to_diffusers.py",
    )  # fmt: skip


_STABLE_AUDIO_OPEN = Checkpoint(
    "stabilityai/stable-audio-open-1.0", ("StableAudioPipeline",),
    components=(
        Component("text_encoder", ("T5EncoderModel",)),
        Component("tokenizer", ("T5Tokenizer", "T5TokenizerFast", *_ANY_TOKENIZER), _TOKENIZER, False),
        Component("projection_model", ("StableAudioProjectionModel",)),
        Component("transformer", ("StableAudioDiTModel",)),
        Component("vae", ("AutoencoderOobleck",)),
        Component("scheduler", ("CosineDPMSolverMultistepScheduler",), _SCHEDULE, False),
    ),
    without="model.*",
    hint="Accept its terms on its page first, and log in (hf auth login)",
)  # fmt: skip
_STABILITY = ("Stability AI Community License", "yes, below 1 million dollars of yearly revenue")

#: Architectures and files of Depth Anything.
_DEPTH_ANYTHING = (("DepthAnythingForDepthEstimation",), ("preprocessor_config.json",))

#: The first part of each role is its default.
PARTS: tuple[Part, ...] = (
    Part(
        "finder", "draft",
        "Draft: finds what moves by optical flow, and salient and coherent regions; no model.",
        "GPL-3.0-or-later", "yes", 0, 400, ("numpy", "scipy", "cv2", "av"),
        "regions.built_in:DraftFinder",
    ),
    Part(
        "finder", "sam2.1-large",
        "SAM 2.1 large: finds everything and follows it through the clip; for a GPU.",
        "Apache-2.0", "yes", 900, 5000, (*PICTURES, *TORCH),
        "regions.sam2:Sam2Finder",
        Checkpoint("facebook/sam2.1-hiera-large", ("Sam2VideoModel", "Sam2Model")),
    ),
    Part(
        "finder", "sam2.1-base-plus",
        "SAM 2.1 base plus: the same for smaller GPUs.",
        "Apache-2.0", "yes", 325, 4000, (*PICTURES, *TORCH),
        "regions.sam2:Sam2Finder",
        Checkpoint("facebook/sam2.1-hiera-base-plus", ("Sam2VideoModel", "Sam2Model")),
    ),
    Part(
        "finder", "sam2.1-small",
        "SAM 2.1 small: the same, quicker and coarser.",
        "Apache-2.0", "yes", 185, 3500, (*PICTURES, *TORCH),
        "regions.sam2:Sam2Finder",
        Checkpoint("facebook/sam2.1-hiera-small", ("Sam2VideoModel", "Sam2Model")),
    ),
    Part(
        "finder", "sam2.1-tiny",
        "SAM 2.1 tiny: the quickest that follows; slow without a GPU.",
        "Apache-2.0", "yes", 156, 3500, (*PICTURES, *TORCH),
        "regions.sam2:Sam2Finder",
        Checkpoint("facebook/sam2.1-hiera-tiny", ("Sam2VideoModel", "Sam2Model")),
    ),
    Part(
        "finder", "sam-huge",
        "SAM huge: everything in each picture, as in the SEE-2-SOUND paper; follows less well.",
        "Apache-2.0 (check the model card)", "yes", 2570, 6500, (*PICTURES, *TORCH),
        "regions.sam:SamFinder",
        Checkpoint("facebook/sam-vit-huge", ("SamModel",)),
    ),
    Part(
        "finder", "sam-base",
        "SAM base: the same, quicker and coarser.",
        "Apache-2.0 (check the model card)", "yes", 375, 4000, (*PICTURES, *TORCH),
        "regions.sam:SamFinder",
        Checkpoint("facebook/sam-vit-base", ("SamModel",)),
    ),
    Part(
        "finder", "eomt-large",
        "EoMT large: things and stuff with their names, picture by picture; the choice for CPUs.",
        "MIT (check the model card)", "yes", 1270, 3000, (*PICTURES, *TORCH),
        "regions.panoptic:EomtFinder",
        Checkpoint("tue-mps/coco_panoptic_eomt_large_640", ("EomtForUniversalSegmentation",)),
    ),
    Part(
        "finder", "oneformer",
        "OneFormer (Swin large): the same, a little slower; its safetensors may be in a pull request only.",
        "MIT (check the model card)", "yes", 880, 4000, (*PICTURES, *TORCH),
        "regions.panoptic:OneFormerFinder",
        Checkpoint("shi-labs/oneformer_coco_swin_large", ("OneFormerForUniversalSegmentation",), ("vocab.json", "merges.txt")),
    ),
    Part(
        "depth", "draft",
        "Draft: distance from ground contact, usual sizes and motion together; no model.",
        "GPL-3.0-or-later", "yes", 0, 50, ("numpy", "scipy", "cv2", "av"),
        "placement.built_in:GroundDepth",
    ),
    Part(
        "depth", "depth-anything-small",
        "Depth Anything V2 small: relative depth, brought to metres by the ground; quick.",
        "Apache-2.0", "yes", 100, 900, ("numpy", "scipy", "cv2", "av", *TORCH),
        "placement.depth_anything:RelativeDepthAnything",
        Checkpoint("depth-anything/Depth-Anything-V2-Small-hf", *_DEPTH_ANYTHING),
    ),
    Part(
        "depth", "depth-anything-base",
        "Depth Anything V2 base: the same with finer edges.",
        "CC-BY-NC-4.0", "no", 390, 1500, ("numpy", "scipy", "cv2", "av", *TORCH),
        "placement.depth_anything:RelativeDepthAnything",
        Checkpoint("depth-anything/Depth-Anything-V2-Base-hf", *_DEPTH_ANYTHING),
    ),
    Part(
        "depth", "depth-anything-large",
        "Depth Anything V2 large: the same, and surer.",
        "CC-BY-NC-4.0", "no", 1340, 3000, ("numpy", "scipy", "cv2", "av", *TORCH),
        "placement.depth_anything:RelativeDepthAnything",
        Checkpoint("depth-anything/Depth-Anything-V2-Large-hf", *_DEPTH_ANYTHING),
    ),
    Part(
        "depth", "depth-anything-metric-indoor-small",
        "Depth Anything V2 small, taught metres in rooms: up to 20 m.",
        "check the model card", "check the model card", 100, 900,
        ("numpy", "scipy", "cv2", "av", *TORCH),
        "placement.depth_anything:MetricDepthAnything",
        Checkpoint("depth-anything/Depth-Anything-V2-Metric-Indoor-Small-hf", *_DEPTH_ANYTHING),
    ),
    Part(
        "depth", "depth-anything-metric-outdoor-small",
        "Depth Anything V2 small, taught metres on streets: up to 80 m.",
        "check the model card", "check the model card", 100, 900,
        ("numpy", "scipy", "cv2", "av", *TORCH),
        "placement.depth_anything:MetricDepthAnything",
        Checkpoint("depth-anything/Depth-Anything-V2-Metric-Outdoor-Small-hf", *_DEPTH_ANYTHING),
    ),
    Part(
        "depth", "depth-pro",
        "Depth Pro: metres, and the field of view where nobody has told it; needs a GPU.",
        "Apple research licence", "no", 3810, 6000, ("numpy", "scipy", "cv2", "av", *TORCH),
        "placement.depth_pro:DepthPro",
        Checkpoint(
            "apple/DepthPro-hf", ("DepthProForDepthEstimation",), ("preprocessor_config.json",)
        ),
    ),
    Part(
        "depth", "zoedepth",
        "ZoeDepth, the paper's: metres, indoors and outdoors.",
        "MIT (check the model card)", "yes", 1380, 4000, ("numpy", "scipy", "cv2", "av", *TORCH),
        "placement.zoe_depth:ZoeDepth",
        Checkpoint(
            "Intel/zoedepth-nyu-kitti", ("ZoeDepthForDepthEstimation",), ("preprocessor_config.json",)
        ),
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
    Part(
        "maker", "library",
        "Library: the person's own recordings, found by their words; no model.",
        "that of each recording", "as your recordings allow", 0, 400, ("numpy", "scipy", "soundfile", "av"),
        "sounds.library.maker:LibraryMaker", None, (CLAP,),
    ),
    Part(
        "maker", "stable-audio-open",
        "Stable Audio Open: generated from the words, clear and in full band, up to 47 s; for a GPU.",
        *_STABILITY, 5300, 5500, (*GENERATING, "torchsde"),
        "sounds.generated.stable_audio:StableAudioMaker", _STABLE_AUDIO_OPEN, (CLAP,),
    ),
    Part(
        "maker", "stable-audio-3-medium",
        "Stable Audio 3 medium: the same in 8 steps, the best and quickest; for a GPU.",
        *_STABILITY, 8000, 6500, GENERATING,
        "sounds.generated.stable_audio3:StableAudio3Maker",
        _stable_audio_3("stabilityai/stable-audio-3-medium"), (CLAP,),
    ),
    Part(
        "maker", "stable-audio-3-small-sfx",
        "Stable Audio 3 small for sound effects: the choice for a computer without a GPU.",
        *_STABILITY, 3500, 3500, GENERATING,
        "sounds.generated.stable_audio3:StableAudio3Maker",
        _stable_audio_3("stabilityai/stable-audio-3-small-sfx"), (CLAP,),
    ),
    Part(
        "maker", "audioldm2",
        "AudioLDM 2: generated from the words, which it follows well; up to 8 kHz, 10 s.",
        "CC-BY-NC-SA-4.0", "no", 4400, 4500, GENERATING,
        "sounds.generated.audioldm2:AudioLdm2Maker", _audioldm2("cvssp/audioldm2"), (CLAP,),
    ),
    Part(
        "maker", "audioldm2-large",
        "AudioLDM 2 large: the same with a larger model.",
        "CC-BY-NC-SA-4.0", "no", 6000, 5500, GENERATING,
        "sounds.generated.audioldm2:AudioLdm2Maker", _audioldm2("cvssp/audioldm2-large"), (CLAP,),
    ),
)  # fmt: skip
