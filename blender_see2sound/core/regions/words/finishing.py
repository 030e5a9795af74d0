"""The last step of every describer: labels told apart, and sources that are not seen."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ...media import OpenClip
from ..protocol import Region
from .hearing import Words
from .offscreen import off_screen_regions
from .places import Place

#: Longest side of the thumbnail of a source that is not seen, pixels.
THUMBNAIL = 256


def finished(
    regions: Sequence[Region],
    words: Sequence[Words],
    clip: OpenClip,
    place: Place | None,
    *,
    off_screen: bool,
    unseen: Sequence[Words] = (),
) -> list[Region]:
    """Give regions their words; with `off_screen`, what is heard and not seen follows them.

    Parameters
    ----------
    regions : sequence of Region
    words : sequence of Words
        One for each; equal labels are numbered.
    clip : OpenClip
    place : Place or None
        What kind of place the scene shows.
    off_screen : bool
        Whether sources that are not seen are added.
    unseen : sequence of Words
        What a model says may be heard and not seen; what the place suggests follows it.
    """
    labels = _numbered([one.label for one in words])
    described = [
        dataclasses.replace(region, label=label, prompt=one.prompt)
        for region, label, one in zip(regions, labels, words, strict=True)
    ]
    if not off_screen:
        return described
    suggested = [*unseen, *(place.unseen if place else ())]
    scene = clip.frame_at(clip.duration / 2, THUMBNAIL).image
    return described + off_screen_regions(suggested, described, clip.size[0], scene)


def _numbered(labels: Sequence[str]) -> list[str]:
    """The labels, equal ones told apart by numbers."""
    seen: dict[str, int] = {}
    result = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        result.append(f"{label} {seen[label]}" if labels.count(label) > 1 else label)
    return result
