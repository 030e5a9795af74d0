"""What tests of models share: none goes to the network or to this computer's models, and none leaves one behind."""

from __future__ import annotations

import gc
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from blender_see2sound.core.models import keeper


def pytest_collection_finish() -> None:
    """What was imported stays: looking through it each time that a model goes takes long."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever goes to the network fails."""

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("it has gone to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def alone(offline: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No network, no models of this computer's; afterwards none is kept, and signals are as before."""
    monkeypatch.setenv("SEE2SOUND_MODELS", str(tmp_path / "none"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)
    keeper.release()


@pytest.fixture(scope="module")
def tidied() -> Iterator[None]:
    """Models are kept from test to test, and let go of after the last one of a file."""
    yield
    keeper.release()


@pytest.fixture(scope="module")
def generators(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with a tiny one of each kind of generator."""
    from .tiny_generators import save_audioldm2, save_stable_audio, save_stable_audio3

    folder = tmp_path_factory.mktemp("models")
    for save in (save_audioldm2, save_stable_audio, save_stable_audio3):
        save(folder)
    gc.freeze()  # the libraries that came with them
    return folder
