"""The scene camera is the listener: making one, its field of view, its axes.

Listener's frame: x right, y forward, z up (`core.scene`). A camera looks along
its own -Z with +Y up: x = camera +X, y = camera -Z, z = camera +Y.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

#: The height of a person's ears and eyes, metres.
EYE_HEIGHT = 1.6
#: The horizontal field of view where the camera has none to speak of, degrees.
DEFAULT_FOV = 50.0


def ensure_camera(scene: bpy.types.Scene) -> bpy.types.Object:
    """The scene camera; where there is none, a new one at eye height, level, looking along +Y.

    A camera that is there is never changed.
    """
    if scene.camera is None:
        camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
        # What a clip that was looked at without a camera is taken to show.
        camera.data.sensor_fit = "HORIZONTAL"
        camera.data.angle = math.radians(DEFAULT_FOV)
        camera.location = (0.0, 0.0, EYE_HEIGHT / metres_per_unit(scene))
        camera.rotation_euler = (math.pi / 2, 0.0, 0.0)
        scene.collection.objects.link(camera)
        scene.camera = camera
    return scene.camera


def metres_per_unit(scene: bpy.types.Scene) -> float:
    """How many metres one unit of the scene is."""
    return scene.unit_settings.scale_length


def horizontal_fov(scene: bpy.types.Scene, size: Sequence[int] | None = None) -> float:
    """How wide the camera sees the clip, in degrees.

    The clip is taken to fill the render's frame the way the sequencer fits a
    picture: whole, as large as it goes. Where the two have different shapes the
    clip covers a part of the camera's view.

    Parameters
    ----------
    size : (int, int), optional
        The clip's width and height in pixels; the render's own when None.

    Returns
    -------
    float
        Without a perspective camera that of a frame 50 degrees wide.
    """
    camera, render = scene.camera, scene.render
    width = render.resolution_x * render.pixel_aspect_x
    height = render.resolution_y * render.pixel_aspect_y
    seen = camera is not None and camera.type == "CAMERA" and camera.data.type == "PERSP"
    data = camera.data if seen else None
    if data is None:
        tangent = math.tan(math.radians(DEFAULT_FOV) / 2.0)
    elif data.sensor_fit == "VERTICAL":
        tangent = data.sensor_height / (2.0 * data.lens) * width / height
    elif data.sensor_fit == "AUTO" and height > width:
        tangent = data.sensor_width / (2.0 * data.lens) * width / height
    else:
        tangent = data.sensor_width / (2.0 * data.lens)
    if size is not None and min(size) > 0:
        tangent *= min(1.0, (size[0] / size[1]) / (width / height))
    return math.degrees(2.0 * math.atan(tangent))


def to_camera(positions: ArrayLike) -> NDArray[np.float64]:
    """Turn positions in the listener's frame, shape (..., 3), into camera coordinates."""
    p = np.asarray(positions, dtype=np.float64)
    return np.stack((p[..., 0], p[..., 2], -p[..., 1]), axis=-1)


def to_listener(positions: ArrayLike) -> NDArray[np.float64]:
    """Turn camera coordinates, shape (..., 3), into positions in the listener's frame."""
    p = np.asarray(positions, dtype=np.float64)
    return np.stack((p[..., 0], -p[..., 2], p[..., 1]), axis=-1)
