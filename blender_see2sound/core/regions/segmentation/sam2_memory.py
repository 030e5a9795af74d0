"""SAM 2's memory: follows several masks through the pictures of a shot, all in one batch.

As Ravi et al. 2024, "SAM 2: Segment Anything in Images and Videos", section 4: a picture's
features attend to what is remembered of an object (the picture in which it was shown, the
last six, and pointers to it), a decoder makes its mask, and that is remembered in turn.
The modules and their weights are those of `transformers`' `Sam2VideoModel`, which works on
one object after the other; on a GPU that would take several times as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

#: What the decoder says for an object that is not in the picture.
ABSENT = -1024.0
#: How sure a mask that is given is, as logits: +10 inside, -10 outside.
GIVEN_SCALE, GIVEN_BIAS = 20.0, -10.0


@dataclass(frozen=True)
class View:
    """What the encoder makes of one picture.

    Attributes
    ----------
    fine : two (1, c, h, w) tensors
        Features at a quarter and an eighth of the model's size.
    coarse : (h * w, 1, C) tensor
        Those at a sixteenth, which memory works on.
    place : (h * w, 1, C) tensor
        Their position encoding.
    """

    fine: tuple[torch.Tensor, torch.Tensor]
    coarse: torch.Tensor
    place: torch.Tensor


@dataclass(frozen=True)
class _Memory:
    """What is remembered of N objects in one picture."""

    features: torch.Tensor  # (h * w, N, c)
    place: torch.Tensor  # (h * w, N, c)
    pointer: torch.Tensor  # (N, C)


@dataclass(frozen=True)
class Followed:
    """N objects that were shown in the same picture.

    Attributes
    ----------
    numbers : tuple of int
        The objects' names.
    shown : int
        The picture in which they were shown.
    """

    numbers: tuple[int, ...]
    shown: int
    _first: _Memory
    _last: dict[int, _Memory] = field(default_factory=dict)

    def afresh(self) -> Followed:
        """The same objects with nothing remembered but the picture in which they were shown."""
        return Followed(self.numbers, self.shown, self._first)

    def only(self, numbers: Sequence[int]) -> Followed:
        """Those of the objects that are named."""
        chosen = [self.numbers.index(n) for n in numbers]
        return Followed(
            tuple(numbers),
            self.shown,
            _some(self._first, chosen),
            {k: _some(memory, chosen) for k, memory in self._last.items()},
        )


def views_of(model: Any, pixels: torch.Tensor) -> list[View]:
    """Encode pictures (N, 3, S, S), scaled as the model wants."""
    out = model.get_image_features(pixels, return_dict=True)
    sizes = model.backbone_feature_sizes
    views = []
    for k in range(len(pixels)):
        quarter, eighth = (
            level[:, k].T.reshape(1, -1, *size)
            for level, size in zip(out.fpn_hidden_states[:2], sizes[:2], strict=True)
        )
        coarse = out.fpn_hidden_states[2][:, k : k + 1]
        place = out.fpn_position_encoding[2][:, :1]
        views.append(View((quarter, eighth), coarse, place))
    return views


def still_embedding(model: Any, view: View) -> torch.Tensor:
    """A picture's coarse features (1, C, h, w) for a decoder that remembers nothing."""
    return _as_map(model, (view.coarse + model.no_memory_embedding).transpose(0, 1))


def show(
    model: Any, view: View, index: int, masks: torch.Tensor, numbers: Sequence[int]
) -> Followed:
    """Begin to follow objects.

    Parameters
    ----------
    view : View
    index : int
        The picture's number.
    masks : (N, 1, S, S) tensor
        1 inside, 0 outside, at the model's size.
    numbers : sequence of int
        Their names.
    """
    masks = masks.to(view.coarse.dtype)
    maps = _as_map(model, view.coarse.transpose(0, 1)).expand(len(masks), -1, -1, -1)
    _, pointer, _ = _decode(model, view, maps, model.mask_downsample(masks))
    there = masks.new_full((len(masks), 1, 1), GIVEN_SCALE + GIVEN_BIAS)
    remembered = _remember(model, view, (masks > 0).to(masks.dtype), there)
    return Followed(tuple(numbers), index, replace(remembered, pointer=pointer))


