"""Renders the scenes of scenes.py and timed.py to pictures: what finders and depth estimators look at.

    python render_scenes.py [FOLDER] [NAME ...]                with the bpy module
    blender -b -P render_scenes.py -- [FOLDER] [NAME ...]      with Blender

For each scene NAME (all when none is given) it writes scene-NAME.mp4 into FOLDER. Before that it
compares Blender's ray casts with `scenes.look`, so that pictures and truth cannot
drift apart. About a minute a scene on two cores.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))

import make_clip
import numpy as np
import scenes
import timed
from mathutils import Matrix, Vector

#: Two colours, how often the texture repeats in a metre, and how fine it is.
LOOKS = {
    "stone": ((0.2, 0.2, 0.19), (0.42, 0.4, 0.37), 0.5, 6),
    "skin": ((0.5, 0.3, 0.2), (0.6, 0.38, 0.27), 0.5, 4),
    "coat": ((0.02, 0.05, 0.3), (0.06, 0.14, 0.5), 1.0, 6),
    "trousers": ((0.05, 0.05, 0.06), (0.13, 0.12, 0.12), 1.0, 6),
    "red": ((0.5, 0.02, 0.02), (0.7, 0.08, 0.05), 0.5, 5),
    "blue": ((0.02, 0.1, 0.4), (0.06, 0.2, 0.6), 0.5, 5),
    "glass": ((0.03, 0.04, 0.05), (0.12, 0.14, 0.16), 0.4, 4),
    "rubber": ((0.015, 0.015, 0.015), (0.05, 0.05, 0.05), 1.0, 6),
    "fur": ((0.3, 0.13, 0.03), (0.62, 0.36, 0.12), 1.0, 6),
    "bark": ((0.06, 0.035, 0.02), (0.2, 0.13, 0.08), 1.2, 6),
    "leaves": ((0.02, 0.09, 0.01), (0.14, 0.3, 0.04), 0.3, 7),
    "poster": ((0.3, 0.12, 0.08), (0.6, 0.55, 0.4), 0.4, 3),
    "water": ((0.25, 0.4, 0.5), (0.7, 0.8, 0.85), 0.6, 7),
    "wood": ((0.2, 0.1, 0.04), (0.4, 0.22, 0.1), 0.5, 7),
    "brick": ((0.3, 0.16, 0.1), (0.55, 0.35, 0.26), 0.25, 7),
    "plaster": ((0.6, 0.58, 0.55), (0.8, 0.78, 0.75), 0.4, 5),
    "wallpaper": ((0.45, 0.5, 0.4), (0.65, 0.7, 0.58), 0.4, 5),
    "grass": ((0.05, 0.13, 0.02), (0.17, 0.3, 0.06), 0.25, 8),
    "gravel": ((0.35, 0.3, 0.24), (0.6, 0.54, 0.45), 0.4, 7),
    "asphalt": ((0.08, 0.08, 0.08), (0.2, 0.2, 0.19), 0.4, 8),
    "parquet": ((0.28, 0.16, 0.08), (0.5, 0.32, 0.18), 0.4, 6),
}
SAMPLES = 2
#: Rays that are compared, and how many may differ: curved bodies are made of flat faces here.
COMPARED, MAY_DIFFER = 600, 0.03


def surface(name):
    low, high, scale, octaves = LOOKS[name]
    return make_clip.material(name, low, high, scale=scale, octaves=octaves)


def body(solid, surfaces, parent):
    """A solid as a mesh."""
    if solid.look not in surfaces:
        surfaces[solid.look] = surface(solid.look)
    if solid.shape == "box":
        return make_clip.box("box", solid.size, surfaces[solid.look], parent, solid.place)
    x, y, z = (side / 2 for side in solid.size)
    if solid.shape == "cylinder":
        rings = [(-z, x, y), (z, x, y)]
    else:
        steps = [math.pi * k / 32 for k in range(1, 32)]
        rings = [(-z * math.cos(a), x * math.sin(a), y * math.sin(a)) for a in steps]
    return make_clip.tube(solid.shape, rings, surfaces[solid.look], parent, solid.place, around=48)


def build(scene, camera):
    """The scene's things with keyframes; gives the number of the thing that each mesh is of."""
    surfaces = {scene.floor: surface(scene.floor)}
    corners = [(-80, -20, 0), (80, -20, 0), (80, 400, 0), (-80, 400, 0)]
    make_clip.mesh("floor", corners, [(0, 1, 2, 3)], surfaces[scene.floor])
    owner, moved = {}, []
    roots = [make_clip.empty(thing.name) for thing in scene.things]
    for number, (thing, root) in enumerate(zip(scene.things, roots, strict=True)):
        for solid in thing.solids:
            made = body(solid, surfaces, root)
            owner[made.name] = number
            if solid.moves is not None:
                moved.append((solid, made))
    camera.data.angle = math.radians(scene.fov)
    for frame, time in enumerate(scene.times, 1):
        for thing, root in zip(scene.things, roots, strict=True):
            *place, turned = thing.path(time)
            root.location, root.rotation_euler = place, (0, 0, math.radians(turned))
            root.keyframe_insert("location", frame=frame)
            root.keyframe_insert("rotation_euler", frame=frame)
        for solid, made in moved:
            made.location = solid.at(time)
            made.keyframe_insert("location", frame=frame)
        *place, left, up = scene.camera(time)
        turn = Matrix.Rotation(math.radians(left), 3, "Z")
        turn = turn @ Matrix.Rotation(math.pi / 2 + math.radians(up), 3, "X")
        camera.location, camera.rotation_euler = place, turn.to_euler()
        camera.keyframe_insert("location", frame=frame)
        camera.keyframe_insert("rotation_euler", frame=frame)
    return owner


