"""A tiny model in a folder, as it would be downloaded, and its loading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.models import keeper
from blender_see2sound.core.models.checkpoints import Checkpoint
from blender_see2sound.core.models.devices import Device
from blender_see2sound.core.models.folder import Located
from blender_see2sound.core.models.keeper import Computing, borrowed
from blender_see2sound.core.models.loading import load_model
from blender_see2sound.core.progress import Progress, silent

TINY = Checkpoint("owner/tiny", ("BertModel",), ("tokenizer.json",))
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def save(folder: Path) -> Path:
    """Save it, and give its own folder."""
    from transformers import BertConfig, BertModel

    path = folder / "owner--tiny"
    torch.manual_seed(0)
    BertModel(
        BertConfig(
            vocab_size=16, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
            intermediate_size=8, max_position_embeddings=8,
        )
    ).save_pretrained(path)  # fmt: skip
    (path / "tokenizer.json").write_text("{}")
    return path


def make(located: Located, device: Device, progress: Progress) -> Any:
    from transformers import BertModel

    return load_model(BertModel, located, device, progress=progress)


def load(folder: Path, checkpoint: Checkpoint = TINY, progress: Progress = silent) -> Any:
    keeper.release()
    with borrowed(checkpoint, Computing("cpu", models=folder), make, progress) as (model, _):
        return model


def refused(folder: Path, checkpoint: Checkpoint = TINY) -> See2SoundError:
    with pytest.raises(See2SoundError) as caught:
        load(folder, checkpoint)
    assert caught.value.remedy
    return caught.value
