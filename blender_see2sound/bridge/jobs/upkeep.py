"""What is asked of the worker beside the steps: to hear the library, to say what it has."""

from __future__ import annotations

from ...core.errors import See2SoundError
from ..setup import choice, computer, model_list
from . import session
from .task import Work, share

#: So many recordings are named in the panel at most.
_NAMED = 5


def listen() -> Work[str]:
    """Hear all recordings of the library once, so that they are found by how they sound."""
    lacking = choice.lacking({"maker": choice.LIBRARY})
    if lacking is not None:
        raise lacking
    own = computer.settings()
    request = {"library": str(own.library), **own.computing()}
    found = yield from session.ask("listen", request)
    unheard = found["unheard"]
    session.note(*(f"{path} cannot be heard" for path in unheard[:_NAMED]))
    if len(unheard) > _NAMED:
        session.note(f"{len(unheard) - _NAMED} more recordings cannot be heard")
    return f"{found['heard']} recordings were heard; the library has {found['files']}"


def check_worker() -> Work[str]:
    """Start the worker and note what it has and what is missing."""
    session.state.check = ()
    who = yield from share(session.ask("ping", {}), 0.0, 0.5)
    own = computer.settings()
    folder = {"models": own.computing()["models"]}
    rows = (yield from share(session.ask("models", folder), 0.5, 1.0))["parts"]
    model_list.take(rows)
    lines = [(f"Python {who['python']} ({own.python})", "CHECKMARK")]
    built_in = [row for row in rows if row["repository"] is None]
    lacked = sorted({name for row in built_in for name in row["missing"]})
    if lacked:
        lines.append((f"Packages are missing: {', '.join(lacked)}", "ERROR"))
    else:
        names = ", ".join(f"{row['role']} {row['name']!r}" for row in built_in)
        lines.append((f"Without models: {names}", "CHECKMARK"))
    others = sorted({name for row in rows for name in row["missing"]} - set(lacked))
    if others:
        text = f"For models packages are missing: {', '.join(others)}"
        lines.append((text, "INFO"))
    session.state.check = tuple(lines)
    if lacked:
        raise See2SoundError(
            "the worker's Python lacks packages",
            ", ".join(lacked),
            "Install them there, or choose another Python in the preferences",
            kind="missing-part",
        )
    return "The worker's Python has everything it needs" + (" without models" if others else "")
