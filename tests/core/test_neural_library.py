"""Where CLAP is here, recordings are heard too: a tiny random one in the published layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch")
pytest.importorskip("transformers")

from blender_see2sound.core import parts
from blender_see2sound.core.models.keeper import Computing, release
from blender_see2sound.core.progress import silent
from blender_see2sound.core.sounds import SAMPLE_RATE, Making
from blender_see2sound.core.sounds.clap import Clap
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
