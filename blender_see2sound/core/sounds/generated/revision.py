"""Which version of a model made a sound: the commit of its files, else a digest of what they are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from ...models.folder import Located


def revision_of(located: Located, sums: Mapping[str, str]) -> str:
    """Name the version of a checkpoint's files.

    Parameters
    ----------
    located : Located
        Checked, and remembered where that can be.
    sums : mapping of str to str
        What `core.models.folder.check` gave: the files' SHA-256 sums, empty where a record
        beside them has the same.

    Returns
    -------
    str
        The commit; where none is known, as after a conversion, "files" and the first 12 hex
        digits of the SHA-256 of all names and sums.
    """
    if located.commit:
        return located.commit
    known = sums or json.loads(located.record.read_text(encoding="utf-8"))["files"]
    lines = "".join(f"{known[name]}  {name}\n" for name in sorted(known))
    return f"files {hashlib.sha256(lines.encode()).hexdigest()[:12]}"
