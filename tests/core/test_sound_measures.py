"""Every family of sounds by figures: as recordings of its kind are, and lower when it is larger."""

from __future__ import annotations

import re
import tracemalloc
from functools import lru_cache

import numpy as np
import pytest

from blender_see2sound.core.audio.loudness import LoudnessMeter
from blender_see2sound.core.progress import silent
from blender_see2sound.core.scene import Source
from blender_see2sound.core.sounds import Choice, Making
from blender_see2sound.core.sounds.built_in import ProceduralMaker, blocks_of
from blender_see2sound.core.sounds.families import FAMILIES
from blender_see2sound.core.sounds.size import size_of

from .measured import EXPECTED, Figures, measured
from .sounding import Samples, centroid, clip_of, family, rhythm, still

NAMES = sorted(FAMILIES)


@lru_cache(maxsize=128)
def figures(name: str) -> Figures:
    return measured(family(name, 1, 9.0))


def test_every_family_is_in_the_table() -> None:
    assert EXPECTED.keys() == FAMILIES.keys()


@pytest.mark.gate
@pytest.mark.parametrize("name", NAMES)
def test_lies_where_recordings_of_its_kind_lie(name: str) -> None:
    assert not EXPECTED[name].outside(figures(name))


@pytest.mark.gate
def test_another_family_in_its_place_is_noticed() -> None:
    """The control: of all swaps of one family for another, nine in ten do not pass."""
    fit = {
        name: [o for o in NAMES if o != name and not EXPECTED[name].outside(figures(o))]
        for name in NAMES
    }
    assert sum(map(len, fit.values())) < 0.1 * len(NAMES) * (len(NAMES) - 1)
    assert all(len(others) <= len(NAMES) // 4 for others in fit.values()), fit


@pytest.mark.parametrize("name", NAMES)
def test_tells_its_physics_and_where_that_is_written(name: str) -> None:
    physics = FAMILIES[name].physics
    assert len(physics) > 60
    assert re.search(r"\b(1[89]|20)\d\d\b|Fletcher and Rossing|DIN \d+", physics)


# ------------------------------------------------------------------ size


def loudness(samples: Samples) -> float:
    """LUFS."""
    meter = LoudnessMeter()
    meter.push(samples[None])
    value = meter.integrated()
    assert value is not None
    return value


def seen(prompt: str, metres: float, seed: int = 1) -> Source:
    """A thing of this size, still, 8 m away, in a picture 640 pixels wide."""
    half = 0.5 * metres * 320.0 / np.tan(np.radians(25.0)) / 8.0
    box = (320.0 - half, 180.0 - half, 320.0 + half, 180.0 + half)
    return Source(
        "s1", "", prompt, "point", (0.0,), ((0.0, 8.0, 0.0),), (box,), (1.0,), seed=seed
    )  # fmt: skip


def made(source: Source, seconds: float = 6.0) -> Samples:
    (takes,) = ProceduralMaker().make([source], clip_of(seconds), Making(), silent)
    return np.concatenate([*takes[0].blocks])


@pytest.mark.parametrize("metres", [0.2, 0.7, 2.0])
def test_size_is_read_from_box_distance_and_view(metres: float) -> None:
    assert size_of(seen("dog", metres), clip_of(5.0)) == pytest.approx(metres, rel=1e-6)


def test_a_box_that_the_edge_cuts_does_not_count_beside_whole_ones() -> None:
    whole = seen("dog", 0.7)
    cut = (0.0, 0.0, 40.0, 360.0)
    source = Source(
        "s1", "", "dog", "point", (0.0, 1.0, 2.0), whole.positions * 3,
        (cut, whole.boxes[0], cut), (1.0,) * 3,
    )  # fmt: skip
    assert size_of(source, clip_of(5.0)) == pytest.approx(0.7, rel=1e-6)


def test_what_was_never_seen_has_no_size_and_sounds_as_usual() -> None:
    assert size_of(still("a dog barking"), clip_of(5.0)) is None
    assert np.array_equal(
        made(still("a dog barking")),
        np.concatenate([*blocks_of(still("a dog barking"), 6.0, silent)]),
    )


#: Families whose size counts: a small and a large one, metres, both plausible.
SIZES = {
    "dog": (0.35, 1.1),
    "cat": (0.3, 0.6),
    "cow": (1.2, 2.2),
    "crow": (0.25, 0.6),
    "frog": (0.05, 0.15),
    "birds": (0.1, 0.25),
    "buzzing": (0.01, 0.02),
    "paws": (0.35, 1.1),
    "hooves": (1.3, 2.3),
    "wings": (0.2, 0.9),
    "bell": (0.3, 1.8),
    "chime": (0.2, 0.5),
    "metal": (0.15, 0.5),
    "glass": (0.2, 0.8),
    "impact": (0.25, 1.0),
    "ball": (0.12, 0.4),
    "door": (0.8, 2.2),
    "explosion": (3.0, 9.0),
    "scraping": (0.4, 1.5),
    "car": (1.6, 3.2),
    "truck": (2.8, 6.0),
    "motorcycle": (1.0, 2.0),
    "motorboat": (2.2, 5.0),
    "tractor": (2.0, 4.5),
    "jet": (8.0, 25.0),
    "propeller": (1.4, 6.0),
    "helicopter": (3.0, 8.0),
    "fan": (0.2, 0.9),
    "machine": (0.6, 2.4),
    "splash": (0.35, 1.3),
    "waterfall": (1.0, 10.0),
    "stream": (1.0, 4.0),
    "sea": (4.0, 15.0),
    "pouring": (0.08, 0.28),
    "fire": (0.3, 2.5),
    "whoosh": (0.2, 0.9),
}


@pytest.mark.gate
@pytest.mark.parametrize("name", SIZES)
def test_larger_is_lower(name: str) -> None:
    small, large = (
        np.mean([centroid(family(name, s, 4.0, m)) for s in (1, 2)]) for m in SIZES[name]
    )
    assert large < 0.87 * small


@pytest.mark.gate
@pytest.mark.parametrize("name", SIZES)
def test_larger_is_louder(name: str) -> None:
    """About by the surface, 6 dB a doubling; single calls and waves differ."""
    small, large = (loudness(family(name, 1, 4.0, metres)) for metres in SIZES[name])
    doublings = np.log2(SIZES[name][1] / SIZES[name][0])
    assert 0.5 < large - small < 9.0 * doublings


@pytest.mark.parametrize("name", ["voice", "siren", "knocking", "rain", "typing", "wind"])
def test_where_size_does_not_tell_it_changes_nothing(name: str) -> None:
    """The control."""
    assert np.array_equal(family(name, 1, 1.0, 0.3), family(name, 1, 1.0, 3.0))


def test_absurd_sizes_stay_within_what_such_things_are() -> None:
    """A wrong distance must not make a dog a mouse or a whale."""
    assert np.array_equal(family("dog", 1, 3.0, 0.001), family("dog", 1, 3.0, 0.01))
    assert np.array_equal(family("dog", 1, 3.0, 50.0), family("dog", 1, 3.0, 500.0))
    assert centroid(family("dog", 1, 3.0, 50.0)) > 250.0
    assert centroid(family("dog", 1, 3.0, 0.001)) < 4000.0


def test_a_big_dog_that_is_seen_barks_lower_than_a_small_one() -> None:
    assert centroid(made(seen("dog barking", 1.1))) < 0.7 * centroid(made(seen("dog barking", 0.4)))


def test_a_small_helicopter_slaps_quicker() -> None:
    small, usual = (rhythm(family("helicopter", 1, 4.0, m), 5.0, 40.0) for m in (3.5, 5.5))
    assert small > 1.4 * usual


# ------------------------------------------------------------------ long clips


@pytest.mark.gate
@pytest.mark.parametrize("name", ["wind", "stream", "voice"])
def test_memory_hardly_grows_with_length(name: str) -> None:
    """Blocks are made as they are asked for; what grows is some curves at 100 values a second."""

    def peak(seconds: float) -> int:
        tracemalloc.start()
        for _ in blocks_of(still(""), seconds, silent, [Choice(name, 1.0)]):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(40.0)  # what is kept for later is not counted
    grown = (peak(40.0) - peak(20.0)) / 20.0
    assert grown < 48_000 * 4 / 4  # a quarter of the sound itself
