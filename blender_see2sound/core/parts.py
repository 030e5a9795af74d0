"""Replaceable parts: finders, depth estimators, describers, makers; chosen by name and made ready.

Each part is one class in one file behind a small protocol, listed in `catalogue`.
"""

from __future__ import annotations

import importlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .catalogue import PARTS, Part, Role, need_packages
from .errors import See2SoundError
from .models.checkpoints import Checkpoint
from .models.folder import has_begun, locate, models_folder
from .models.keeper import Computing
from .models.pipelines import look_over


def default(role: Role) -> str:
    """The name of the role's default part."""
    return next(part.name for part in PARTS if part.role == role)


def named(role: Role, name: str | None = None) -> Part:
    """The part of this role and name; the role's default when None.

    Raises
    ------
    See2SoundError
        Of kind "bad-request".
    """
    name = default(role) if name is None else name
    part = next((p for p in PARTS if p.role == role and p.name == name), None)
    if part is None:
        known = ", ".join(p.name for p in PARTS if p.role == role)
        raise See2SoundError(
            f"there is no {role} {name!r}",
            f"there is: {known}",
            "Choose one of these",
            kind="bad-request",
        )
    return part


def load(role: Role, name: str | None = None, computing: Computing | None = None) -> Any:
    """Make the part of this role and name (its default when None).

    Of weights it is only looked whether they are here and of the right form: they are loaded
    when the part works.

    Raises
    ------
    See2SoundError
        Of kind "bad-request" for an unknown name, "missing-part" for missing packages and for
        missing or broken files.
    """
    part = named(role, name)
    need_packages(part.needs, f"the {role} {part.name!r} cannot run here")
    module, _, cls = part.factory.partition(":")
    computing = computing or Computing()
    if part.checkpoint is not None:
        look_over(locate(part.checkpoint, models_folder(computing.models)))
    made = getattr(importlib.import_module(f".{module}", __package__), cls)
    if part.checkpoint is not None:
        return made(part.checkpoint, computing)
    return made(computing) if part.helpers else made()


def listing(models: Path | None = None) -> list[dict[str, Any]]:
    """Every part as plain data, for `see2sound models`.

    Beside the fields of `Part`: ``default``, whether it is ``here``, the ``missing`` packages,
    and for weights the ``repository``, the ``path`` where they are (None where not), and
    ``absent``, why not, whether a folder of it has ``begun`` to be filled then, the command for
    a ``download``, where one does it, and a ``hint`` what else is to be done. ``helpers`` tells
    the same of each.
    """
    return [_listed(part, models_folder(models)) for part in PARTS]


def _listed(part: Part, folder: Path) -> dict[str, Any]:
    row = {k: v for k, v in asdict(part).items() if k not in ("factory", "checkpoint", "helpers")}
    row |= {
        "needs": list(part.needs),
        "default": part.name == default(part.role),
        "missing": list(part.missing()),
        "helpers": [_found(helper, folder) for helper in part.helpers],
        "repository": None, "path": None, "absent": "", "begun": False, "download": None, "hint": "",
    }  # fmt: skip
    if part.checkpoint is not None:
        row |= _found(part.checkpoint, folder)
    row["here"] = not row["missing"] and not row["absent"]
    return row


def _found(checkpoint: Checkpoint, folder: Path) -> dict[str, Any]:
    """Where a checkpoint is, or why it is not here."""
    try:
        path, absent = str(locate(checkpoint, folder).path), ""
    except See2SoundError as error:
        path, absent = None, error.why
    return {
        "repository": checkpoint.repository,
        "path": path,
        "absent": absent,
        "begun": bool(absent) and has_begun(checkpoint, folder),
        "download": checkpoint.download(folder),
        "hint": checkpoint.hint,
    }


def lacking(role: Role, name: str, models: Path | None = None) -> See2SoundError | None:
    """What files a part lacks, told by a look at their names alone; None where nothing is known of it.

    Packages are not looked for: the Python that computes may be another one.
    """
    part = next((p for p in PARTS if p.role == role and p.name == name), None)
    if part is None or part.checkpoint is None:
        return None
    try:
        locate(part.checkpoint, models_folder(models))
    except See2SoundError as error:
        return error
    return None
