"""Where CLAP is here, recordings are heard too: a tiny random one in the published layout."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch")
pytest.importorskip("transformers")

from blender_see2sound.core import parts
from blender_see2sound.core.audio import SAMPLE_RATE
from blender_see2sound.core.catalogue import CLAP
from blender_see2sound.core.cli import run
from blender_see2sound.core.errors import Cancelled, See2SoundError
from blender_see2sound.core.models.devices import choose_device
from blender_see2sound.core.models.folder import locate, models_folder
from blender_see2sound.core.models.keeper import Computing, release
from blender_see2sound.core.progress import silent
from blender_see2sound.core.scene import SoundScene
from blender_see2sound.core.scene_file import write_scene
from blender_see2sound.core.sounds import Making
from blender_see2sound.core.sounds.clap import Clap, load
from blender_see2sound.core.sounds.library.browsing import browse
from blender_see2sound.core.sounds.library.categories import described
from blender_see2sound.core.sounds.library.directions import BETTER
from blender_see2sound.core.sounds.library.index import index_path, with_index
from blender_see2sound.core.sounds.library.listening import kept_as, listen
from blender_see2sound.core.sounds.protocol import Made

from . import tiny_generators
from .sounding import clip_of, still


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no-cache"))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number in range(4):
        noise = np.random.default_rng(number).normal(0.0, 0.1, 2 * SAMPLE_RATE)
        soundfile.write(folder / f"Rain {'abcd'[number]}.wav", noise, SAMPLE_RATE)
    return folder


def made(library: Path, models: Path) -> list[Made]:
    maker = parts.load("maker", "library", Computing(device="cpu", models=models))
    making = Making(candidates=4, library=library)
    (takes,) = maker.make([still("rain")], clip_of(2.0), making, silent)
    return list(takes)


def test_takes_come_in_the_order_of_how_they_sound(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    tiny_generators.save_clap(models)
    heard: list[int] = []
    hear = Clap.hear

    def counted(self: Clap, recordings, progress):
        heard.append(len(recordings))
        return hear(self, recordings, progress)

    monkeypatch.setattr(Clap, "hear", counted)
    try:
        takes = made(library, models)
        fits = [take.origin.fit for take in takes]
        assert None not in fits
        assert fits == sorted(fits, key=lambda fit: -(fit or 0.0))
        assert len(set(fits)) == 4
        assert sum(heard) == 4
        # What was heard once is kept; only what has changed is heard again.
        again = made(library, models)
        assert [take.origin.fit for take in again] == fits
        assert sum(heard) == 4
        noise = np.random.default_rng(9).normal(0.0, 0.2, 3 * SAMPLE_RATE)
        soundfile.write(library / "Rain a.wav", noise, SAMPLE_RATE)
        made(library, models)
        assert sum(heard) == 5
    finally:
        release()


def test_without_clap_words_alone_decide(tmp_path: Path, library: Path) -> None:
    takes = made(library, tmp_path / "no models")
    assert [take.origin.recording for take in takes] == [f"Rain {x}.wav" for x in "abcd"]
    assert {take.origin.fit for take in takes} == {None}


def of_other_architecture(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "architectures": ["BertModel"]}))


def with_weights_cut_off(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:2000])


@pytest.mark.parametrize("damage", [of_other_architecture, with_weights_cut_off])
def test_where_clap_is_damaged_words_decide_and_the_person_is_told(
    tmp_path: Path,
    library: Path,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Path], None],
) -> None:
    damage(tiny_generators.save_clap(tmp_path / "models"))
    write_scene(SoundScene(clip_of(2.0), (still("rain"),)), tmp_path / "scene.json")
    asked = ["--models", str(tmp_path / "models"), "--device", "cpu"]
    sounded = ["sound", str(tmp_path / "scene.json"), "--maker", "library", "--library"]
    assert run([*sounded, str(library), *asked]) == 0
    told = capsys.readouterr().out
    assert "warning: recordings were chosen by their words alone" in told
    assert "laion--clap-htsat-unfused" in told
    assert (tmp_path / "sounds/s1.wav").is_file()
    assert run(["library", str(library), "--search", "rain", *asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [hit["path"] for hit in found["hits"]] == [f"Rain {x}.wav" for x in "abcd"]
    assert "clap-htsat-unfused" in found["warnings"][0]
    # Where nothing fits, the error says it too; and to listen without it is an error.
    maker = parts.load("maker", "library", Computing(device="cpu", models=tmp_path / "models"))
    with_index(
        library, lambda index: index.note_listening(kept_as(Computing(models=tmp_path / "models")))
    )
    (none,) = maker.make([still("a trumpet")], clip_of(1.0), Making(library=library), silent)
    assert "clap-htsat-unfused" in str(none)
    assert run(["library", str(library), "--listen", *asked]) == 2


def test_an_index_that_fails_while_clap_hears_is_not_taken_for_claps_fault(
    tmp_path: Path, library: Path
) -> None:
    tiny_generators.save_clap(tmp_path / "models")
    computing = Computing(device="cpu", models=tmp_path / "models")
    browse(library, "", 9, silent)
    with contextlib.closing(sqlite3.connect(index_path(library))) as connection:
        connection.execute(
            "CREATE TRIGGER damage BEFORE INSERT ON embeddings "
            "BEGIN SELECT RAISE(ABORT, 'malformed'); END"
        )
        connection.commit()
    try:
        assert listen(library, computing, silent).heard == 4  # with an index that was made anew
    finally:
        release()


@pytest.fixture
def nameless(tmp_path: Path) -> Path:
    """Recordings whose names say nothing: tones, noises, clicks."""
    folder = tmp_path / "nameless"
    folder.mkdir()
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    for number in range(6):
        rng = np.random.default_rng(number)
        sound = 0.1 * np.sin(2 * np.pi * 110.0 * 2**number * time) + rng.normal(0, 0.02, len(time))
        soundfile.write(folder / f"rec_{number:04}.wav", sound, SAMPLE_RATE)
    (folder / "broken inside.flac").write_bytes(flac_that_breaks_off(folder / "whole.flac"))
    return folder


def flac_that_breaks_off(path: Path) -> bytes:
    """Its header is good, what follows is not."""
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 48_000), SAMPLE_RATE)
    data = path.read_bytes()
    path.unlink()
    return data[:200] + bytes(range(256)) * 20


def clap(models: Path) -> Clap:
    located = locate(CLAP, models_folder(models))
    return load(located, choose_device("cpu"), silent)


def test_what_was_listened_to_is_found_by_its_sound_alone(tmp_path: Path, nameless: Path) -> None:
    models = tmp_path / "models"
    tiny_generators.save_clap(models)
    computing = Computing(device="cpu", models=models)
    try:
        # Before, words alone are looked at, and say nothing.
        for words in described():
            assert browse(nameless, words, 9, silent, computing).hits == ()
        told = listen(nameless, computing, silent)
        assert (told.heard, told.unheard, told.scan.files) == (6, ("broken inside.flac",), 7)
        again = listen(nameless, computing, silent)
        assert (again.heard, again.unheard) == (0, ("broken inside.flac",))
        # As CLAP itself says: those that few other descriptions fit better, the best first.
        model = clap(models)
        files = sorted(nameless.glob("*.wav"))
        heard = model.hear([soundfile.read(f, dtype="float32")[0] for f in files], silent)
        others = heard @ model.read(described()).T
        likeliest = {described()[n] for n in others.argmax(axis=1)}
        found = 0
        for prompt in (*likeliest, "rain on a tin roof"):
            fits = heard @ model.read([prompt])[0]
            alike = (np.count_nonzero(others > fits[:, None], axis=1) <= BETTER) & (fits > 0)
            best = [files[n].name for n in np.argsort(-fits) if alike[n]]
            hits = browse(nameless, prompt, 9, silent, computing).hits
            found += len(hits)
            assert [hit.path for hit in hits] == best
            assert [hit.fit for hit in hits] == pytest.approx(sorted(fits[alike])[::-1], abs=2e-3)
        assert found
    finally:
        release()


def test_words_go_before_what_only_sounds_alike(tmp_path: Path, nameless: Path) -> None:
    models = tmp_path / "models"
    tiny_generators.save_clap(models)
    computing = Computing(device="cpu", models=models)
    (nameless / "rec_0000.wav").rename(nameless / "mallet.wav")
    try:
        # Found by its words it is heard; that does not make others be found by their sound.
        assert len(browse(nameless, "mallet", 9, silent, computing).hits) == 1
        for words in described():
            assert browse(nameless, words, 9, silent, computing).hits == ()
        listen(nameless, computing, silent)

        def hits(words: str) -> list[tuple[str, bool]]:
            found = browse(nameless, words, 9, silent, computing).hits
            return [(hit.path, hit.by_sound) for hit in found]

        words = next(words for words in described() if any(alike for _, alike in hits(words)))
        before = hits(words)
        named = f"{words.removeprefix('the sound of ')}.wav"
        soundfile.write(nameless / named, np.full(SAMPLE_RATE, 1e-3), SAMPLE_RATE)
        assert hits(words)[0] == (named, False)
        assert [hit for hit in hits(words)[1:] if hit[0] != named] == before
    finally:
        release()


def test_a_disk_that_is_taken_out_spoils_nothing(
    tmp_path: Path, nameless: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    tiny_generators.save_clap(models)
    computing = Computing(device="cpu", models=models)
    away = nameless.with_name("away")

    def take_out(phase: str, fraction: float) -> None:
        if phase == "Listening to the recordings" and nameless.exists():
            nameless.rename(away)

    try:
        with pytest.raises(See2SoundError, match="does not exist"):
            listen(nameless, computing, take_out)
        away.rename(nameless)
        told = listen(nameless, computing, silent)
        assert (told.heard, told.unheard) == (6, ("broken inside.flac",))
    finally:
        release()


def test_listening_that_is_cancelled_goes_on_where_it_was(tmp_path: Path, nameless: Path) -> None:
    models = tmp_path / "models"
    tiny_generators.save_clap(models)
    computing = Computing(device="cpu", models=models)
    for number in range(20):
        noise = np.random.default_rng(number).normal(0, 0.1, SAMPLE_RATE // 4)
        soundfile.write(nameless / f"more_{number}.wav", noise, SAMPLE_RATE)

    def stop(phase: str, fraction: float) -> None:
        if phase == "Listening to the recordings" and fraction > 0.6:
            raise Cancelled

    try:
        with pytest.raises(Cancelled):
            listen(nameless, computing, stop)
        rest = listen(nameless, computing, silent)
        assert 0 < rest.heard < 20
        assert listen(nameless, computing, silent).heard == 0
    finally:
        release()


def test_listening_without_clap_says_what_is_missing(tmp_path: Path, library: Path) -> None:
    with pytest.raises(See2SoundError, match="clap-htsat-unfused") as caught:
        listen(library, Computing(device="cpu", models=tmp_path / "none"), silent)
    assert caught.value.kind == "missing-part"


@pytest.mark.parametrize("more", [(), ("--search", "rain")])
def test_to_listen_the_folder_is_walked_once(
    tmp_path: Path,
    library: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
) -> None:
    (library / "inner").mkdir()
    (library / "Rain a.wav").rename(library / "inner" / "Rain a.wav")
    models = tmp_path / "models"
    tiny_generators.save_clap(models)
    walked: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(
        os, "scandir", lambda path: (walked.append(os.path.basename(str(path))), scandir(path))[1]
    )
    common = ["--models", str(models), "--device", "cpu", "--json"]
    try:
        assert run(["library", str(library), "--listen", *more, *common]) == 0
    finally:
        release()
    assert walked.count("inner") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["heard"], len(told["hits"])) == (4, 4 if more else 0)


def test_listening_without_its_packages_names_them(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "torch" else find(name, *more)
    )  # fmt: skip
    with pytest.raises(See2SoundError, match=r"heard here: .*missing: torch\. Install") as caught:
        listen(library, Computing(device="cpu", models=tmp_path / "none"), silent)
    assert caught.value.kind == "missing-part"


def test_the_command_listens_and_searches(tmp_path: Path, nameless: Path, capsys) -> None:
    models = tmp_path / "models"
    tiny_generators.save_clap(models)
    common = ["--models", str(models), "--device", "cpu"]
    try:
        assert run(["library", str(nameless), "--listen", *common, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["heard"], told["unheard"], told["files"]) == (6, ["broken inside.flac"], 7)
        for words in described():
            assert run(["library", str(nameless), "--search", words, *common]) == 0
            if "rec_" in capsys.readouterr().out:
                break
        else:
            pytest.fail("each recording sounds like some category more than like the others")
    finally:
        release()
