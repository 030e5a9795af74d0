"""Words without a model: what a region's measured look lets one say, and no more.

Coherent regions have been recognised by the finder (`built_in.areas`). Of moving things
only shape, speed, rhythm and the people detector are known, so the words stay
general where these do not decide. Every prompt names sounds, and uses words that
a maker of sounds knows (wind, leaves, footsteps, engine, whoosh, room tone…).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...media import OpenClip
from ...progress import Progress
from ..protocol import Region
from .finishing import finished
from .hearing import Words
from .places import place_of

#: Label and prompt of each stuff that `built_in.areas` recognises.
STUFFS = {
    "sky": ("sky", "light wind in the open air"),
    "storm": ("storm sky", "strong wind with rain and distant thunder"),
    "foliage": ("foliage", "wind in leaves, a few birds"),
    "grass": ("grass", "light wind over grass, insects"),
    "falling water": ("waterfall", "rushing water of a waterfall, a stream"),
    "fire": ("fire", "crackling fire"),
    "background": ("room tone", "quiet room tone, faint hum"),
}
#: Water by its share of the picture: at least this much is a wide one.
WIDE_WATER = 0.3
WATERS = {
    True: ("open water", "waves of the sea lapping on a wide open water"),
    False: ("water", "a stream of water flowing gently"),
}

#: The detector's word is taken from here on.
PERSON = 0.5
#: Widths divided by heights: an upright figure, something long.
UPRIGHT = 0.75
LONG = 1.5
#: Picture widths a second: creeping, and swift.
SLOW = 0.03
SWIFT = 0.3
#: What drives goes this far from side to side, in picture widths.
FAR = 0.25
#: What runs about goes at least this far.
ROAMS = 0.15
#: An outline that keeps its shape, and one that does not (share changed between looks).
RIGID = 0.3
LIMBER = 0.3
#: Steps a second from which someone runs.
RUNNING = 2.6


class DraftDescriber:
    """Describes regions by `Look`."""

    def describe(
        self,
        clip: OpenClip,
        regions: Sequence[Region],
        progress: Progress,
        *,
        off_screen: bool = False,
    ) -> list[Region]:
        """Give the same regions with `label` and `prompt` filled; equal labels are numbered."""
        progress("Describing what was found", 0.0)
        words = [Words(*words_for(region, clip.size[0])) for region in regions]
        place = place_of(" ".join(one.label for one in words))
        described = finished(regions, words, clip, place, off_screen=off_screen)
        progress("Describing what was found", 1.0)
        return described


def words_for(region: Region, clip_width: int) -> tuple[str, str]:
    """The label (one or two words) and the prompt (a phrase about sound) of a region.

    Parameters
    ----------
    region : Region
    clip_width : int
        Pixels, of the clip that its boxes are in.
    """
    look = region.look
    if look.stuff == "water":
        return WATERS[look.area >= WIDE_WATER]
    if look.stuff in STUFFS:
        return STUFFS[look.stuff]
    if region.moving:
        return _moving(region, _travel(region, clip_width))
    if look.person >= PERSON:
        return "person", "a person standing, quiet footsteps and rustling clothes"
    return "thing", "soft rustle of something near"


def _travel(region: Region, clip_width: int) -> float:
    """How far a region's centre ranges from side to side, in picture widths."""
    middle = (region.boxes[:, 0] + region.boxes[:, 2]) / 2
    return float(np.ptp(middle[region.presence > 0])) / clip_width


def _moving(region: Region, travel: float) -> tuple[str, str]:
    look, stands = region.look, region.stands
    if look.person >= PERSON and look.aspect < 1.2:
        if look.rhythm >= RUNNING and look.speed > SLOW:
            return "person", "footsteps of a person running"
        return "person", "footsteps of a person walking"
    if stands and look.aspect < UPRIGHT:
        return "figure", "footsteps of someone walking"
    if stands and look.aspect >= LONG and look.unsteady < RIGID and travel > FAR:
        return "vehicle", "a car driving past, engine and tyres"
    if stands and look.unsteady >= LIMBER and look.aspect < 3.0 and travel > ROAMS:
        return "animal", "quick pattering steps of an animal"
    if stands:
        return "moving thing", "whoosh and footfalls of something moving"
    if look.speed >= SWIFT:
        return "flying thing", "whoosh of something flying past"
    return "moving thing", "soft rustle and handling of something that moves"
