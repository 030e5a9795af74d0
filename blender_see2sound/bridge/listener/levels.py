"""How loud a Speaker object is at a distance, and what the mix makes of the same.

Live, Audaspace scales a sound by the inverse clamped law, the cone and the limits
of Speaker's own fields; the mix by 1/d, no louder than at 1 m, an ambience by
nothing. Only the ratio of the two matters: with Blender's defaults it is 1.
"""

from __future__ import annotations

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.scene import Source
from . import camera

#: Where the mix has a point source as loud as an ambience, metres (`core.mix.travel.distance`).
BED_DISTANCE = 3.0


def set_law(scene: bpy.types.Scene, data: bpy.types.Speaker, source: Source) -> None:
    """Let a speaker fall off with distance live as the source does in the mix.

    A gain above 0 dB, which `Speaker.volume` cannot hold, becomes a larger reference distance.
    """
    extra = max(1.0, 10.0 ** (source.gain_db / 20.0))
    if source.kind == "ambience":
        # Nothing falls off; a cone without width lowers it to the level of the bed.
        data.attenuation = 0.0
        data.cone_angle_inner = data.cone_angle_outer = 0.0
        data.cone_volume_outer = min(1.0, extra / BED_DISTANCE)
        data.distance_reference = 1.0 / camera.metres_per_unit(scene)
    else:
        data.attenuation = 1.0
        data.cone_angle_inner = data.cone_angle_outer = 360.0
        data.cone_volume_outer = 1.0
        data.distance_reference = extra / camera.metres_per_unit(scene)


def live_over_mixed(
    scene: bpy.types.Scene,
    data: bpy.types.Speaker,
    distances: ArrayLike,
    facing: ArrayLike,
) -> NDArray[np.float64]:
    """How much louder a speaker is live than the same sound in the mix, as a factor.

    Parameters
    ----------
    distances : (N,) array
        Metres.
    facing : (N,) array
        Cosine of the angle between the axis of the cone and the way to the listener.
    """
    metres = np.asarray(distances, dtype=np.float64)
    if data.see2sound.kind == "ambience":
        return np.full(len(metres), bed_over_mixed(data))
    unit = camera.metres_per_unit(scene)
    nearest = max(data.distance_reference * unit, 1e-6)
    held = np.clip(metres, nearest, max(nearest, data.distance_max * unit))
    live = nearest / np.maximum(nearest + data.attenuation * (held - nearest), 1e-9)
    live = live * _cone(data, np.asarray(facing, dtype=np.float64))
    # The upper limit comes first, and a lower one above it changes nothing then.
    limited = np.where(live < data.volume_min, data.volume_min, live)
    limited = np.where(live > data.volume_max, data.volume_max, limited)
    return limited * np.maximum(metres, 1.0)


def bed_over_mixed(data: bpy.types.Speaker) -> float:
    """As `live_over_mixed` for an ambience: as `set_law` leaves it, else 1.

    The other fields are of things at a place; a bed has none, and the mix takes no note of them.
    """
    return data.cone_volume_outer * BED_DISTANCE if data.cone_angle_outer < 1e-6 else 1.0


def _cone(data: bpy.types.Speaker, facing: NDArray[np.float64]) -> NDArray[np.float64]:
    """What Audaspace makes of a cone: 1 inside, linear between, the outer volume outside."""
    angle = np.degrees(np.arccos(np.clip(facing, -1.0, 1.0)))
    inner, outer = data.cone_angle_inner / 2.0, data.cone_angle_outer / 2.0
    if inner == outer:
        share = (angle > inner).astype(np.float64)
    else:
        share = np.clip((angle - inner) / (outer - inner), 0.0, 1.0)
    return 1.0 + share * (data.cone_volume_outer - 1.0)
