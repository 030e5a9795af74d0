"""The sound scene's file: what is written is read back, and what is wrong is named."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.scene import Clip, Room, SoundScene, Source
from blender_see2sound.core.scene_file import (
    read_scene,
    scene_from_json,
    scene_to_json,
    write_scene,
)

GOOD: dict[str, Any] = {
    "format": "see2sound-scene/1",
    "clip": {
        "path": "../dog.mp4",
        "start": 0.0,
        "duration": 9.64,
        "frame_rate": 29.97,
        "size": [1280, 720],
        "horizontal_fov": 50.0,
    },
    "sources": [
        {
            "id": "s1",
            "label": "dog",
            "prompt": "a dog barking",
            "kind": "point",
            "times": [0.0, 0.1],
            "positions": [[-1.2, 4.0, -0.8], [-1.1, 4.0, -0.8]],
            "boxes": [[300, 220, 460, 400], [310, 220, 470, 400]],
            "presence": [1.0, 0.8],
            "sound": "sounds/s1.wav",
            "gain_db": 0.0,
            "spread": 0.0,
            "reverb_db": 0.0,
            "lfe_db": None,
            "seed": 1,
        }
    ],
    "room": {"size": [10, 8, 3.5], "listener": [5, 4, 1.6], "rt60": 0.4},
}


def test_the_documented_example_is_read() -> None:
    scene = scene_from_json(GOOD)
    assert scene.sources[0].positions[1] == (-1.1, 4.0, -0.8)
    assert scene.room == Room((10.0, 8.0, 3.5), 0.4, (5.0, 4.0, 1.6))


finite = st.floats(-50, 50, allow_nan=False)


@st.composite
def scenes(draw: st.DrawFn) -> SoundScene:
    """Any scene that the format allows, without a room."""
    sources = []
    for number in range(draw(st.integers(0, 4))):
        times = tuple(sorted(draw(st.sets(st.floats(0, 100), min_size=1, max_size=5))))
        count = len(times)
        sources.append(
            Source(
                id=f"s{number}",
                label=draw(
                    st.text(
                        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
                        max_size=8,
                    )
                ),
                prompt=draw(
                    st.text(
                        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
                        max_size=8,
                    )
                ),
                kind=draw(st.sampled_from(["point", "area", "ambience"])),
                times=times,
                positions=tuple(draw(st.tuples(finite, finite, finite)) for _ in times),
                presence=tuple(draw(st.floats(0, 1)) for _ in range(count)),
                sound=draw(st.none() | st.just("sounds/ä.wav")),
                gain_db=draw(st.floats(-60, 12)),
                spread=draw(st.floats(0, 1)),
                lfe_db=draw(st.none() | st.floats(-60, 0)),
                seed=draw(st.integers(0, 2**31 - 1)),
            )
        )
    return SoundScene(
        Clip(draw(st.none() | st.just("ü.mp4")), 0.0, 5.0, 25.0, (640, 360), 50.0), tuple(sources)
    )


@settings(deadline=None)
@given(scene=scenes())
def test_what_is_written_is_read_back(
    scene: SoundScene, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("scene") / "scene.json"
    write_scene(scene, path)
    assert read_scene(path) == scene


def changed(*where: Any, to: Any) -> dict[str, Any]:
    """The good scene with one field changed; `...` removes it."""
    data = copy.deepcopy(GOOD)
    place: Any = data
    for key in where[:-1]:
        place = place[key]
    if to is ...:
        del place[where[-1]]
    else:
        place[where[-1]] = to
    return data


BROKEN = {
    "format": changed("format", to="see2sound-scene/2"),
    "clip": changed("clip", to=[]),
    "clip.duration": changed("clip", "duration", to=0),
    "clip.frame_rate": changed("clip", "frame_rate", to=float("nan")),
    "clip.size": changed("clip", "size", to=[1280]),
    "clip.size[0]": changed("clip", "size", to=[1280.5, 720]),
    "clip.horizontal_fov": changed("clip", "horizontal_fov", to=180),
    "clip.start": changed("clip", "start", to=-1),
    "clip.path": changed("clip", "path", to=3),
    "colour": {**GOOD, "colour": "red"},
    "sources": changed("sources", to={}),
    "sources[0]": changed("sources", 0, to=7),
    "sources[0].id": changed("sources", 0, "id", to="../s1"),
    "sources[1].id": changed(
        "sources", to=[GOOD["sources"][0], {**GOOD["sources"][0], "id": "S1"}]
    ),
    "sources[0].label ": changed("sources", 0, "label", to="x" * 2001),
    "sources[0].prompt": changed("sources", 0, "prompt", to="雨" * 2001),
    "sources[0].negative_prompt": changed("sources", 0, "negative_prompt", to="x " * 10**6),
    "sources[0].kind": changed("sources", 0, "kind", to="line"),
    "sources[0].times": changed("sources", 0, "times", to=[]),
    "sources[0].times ": changed("sources", 0, "times", to=[0.1, 0.0]),
    "sources[0].positions": changed("sources", 0, "positions", to=[[0, 1, 0]]),
    "sources[0].positions[0][1]": changed("sources", 0, "positions", 0, to=[0, float("inf"), 0]),
    "sources[0].positions[1]": changed("sources", 0, "positions", 1, to=[0, 1]),
    "sources[0].boxes": changed("sources", 0, "boxes", to=[[0, 0, 1, 1]]),
    "sources[0].boxes[0]": changed("sources", 0, "boxes", 0, to=[9, 0, 1, 1]),
    "sources[0].presence": changed("sources", 0, "presence", to=[1.0]),
    "sources[0].presence[0]": changed("sources", 0, "presence", to=[1.5, 1.0]),
    "sources[0].gain_db": changed("sources", 0, "gain_db", to="loud"),
    "sources[0].spread": changed("sources", 0, "spread", to=True),
    "sources[0].lfe_db": changed("sources", 0, "lfe_db", to=[]),
    "sources[0].seed": changed("sources", 0, "seed", to=-1),
    "sources[0].seed ": changed("sources", 0, "seed", to=2**31),
    "sources[0].label": changed("sources", 0, "label", to="\ud800"),
    "sources[0].volume": changed("sources", 0, "volume", to=1),
    "room.rt60": changed("room", "rt60", to=0),
    "room.rt60 ": changed("room", "rt60", to=...),
    "room.rt60  ": changed("room", "rt60", to=[0.4, 0.4, 0.4]),
    "room.rt60[6]": changed("room", "rt60", to=[0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 99]),
    "room.materials": changed("room", "materials", to=["brick"]),
    "room.materials.floor": changed("room", "materials", to={"floor": "cheese"}),
    "room.materials.door": changed("room", "materials", to={"door": "wood"}),
    "room.size[1]": changed("room", "size", to=[3, 0, 3]),
    "room.listener[0]": changed("room", "listener", to=[11, 4, 1.6]),
}


@pytest.mark.parametrize("field", BROKEN)
def test_a_broken_field_is_named(field: str) -> None:
    with pytest.raises(See2SoundError) as caught:
        scene_from_json(BROKEN[field], "scene.json")
    assert caught.value.kind == "bad-scene"
    assert f"scene.json: {field.strip()} " in str(caught.value)


def test_a_source_outside_the_room_is_named() -> None:
    with pytest.raises(See2SoundError, match=r"'s1' .* outside the room"):
        scene_from_json(changed("room", "size", to=[10, 5, 3.5]))


def test_a_room_may_differ_by_octaves_and_by_walls(tmp_path) -> None:
    octaves = [0.6, 0.5, 0.45, 0.4, 0.4, 0.35, 0.3]
    data = changed("room", "rt60", to=octaves)
    data["room"]["materials"] = {"floor": "carpet", "ceiling": "open"}
    scene = scene_from_json(data)
    assert scene.room.rt60 == tuple(octaves)
    assert scene.room.wall_materials() == ("plain",) * 4 + ("carpet", "open")
    write_scene(scene, tmp_path / "scene.json")
    assert read_scene(tmp_path / "scene.json") == scene
    assert scene_from_json(GOOD).room.wall_materials() == ("plain",) * 6


def test_a_bed_has_no_place_in_the_room() -> None:
    bed = {**GOOD["sources"][0], "kind": "ambience", "positions": [[0, 300, 0], [0, 300, 0]]}
    assert scene_from_json({**GOOD, "sources": [bed]}).room is not None


@settings(deadline=None)
@given(
    data=st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*GOOD, *GOOD["clip"], *GOOD["sources"][0], "x"]), inner
            )
        ),
        max_leaves=12,
    ),
    where=st.sampled_from(["top", "clip", "source", "room"]),
    key=st.sampled_from([*GOOD, *GOOD["clip"], *GOOD["sources"][0], *GOOD["room"]]),
)
def test_nothing_but_a_clear_error_comes_of_rubbish(data: Any, where: str, key: str) -> None:
    scene = copy.deepcopy(GOOD)
    if where == "top":
        scene = data
    else:
        {"clip": scene["clip"], "source": scene["sources"][0], "room": scene["room"]}[where][
            key
        ] = data
    problem = None
    try:
        scene_from_json(scene)
    except See2SoundError as error:
        problem = error
    assert problem is None or (problem.kind == "bad-scene" and "\n" not in str(problem))


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b'{"format": 1e999999}', b"9" * 5000, b"null"],
    ids=["empty", "torn", "binary", "deep", "huge", "long", "null"],
)
def test_what_is_not_a_scene_is_said_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "scene.json"
    path.write_bytes(content)
    with pytest.raises(See2SoundError, match=r"scene\.json"):
        read_scene(path)


def test_a_bad_scene_is_not_written_over_a_good_one(tmp_path: Path) -> None:
    path = tmp_path / "scene.json"
    good = scene_from_json(GOOD)
    write_scene(good, path)
    bad = SoundScene(
        good.clip, (Source("s1", "", "", "point", (0.0,), ((float("nan"), 0.0, 0.0),)),)
    )
    with pytest.raises(See2SoundError):
        write_scene(bad, path)
    assert read_scene(path) == good
    assert [p.name for p in tmp_path.iterdir()] == ["scene.json"]


def test_the_file_is_plain_json(tmp_path: Path) -> None:
    path = tmp_path / "scene.json"
    scene = scene_from_json(GOOD)
    write_scene(scene, path)
    assert json.loads(path.read_text(encoding="utf-8")) == scene_to_json(scene)
