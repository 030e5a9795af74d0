"""What a written sound says of itself can be read back, however long it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from blender_see2sound.core.sounds.writing import write_sound


@pytest.mark.parametrize("letter", ["x", "é", "雨", "🐕", "\ud800"])
@pytest.mark.parametrize("times", [1, 600, 3000])
def test_a_comment_of_any_length_can_be_read(tmp_path: Path, letter: str, times: int) -> None:
    comment = "Synthetic sound: " + letter * times
    write_sound(tmp_path / "a.wav", np.zeros(9, np.float32), comment=comment)
    with soundfile.SoundFile(tmp_path / "a.wav") as file:
        assert file.software.startswith("See2Sound")
        read = file.comment
    assert read.startswith("Synthetic sound: ")
    whole = comment.encode("utf-8", "replace").decode()
    assert read == whole or (read.endswith("…") and whole.startswith(read[:-1]) and len(read) > 500)
