"""Nothing that a model's files say makes the libraries reach for the network, or for other code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="models compute with torch")
pytest.importorskip("transformers", reason="models are those of transformers")

from blender_see2sound.core.catalogue import PARTS  # noqa: E402
from blender_see2sound.core.errors import See2SoundError  # noqa: E402
from blender_see2sound.core.models.devices import Device  # noqa: E402
from blender_see2sound.core.models.folder import locate  # noqa: E402
from blender_see2sound.core.placement.depth_anything import RelativeDepthAnything  # noqa: E402
from blender_see2sound.core.placement.zoe_depth import ZoeDepth  # noqa: E402
from blender_see2sound.core.progress import silent  # noqa: E402
from blender_see2sound.core.regions.segmentation import panoptic, sam2  # noqa: E402
from blender_see2sound.core.regions.words import florence  # noqa: E402

from . import tiny_models  # noqa: E402
from .clips import EXAMPLE, ROOT  # noqa: E402

MAKES: dict[str, tuple[Callable[[Path], Path], Callable[..., Any]]] = {
    "depth-anything-small": (tiny_models.save_depth_anything, RelativeDepthAnything.make),
    "zoedepth": (tiny_models.save_zoe_depth, ZoeDepth.make),
    "oneformer": (tiny_models.save_oneformer, panoptic._make_oneformer),
    "sam2.1-tiny": (tiny_models.save_sam2, sam2._make),
    "florence-2-base": (tiny_models.save_florence, florence._make),
}
PRETRAINED = {"use_pretrained_backbone": True, "backbone_config": None}


def _made(name: str, folder: Path) -> Any:
    part = next(p for p in PARTS if p.name == name)
    assert part.checkpoint is not None
    return MAKES[name][1](locate(part.checkpoint, folder), Device("cpu", "float32"), silent)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("depth-anything-small", {"backbone": "facebook/dinov2-small", **PRETRAINED}),
        ("depth-anything-small", {"backbone": "resnet18", "use_timm_backbone": True, **PRETRAINED}),
        ("zoedepth", {"backbone": "facebook/beit", **PRETRAINED}),
        ("oneformer", {"backbone": "microsoft/swin-tiny-patch4-window7-224", **PRETRAINED}),
        ("sam2.1-tiny", {"_attn_implementation": "kernels-community/flash-attn2"}),
        ("sam2.1-tiny", {"attn_implementation": {"vision_config": "owner/kernel"}}),
        ("florence-2-base", {"text_config": {"_attn_implementation": "owner/kernel"}}),
        ("florence-2-base", {"quantization_config": {"quant_method": "bitsandbytes"}}),
    ],
)
def test_a_configuration_that_names_other_models_or_code_is_refused(
    name: str, said: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = _watched_network(monkeypatch)
    folder = MAKES[name][0](tmp_path)
    config = folder if folder != tmp_path else next(tmp_path.iterdir())
    config /= "config.json"
    content = json.loads(config.read_text())
    for key, value in said.items():
        if isinstance(value, dict) and isinstance(content.get(key), dict):
            content[key] |= value
        else:
            content[key] = value
    config.write_text(json.dumps(content))
    with pytest.raises(See2SoundError, match=r"config\.json") as caught:
        _made(name, tmp_path)
    assert caught.value.kind == "missing-part"
    assert any(key in caught.value.why for key in (*said, "_attn_implementation"))
    assert reached == []


def test_an_adapter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reached = _watched_network(monkeypatch)
    folder = tiny_models.save_sam2(tmp_path)
    adapter = {"base_model_name_or_path": "owner/base", "peft_type": "LORA"}
    (folder / "adapter_config.json").write_text(json.dumps(adapter))
    with pytest.raises(See2SoundError, match="adapter_config"):
        _made("sam2.1-tiny", tmp_path)
    assert reached == []


def _watched_network(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Where the network is reached for from now on, although the libraries are not told offline."""
    import socket

    import huggingface_hub

    reached: list[Any] = []

    def refuse(*given: Any, **_: Any) -> Any:
        reached.append(given)
        raise OSError("no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    return reached


COMMAND = """
import sys
sys.argv[1:] = {arguments!r}
from blender_see2sound.core.__main__ import main
code = main()
import huggingface_hub, transformers.integrations.hub_kernels as kernels
assert huggingface_hub.is_offline_mode()
assert not kernels._kernels_enabled
sys.exit(code)
"""


@pytest.mark.gate
def test_the_command_tells_the_libraries_to_stay_offline(tmp_path: Path) -> None:
    tiny_models.save_depth_anything(tmp_path)
    arguments = ["find", str(EXAMPLE), "--duration", "0.2", "-o", str(tmp_path / "s.json")]
    arguments += ["--depth", "depth-anything-small", "--models", str(tmp_path), "--device", "cpu"]
    done = subprocess.run(
        [sys.executable, "-c", COMMAND.format(arguments=arguments)],
        capture_output=True, text=True, cwd=ROOT, env=_bare(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.gate
def test_who_uses_the_library_stays_offline_too(tmp_path: Path) -> None:
    """Also where the libraries were imported before."""
    tiny_models.save_sam2(tmp_path)
    code = f"""
import huggingface_hub
assert not huggingface_hub.is_offline_mode()
from pathlib import Path
from blender_see2sound.core.catalogue import PARTS
from blender_see2sound.core.models.keeper import Computing, borrowed
from blender_see2sound.core.regions.segmentation import sam2
part = next(p for p in PARTS if p.name == "sam2.1-tiny")
with borrowed(part.checkpoint, Computing("cpu", models=Path({str(tmp_path)!r})), sam2._make):
    assert huggingface_hub.is_offline_mode()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=_bare()
    )
    assert done.returncode == 0, done.stderr


def _bare() -> dict[str, str]:
    """An environment that says nothing of networks."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS", "USE"))}
