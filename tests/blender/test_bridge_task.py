"""A job that is stopped at once ends, whatever goes wrong in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blender_see2sound.bridge.jobs import session
from blender_see2sound.bridge.jobs.task import Fractions, Work, changing
from blender_see2sound.core.errors import See2SoundError

OURS = See2SoundError("the rest failed", "a reason", "a remedy")


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    yield
    session.state.task = session.state.failure = None


def job(error: Exception | None, done: list[str]) -> Work[None]:
    def change() -> Fractions[None]:
        yield 0.5
        if error is not None:
            raise error
        done.append("the rest")

    yield from changing(change(), "Changing")


@pytest.mark.parametrize("error", [OURS, ValueError("of ours")])
def test_an_error_in_the_rest_of_a_change_is_kept_and_the_job_has_ended(error: Exception) -> None:
    ended: list[str] = []
    task = session.start("Step", job(error, []))
    task.at_end(lambda: ended.append("timer"))
    task.advance(0.0)
    task.abandon()
    assert (task.state, task.changed, ended) == ("failed", True, ["timer"])
    assert str(error) in str(task.error)
    assert not session.busy()


def test_the_session_ends_it_too_and_shows_why() -> None:
    task = session.start("Step", job(OURS, []))
    task.advance(0.0)
    session.abandon()
    assert not session.busy()
    assert session.state.task is None
    assert session.state.failure == session.Failure("Step", OURS)


def test_a_change_that_has_begun_is_done_to_its_end() -> None:
    done: list[str] = []
    task = session.start("Step", job(None, done))
    task.advance(0.0)
    task.abandon()
    assert (task.state, task.error, done) == ("cancelled", None, ["the rest"])
