"""Which source found now is which speaker of an earlier time: by region, word, or id."""

from __future__ import annotations

import json
from collections.abc import Sequence

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.scene import Source

#: Mean overlap (intersection over union) from which two tracks are the same thing.
SAME = 0.3
_SAMPLES = 48


def match(
    sources: Sequence[Source], speakers: Sequence[bpy.types.Object]
) -> dict[str, bpy.types.Object]:
    """Pair sources with speakers, the best overlaps first.

    Returns
    -------
    dict
        Speakers by the id of their source; each once.
    """
    scores = []
    for source in sources:
        for speaker in speakers:
            score = _overlap(source, speaker)
            if score >= SAME:
                scores.append((-score, source.id, speaker.name, speaker))
    pairs: dict[str, bpy.types.Object] = {}
    taken: set[str] = set()
    for _, source_id, name, speaker in sorted(scores, key=lambda row: row[:3]):
        if source_id not in pairs and name not in taken:
            pairs[source_id] = speaker
            taken.add(name)
    return pairs


def _overlap(source: Source, speaker: bpy.types.Object) -> float:
    """Mean overlap of two tracks over the time that both tell of; a bed only matches a bed."""
    settings = speaker.data.see2sound
    track = _track(settings.boxes)
    if track is None:
        return 1.0 if settings.source_id == source.id else 0.0
    times, boxes = track
    if not len(boxes) or not source.boxes:
        # What is not seen is known by its word.
        alike = len(boxes) == len(source.boxes) and settings.label == source.label
        return 1.0 if alike else 0.0
    if (settings.kind == "ambience") != (source.kind == "ambience"):
        return 0.0
    end = max(times[-1], source.times[-1])
    at = np.linspace(min(times[0], source.times[0]), end, _SAMPLES)
    a = _at(at, np.asarray(source.times), np.asarray(source.boxes, dtype=np.float64))
    b = _at(at, times, boxes)
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    common = np.prod(np.maximum(high - low, 0.0), axis=1)
    both = np.prod(a[:, 2:] - a[:, :2], axis=1) + np.prod(b[:, 2:] - b[:, :2], axis=1) - common
    score = float(np.mean(common / np.maximum(both, 1e-9)))
    # Of two equal overlaps the same word decides.
    return score + (0.05 if settings.label == source.label else 0.0)


def _at(
    at: NDArray[np.float64], times: NDArray[np.float64], boxes: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.stack([np.interp(at, times, column) for column in boxes.T], axis=1)


def _track(text: str) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Times (N,) and boxes (N, 4), none for what is not seen; None where it was edited by hand."""
    try:
        track = json.loads(text or "{}")
        times = np.asarray(track["times"], dtype=np.float64)
        boxes = np.asarray(track["boxes"], dtype=np.float64).reshape(-1, 4)
    except (ValueError, KeyError, TypeError):
        return None
    return (times, boxes) if len(boxes) == len(times) else None
