"""Builds a small park in Blender, renders it to park.mp4 and writes where things are to park.json.

    python make_clip.py [FOLDER]                        with the bpy module
    blender -b -P make_clip.py -- [FOLDER]              with Blender

A man walks towards the camera, a dog runs from right to left and is hidden for
a moment by an advertising column, a red cart crosses from left to right behind
the column and a tree; there are a pond, trees, a hedge and clouds. The camera is level,
1.6 m above the ground and does not move. Everything is made here; nothing is
loaded. A few minutes on two cores.
"""

from __future__ import annotations

import json
import math
import random
import sys
from pathlib import Path

import bpy
import numpy as np
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Matrix, Vector, noise

SIZE = (640, 360)
FPS = 24
FRAMES = 144
FOV = 50.0  # degrees, horizontal
EYE = 1.6  # metres
SAMPLES = 2  # the denoiser does the rest


# ------------------------------------------------------------------ building


def pattern(seed, octaves, size=512):
    """Cloudy grey values, 0 to 1, that repeat at the edges: an image renders faster than noise."""
    random_values = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)) * size
    weight = np.where((frequency >= 3) & (frequency < 3 * 2**octaves), 1.0, 0.0)
    weight = weight / np.maximum(frequency, 1.0) ** 1.4
    phases = np.exp(2j * np.pi * random_values.random(frequency.shape))
    values = np.fft.irfft2(weight * phases, (size, size))
    return np.clip(0.5 + 0.28 * values / values.std(), 0, 1)


def picture(name, low, high, values):
    """An image in memory, its colours between two, linear."""
    rgba = np.ones((*values.shape, 4), np.float32)
    rgba[:, :, :3] = np.array(low) + values[:, :, None] * (np.array(high) - np.array(low))
    made = bpy.data.images.new(name, *values.shape[::-1], float_buffer=True)
    made.colorspace_settings.name = "Linear Rec.709"
    made.pixels.foreach_set(rgba.ravel())
    made.pack()
    return made


def material(name, low, high, scale=0.5, octaves=6, roughness=0.9):
    """A matt surface that changes between two colours, with enough texture to be followed.

    `scale` is how often the texture repeats in a metre.
    """
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    surface = next(n for n in nodes if n.type == "BSDF_PRINCIPLED")
    surface.inputs["Roughness"].default_value = roughness
    surface.inputs["Specular IOR Level"].default_value = 0.0
    coordinates, mapping = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeMapping")
    mapping.inputs["Scale"].default_value = (scale, scale, scale)
    texture = nodes.new("ShaderNodeTexImage")
    texture.projection, texture.projection_blend = "BOX", 0.2
    seed = sum(map(ord, name))
    texture.image = picture(name, low, high, pattern(seed, octaves))
    links.new(coordinates.outputs["Object"], mapping.inputs["Vector"])
    links.new(mapping.outputs["Vector"], texture.inputs["Vector"])
    links.new(texture.outputs["Color"], surface.inputs["Base Color"])
    return made


def mesh(name, points, faces, surface, parent=None, place=(0, 0, 0)):
    data = bpy.data.meshes.new(name)
    data.from_pydata(points, [], faces)
    data.materials.append(surface)
    made = bpy.data.objects.new(name, data)
    made.location, made.parent = place, parent
    bpy.context.scene.collection.objects.link(made)
    return made


def tube(name, rings, surface, parent=None, place=(0, 0, 0), around=16):
    """A solid of revolution about z: rings are (z, radius), or (z, radius x, radius y)."""
    points, faces = [], []
    for z, *radii in rings:
        wide, deep = radii[0], radii[-1]
        for step in range(around):
            angle = 2 * math.pi * step / around
            points.append((wide * math.cos(angle), deep * math.sin(angle), z))
    for ring in range(len(rings) - 1):
        for step in range(around):
            after = (step + 1) % around
            faces.append(
                (ring * around + step, ring * around + after,
                 (ring + 1) * around + after, (ring + 1) * around + step)
            )  # fmt: skip
    faces += [
        tuple(range(around))[::-1],
        tuple((len(rings) - 1) * around + k for k in range(around)),
    ]
    made = mesh(name, points, faces, surface, parent, place)
    for face in made.data.polygons[:-2]:
        face.use_smooth = True
    return made


