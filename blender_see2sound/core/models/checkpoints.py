"""A published checkpoint: where it comes from, which files it needs, on what terms it may be used."""

from __future__ import annotations

from dataclasses import dataclass


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
    hint : str
        What a person must know to get it, beside the repository's name.
    """

    repository: str
    architectures: tuple[str, ...]
    files: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    hint: str = ""

    @property
    def folder(self) -> str:
        """The name of its folder among others."""
        return self.repository.replace("/", "--")