def follow(
    model: Any,
    view: View,
    index: int,
    followed: Followed,
    *,
    pictures: int,
    backwards: bool = False,
) -> tuple[torch.Tensor, torch.Tensor, Followed]:
    """Find the objects in the next picture, or the one before.

    Parameters
    ----------
    view : View
    index : int
        The picture's number.
    followed : Followed
    pictures : int
        How many the clip has: in a short one the ages of what is remembered count by its length.
    backwards : bool

    Returns
    -------
    logits : (N, S / 4, S / 4) float32 tensor
        Above 0 inside; `ABSENT` where the object is not in the picture.
    scores : (N,) float32 tensor
        Logits of being in the picture.
    followed : Followed
        With this picture remembered.
    """
    import torch

    sign = -1 if backwards else 1
    tokens, places, pointers = _recall(model, index, followed, sign, pictures)
    count = len(followed.numbers)
    attended = model.memory_attention(
        current_vision_features=view.coarse.expand(-1, count, -1),
        current_vision_position_embeddings=view.place.expand(-1, count, -1),
        memory=tokens.to(view.coarse.dtype),
        memory_posision_embeddings=places.to(view.coarse.dtype),
        num_object_pointer_tokens=pointers,
    )[0]
    logits, pointer, scores = _decode(model, view, _as_map(model, attended), None)
    size = model.image_size
    large = torch.nn.functional.interpolate(
        logits.float(), (size, size), mode="bilinear", align_corners=False
    )
    soft = torch.sigmoid(large.to(view.coarse.dtype))
    memory = replace(_remember(model, view, soft, scores), pointer=pointer)
    reach = model.config.max_object_pointers_in_encoder
    last = {k: m for k, m in followed._last.items() if abs(index - k) < reach}
    # Older pictures count by their pointers only.
    for k, old in last.items():
        if abs(index - k) >= model.num_maskmem - 1 and len(old.features):
            last[k] = replace(old, features=old.features[:0], place=old.place[:0])
    return (
        logits[:, 0].float(),
        scores[:, 0, 0].float(),
        replace(followed, _last={**last, index: memory}),
    )


def _recall(
    model: Any, index: int, followed: Followed, sign: int, pictures: int
) -> tuple[torch.Tensor, torch.Tensor, int]:
    """All that is remembered, as tokens and their places; and how many of them are pointers."""
    import torch

    times = model.memory_temporal_positional_encoding
    first = followed._first
    tokens, places = [first.features], [first.place + times[-1]]
    for ago in range(model.num_maskmem - 1, 0, -1):
        memory = followed._last.get(index - sign * ago)
        if memory is not None:
            tokens.append(memory.features)
            places.append(memory.place + times[ago - 1])
    ages, pointers = [float(abs(index - followed.shown))], [first.pointer]
    reach = model.config.max_object_pointers_in_encoder
    for ago in range(1, reach):
        memory = followed._last.get(index - sign * ago)
        if memory is not None:
            ages.append(float(ago))
            pointers.append(memory.pointer)
    pointing = torch.stack(pointers)  # (P, N, C)
    dim, width = model.mem_dim, model.hidden_dim
    count, split = pointing.shape[1], width // dim
    if model.config.enable_temporal_pos_encoding_for_object_pointers:
        age = torch.tensor(ages, device=pointing.device) / max(min(reach, pictures) - 1, 1)
        encoded = _waves(age, width).to(pointing.dtype)
        encoded = model.temporal_positional_encoding_projection_layer(encoded)
        encoded = encoded[:, None].expand(-1, count, -1)
    else:
        encoded = pointing.new_zeros(len(pointers), count, dim)
    # A pointer is as wide as several tokens.
    pointing = pointing.reshape(-1, count, split, dim).permute(0, 2, 1, 3).flatten(0, 1)
    tokens.append(pointing)
    places.append(encoded.repeat_interleave(split, dim=0))
    return torch.cat(tokens), torch.cat(places), len(pointing)


