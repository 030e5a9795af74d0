"""Keeps the libraries that models need away from the network, whatever a model's files say.

A configuration can name further models, attention code and plug-ins for the libraries to
fetch. Such files are refused, and the libraries are told to stay offline besides.
Standard library only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

from .folder import Located, broken, read_json

#: What `huggingface_hub`, `transformers` and `diffusers` read when they are imported.
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "USE_HUB_KERNELS": "0",
}
#: How attention may be computed: by torch alone.
_ATTENTION = (None, "eager", "sdpa")
_ATTENTION_NAMES = ("attn_implementation", "_attn_implementation", "_attn_implementation_internal")
#: What must be nothing: each of them names what is to be fetched, or code that is to be run.
_FOREIGN = ("backbone", "use_timm_backbone", "use_pretrained_backbone", "quantization_config")
#: A file that stands for another model.
_ADAPTER = "adapter_config.json"


def keep_offline() -> None:
    """Let the libraries never reach for the network in this process; they may be imported or not."""
    os.environ.update(ENVIRONMENT)
    constants = sys.modules.get("huggingface_hub.constants")
    if constants is not None:
        constants.HF_HUB_OFFLINE = True  # type: ignore[attr-defined]


def refuse_foreign(located: Located) -> None:
    """Refuse a configuration that wants more than the checkpoint's own files.

    Raises
    ------
    See2SoundError
        Of kind "missing-part", naming the file and what it asks for.
    """
    if _ADAPTER in located.files:
        raise broken(located, _ADAPTER, "it stands for another model, which would be fetched")
    if "config.json" not in located.files:
        return
    for name, value in _settings(read_json(located, "config.json")):
        foreign = name in _FOREIGN and value not in (None, False, "")
        if foreign or (name in _ATTENTION_NAMES and value not in _ATTENTION):
            asked = f"{name}: {value!r}"[:120]
            raise broken(located, "config.json", f"it asks for what is not in the folder ({asked})")


def _settings(value: Any) -> Iterator[tuple[str, Any]]:
    """All names and values of a JSON object, those of the objects in it too."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield from one.items()
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
