"""Where files go: beside the .blend in ``see2sound/<strip>/``, before the first save in the session folder.

Names are derived from contents, so that nothing a person made is overwritten and
undo finds the older file. Paths in the .blend are relative to it. What was made
before the first save is copied beside the .blend while it is saved.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import unicodedata
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import See2SoundError, from_os_error
from ...core.files import atomic_path
from ...core.sounds.origin import sidecar_of

#: The folder beside the .blend.
ROOT = "see2sound"
#: How much of a file is read or written between two pauses, bytes.
_PIECE = 2**21
#: What no file system of ours can bear in a name.
_FORBIDDEN = '<>:"/\\|?*'
#: Names that Windows keeps for devices.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}


def is_temporary() -> bool:
    """The .blend was never saved: files go to the session folder, which Blender empties at its end."""
    return not bpy.data.filepath


def folder_of(strip: Any) -> Path:
    """The folder for a strip's files; it is made when a file is put there."""
    return _root(bpy.data.filepath) / safe_name(strip.name)


def session_folder() -> Path:
    """The folder of this session, for what need not outlive it."""
    return _root("")


def safe_name(name: str) -> str:
    """A name that every file system can bear; letters of every script stay."""
    kept = "".join(
        "_" if c in _FORBIDDEN or unicodedata.category(c).startswith("C") else c for c in name
    )
    kept = kept.strip(" .")
    while len(kept.encode("utf-8")) > 100:
        kept = kept[:-1]
    if kept.split(".")[0].lower() in _DEVICES:
        kept = f"_{kept}"
    return kept or "strip"


def keep(
    made: str | Path, folder: Path, name: str, take: bool = False
) -> Generator[float, None, Path]:
    """Copy a file that a step made to its place, under a name that its content gives.

    Yields the fraction done after each piece: a mix may be gigabytes.

    Parameters
    ----------
    made : path
        The file; it stays, unless it may be taken.
    folder : Path
        As `folder_of` gives it, or a folder in it.
    name : str
        What the name begins with.
    take : bool
        The file is needed no more where it is: on the same disk it is moved.

    Returns
    -------
    Path
        ``<folder>/<name>-<content><suffix>``. A file that is there is taken when its content
        is the same; else it is a person's, and another name is chosen.

    Raises
    ------
    See2SoundError
    """
    source = Path(made)
    digest = yield from _digest(source, 0.0, 0.5)
    for extra in range(1000):
        ending = "" if extra == 0 else f"-{extra + 1}"
        place = folder / f"{safe_name(name)}-{digest[:10]}{ending}{source.suffix}"
        if not os.path.lexists(place):
            with atomic_path(place) as part:
                if not (take and _moved(source, part)):
                    yield from _copy(source, part)
            return place
        if place.is_file() and (yield from _digest(place, 0.5, 0.5)) == digest:
            return place
    raise See2SoundError(
        f"cannot write {folder / name}",
        "every name is taken",
        "Tidy the folder",
        kind="no-permission",
    )


def keep_origin(made: str | Path, kept: Path) -> None:
    """Copy what tells how a sound came about to where the sound is kept.

    Raises
    ------
    See2SoundError
    """
    told, place = sidecar_of(made), sidecar_of(kept)
    if told.is_file() and not os.path.lexists(place):
        with atomic_path(place) as part:
            _copy_whole(told, part)


def to_blend(path: str | Path, blend: str | None = None) -> str:
    """The path as the .blend keeps it: relative to it once it is saved, on the same drive."""
    blend = bpy.data.filepath if blend is None else blend
    if not blend:
        return str(path)
    try:
        return bpy.path.relpath(str(path), start=os.path.dirname(blend))
    except ValueError:  # another drive on Windows
        return str(path)


def absolute(path: str, library: Any = None) -> Path:
    """Where a path that a .blend keeps leads, one of a linked library's too."""
    return Path(os.path.abspath(bpy.path.abspath(path, library=library)))