def _waves(ages: torch.Tensor, width: int) -> torch.Tensor:
    """Sines and cosines of ages (P,), the encoding of Vaswani et al. 2017 with its pairs apart."""
    import torch

    half = width // 2
    pair = torch.arange(half, device=ages.device) // 2
    angles = ages[:, None] / 10000.0 ** (2 * pair / half)
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


def _decode(
    model: Any, view: View, maps: torch.Tensor, masks: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The best mask of each map: logits (N, 1, h, w), pointer (N, C), score (N, 1, 1)."""
    import torch

    count = len(maps)
    points = maps.new_zeros(count, 1, 1, 2)
    nowhere = -torch.ones(count, 1, 1, dtype=torch.int32, device=maps.device)
    if masks is not None and masks.shape[-2:] != tuple(model.prompt_encoder.mask_input_size):
        masks = torch.nn.functional.interpolate(
            masks.float(), model.prompt_encoder.mask_input_size,
            mode="bilinear", align_corners=False, antialias=True,
        ).to(maps.dtype)  # fmt: skip
    sparse, dense = model.prompt_encoder(
        input_points=points, input_labels=nowhere, input_boxes=None, input_masks=masks
    )
    logits, quality, tokens, scores = model.mask_decoder(
        image_embeddings=maps,
        image_positional_embeddings=positions_of(model, maps.dtype).expand(count, -1, -1, -1),
        sparse_prompt_embeddings=sparse,
        dense_prompt_embeddings=dense,
        multimask_output=True,
        high_resolution_features=[level.expand(count, -1, -1, -1) for level in view.fine],
    )
    there = scores > 0
    logits = torch.where(there[:, None, None], logits, ABSENT)
    every, best = torch.arange(count, device=maps.device), quality[:, 0].argmax(-1)
    pointer = model.object_pointer_proj(tokens[every, 0, best])
    pointer = torch.where(there[:, 0], pointer, model.no_object_pointer)
    return logits[every, :, best], pointer, scores


def positions_of(model: Any, dtype: torch.dtype) -> torch.Tensor:
    """The position encoding (1, C, h, w) of a picture's coarse features."""
    return model.get_image_wide_positional_embeddings().to(dtype)


def _remember(model: Any, view: View, masks: torch.Tensor, scores: torch.Tensor) -> _Memory:
    """Encode masks (N, 1, S, S), 0 to 1, seen in a picture; the pointer is still to be set."""
    import torch

    config = model.config
    masks = masks * config.sigmoid_scale_for_mem_enc + config.sigmoid_bias_for_mem_enc
    maps = _as_map(model, view.coarse.transpose(0, 1)).expand(len(masks), -1, -1, -1)
    features, place = model.memory_encoder(maps, masks)
    hidden = model.occlusion_spatial_embedding_parameter
    if hidden is not None:
        features = features + (scores <= 0)[..., None] * hidden[..., None, None]
    flat = features.to(torch.bfloat16).flatten(2).permute(2, 0, 1)
    flat_place = place.to(masks.dtype).flatten(2).permute(2, 0, 1)
    return _Memory(flat, flat_place.expand(-1, len(masks), -1), flat.new_zeros(0))


def _as_map(model: Any, flat: torch.Tensor) -> torch.Tensor:
    """(N, h * w, C) features as (N, C, h, w)."""
    size = model.backbone_feature_sizes[-1]
    return flat.transpose(1, 2).reshape(len(flat), -1, *size)


def _some(memory: _Memory, chosen: list[int]) -> _Memory:
    return _Memory(memory.features[:, chosen], memory.place[:, chosen], memory.pointer[chosen])
