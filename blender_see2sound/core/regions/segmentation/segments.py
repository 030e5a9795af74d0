"""From a panoptic model's queries to a picture's segments, as its authors do; the classes' names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .prompts import sampled

if TYPE_CHECKING:
    import torch

#: A pixel is in a mask when its probability is at least this.
INSIDE = 0.5
#: A query whose mask loses more than this to others is none.
WON = 0.8


@dataclass(frozen=True)
class Rules:
    """How a model's queries are read.

    Attributes
    ----------
    least : float
        A class is sure from this probability on.
    by_both : bool
        A segment is where a query wins against the others *and* is inside its own mask;
        else only where it wins.
    """

    least: float
    by_both: bool


def segments_of(
    masks: torch.Tensor,
    classes: torch.Tensor,
    size: tuple[int, int],
    stuff: frozenset[int],
    rules: Rules,
) -> list[tuple[torch.Tensor, float, int]]:
    """The segments of a picture, which do not overlap.

    Parameters
    ----------
    masks : (Q, h, w) float32 tensor
        Logits over the whole picture.
    classes : (Q, C + 1) float32 tensor
        Logits; the last class is none.
    size : (int, int)
        Width and height of the segments.
    stuff : frozenset of int
        Classes of which all parts are one segment.
    rules : Rules

    Returns
    -------
    list of (mask, score, class)
        Masks (height, width), bool; the score of a class 0 to 1.
    """
    scores, labels = classes.softmax(-1).max(-1)
    sure = (labels != classes.shape[-1] - 1) & (scores > rules.least)
    if not bool(sure.any()):
        return []
    scores, labels = scores[sure], labels[sure]
    inside = sampled(masks[sure], size).sigmoid()
    weighted = inside * scores[:, None, None]
    winner = weighted.argmax(0)
    # As published, OneFormer compares the weighted probability with the threshold.
    own = (inside if rules.by_both else weighted) >= INSIDE
    found: list[tuple[torch.Tensor, float, int]] = []
    of_stuff: dict[int, int] = {}
    for k, (score, label) in enumerate(zip(scores.tolist(), labels.tolist(), strict=True)):
        won = winner == k
        final = won & own[k] if rules.by_both else won
        claimed = int(own[k].sum())
        if not claimed or not bool(final.any()) or int(won.sum()) <= WON * claimed:
            continue
        if label in of_stuff:
            mask, first, _ = found[of_stuff[label]]
            found[of_stuff[label]] = (mask | final, max(first, score), label)
            continue
        if label in stuff:
            of_stuff[label] = len(found)
        found.append((final, score, label))
    return found


def plain_label(index: int, name: str, count: int) -> str:
    """A class's name for a person: "tree" of "tree-merged", COCO's where the model has only numbers."""
    if (not name or re.fullmatch(r"LABEL_\d+|\d+", name)) and count == len(COCO):
        name = COCO[index]
    name = re.sub(r"-(?:merged|other|stuff)\b", "", name)
    return name.replace("_", " ").replace("-", " ").strip()


#: The classes of COCO panoptic in the order that models number them: 80 things, 53 of stuff.
_NAMES = """person, bicycle, car, motorcycle, airplane, bus, train, truck, boat,
    traffic light, fire hydrant, stop sign, parking meter, bench, bird, cat, dog, horse, sheep,
    cow, elephant, bear, zebra, giraffe, backpack, umbrella, handbag, tie, suitcase, frisbee,
    skis, snowboard, sports ball, kite, baseball bat, baseball glove, skateboard, surfboard,
    tennis racket, bottle, wine glass, cup, fork, knife, spoon, bowl, banana, apple, sandwich,
    orange, broccoli, carrot, hot dog, pizza, donut, cake, chair, couch, potted plant, bed,
    dining table, toilet, tv, laptop, mouse, remote, keyboard, cell phone, microwave, oven,
    toaster, sink, refrigerator, book, clock, vase, scissors, teddy bear, hair drier, toothbrush,
    banner, blanket, bridge, cardboard, counter, curtain, door-stuff, floor-wood, flower, fruit,
    gravel, house, light, mirror-stuff, net, pillow, platform, playingfield, railroad, river,
    road, roof, sand, sea, shelf, snow, stairs, tent, towel, wall-brick, wall-stone, wall-tile,
    wall-wood, water-other, window-blind, window-other, tree-merged, fence-merged,
    ceiling-merged, sky-other-merged, cabinet-merged, table-merged, floor-other-merged,
    pavement-merged, mountain-merged, grass-merged, dirt-merged, paper-merged,
    food-other-merged, building-other-merged, rock-merged, wall-other-merged,
    rug-merged"""
COCO = [name.strip() for name in _NAMES.split(",")]
