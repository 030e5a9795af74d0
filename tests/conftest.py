"""What all tests share: none writes to this person's own folders; no example has a deadline."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import pytest

# Tiny models gain nothing by threads, and lose much where many tests run side by side.
os.environ.setdefault("OMP_NUM_THREADS", "1")


with contextlib.suppress(ImportError):  # Blender 4.5's tests do without
    from hypothesis import settings

    # How long an example takes depends on what else the computer does. Before a change lands the
    # same examples are tried every time; here, at a person's, new ones are looked for in each run.
    settings.register_profile("see2sound", deadline=None, derandomize="CI" in os.environ)
    settings.load_profile("see2sound")


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Folders of the tests' own, for the processes that they start too (every system's variable)."""
    folder = str(tmp_path_factory.mktemp("own"))
    names = ("XDG_CACHE_HOME", "XDG_DATA_HOME", "LOCALAPPDATA")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, folder))
    yield
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