def settle(blend: str) -> None:
    """Bring what lies in the session folder beside a .blend that is about to be saved (`save_pre`).

    Sounds, thumbnails and mixes that are in use are brought there, and everything that names
    them leads there, relative to the .blend. On the same disk that is a second name for the
    same file, so that saving does not wait for gigabytes; across disks it is a copy.
    Thumbnails and mixes of a file that is saved to another folder are found from there too,
    as Blender does for its own paths.

    Parameters
    ----------
    blend : str
        The file being saved; empty for the startup file.

    Raises
    ------
    See2SoundError
        Where a file cannot be copied; what was not copied keeps its path.
    """
    _before.clear()
    if not blend:
        return
    session = session_folder()
    for owner, holder, field in _paths():
        path = getattr(holder, field)
        if not path:
            continue
        here = absolute(path)
        place = here
        if session in here.parents and here.is_file():
            place = _root(blend) / here.relative_to(session)
            for one, there in ((here, place), (sidecar_of(here), sidecar_of(place))):
                if one.is_file() and not there.exists():
                    _bring(one, there)
        elif isinstance(owner, bpy.types.Sound) or not path.startswith("//"):
            continue  # Blender keeps its own paths right, and what is absolute stays so
        # Blender remaps the paths of sounds itself, from the file that is open to the new one.
        remapped = isinstance(owner, bpy.types.Sound) and bool(bpy.data.filepath)
        new = to_blend(place, bpy.data.filepath if remapped else blend)
        if new != path:
            _before.append((owner.session_uid, holder.path_from_id(field), path))
            setattr(holder, field, new)


def saved(blend: str) -> None:
    """A .blend was saved (`save_post`): take back what `settle` did when that was only a copy."""
    if blend and os.path.abspath(blend) != os.path.abspath(bpy.data.filepath or os.sep):
        paths = {
            (owner.session_uid, holder.path_from_id(field)): (holder, field)
            for owner, holder, field in _paths()
        }
        for uid, where, path in _before:
            if (uid, where) in paths:
                holder, field = paths[uid, where]
                setattr(holder, field, path)
    _before.clear()


def tidy() -> None:
    """Remove what lies in the session folder, but for files that something still names.

    For work that ends without Blender's own end, which empties that folder. Steps of undo
    from before the first save name files there: never while a person can undo.
    """
    session = session_folder()
    in_use = named()
    for folder, _, names in os.walk(session, topdown=False):
        for name in names:
            if Path(folder, name) not in in_use:
                Path(folder, name).unlink()
        if not os.listdir(folder):
            os.rmdir(folder)


#: What `settle` changed: the owner's session uid, the field's path in it and the file's before.
_before: list[tuple[int, str, str]] = []


def _paths() -> Iterator[tuple[bpy.types.ID, Any, str]]:
    """Everything of ours that names a file: its data-block, what holds it there, and the field."""
    for sound in bpy.data.sounds:
        if sound.library is None and sound.packed_file is None:
            yield sound, sound, "filepath"
    for speaker in bpy.data.speakers:
        if speaker.library is None:
            yield speaker, speaker.see2sound, "thumbnail"
            for take in speaker.see2sound.takes:
                yield speaker, take, "path"
    for collection in bpy.data.collections:
        if collection.library is None:
            yield collection, collection.see2sound, "mix_path"
            yield collection, collection.see2sound, "sofa"


def named() -> set[Path]:
    """Every file that a sound or something of ours names."""
    return {absolute(path) for _, holder, field in _paths() if (path := getattr(holder, field))}


def _root(blend: str) -> Path:
    base = os.path.dirname(blend) if blend else bpy.app.tempdir
    return Path(os.path.abspath(base)) / ROOT


def _bring(here: Path, place: Path) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(here, place)
    except OSError:
        # Another disk, or one whose file system knows no second names; or it cannot be written
        # at all, which the copy says.
        with atomic_path(place) as part:
            _copy_whole(here, part)


def _copy_whole(here: Path, part: Path) -> None:
    try:
        shutil.copyfile(here, part)
    except OSError as error:
        raise from_os_error(error, here, "read") from error


def _digest(path: Path, start: float, end: float) -> Generator[float, None, str]:
    digest = hashlib.sha256()
    try:
        size = max(1, path.stat().st_size)
        done = 0
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                done += len(piece)
                yield start + (end - start) * done / size
    except OSError as error:
        raise from_os_error(error, path, "read") from error
    return digest.hexdigest()


def _moved(source: Path, target: Path) -> bool:
    """Whether a file could be moved; where it could not, on another disk, a copy will do or tell."""
    try:
        os.replace(source, target)
    except OSError:
        return False
    return True


def _copy(source: Path, target: Path) -> Generator[float, None, None]:
    size = max(1, source.stat().st_size)
    done = 0
    with source.open("rb") as here, target.open("wb") as there:
        while piece := here.read(_PIECE):
            there.write(piece)
            done += len(piece)
            yield 0.5 + 0.5 * done / size
