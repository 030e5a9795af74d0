"""Where a checkpoint lies in the Hugging Face cache, which is only read.

The layout is that of `huggingface_hub`: ``models--owner--name/snapshots/<commit>/`` holds the
files of a revision, ``refs/<name>`` says which commit a branch or a pull request was.
Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from .checkpoints import Checkpoint

COMMIT = re.compile(r"[0-9a-f]{40}")


def snapshots(checkpoint: Checkpoint, folder: Path, recorded: str | None) -> Iterator[Path]:
    """Folders that may hold a checkpoint's files, the likeliest first.

    The commit that was used before, then the branch "main", then other branches and pull requests
    in the order of their names, then a commit that was fetched by its name, where it is the only
    one.

    Parameters
    ----------
    checkpoint : Checkpoint
    folder : Path
        The models folder, which may be such a cache itself, or the home of one.
    recorded : str or None
        The commit that was used before.
    """
    for hub in (folder, folder / "hub", _hub()):
        repository = hub / f"models--{checkpoint.folder}"
        refs = repository / "refs"
        named = sorted(p for p in _below(refs) if p != refs / "main")
        commits = [recorded, *(_commit(ref) for ref in (refs / "main", *named))]
        there = [p.name for p in _inside(repository / "snapshots")]
        if len(there) == 1:
            commits += there
        for commit in dict.fromkeys(commits):
            if commit is not None and COMMIT.fullmatch(commit):
                yield repository / "snapshots" / commit


def _hub() -> Path:
    """This person's cache, found as `huggingface_hub` finds it."""
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("HF_HOME") or os.path.join(caches, "huggingface")
    return Path(os.path.expanduser(os.path.expandvars(named or os.path.join(home, "hub"))))


def _commit(ref: Path) -> str | None:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return ref.read_text().strip()
    return None


def _inside(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return sorted(folder.iterdir())
    return []


def _below(folder: Path) -> Iterator[Path]:
    """The files in a folder and in those in it."""
    for path in _inside(folder):
        if path.is_dir():
            yield from _below(path)
        else:
            yield path
