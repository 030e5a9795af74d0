"""Steps of a job share its bar by how much work each is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_see2sound.core.progress import shares_of


@given(st.lists(st.floats(0.01, 100.0), min_size=1, max_size=6))
def test_steps_follow_each_other_and_fill_the_bar(work: list[float]) -> None:
    told: list[float] = []
    for step in shares_of(lambda _, fraction: told.append(fraction), work):
        for fraction in (0.0, 0.5, 1.0):
            step("", fraction)
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, pytest.approx(1.0))
    begins, ends = told[::3], told[2::3]
    assert begins[1:] == pytest.approx(ends[:-1])
    shares = [end - begin for begin, end in zip(begins, ends, strict=True)]
    assert shares == pytest.approx([one / sum(work) for one in work])
