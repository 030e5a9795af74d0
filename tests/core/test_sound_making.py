"""Making a scene's sounds: who is left alone, takes, what is said of each sound."""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from blender_see2sound.core.errors import Cancelled, See2SoundError
from blender_see2sound.core.files import Pending
from blender_see2sound.core.pipeline import choose_take, make_sounds, mix_scene
from blender_see2sound.core.scene import SoundScene
from blender_see2sound.core.scene_file import read_scene, write_scene
from blender_see2sound.core.sounds.origin import Origin, add_origin, read_origin
from blender_see2sound.core.sounds.protocol import Making
from blender_see2sound.core.sounds.writing import write_sound

from .sounding import clip_of, still


def scene_file(folder: Path, *prompts: str, **changed: object) -> Path:
    """A scene of one still source per prompt, s1, s2 …; `changed` holds for s1."""
    sources = [dataclasses.replace(still(p, seed=n), id=f"s{n}") for n, p in enumerate(prompts, 1)]
    sources[0] = dataclasses.replace(sources[0], **changed)  # type: ignore[arg-type]
    path = folder / "scene.json"
    folder.mkdir(exist_ok=True)
    write_scene(SoundScene(clip_of(0.5), tuple(sources)), path)
    return path


def keep_origin(origin: Origin, sound: Path) -> None:
    with Pending() as files:
        add_origin(files, origin, sound)
        files.name()