def light(scene):
    make_clip.light()
    if scene.indoors:
        lamp = bpy.data.lights.new("lamp", "POINT")
        lamp.energy, lamp.shadow_soft_size = 350.0, 0.3
        made = bpy.data.objects.new("lamp", lamp)
        made.location = (0.4, 2.6, 2.3)
        bpy.context.scene.collection.objects.link(made)


def compare(scene, owner, camera):
    """Stop if Blender does not see what the truth says."""
    random = np.random.default_rng(0)
    width, height = scenes.SIZE
    for frame in (1, len(scene.times) // 2, len(scene.times)):
        bpy.context.scene.frame_set(frame)
        graph = bpy.context.evaluated_depsgraph_get()
        index, depth = scenes.look(scene, scene.times[frame - 1])
        focal = width / 2 / math.tan(math.radians(scene.fov) / 2)
        differ = 0
        for _ in range(COMPARED):
            x, y = int(random.integers(width)), int(random.integers(height))
            ray = Vector(((x + 0.5 - width / 2) / focal, (height / 2 - y - 0.5) / focal, -1.0))
            ray = camera.matrix_world.to_3x3() @ ray
            hit, place, _, _, seen, _ = bpy.context.scene.ray_cast(
                graph, camera.matrix_world.translation, ray.normalized()
            )
            found = owner.get(seen.name, -1) if hit else -1
            local = camera.matrix_world.inverted() @ place
            far = -local.z if hit else scenes.SKY
            alike = abs(far / depth[y, x] - 1) < 0.01 or min(far, depth[y, x]) > 100
            differ += not (found == index[y, x] and alike)
        if differ > MAY_DIFFER * COMPARED:
            raise SystemExit(f"{scene.name}, frame {frame}: {differ} of {COMPARED} rays differ")


def render(scene, folder):
    camera = make_clip.set_up()
    owner = build(scene, camera)
    light(scene)
    settings = bpy.context.scene
    settings.cycles.samples = SAMPLES
    settings.cycles.max_bounces = 2 if scene.indoors else 1
    settings.render.fps, settings.frame_end = scene.fps, len(scene.times)
    settings.render.resolution_x, settings.render.resolution_y = scenes.SIZE
    compare(scene, owner, camera)
    make_clip.render(folder / f"scene-{scene.name}.mp4")


def main():
    module = not bpy.app.binary_path  # else inside Blender, whose own arguments end with "--"
    given = (
        sys.argv[1:] if module else sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    )
    folder = Path(given[0] if given else Path(__file__).parent).resolve()
    for scene in (*scenes.SCENES, *(one.scene for one in timed.SCENES)):
        if scene.name in given[1:] or not given[1:]:
            render(scene, folder)


if __name__ == "__main__":
    main()