def ball(name, radii, surface, parent=None, place=(0, 0, 0)):
    steps = [math.pi * k / 10 for k in range(1, 10)]
    rings = [
        (-radii[2] * math.cos(a), radii[0] * math.sin(a), radii[1] * math.sin(a)) for a in steps
    ]
    return tube(name, rings, surface, parent, place)


def box(name, size, surface, parent=None, place=(0, 0, 0)):
    x, y, z = (s / 2 for s in size)
    points = [
        (a * x, b * y, c * z) for c in (-1, 1) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    faces = [(3, 2, 1, 0), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
    return mesh(name, points, faces, surface, parent, place)


def crown(name, radius, surface, place, seed):
    """A lump of leaves: a ball pushed in and out by noise."""
    made = ball(name, (radius, radius, radius * 0.85), surface, place=place)
    modifier = made.modifiers.new("finer", "SUBSURF")
    modifier.levels = modifier.render_levels = 2
    bpy.context.view_layer.update()
    finer = bpy.data.meshes.new_from_object(
        made.evaluated_get(bpy.context.evaluated_depsgraph_get())
    )
    made.modifiers.clear()
    made.data = finer
    for point in finer.vertices:
        bump = noise.noise(point.co * (2.2 / radius) + Vector((seed, 0, 0)))
        fine = noise.noise(point.co * (8.0 / radius) + Vector((0, seed, 0)))
        point.co *= 1.0 + 0.28 * bump + 0.12 * fine
    return made


def empty(name):
    made = bpy.data.objects.new(name, None)
    bpy.context.scene.collection.objects.link(made)
    return made


# ------------------------------------------------------------------ the park


def scenery():
    grass = material("grass", (0.05, 0.13, 0.02), (0.17, 0.3, 0.06), scale=0.25, octaves=8)
    gravel = material("gravel", (0.35, 0.3, 0.24), (0.6, 0.54, 0.45), scale=0.6, octaves=7)
    leaves = material("leaves", (0.02, 0.09, 0.01), (0.14, 0.3, 0.04), scale=0.3, octaves=7)
    hedge = material("hedge", (0.015, 0.06, 0.012), (0.08, 0.19, 0.04), scale=0.2, octaves=7)
    bark = material("bark", (0.06, 0.035, 0.02), (0.2, 0.13, 0.08), scale=1.2)
    mesh("lawn", [(-60, -5, 0), (60, -5, 0), (60, 60, 0), (-60, 60, 0)], [(0, 1, 2, 3)], grass)
    mesh(
        "path",
        [(0.1, -5, 0.01), (2.2, -5, 0.01), (2.6, 17, 0.01), (1.0, 17, 0.01)],
        [(0, 1, 2, 3)],
        gravel,
    )
    mesh("lane", [(-40, 11.6, 0.015), (40, 11.6, 0.015), (40, 14.4, 0.015), (-40, 14.4, 0.015)],
         [(0, 1, 2, 3)], gravel)  # fmt: skip
    box("hedge", (90, 2, 2.6), hedge, place=(0, 30, 1.3))
    chance = random.Random(7)
    for number in range(16):
        place = (-26 + 3.6 * number + chance.uniform(-1, 1), 34 + chance.uniform(-2, 3), 4.2)
        crown(f"far tree {number}", chance.uniform(2.6, 4.2), leaves, place, number)
    for number, (x, y, radius, height) in enumerate(
        [(-5.6, 16.5, 2.1, 3.7), (2.6, 10.6, 1.5, 4.3), (5.2, 10.4, 1.9, 4.6), (8.8, 19, 2.8, 4.2)]
    ):
        tube(f"trunk {number}", [(0, 0.26), (0.3, 0.19), (height, 0.13)], bark, place=(x, y, 0))
        crown(f"crown {number}", radius, leaves, (x, y, height), 30 + number)
    poster = material("poster", (0.3, 0.12, 0.08), (0.6, 0.55, 0.4), scale=0.4, octaves=3)
    roof = material("roof", (0.03, 0.1, 0.06), (0.06, 0.16, 0.1))
    rings = [(0, 0.82), (0.25, 0.82), (0.25, 0.74), (2.45, 0.74)]
    tube("column", rings, poster, place=(-0.7, 7.5, 0), around=32)
    tube(
        "column roof",
        [(2.45, 0.9), (2.6, 0.86), (3.0, 0.12)],
        roof,
        place=(-0.7, 7.5, 0),
        around=32,
    )
    pond()


def pond():
    rim = [
        (math.cos(a) * 1.6, math.sin(a) * 1.05, 0)
        for a in (2 * math.pi * k / 48 for k in range(48))
    ]
    uneven = [Vector(p) * (1 + 0.12 * noise.noise(Vector(p) * 0.8)) for p in rim]
    water = bpy.data.materials.new("water")
    water.use_nodes = True
    nodes, links = water.node_tree.nodes, water.node_tree.links
    surface = next(n for n in nodes if n.type == "BSDF_PRINCIPLED")
    surface.inputs["Base Color"].default_value = (0.03, 0.12, 0.2, 1)
    surface.inputs["Roughness"].default_value = 0.12
    waves = nodes.new("ShaderNodeTexNoise")
    waves.noise_dimensions = "4D"
    waves.inputs["Scale"].default_value, waves.inputs["Detail"].default_value = 3.0, 3.0
    coordinates = nodes.new("ShaderNodeTexCoord")
    bump = nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value, bump.inputs["Distance"].default_value = 0.5, 0.15
    links.new(coordinates.outputs["Object"], waves.inputs["Vector"])
    links.new(waves.outputs["Fac"], bump.inputs["Height"])
    links.new(bump.outputs["Normal"], surface.inputs["Normal"])
    for frame, value in ((1, 0.0), (FRAMES, 6.0)):
        waves.inputs["W"].default_value = value
        waves.inputs["W"].keyframe_insert("default_value", frame=frame)
    stone = material("stone", (0.2, 0.2, 0.19), (0.42, 0.4, 0.37))
    mesh("bank", [Vector(p) * 1.09 + Vector((0, 0, 0.02)) for p in uneven], [tuple(range(48))], stone,
         place=(-3.4, 7.2, 0))  # fmt: skip
    mesh("pond", [Vector(p) + Vector((0, 0, 0.03)) for p in uneven], [tuple(range(48))], water,
         place=(-3.4, 7.2, 0))  # fmt: skip


def light():
    world = bpy.data.worlds.new("sky")
    bpy.context.scene.world = world
    world.use_nodes = True
    world.cycles.sampling_method = "NONE"  # the sky is even enough to be hit by chance
    nodes, links = world.node_tree.nodes, world.node_tree.links
    background = next(n for n in nodes if n.type == "BACKGROUND")
    clouds = nodes.new("ShaderNodeTexEnvironment")
    values = np.clip((pattern(5, 6, 1024)[:512] - 0.45) / 0.4, 0, 1)
    clouds.image = picture("clouds", (0.2, 0.42, 0.85), (0.85, 0.9, 0.97), values)
    links.new(clouds.outputs["Color"], background.inputs["Color"])
    background.inputs["Strength"].default_value = 0.8
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle = 3.0, math.radians(1.5)
    made = bpy.data.objects.new("sun", sun)
    made.rotation_euler = (math.radians(46), math.radians(8), math.radians(-35))
    bpy.context.scene.collection.objects.link(made)


# ------------------------------------------------------------------ what moves


def man():
    coat = material("coat", (0.02, 0.05, 0.3), (0.06, 0.14, 0.5), scale=1.0)
    trousers = material("trousers", (0.05, 0.05, 0.06), (0.13, 0.12, 0.12), scale=1.0)
    skin = material("skin", (0.5, 0.3, 0.2), (0.6, 0.38, 0.27))
    root = empty("man")
    tube(
        "torso",
        [(0.82, 0.17, 0.12), (1.1, 0.16, 0.12), (1.38, 0.22, 0.13), (1.5, 0.1, 0.09)],
        coat,
        root,
    )
    ball("head", (0.1, 0.115, 0.135), skin, root, (0, 0, 1.63))
    limbs = []
    for side, phase in ((-1, 0.0), (1, math.pi)):
        leg = tube(
            "leg", [(0, 0.1), (-0.45, 0.075), (-0.83, 0.06)], trousers, root, (0.1 * side, 0, 0.87)
        )
        box("shoe", (0.1, 0.27, 0.08), trousers, leg, (0, -0.06, -0.83))
        arm = tube(
            "arm", [(0, 0.06), (-0.3, 0.05), (-0.58, 0.045)], coat, root, (0.26 * side, 0, 1.43)
        )
        limbs += [(leg, phase, 26.0), (arm, phase + math.pi, 20.0)]
    return root, limbs, 1.76


def dog():
    fur = material("fur", (0.3, 0.13, 0.03), (0.62, 0.36, 0.12), scale=1.0)
    root = empty("dog")
    ball("trunk", (0.36, 0.13, 0.15), fur, root, (0, 0, 0.45))
    ball("neck", (0.16, 0.08, 0.11), fur, root, (-0.34, 0, 0.55))
    ball("dog head", (0.16, 0.09, 0.1), fur, root, (-0.46, 0, 0.63))
    ball("muzzle", (0.1, 0.05, 0.05), fur, root, (-0.62, 0, 0.6))
    tail = tube("tail", [(0, 0.035), (0.3, 0.02)], fur, root, (0.34, 0, 0.5))
    tail.rotation_euler = (0, math.radians(40), 0)
    limbs = []
    for along, phase in ((-0.25, 0.0), (0.27, math.pi)):
        for side in (-1, 1):
            leg = tube("paw", [(0, 0.055), (-0.42, 0.035)], fur, root, (along, 0.08 * side, 0.42))
            limbs.append((leg, phase + (0.9 if side > 0 else 0.0), 38.0))
    return root, limbs, 0.73


def cart():
    paint = material("paint", (0.5, 0.02, 0.02), (0.7, 0.08, 0.05), roughness=0.5)
    canvas = material("canvas", (0.75, 0.7, 0.6), (0.92, 0.9, 0.82))
    rubber = material("rubber", (0.015, 0.015, 0.015), (0.05, 0.05, 0.05))
    root = empty("cart")
    box("bed", (2.6, 1.3, 0.65), paint, root, (0, 0, 0.72))
    box("cabin", (1.0, 1.2, 0.75), paint, root, (0.75, 0, 1.35))
    box("load", (1.4, 1.1, 0.5), canvas, root, (-0.55, 0, 1.22))
    wheels = []
    for along in (-0.85, 0.85):
        for side in (-0.68, 0.68):
            wheel = tube("wheel", [(-0.09, 0.36), (0.09, 0.36)], rubber, root, (along, side, 0.36))
            box("spoke", (0.5, 0.1, 0.2), canvas, wheel)
            wheels.append(wheel)
    return root, wheels, 1.72


def animate():
    """Keyframes for all that moves; gives each thing's middle, as an empty to be measured."""
    walker, walker_limbs, walker_tall = man()
    runner, runner_limbs, runner_tall = dog()
    car, wheels, car_tall = cart()
    for frame in range(1, FRAMES + 1):
        time = (frame - 1) / FPS
        walker.location = (1.55 - 0.07 * time, 10.0 - 0.86 * time, 0.03 * abs(math.sin(5.2 * time)))
        runner.location = (3.4 - 1.3 * time, 8.65, 0.05 * abs(math.sin(9.0 * time)))
        car.location = (-6.2 + 1.9 * time, 13.0, 0.012 * math.sin(23 * time))
        for limb, phase, swing in walker_limbs:
            limb.rotation_euler = (math.radians(swing) * math.sin(5.2 * time + phase), 0, 0)
            limb.keyframe_insert("rotation_euler", frame=frame)
        for limb, phase, swing in runner_limbs:
            limb.rotation_euler = (0, math.radians(swing) * math.sin(9.0 * time + phase), 0)
            limb.keyframe_insert("rotation_euler", frame=frame)
        for wheel in wheels:
            turn = Matrix.Rotation(1.9 * time / 0.36, 4, "Y") @ Matrix.Rotation(math.pi / 2, 4, "X")
            wheel.rotation_euler = turn.to_euler()
            wheel.keyframe_insert("rotation_euler", frame=frame)
        for thing in (walker, runner, car):
            thing.keyframe_insert("location", frame=frame)
    middles = {}
    for name, thing, tall in (
        ("man", walker, walker_tall), ("dog", runner, runner_tall), ("cart", car, car_tall),
    ):  # fmt: skip
        middles[name] = empty(f"middle of {name}")
        middles[name].parent, middles[name].location = thing, (0, 0, tall / 2)
    return middles


# ------------------------------------------------------------------ measuring and rendering


def measure(camera, middles):
    """Each thing's position in the listener's frame, its pixel and box, and whether it is seen.

    Boxes hold the whole thing, also what is hidden or outside the picture.
    """
    scene = bpy.context.scene
    truth = {name: {"positions": [], "pixels": [], "boxes": [], "visible": []} for name in middles}
    for frame in range(1, FRAMES + 1):
        scene.frame_set(frame)
        graph = bpy.context.evaluated_depsgraph_get()
        eye = camera.matrix_world.translation
        for name, middle in middles.items():
            place = middle.matrix_world.translation
            local = camera.matrix_world.inverted() @ place
            x, y, depth = world_to_camera_view(scene, camera, place)
            hit, _, _, _, first, _ = scene.ray_cast(graph, eye, (place - eye).normalized())
            own = hit and first.original in middle.parent.children_recursive
            row = truth[name]
            row["positions"].append([round(v, 4) for v in (local.x, -local.z, local.y)])
            row["pixels"].append([round(x * SIZE[0], 2), round((1 - y) * SIZE[1], 2)])
            row["boxes"].append(outline(camera, middle.parent))
            inside = 0 < x < 1 and 0 < y < 1 and depth > 0
            # Between a dog's legs the line of sight may pass on to the ground behind it.
            behind = hit and (first.matrix_world.translation - eye).length < (place - eye).length
            row["visible"].append(bool(inside and (own or not behind)))
    return truth


def outline(camera, root):
    """The box x0 y0 x1 y1 around all parts of a thing, in pixels."""
    corners = []
    for part in root.children_recursive:
        if part.type == "MESH":
            flat = np.empty(3 * len(part.data.vertices))
            part.data.vertices.foreach_get("co", flat)
            view = np.array(camera.matrix_world.inverted() @ part.matrix_world)
            corners.append(flat.reshape(-1, 3) @ view[:3, :3].T + view[:3, 3])
    x, y, z = np.concatenate(corners).T
    focal = SIZE[0] / 2 / math.tan(math.radians(FOV) / 2)
    across, down = SIZE[0] / 2 - focal * x / z, SIZE[1] / 2 + focal * y / z
    return [round(float(v), 1) for v in (across.min(), down.min(), across.max(), down.max())]


def set_up():
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = SAMPLES
    scene.cycles.use_denoising = True
    scene.cycles.denoising_prefilter, scene.cycles.denoising_quality = "NONE", "FAST"
    scene.cycles.max_bounces, scene.cycles.use_light_tree = 1, False
    scene.cycles.seed = 1  # the same in every frame, so that what stands still does not flicker
    scene.render.use_persistent_data = True
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    scene.render.resolution_percentage = 100
    scene.render.fps, scene.frame_start, scene.frame_end = FPS, 1, FRAMES
    scene.view_settings.view_transform = "Standard"
    data = bpy.data.cameras.new("camera")
    data.sensor_fit = "HORIZONTAL"
    data.angle = math.radians(FOV)
    camera = bpy.data.objects.new("camera", data)
    camera.location, camera.rotation_euler = (0, 0, EYE), (math.pi / 2, 0, 0)
    scene.collection.objects.link(camera)
    scene.camera = camera
    return camera


def render(path):
    scene = bpy.context.scene
    if bpy.app.version >= (5, 0, 0):
        scene.render.image_settings.media_type = "VIDEO"
    scene.render.image_settings.file_format = "FFMPEG"
    scene.render.ffmpeg.format = "MPEG4"
    scene.render.ffmpeg.codec = "H264"
    scene.render.ffmpeg.constant_rate_factor = "MEDIUM"
    scene.render.ffmpeg.gopsize = 48
    scene.render.ffmpeg.audio_codec = "NONE"
    scene.render.filepath = str(path)
    scene.render.use_file_extension = False
    bpy.ops.render.render(animation=True)


def main():
    module = not bpy.app.binary_path  # else inside Blender, whose own arguments end with "--"
    given = (
        sys.argv[1:] if module else sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    )
    folder = Path(given[0] if given else Path(__file__).parent).resolve()
    camera = set_up()
    scenery()
    light()
    truth = measure(camera, animate())
    data = {
        "fps": FPS,
        "frames": FRAMES,
        "size": list(SIZE),
        "horizontal_fov": FOV,
        "objects": truth,
    }
    (folder / "park.json").write_text(json.dumps(data) + "\n", encoding="utf-8")
    render(folder / "park.mp4")


if __name__ == "__main__":
    main()
