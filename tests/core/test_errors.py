"""An error can be shown wherever the person is, whatever names it tells of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blender_see2sound.core.errors import See2SoundError

# Lone surrogates stand for the bytes of paths that are not UTF-8.
texts = st.text(st.characters(codec=None), max_size=40)


@given(texts, texts, texts, texts)
def test_every_part_of_an_error_can_be_written_as_utf8(what, why, remedy, report):
    error = See2SoundError(what, why, remedy, report=report)
    for part in (error.what, error.why, error.remedy, error.report, str(error)):
        part.encode("utf-8")


def test_what_cannot_be_shown_is_shown_as_an_escape():
    error = See2SoundError("cannot read caf\udce9.wav", "it does not exist")
    assert str(error) == "cannot read caf\\udce9.wav: it does not exist"
