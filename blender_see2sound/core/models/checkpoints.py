"""A published checkpoint: where it comes from, which files it needs, on what terms it may be used."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Component:
    """A model, a tokenizer or a schedule among those of a pipeline.

    Attributes
    ----------
    name : str
        Its folder, and its name in ``model_index.json``.
    classes : tuple of str
        What it may be there.
    files : tuple of str
        What it needs beside its weights.
    weights : bool
        It has some.
    """

    name: str
    classes: tuple[str, ...]
    files: tuple[str, ...] = ("config.json",)
    weights: bool = True


@dataclass(frozen=True)
class Checkpoint:
    """The weights of one model, as published.

    Attributes
    ----------
    repository : str
        "owner/name" on the Hugging Face Hub.
    architectures : tuple of str
        What `architectures` in its ``config.json`` may name; of a pipeline, the class that its
        ``model_index.json`` may name.
    files : tuple of str
        What it needs beside ``config.json`` and its weights (``model.safetensors``, whole or
        in shards with an index).
    components : tuple of Component
        Of a pipeline, as `diffusers` lays it out: a folder for each, and ``model_index.json``.
    published : bool
        It is published in this form; else it has to be converted.
    without : str
        A pattern of files in the repository that are not needed, and large.
    hint : str
        What a person must do to get it, beside downloading.
    """

    repository: str
    architectures: tuple[str, ...]
    files: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    published: bool = True
    without: str = ""
    hint: str = ""

    @property
    def folder(self) -> str:
        """The name of its folder among others."""
        return self.repository.replace("/", "--")

    def download(self, folder: Path) -> str | None:
        """The command that brings it into a models folder; None where none does."""
        if not self.published:
            return None
        words = ["hf", "download", self.repository, "--local-dir", str(folder / self.folder)]
        words += ["--exclude", self.without] if self.without else []
        return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
