"""Recordings in time with the picture: their hits are put where it shows impacts, their level follows motion.

A recording of hits (steps, blows, bounces) is cut into its single events, told by their
attacks and decays (Bello et al., "A tutorial on onset detection in music signals", 2005,
section III); each impact of the picture gets one of them. A recording of what goes on is
left whole, and made louder and softer as the thing moves.

Only sounds that motion makes are changed, and words decide which these are: those whose
families in the procedural bank are driven by speed or by blows (`core.sounds.words`). A
fountain, a talking man or a barking dog sound as they did, however they move. What has
wheels and an engine falls to its idling, what only rubs, rolls or flies falls silent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..audio import SAMPLE_RATE
from ..scene import Source
from .drive import Curve, drive_of
from .families import FAMILIES, calls, voices
from .synth import Events, Render, Samples, decibels, envelope, smooth
from .words import UNKNOWN, families_for

#: Levels are measured this often, samples (2.5 ms), over twice that time.
HOP = 120
#: An attack raises the level by so many dB over what was before.
ATTACK = 10.0
#: How many hops are looked at before and after an attack (30 and 10 ms).
BEFORE, AFTER = 12, 4
#: What is softer than the loudest hit by so many dB is none.
SOFTEST = 26.0
#: Hits closer than this are one: heel and sole, or the rebound of a blow; seconds.
TOGETHER = 0.17
#: A hit falls by so many dB before the next one, else it is no hit but something that goes on.
DECAY = 12.0
#: A hit is no longer than this, seconds.
LONGEST = 2.5
#: A hit is over when it has been at the background's level for so many hops (125 ms).
PAUSE = 50
#: Hits stand out over what is heard half the time by so many dB.
OVER = 15.0
#: A recording with more hits in a second is a texture, like rain or applause.
DENSEST = 6.0
#: What is kept before an attack, seconds.
LEAD = 0.003
#: Hits of a recording are brought this near to their median level, dB.
ALIKE = 4.0
#: How far the weakest impact lies below the hardest, dB.
WEAKEST = -18.0

#: Families that blows or steps drive.
STRUCK = frozenset(
    {"paws", "hooves", "impact", "knocking", "door", "metal", "ball"}
    | {name for name in FAMILIES if name.startswith("footsteps")}
)
#: Families of throats: what also has one may be a recording of that, which no motion makes.
VOCAL = frozenset(family.name for family in (*calls.FAMILIES, *voices.FAMILIES))
#: Families that idle where they stand, and how far below their moving level that is, dB.
IDLING = frozenset({"car", "truck", "motorcycle", "motorboat", "tractor", "train"})
IDLE = -10.0
#: Families that follow speed, beside those that have a usual one.
RUBBING = frozenset({"scraping"})
#: Where the slowest is at least this share of the fastest it moves evenly: nothing to follow.
EVEN = 0.7
#: Level follows speed as tyres, chains and drags do, in pressure: proportional.
#: What rests is this soft, dB.
REST = -48.0


@dataclass(frozen=True)
class Hit:
    """A single event in a recording.

    Attributes
    ----------
    start, stop : int
        Samples; the attack is `LEAD` after the start.
    level : float
        The greatest RMS over 5 ms.
    """

    start: int
    stop: int
    level: float


def hits_of(recording: NDArray[np.float32]) -> tuple[Hit, ...]:
    """The single events of a recording, in order; none where it goes on evenly or is too dense.

    Parameters
    ----------
    recording : (M,) float32 array
        Mono, 48 kHz.
    """
    level = _levels(recording)
    if len(level) < BEFORE + AFTER or np.max(level) <= -120.0:
        return ()
    attacks = _attacks(level)
    if not attacks or len(attacks) > DENSEST * len(recording) / SAMPLE_RATE + 1:
        return ()
    floor = max(float(np.percentile(level, 5)), float(np.max(level)) - 60.0)
    hits = []
    for attack, following in zip(attacks, [*attacks[1:], len(level)], strict=True):
        end = min(following, attack + round(LONGEST * SAMPLE_RATE / HOP))
        stretch = level[attack:end]
        peak = int(np.argmax(stretch[: 2 * BEFORE]))
        fallen = np.flatnonzero(stretch[peak:] < stretch[peak] - DECAY)
        if not len(fallen):
            continue
        loud = np.flatnonzero(stretch > min(floor + 6.0, stretch[peak] - DECAY))
        pauses = np.flatnonzero(np.diff(loud) > PAUSE)
        last = int(loud[pauses[0]] if len(pauses) else loud[-1]) + 1
        start = max(attack * HOP - round(LEAD * SAMPLE_RATE), 0)
        stop = min((attack + max(last, AFTER)) * HOP, len(recording))
        hits.append(Hit(start, stop, decibels(float(stretch[peak]))))
    if 2 * len(hits) <= len(attacks):
        return ()
    over = np.median([20.0 * np.log10(hit.level) for hit in hits]) - np.percentile(level, 40)
    return tuple(hits) if over > OVER else ()


def _levels(recording: NDArray[np.float32]) -> Samples:
    """RMS in dB at every hop."""
    count = len(recording) // HOP
    power = np.zeros(count + 1)
    blocks = recording[: count * HOP].reshape(count, HOP)
    power[:count] = np.einsum("ij,ij->i", blocks, blocks, dtype=np.float64) / HOP
    return 10.0 * np.log10(0.5 * (power[:-1] + power[1:]) + 1e-13)


def _attacks(level: Samples) -> list[int]:
    """The hops at which something begins suddenly, `TOGETHER` apart at least."""
    count = len(level)
    padded = np.concatenate((np.full(BEFORE, np.min(level)), level, np.full(AFTER, level[-1])))
    windows = np.lib.stride_tricks.sliding_window_view
    past = np.mean(windows(padded[: count + BEFORE - 1], BEFORE), axis=1)
    ahead = np.max(windows(padded[BEFORE:], AFTER), axis=1)[:count]
    rise = ahead - past[:count]
    loud = ahead > np.max(level) - SOFTEST
    attacks: list[int] = []
    apart = round(TOGETHER * SAMPLE_RATE / HOP)
    for place in np.flatnonzero((rise > ATTACK) & loud):
        if attacks and place - attacks[-1] < apart:
            continue
        # The attack itself is where within the next hops it rises most.
        steps = np.diff(level[max(place - 1, 0) : place + AFTER + 1])
        attacks.append(int(max(place - 1, 0) + np.argmax(steps) + 1) if len(steps) else int(place))
    return attacks


def conforms(recording: NDArray[np.float32], source: Source) -> bool:
    """Whether the hits of a recording can be put where the picture shows impacts of the source."""
    return is_struck(source) and bool(hits_of(recording))


def is_struck(source: Source) -> bool:
    """Whether the picture shows impacts of a source, and its words name what impacts make sound."""
    if source.motion is None or not source.motion.impacts:
        return False
    families = {c.family for c in families_for(source.label, source.prompt, source.kind)}
    return bool(families & STRUCK) and not families & VOCAL


def conformed(recording: NDArray[np.float32], source: Source, duration: float) -> Render:
    """The hits of a recording, one at each impact of the source, as loud as the impact is hard.

    Parameters
    ----------
    recording : (M,) float32 array
        Mono, 48 kHz; `conforms` has said yes.
    source : Source
        Its seed decides which hit comes where; none comes twice in a row where there are more.
    duration : float
        Seconds of the clip.

    Returns
    -------
    Render
    """
    assert source.motion is not None
    drive = drive_of(source, duration)
    hits = hits_of(recording)
    rng = np.random.default_rng(source.seed)
    usual = float(np.median([hit.level for hit in hits]))
    order: list[int] = []
    while len(order) < len(drive.impacts):
        again = rng.permutation(len(hits)).tolist()
        if order and len(hits) > 1 and again[0] == order[-1]:
            again.append(again.pop(0))
        order += again

    def make(number: int) -> Samples:
        hit = hits[order[number]]
        cut = recording[hit.start : hit.stop].astype(np.float64)
        # Half a sample more: what is cut down to whole samples must not lose one.
        length = (len(cut) + 0.5) / SAMPLE_RATE
        span = decibels(ALIKE)
        even = np.clip(hit.level / usual, 1.0 / span, span) * usual / hit.level
        force = max(float(drive.strengths[number]), decibels(WEAKEST))
        shape = envelope(length, 0.6 * LEAD, min(0.25 * length, 0.1))
        return even * force * cut * shape[: len(cut)]

    return Events(np.maximum(drive.impacts - LEAD, 0.0), make)


def activity(source: Source, duration: float) -> Curve | None:
    """How loud a lasting sound of a source is over the clip, by how it moves.

    Parameters
    ----------
    duration : float
        Seconds of the clip.

    Returns
    -------
    (C,) float array or None
        Gain, 0 to 1, 100 values a second; 1 at its usual speed and above. None leaves the sound
        unchanged: its motion is not known or even, or motion is not what makes it sound.
    """
    if source.motion is None or source.kind != "point":
        return None
    choices = families_for(source.label, source.prompt, source.kind)
    if choices == UNKNOWN[source.kind] or any(c.family in VOCAL for c in choices):
        return None
    first = max(choices, key=lambda choice: choice.weight).family
    if FAMILIES[first].usual_speed is None and first not in RUBBING:
        return None
    drive = drive_of(source, duration)
    here = drive.speed[drive.presence > 0.5]
    if not len(here) or not drive.moving:
        return None
    usual = float(np.percentile(here[here > 0.0], 75)) if np.any(here > 0.0) else 0.0
    if usual == 0.0 or np.percentile(here, 5) > EVEN * np.percentile(here, 95):
        return None
    floor = decibels(IDLE if first in IDLING else REST)
    pace = smooth(np.minimum(drive.speed / usual, 1.0), 0.03)
    # A lag of 30 ms goes both ways, so that the level neither leads nor follows the picture.
    pace = smooth(pace[::-1], 0.03)[::-1]
    return np.maximum(pace, floor)
