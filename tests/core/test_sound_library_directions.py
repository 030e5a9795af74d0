"""A search by sound gives what its definition says, whatever has happened to library and file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.progress import silent
from blender_see2sound.core.sounds.library.directions import BETTER, MOST, near
from blender_see2sound.core.sounds.library.index import (
    Entry,
    Index,
    Stamp,
    index_path,
    with_index,
)
from blender_see2sound.core.sounds.library.listening import packed, unpacked

WIDTH = 24


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "recordings"


def directions(count: int, seed: int, width: int = WIDTH) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


OTHERS = directions(9, 99)


def fill(library: Path, heard: NDArray[np.float32]) -> None:
    def put(index: Index) -> None:
        index.put(
            Entry(f"{n}.wav", Stamp(1, 1), 1.0, words=("a", "", "", "")) for n in range(len(heard))
        )
        paths = {path: file for file, path in index.unheard("clap")}
        index.keep_embeddings("clap", {paths[f"{n}.wav"]: packed(h) for n, h in enumerate(heard)})

    with_index(library, put)


def searched(
    library: Path, prompts: NDArray[np.float32], others: NDArray[np.float32] = OTHERS
) -> tuple[list[dict[int, float]], int]:
    """What is found, and how often the descriptions were read."""
    asked: list[int] = []

    def read() -> NDArray[np.float32]:
        asked.append(1)
        return others

    found = with_index(library, lambda index: near(index, library, "clap", prompts, read, silent))
    return found, len(asked)


def defined(library: Path, prompts: NDArray[np.float32]) -> list[dict[int, float]]:
    """What sounds like each prompt, one recording after the other."""
    kept = with_index(library, lambda index: list(index.all_embeddings("clap")))
    result = []
    for prompt in prompts:
        fits = {}
        for file, vector in kept:
            fit = float(unpacked(vector) @ prompt) if vector else -1.0
            if fit > 0.0 and np.count_nonzero(OTHERS @ unpacked(vector) > fit) <= BETTER:
                fits[file] = fit
        best = sorted(fits, key=lambda file: (-fits[file], file))[:MOST]
        result.append({file: fits[file] for file in best})
    return result


def same(found: list[dict[int, float]], wanted: list[dict[int, float]]) -> bool:
    return all(
        list(a) == list(b) and np.allclose([*a.values()], [*b.values()], atol=1e-5)
        for a, b in zip(found, wanted, strict=True)
    )


def test_what_sounds_like_a_prompt_is_found(library: Path) -> None:
    fill(library, directions(300, 1))
    prompts = directions(6, 2)
    wanted = defined(library, prompts)
    assert max(map(len, wanted)) == MOST
    assert same(searched(library, prompts)[0], wanted)
    # One that is itself among the descriptions is no rival of itself.
    assert searched(library, OTHERS[:1])[0][0]


def test_what_has_changed_is_found_as_it_is_now(library: Path) -> None:
    fill(library, directions(50, 1))
    prompts = directions(4, 2)
    assert searched(library, prompts)[1] == 1
    assert searched(library, prompts)[1] == 0  # nothing has changed: the descriptions stay unread
    gone = next(iter(defined(library, prompts)[0]))
    path = with_index(library, lambda index: index.found([gone])[0].path)
    changes = (
        lambda index: index.remove([path]),
        lambda index: index.keep_embeddings("clap", {3: packed(prompts[1]), 4: b""}),
        lambda index: index.put([Entry("5.wav", Stamp(2, 2), 1.0, words=("a", "", "", ""))]),
    )
    for change in changes:
        before = defined(library, prompts)
        with_index(library, change)
        found, asked = searched(library, prompts)
        assert asked == 1
        assert same(found, defined(library, prompts))
        assert found != before
    with_index(library, lambda index: index.remove([f"{n}.wav" for n in range(50)]))
    assert searched(library, prompts)[0] == [{}, {}, {}, {}]


@pytest.mark.parametrize("content", [b"", b"{}", b"nothing" * 999, b'{"count": "x"}' + b" " * 1010])
def test_a_damaged_file_is_made_anew(library: Path, content: bytes) -> None:
    fill(library, directions(30, 1))
    prompts = directions(2, 2)
    wanted, _ = searched(library, prompts)
    file = index_path(library).with_suffix(".heard")
    whole = file.read_bytes()
    for damaged in (content, whole[:-1]):
        file.write_bytes(damaged)
        assert searched(library, prompts) == (wanted, 1)


def test_what_another_width_has_made_is_left_out(library: Path) -> None:
    fill(library, directions(10, 1))
    found, _ = searched(library, directions(1, 2, 8), directions(9, 3, 8))
    assert found == [{}]


def test_a_file_that_cannot_be_written_is_told(library: Path) -> None:
    fill(library, directions(10, 1))
    index_path(library).with_suffix(".heard").mkdir()
    with pytest.raises(See2SoundError, match=r"\.heard"):
        searched(library, directions(1, 2))