def samples(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32")[0]


def test_every_sound_says_that_it_is_synthetic_and_how_it_came_about(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "wind in trees")
    make_sounds(path, seed=7)
    sound = tmp_path / "sounds" / "s1.wav"
    origin = read_origin(sound)
    assert origin is not None
    assert (origin.synthetic, origin.maker, origin.seed) == (True, "draft", 7)
    assert origin.prompt == "wind in trees"
    assert origin.revision
    assert origin.made.endswith("Z")
    comment = soundfile.SoundFile(sound).comment
    assert comment.startswith("Synthetic sound")
    assert "wind in trees" in comment
    assert "seed 7" in comment


def test_a_mix_lists_what_its_sounds_are(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "wind", "rain, heavy")
    make_sounds(path)
    for name in ("mix.wav", "mix.flac"):
        report = mix_scene(path, tmp_path / name)
        assert len(report.sounds) == 2
        raw = (tmp_path / name).read_bytes()
        assert raw.count(b"Synthetic sound") == 2
        assert b"prompt: rain" in raw
        # What is appended leaves the file whole.
        assert len(samples(tmp_path / name)) == 24_000


def test_a_mix_of_own_recordings_lists_none(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "own.wav", np.full(2400, 0.1), 48_000)
    path = scene_file(tmp_path, "dog", sound="own.wav")
    assert mix_scene(path, tmp_path / "mix.wav").sounds == ()
    assert b"Synthetic" not in (tmp_path / "mix.wav").read_bytes()


def test_a_damaged_sidecar_is_told_and_does_not_stop_a_mix(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "wind")
    make_sounds(path)
    sidecar = tmp_path / "sounds" / "s1.json"
    sidecar.write_text(sidecar.read_text()[:-3])
    report = mix_scene(path, tmp_path / "mix.wav")
    assert any("s1" in w for w in report.warnings)


def test_locked_sources_keep_their_sound(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "wind", "rain")
    make_sounds(path)
    scene = read_scene(path)
    write_scene(scene.replace_source(dataclasses.replace(scene.sources[0], locked=True)), path)
    before = {n: (tmp_path / "sounds" / f"{n}.wav").read_bytes() for n in ("s1", "s2")}
    done = make_sounds(path, seed=99)
    assert done.made == ("s2",)
    assert (tmp_path / "sounds" / "s1.wav").read_bytes() == before["s1"]
    assert (tmp_path / "sounds" / "s2.wav").read_bytes() != before["s2"]
    assert read_scene(path).source("s1").seed != 99
    with pytest.raises(See2SoundError, match="locked"):
        make_sounds(path, only=["s1"])


def test_a_sound_of_ones_own_is_kept_unless_its_source_is_named(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "own.wav", np.zeros(100), 48_000)
    path = scene_file(tmp_path, "wind", "rain", sound="own.wav")
    done = make_sounds(path)
    assert done.made == ("s2",)
    assert any("own.wav" in w for w in done.warnings)
    assert read_scene(path).source("s1").sound == "own.wav"
    make_sounds(path, only=["s1"])
    assert read_scene(path).source("s1").sound == "sounds/s1.wav"
    assert (tmp_path / "own.wav").exists()


def test_takes_differ_can_be_chosen_and_go_with_the_next_making(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "wind")
    make_sounds(path, making=Making(candidates=3))
    files = [tmp_path / "sounds" / "s1.wav"]
    files += [tmp_path / "sounds" / "takes" / f"s1-{n}.wav" for n in (2, 3)]
    heard = [samples(f) for f in files]
    assert all(not np.array_equal(a, b) for a, b in itertools.pairwise(heard))
    seeds = [read_origin(f).seed for f in files]  # type: ignore[union-attr]
    assert len(set(seeds)) == 3
    choose_take(path, "s1", 3)
    assert read_scene(path).source("s1").sound == "sounds/takes/s1-3.wav"
    with pytest.raises(See2SoundError, match="has no take 4"):
        choose_take(path, "s1", 4)
    # Made again with fewer: what is over would not belong to it.
    make_sounds(path, making=Making(candidates=1))
    assert read_scene(path).source("s1").sound == "sounds/s1.wav"
    assert not [*(tmp_path / "sounds" / "takes").iterdir()]


@pytest.mark.parametrize(
    ("asked", "choose"),
    [
        ({"candidates": 0}, "1 to 8"),
        ({"candidates": 9}, "1 to 8"),
        ({"steps": 0}, "1 to 1000"),
        ({"steps": 10**9}, "1 to 1000"),
        ({"guidance": -0.5}, "0 to 50"),
        ({"guidance": float("nan")}, "0 to 50"),
    ],
)
def test_what_no_maker_can_do_is_refused_by_all(asked: dict[str, Any], choose: str) -> None:
    with pytest.raises(See2SoundError, match=choose) as caught:
        Making(**asked)
    assert caught.value.kind == "bad-request"


def test_a_maker_of_its_own_is_asked_for_and_unknown_ones_are_refused(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "wind", maker="no such")
    with pytest.raises(See2SoundError, match="no such"):
        make_sounds(path)
    assert make_sounds(path, only=["s1"], maker="draft").made == ("s1",)
    assert read_scene(path).source("s1").maker == "draft"


def test_cancel_leaves_what_was_there(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "wind", "rain")
    make_sounds(path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

    def stop(phase: str, fraction: float) -> None:
        if fraction > 0.7:
            raise Cancelled

    with pytest.raises(Cancelled):
        make_sounds(path, seed=5, progress=stop)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_take_does_not_replace_what_another_source_sounds_like(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "wind", "rain", sound="sounds/s2.wav")
    write_sound(tmp_path / "sounds" / "s2.wav", np.zeros(100, np.float32), comment="Synthetic")
    with pytest.raises(See2SoundError, match="cannot write"):
        make_sounds(path, only=["s2"])


@given(
    st.builds(
        Origin,
        maker=st.text("abcé", min_size=1),
        synthetic=st.booleans(),
        prompt=st.text(st.characters(codec="utf-8", exclude_characters="\0")),
        seed=st.integers(0, 2**31),
        settings=st.dictionaries(st.text("abc"), st.none() | st.booleans() | st.integers(0, 9)),
        fit=st.none() | st.floats(-1.0, 1.0),
    )
)
def test_an_origin_reads_back_and_its_sentence_is_one_line(origin: Origin) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        sound = Path(name) / "s1.wav"
        write_sound(sound, np.zeros(9, np.float32), comment=origin.sentence())
        keep_origin(origin, sound)
        assert read_origin(sound) == origin
    assert len(origin.sentence().splitlines()) == 1
    assert len(origin.sentence(80)) <= 80


@pytest.mark.parametrize(
    "change",
    [
        {"format": "see2sound-sound/9"},
        {"maker": 3},
        {"fit": 2.0},
        {"settings": {"a": [1]}},
        {"more": 1},
        {"synthetic": "yes"},
    ],
)
def test_a_sidecar_that_breaks_the_format_names_the_field(
    tmp_path: Path, change: dict[str, object]
) -> None:
    sound = tmp_path / "s1.wav"
    write_sound(sound, np.zeros(9, np.float32), comment="Synthetic sound")
    keep_origin(Origin("draft", True), sound)
    row = json.loads(sound.with_suffix(".json").read_text())
    sound.with_suffix(".json").write_text(json.dumps(row | change))
    with pytest.raises(See2SoundError) as caught:
        read_origin(sound)
    assert next(iter(change)) in str(caught.value)


@pytest.mark.parametrize("foreign", [b"{}", b'{"take": 1}', b"\xff\xfe", b"notes"])
def test_another_programs_file_beside_a_sound_is_no_sidecar(tmp_path: Path, foreign: bytes) -> None:
    (tmp_path / "dog.json").write_bytes(foreign)
    soundfile.write(tmp_path / "dog.wav", np.zeros(9), 48_000)
    assert read_origin(tmp_path / "dog.wav") is None


def test_a_sound_says_that_it_is_synthetic_without_its_sidecar(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "wind")
    make_sounds(path)
    (tmp_path / "sounds" / "s1.json").unlink()
    (said,) = mix_scene(path, tmp_path / "mix.wav").sounds
    assert "Synthetic sound" in said
    assert "prompt: wind" in said


def test_a_recording_that_took_the_place_of_a_sound_is_a_persons_own(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "wind", "rain")
    make_sounds(path)
    own = tmp_path / "sounds" / "s1.wav"
    soundfile.write(own, np.full(2400, 0.1), 48_000)
    before = own.read_bytes()
    assert len(mix_scene(path, tmp_path / "mix.wav").sounds) == 1  # the rain's
    assert make_sounds(path).made == ("s2",)
    with pytest.raises(See2SoundError, match="your own"):
        make_sounds(path, only=["s1"])
    assert own.read_bytes() == before


def test_what_was_generated_stays_synthetic_in_a_library(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "a dog barking")
    make_sounds(path)
    library = tmp_path / "library"
    library.mkdir()
    for keeps_sidecar in (True, False):
        shutil.copy(tmp_path / "sounds" / "s1.wav", library / "dog barking.wav")
        if keeps_sidecar:
            shutil.copy(tmp_path / "sounds" / "s1.json", library / "dog barking.json")
        else:
            (library / "dog barking.json").unlink()
        other = scene_file(tmp_path / f"{keeps_sidecar}", "a dog barking")
        make_sounds(other, maker="library", making=Making(library=library))
        sound = other.parent / "sounds" / "s1.wav"
        origin = read_origin(sound)
        assert origin is not None
        assert origin.synthetic
        assert origin.recording == "dog barking.wav"
        assert soundfile.SoundFile(sound).comment.startswith("Synthetic sound (dog barking.wav)")


def test_a_take_that_another_source_sounds_like_stays(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "wind", "rain")
    make_sounds(path, making=Making(candidates=3))
    scene = read_scene(path)
    like = dataclasses.replace(scene.source("s2"), sound="sounds/takes/s1-3.wav")
    write_scene(scene.replace_source(like), path)
    make_sounds(path, only=["s1"])
    assert (tmp_path / "sounds" / "takes" / "s1-3.wav").exists()
    assert not (tmp_path / "sounds" / "takes" / "s1-2.wav").exists()


@pytest.mark.parametrize("way", ["sounds/takes/s1-2.wav", "sounds/s2.json", "sounds/takes"])
def test_what_stands_in_the_way_is_named_before_anything_changes(tmp_path: Path, way: str) -> None:
    path = scene_file(tmp_path, "wind", "rain")
    make_sounds(path)
    stands = tmp_path / way
    stands.unlink(missing_ok=True)
    stands.parent.mkdir(exist_ok=True)
    if stands.name == "takes":
        stands.write_text("a file of a person")
    else:
        stands.mkdir()
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(See2SoundError, match="cannot write"):
        make_sounds(path, seed=5, making=Making(candidates=2))
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_persons_file_in_a_sidecars_place_is_left(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "wind")
    make_sounds(path)
    sidecar = tmp_path / "sounds" / "s1.json"
    sidecar.write_text('{"notes": "mine"}')
    with pytest.raises(See2SoundError, match="your own"):
        make_sounds(path)
    assert sidecar.read_text() == '{"notes": "mine"}'


def test_what_others_change_in_the_scene_meanwhile_stays(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "wind", "rain")
    changed = []

    def change(phase: str, fraction: float) -> None:
        if not changed:
            changed.append(True)
            scene = read_scene(path)
            other = dataclasses.replace(scene.source("s2"), prompt="heavy hail", gain_db=-3.0)
            write_scene(scene.replace_source(other), path)

    make_sounds(path, only=["s1"], prompt="a storm", progress=change)
    scene = read_scene(path)
    assert scene.source("s1").prompt == "a storm"
    assert scene.source("s2").prompt == "heavy hail"
    assert scene.source("s2").gain_db == -3.0


def test_a_locked_source_without_a_sound_gets_its_first(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "wind", locked=True)
    assert make_sounds(path).made == ("s1",)
    assert make_sounds(path).made == ()


def test_a_prompt_that_no_file_can_bear_is_refused(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "wind")
    for words, why in (
        ({"prompt": "\udcff dog"}, "no file can bear"),
        ({"negative_prompt": "a\0b"}, "no file can bear"),
        ({"prompt": "dog " * 250_000}, "more than 2000"),
    ):
        with pytest.raises(See2SoundError, match=why):
            make_sounds(path, **words)
    assert not (tmp_path / "sounds").exists()


def test_the_largest_seed_has_takes_that_can_be_asked_for_again(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "wind")
    make_sounds(path, seed=2**31 - 1, making=Making(candidates=2))
    second = read_origin(tmp_path / "sounds" / "takes" / "s1-2.wav")
    assert second is not None
    assert second.seed == 0


def test_fewer_takes_than_asked_for_are_told(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    noise = np.random.default_rng(1).normal(0.0, 0.1, 48_000)
    for name in ("dog barking.wav", "dog bark 2.wav", "rain.wav"):
        soundfile.write(library / name, noise, 48_000)
    path = scene_file(tmp_path / "scene", "a dog barking", "rain")
    of_library = {"library": library}
    done = make_sounds(path, maker="library", making=Making(candidates=2, **of_library))
    assert done.warnings == ("'s2' has 1 take, not 2: the maker 'library' has no more that fit",)
    done = make_sounds(path, maker="library", making=Making(candidates=1, **of_library))
    assert done.warnings == ()


def test_sources_that_nothing_tells_apart_are_told(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "a car", "a car", "a dog")
    assert make_sounds(path).warnings == ()
    (told,) = make_sounds(path, seed=5).warnings
    assert told.startswith("'s1' and 's2' have the same words and the same seed")


def test_a_sound_like_one_that_was_made_before_is_told(tmp_path: Path) -> None:
    path = scene_file(tmp_path, "a car", "a car", "a dog")
    assert make_sounds(path, making=Making(candidates=2)).warnings == ()
    (told,) = make_sounds(path, only=["s1"], seed=2).warnings
    assert told.startswith("'s1' and 's2' have the same words and the same seed")
    assert make_sounds(path, only=["s3"]).warnings == (), "only what is made now is spoken of"
    # What they sound like counts: another take has another seed.
    choose_take(path, "s2", 2)
    assert make_sounds(path, only=["s1"], seed=2).warnings == ()
    (told,) = make_sounds(path, only=["s1"], seed=3).warnings
    assert told.startswith("'s1' and 's2'")
    # What cannot be compared stops nothing.
    (tmp_path / "sounds" / "takes" / "s2-2.json").write_text('{"format": "see2sound-sound/1"')
    assert make_sounds(path, only=["s1"], seed=3).made == ("s1",)
