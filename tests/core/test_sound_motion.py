"""Motion and presence drive sounds; lengths, layers and files of sounds."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blender_see2sound.core.audio import SAMPLE_RATE
from blender_see2sound.core.errors import Cancelled, See2SoundError
from blender_see2sound.core.progress import silent
from blender_see2sound.core.scene import Motion, Source
from blender_see2sound.core.sounds import Making, write_sound
from blender_see2sound.core.sounds.built_in import ProceduralMaker

from .sounding import (
    centroid,
    clip_of,
    during,
    level_curve,
    moving,
    onsets,
    rhythm,
    rms,
    sound,
    still,
)


def test_steps_only_while_it_walks() -> None:
    samples = sound(moving("footsteps", lambda t: 1.4 if t < 5.0 else 0.0, 10.0), 10.0)
    assert rms(during(samples, 1.0, 4.5)) > 0.003
    assert rms(during(samples, 6.5, 10.0)) < 1e-4


@pytest.mark.parametrize(
    ("speed", "low", "high"), [(0.9, 1.3, 1.7), (1.4, 1.7, 2.1), (3.0, 2.5, 3.1)]
)
def test_steps_come_at_the_rate_of_the_speed(speed: float, low: float, high: float) -> None:
    samples = sound(moving("footsteps on gravel", lambda t: speed, 12.0), 12.0)
    assert low <= rhythm(samples, 0.8, 4.0) <= high


def test_counted_steps_fit_the_rate() -> None:
    samples = sound(moving("footsteps", lambda t: 1.4, 12.0), 12.0)
    assert 20 <= len(onsets(samples, apart=0.3)) <= 26


def test_a_trembling_track_of_one_who_stands_makes_no_steps() -> None:
    shake = np.random.default_rng(3).normal(0.0, 0.3, 200)
    source = moving("footsteps", lambda t: float(shake[int(t * 10)]), 10.0)
    assert rms(sound(source, 10.0)) < 1e-3


def test_words_make_a_still_source_walk() -> None:
    assert rms(sound(still("footsteps"), 4.0)) > 0.003
    assert rms(sound(still("a person"), 4.0)) < 0.003


@pytest.mark.parametrize(
    "prompt",
    ["footsteps", "a dog barking", "impacts", "drops of water", "a horse galloping", "bell"],
)
def test_absence_silences_events(prompt: str) -> None:
    gone = lambda t: 0.0 if 6.0 <= t < 18.0 else 1.0  # noqa: E731
    samples = sound(moving(prompt, lambda t: 1.5, 24.0, presence=gone), 24.0)
    here = max(rms(during(samples, 0.0, 6.0)), rms(during(samples, 18.0, 24.0)))
    assert rms(during(samples, 13.0, 18.0)) < 0.01 * here


def test_a_source_seen_for_two_seconds_is_heard_in_them() -> None:
    seen = lambda t: 1.0 if 7.0 <= t <= 9.0 else 0.0  # noqa: E731
    for seed in range(1, 6):
        samples = sound(moving("dog barking", lambda t: 0.0, 12.0, presence=seen, seed=seed), 12.0)
        assert rms(during(samples, 7.0, 9.5)) > 0.005
        assert rms(during(samples, 0.0, 6.8)) < 1e-5


def test_presence_does_not_scale_what_goes_on() -> None:
    """The mix does that; twice would be wrong."""
    full = sound(moving("rain", lambda t: 0.0, 4.0), 4.0)
    half = sound(moving("rain", lambda t: 0.0, 4.0, presence=lambda t: 0.4), 4.0)
    assert np.array_equal(full, half)


def test_distance_does_not_change_a_sound() -> None:
    near = still("rain")
    far = dataclasses.replace(near, positions=((0.0, 60.0, 0.0),))
    assert np.array_equal(sound(near, 2.0), sound(far, 2.0))


def test_whoosh_is_louder_and_brighter_when_faster() -> None:
    slow, fast = (sound(moving("whoosh", lambda t, v=v: v, 5.0), 5.0) for v in (2.0, 10.0))
    assert rms(fast) > 3.0 * rms(slow)
    assert centroid(fast) > 1.5 * centroid(slow)
    assert rms(sound(still("a painted vase", kind="point"), 3.0)) < 0.01


def test_an_engine_revs_up() -> None:
    samples = sound(moving("car", lambda t: 0.0 if t < 4.0 else 4.5, 10.0), 10.0)
    idle, driving = during(samples, 1.0, 3.5), during(samples, 6.5, 9.5)
    assert rms(driving) > 1.3 * rms(idle)
    assert centroid(driving) > centroid(idle)


def test_rails_clack_faster_when_the_train_is_faster() -> None:
    slow, fast = (sound(moving("train", lambda t, v=v: v, 10.0), 10.0) for v in (6.0, 24.0))
    assert rms(fast) > 1.5 * rms(slow)


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.1, 0.99999, 1.00001, 3.3333])
def test_lengths(seconds: float) -> None:
    for prompt in ("footsteps in the rain", "crowd", "thunder", ""):
        samples = sound(still(prompt), seconds)
        assert len(samples) == round(seconds * SAMPLE_RATE)
        assert np.all(np.isfinite(samples))


def test_layers_sound_together() -> None:
    alone = sound(still("rain"), 3.0)
    both = sound(still("rain and church bells"), 3.0)
    assert rms(both) > rms(alone)


def test_many_layers_stay_below_the_ceiling() -> None:
    samples = sound(still("loud thunder, huge explosion, heavy truck, loud horn", seed=4), 8.0)
    assert np.max(np.abs(samples)) <= 10.0 ** (-1.0 / 20.0)


def test_progress_rises_and_cancels() -> None:
    told: list[float] = []
    sources = [still("wind"), still("rain")]
    made = ProceduralMaker().make(sources, clip_of(5.0), Making(), lambda phase, f: told.append(f))
    lengths = [sum(map(len, take.blocks)) for (take,) in made]
    assert lengths == [240_000, 240_000]
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) >= 10

    def stop(phase: str, fraction: float) -> None:
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        [
            [*take.blocks]
            for (take,) in ProceduralMaker().make(sources, clip_of(5.0), Making(), stop)
        ]


# ------------------------------------------------------------------ files


def test_a_written_sound_reads_back(tmp_path: Path) -> None:
    samples = sound(still("fire"), 1.0)
    path = tmp_path / "sounds" / "Feuer ü 火.wav"
    write_sound(path, samples, SAMPLE_RATE)
    read, rate = soundfile.read(path, dtype="float32")
    assert rate == SAMPLE_RATE
    assert np.array_equal(read, samples)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_written_sound_has_no_date(tmp_path: Path) -> None:
    path = tmp_path / "s1.wav"
    write_sound(path, np.zeros(100, np.float32), SAMPLE_RATE)
    data = path.read_bytes()
    peak = data.index(b"PEAK") + 8
    assert data[peak : peak + 4] == (1).to_bytes(4, "little")  # the chunk's version
    assert data[peak + 4 : peak + 8] == bytes(4)  # when libsndfile wrote it


def test_a_sound_that_cannot_be_written_names_the_place(tmp_path: Path) -> None:
    (tmp_path / "sounds").write_text("a file where a folder should be")
    with pytest.raises(See2SoundError) as caught:
        write_sound(tmp_path / "sounds" / "s1.wav", np.zeros(10, np.float32), SAMPLE_RATE)
    assert "s1.wav" in caught.value.what


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk without room."""
    import subprocess
    import sys

    code = (
        "import resource, signal, sys, numpy as np\n"
        "from blender_see2sound.core.sounds import write_sound\n"
        "from blender_see2sound.core.errors import See2SoundError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    write_sound(sys.argv[1], np.zeros(480_000, np.float32), 48_000)\n"
        "except See2SoundError as error:\n"
        "    print(error.kind, error.what)\n"
    )
    path = tmp_path / "s1.wav"
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, timeout=300
    )
    assert done.stdout.startswith("no-space"), done
    assert str(path) in done.stdout
    assert not list(tmp_path.iterdir())


