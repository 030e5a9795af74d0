"""How what is seen of a source moves in itself, kept with its speaker for whoever makes its sound.

Its times are kept as frames from the start of the strip's content, so that a strip that is
moved, slipped or trimmed takes it along, as it takes the keyframes. Which picture is shown when
is kept as a mark: where the strip shows it otherwise by now (retimed, reversed, at another frame
rate, another file), there is no motion rather than a wrong one, until sources are found again.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import zlib
from pathlib import PurePath
from typing import Any

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.errors import See2SoundError
from ...core.scene import Motion
from ..blend import versions
from ..timeline import timing
from ..timeline.strips import StripClip, shown_range

#: What a kept number counts: thousandths of a frame, of a metre per second, of the strength.
_FINE = 1000.0
#: Before the packed numbers; changed when the way of packing changes.
_VERSION = "1"
#: The longest length of the packed numbers, bytes: what is larger was not packed here.
_MOST = 2**26


def mark_of(scene: bpy.types.Scene, strip: Any) -> str:
    """What tells that a strip shows another picture at a frame of its content than before.

    Trims and the strip's place in time are no part of it. Empty where this Blender cannot tell.
    """
    try:
        content = versions.content_of(scene, strip)
    except See2SoundError:
        return ""
    media = strip.filepath if strip.type == "MOVIE" else strip.directory
    told: list[Any] = [
        PurePath(media.replace("\\", "/")).name,
        [element.filename for element in strip.elements[:1]],
        round(versions.frame_rate(scene), 6),
        strip.use_reverse_frames,
        strip.animation_offset_start,
        content,
    ]
    if timing.speed_effect(scene, strip) is not None:
        frames = versions.content_start(strip) + np.arange(np.ceil(content.length))
        told.append(np.round(timing.media_positions(scene, strip, frames), 2).tolist())
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def packed(scene: bpy.types.Scene, strip: Any, motion: Motion | None) -> str:
    """A motion as text: some bytes for each of its times.

    Parameters
    ----------
    motion : Motion or None
        Its times count from where the strip is shown.
    """
    mark = mark_of(scene, strip)
    if motion is None or not mark:
        return ""
    fps = versions.frame_rate(scene)
    offset = shown_range(strip)[0] - versions.content_start(strip)
    columns = []
    for times, values in (
        (motion.times, motion.speed),
        (motion.impacts, motion.strengths),
    ):
        frames, first = np.unique(_whole(np.asarray(times) * fps + offset), return_index=True)
        columns += [np.diff(frames, prepend=0), _whole(np.asarray(values))[first]]
    numbers = np.concatenate([[len(column) for column in columns[::2]], *columns])
    # Numbers that are alike lie side by side, byte by byte: that packs best.
    data = zlib.compress(numbers.astype("<i4").view(np.uint8).reshape(-1, 4).T.tobytes(), 9)
    return f"{_VERSION} {mark} {base64.b64encode(data).decode('ascii')}"


def shown_of(text: str) -> str:
    """The mark that a packed motion bears."""
    version, _, rest = text.partition(" ")
    return rest.partition(" ")[0] if version == _VERSION else ""


def unpacked(text: str, content_start: float, clip: StripClip) -> Motion | None:
    """The motion as a clip shows it now; None where nothing of it is seen.

    Parameters
    ----------
    text : str
        As `packed` gives it; the strip still bears its mark.
    content_start : float
        The frame at which the strip's content starts.
    """
    numbers = _numbers(text)
    if numbers is None:
        return None
    count, hits = (int(n) for n in numbers[:2])
    ends = np.cumsum([2, count, count, hits, hits])
    frames, speed, impacts, strengths = (
        numbers[a:b].astype(np.float64) for a, b in itertools.pairwise(ends)
    )
    start = content_start - clip.frame_start
    times = (np.cumsum(frames) / _FINE + start) / clip.fps
    struck = (np.cumsum(impacts) / _FINE + start) / clip.fps
    times, speed = _cut(times, speed / _FINE, clip.duration)
    seen = (struck >= 0.0) & (struck < clip.duration)
    if not len(times):
        return None
    return Motion(
        times=tuple(times.tolist()),
        speed=tuple(speed.tolist()),
        impacts=tuple(struck[seen].tolist()),
        strengths=tuple(np.clip(strengths[seen] / _FINE, 0.0, 1.0).tolist()),
    )


def _whole(values: ArrayLike) -> NDArray[np.int64]:
    return np.rint(np.asarray(values, dtype=np.float64) * _FINE).astype(np.int64)


def _numbers(text: str) -> NDArray[np.int32] | None:
    """The packed numbers; None where a person has edited them."""
    try:
        data = zlib.decompressobj().decompress(base64.b64decode(text.rpartition(" ")[2]), _MOST)
        planes = np.frombuffer(data, dtype=np.uint8).reshape(4, -1)
    except (ValueError, zlib.error):
        return None
    numbers = np.ascontiguousarray(planes.T).view("<i4")[:, 0]
    whole = len(numbers) >= 2 and len(numbers) == 2 + 2 * int(numbers[:2].sum())
    return numbers if whole and (numbers[:2] >= 0).all() else None


def _cut(
    times: NDArray[np.float64], speed: NDArray[np.float64], duration: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What lies within the clip; where it goes on beyond an end, its speed at that end too."""
    inside = (times > 0.0) & (times < duration)
    ends = np.array([end for end in (0.0, duration) if len(times) and times[0] <= end <= times[-1]])
    if not inside.any() and len(ends) == 0:
        return times[inside], speed[inside]
    at = np.concatenate((times[inside], ends))
    values = np.concatenate((speed[inside], np.interp(ends, times, speed)))
    order = np.argsort(at)
    return at[order], values[order]
