"""A published checkpoint: where it comes from, which files it needs, on what terms it may be used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Checkpoint:
    """The weights of one model, as published.

    Attributes
    ----------
    repository : str
        "owner/name" on the Hugging Face Hub.
    architectures : tuple of str
        What `architectures` in its ``config.json`` may name.
    files : tuple of str
        What it needs beside ``config.json`` and its weights (``model.safetensors``, whole or
        in shards with an index).
    """

    repository: str
    architectures: tuple[str, ...]
    files: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The name of its folder among others."""
        return self.repository.replace("/", "--")