def test_silent_progress_is_enough() -> None:
    assert not [*ProceduralMaker().make([], clip_of(1.0), Making(), silent)]


# ------------------------------------------------------------------ impacts that the picture shows

SEEN = (0.7, 1.25, 1.72, 2.4, 2.95, 3.61)


def seen(prompt: str, strengths: tuple[float, ...] = (1.0,) * 6) -> Source:
    """Something that moves at a metre a second and strikes at known moments."""
    motion = Motion((0.0, 4.5), (1.0, 1.0), SEEN, strengths)
    return dataclasses.replace(moving(prompt, lambda t: 0.0, 4.5), motion=motion)


@pytest.mark.parametrize(
    "prompt",
    ["footsteps", "footsteps on gravel", "a ball bouncing", "impacts", "metal", "knocking"],
)
def test_what_strikes_is_heard_when_it_is_seen(prompt: str) -> None:
    level = level_curve(sound(seen(prompt), 4.5))
    before = [level[int(100 * t) - 6 : int(100 * t) - 1].max() for t in SEEN]
    after = [level[int(100 * t) : int(100 * t) + 6].max() for t in SEEN]
    assert np.median(np.divide(after, np.maximum(before, 1e-5))) > 3.0


def test_harder_impacts_are_louder() -> None:
    strengths = (1.0, 0.2, 1.0, 0.2, 1.0, 0.2)
    samples = sound(seen("impacts", strengths), 4.5)
    loud = [rms(during(samples, t, t + 0.08)) for t in SEEN]
    assert min(loud[::2]) > 2.0 * max(loud[1::2])


def test_what_only_moves_is_heard_to_strike() -> None:
    samples = sound(seen("soft rustle and handling of something that moves"), 4.5)
    found = onsets(samples, apart=0.3)
    assert np.median([np.abs(found - t).min() for t in SEEN]) < 0.03


def test_feet_seen_now_and_then_do_not_silence_the_others() -> None:
    """Two far apart are no walk: the rhythm of the speed holds."""
    motion = Motion((0.0, 6.0), (1.3, 1.3), (1.0, 4.0), (1.0, 1.0))
    source = dataclasses.replace(moving("footsteps", lambda t: 0.0, 6.0), motion=motion)
    assert len(onsets(sound(source, 6.0), apart=0.3)) >= 8


def test_measured_speed_counts_for_more_than_a_track() -> None:
    """A camera that follows keeps a car in the middle: its track stands, its motion does not."""
    motion = Motion((0.0, 3.9, 4.1, 8.0), (0.0, 0.0, 6.0, 6.0))
    source = dataclasses.replace(moving("car", lambda t: 0.0, 8.0), motion=motion)
    samples = sound(source, 8.0)
    assert rms(during(samples, 5.5, 7.5)) > 1.3 * rms(during(samples, 1.0, 3.5))
