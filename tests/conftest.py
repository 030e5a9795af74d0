"""What all tests share: none writes to this person's own cache."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

# Tiny models gain nothing by threads, and lose much where many tests run side by side.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of the tests' own, for the processes that they start too (every system's variable)."""
    folder = str(tmp_path_factory.mktemp("cache"))
    names = ("XDG_CACHE_HOME", "LOCALAPPDATA")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, folder))
    yield
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
