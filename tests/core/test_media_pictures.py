"""Stills and image sequences are read as they are shown."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from blender_see2sound.core.media import ClipRange, open_clip
from tests.core.media_files import SIZE, number_of, numbered


def write_still(path: Path, image: np.ndarray) -> Path:
    """Write RGB, RGBA or grey values."""
    bgr = image if image.ndim == 2 else image[:, :, [2, 1, 0, 3][: image.shape[2]]]
    data = cv2.imencode(path.suffix, bgr)[1]
    path.write_bytes(data.tobytes())
    return path


def write_pictures(folder: Path, numbers: list[int], name: str = "shot_%04d.png") -> Path:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        write_still(folder / (name % number), numbered(number))
    return folder


@pytest.fixture
def colours() -> np.ndarray:
    """Four fields: red, green, blue and grey."""
    image = np.zeros((48, 64, 3), np.uint8)
    image[:24, :32, 0], image[:24, 32:, 1], image[24:, :32, 2] = 200, 200, 200
    image[24:, 32:] = 120
    return image


def seen(path: Path) -> np.ndarray:
    with open_clip(ClipRange(path)) as clip:
        assert clip.kind == "still"
        image = clip.frame_at(0).image
        assert clip.size == (image.shape[1], image.shape[0])
    return image.astype(int)


def test_a_still_is_one_frame_and_ten_seconds(tmp_path: Path, colours: np.ndarray) -> None:
    path = write_still(tmp_path / "a.png", colours)
    with open_clip(ClipRange(path)) as clip:
        assert (clip.kind, clip.size, clip.duration) == ("still", (64, 48), 10.0)
        frames = list(clip.frames(5, 32))
        assert number_of(clip.frame_at(7.0).image) == number_of(colours)
    assert [f.time for f in frames] == [0.0]
    assert frames[0].image.shape == (24, 32, 3)
    with open_clip(ClipRange(path, duration=2.5)) as clip:
        assert clip.duration == 2.5


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".webp", ".jpg", ".ppm"])
def test_formats(tmp_path: Path, colours: np.ndarray, suffix: str) -> None:
    image = seen(write_still(tmp_path / f"a{suffix}", colours))
    # JPEG and WebP keep colour at half size: look inside the fields, with some tolerance.
    inside = np.s_[4:20, 4:28], np.s_[4:20, 36:60], np.s_[28:44, 4:28], np.s_[28:44, 36:60]
    for field in inside:
        assert np.abs(image[field] - colours[field]).max() <= 12


@pytest.mark.parametrize("name", ["targa", "exr"])
def test_formats_of_film_people(tmp_path: Path, colours: np.ndarray, name: str) -> None:
    path = tmp_path / {"targa": "a.tga", "exr": "a.exr"}[name]
    frame = av.VideoFrame.from_ndarray(colours[:, :, ::-1].copy(), "bgr24")
    if name == "exr":  # scene-linear
        coded = colours / np.float32(255)
        linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
        frame = av.VideoFrame.from_ndarray(linear.astype(np.float32), "gbrpf32le")
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream(name)
        stream.width, stream.height, stream.pix_fmt = 64, 48, frame.format.name
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert np.abs(seen(path) - colours).max() <= 1


def test_grey_and_sixteen_bits(tmp_path: Path, colours: np.ndarray) -> None:
    grey = colours[:, :, 1]
    assert np.abs(seen(write_still(tmp_path / "g.png", grey)) - grey[:, :, None]).max() <= 1
    deep = colours.astype(np.uint16) * 257
    assert np.abs(seen(write_still(tmp_path / "d.png", deep)) - colours).max() <= 1
    assert np.abs(seen(write_still(tmp_path / "d.tif", deep)) - colours).max() <= 1


def test_transparency_goes_over_black(tmp_path: Path, colours: np.ndarray) -> None:
    alpha = np.full((48, 64, 1), 255, np.uint8)
    alpha[:, :32] = 0
    image = seen(write_still(tmp_path / "a.png", np.concatenate([colours, alpha], 2)))
    assert np.all(image[:, :31] == 0)
    assert np.abs(image[:, 33:] - colours[:, 33:]).max() <= 1


@pytest.mark.parametrize("orientation", [1, 2, 3, 5, 6, 7, 8])
def test_exif_orientation(tmp_path: Path, colours: np.ndarray, orientation: int) -> None:
    plain = cv2.imencode(".jpg", colours[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()
    tag = struct.pack("<IHHHIII", 8, 1, 0x112, 3, 1, orientation, 0)
    exif = b"Exif\0\0II*\0" + tag
    path = tmp_path / "phone.jpg"
    path.write_bytes(plain[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[2:])
    upright = {
        1: colours,
        2: colours[:, ::-1],
        3: colours[::-1, ::-1],
        5: colours.transpose(1, 0, 2),
        6: np.rot90(colours, -1),
        7: colours[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(colours),
    }[orientation]
    image = seen(path)
    assert image.shape == upright.shape
    assert np.abs(image - upright).mean() < 8
    with open_clip(ClipRange(path)) as clip:
        assert max(next(clip.frames(1, 32)).image.shape) == 32


def test_a_name_that_lies_about_the_format(tmp_path: Path, colours: np.ndarray) -> None:
    path = write_still(tmp_path / "a.png", colours).rename(tmp_path / "a.jpg")
    assert np.abs(seen(path) - colours).max() <= 1


@pytest.mark.parametrize("name", ["ünï 猫 %d.png", "a:b 100%.png", "#?&'\".png", "-i.png"])
def test_odd_names(tmp_path: Path, colours: np.ndarray, name: str) -> None:
    folder = tmp_path / "Größe %03d: x"
    folder.mkdir()
    assert np.array_equal(seen(write_still(folder / name, colours)), colours)


# ------------------------------------------------------------------ sequences


def numbers(clip_range: ClipRange, rate: float = 24.0) -> list[int]:
    with open_clip(clip_range) as clip:
        assert clip.kind == "sequence"
        assert clip.size == SIZE
        return [number_of(frame.image) for frame in clip.frames(rate, 96)]


def test_a_folder_is_a_sequence(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "shots", list(range(1, 13)), "shot %d.png")
    (folder / "notes.txt").write_text("not a picture")
    (folder / ".hidden.png").write_bytes(b"")
    with open_clip(ClipRange(folder)) as clip:
        assert (clip.frame_rate, clip.duration) == (24.0, 0.5)
    assert numbers(ClipRange(folder)) == list(range(1, 13))
    with open_clip(ClipRange(folder, frame_rate=30.0)) as clip:
        assert (clip.frame_rate, clip.duration) == (30.0, 0.4)


@pytest.mark.parametrize(
    "suffix", [".png", ".bmp", ".tif", ".webp", ".jpg", ".ppm", ".exr", ".tga", ".dpx", ".sgi"]
)
def test_pictures_of_a_sequence_look_as_they_do_alone(
    tmp_path: Path, colours: np.ndarray, suffix: str
) -> None:
    for number in range(3):
        path = tmp_path / f"shot_{number}{suffix}"
        turned = np.roll(colours, 9 * number, 1)
        frame = av.VideoFrame.from_ndarray(turned, format="rgb24")
        codec = {".jpg": "mjpeg", ".tif": "tiff", ".tga": "targa", ".webp": "libwebp"}
        with av.open(str(path), "w", format="image2", options={"update": "1"}) as container:
            stream = container.add_stream(codec.get(suffix, suffix[1:]), rate=24)
            stream.width, stream.height = 64, 48
            stream.pix_fmt = stream.codec_context.codec.video_formats[0].name
            container.mux([*stream.encode(frame), *stream.encode(None)])
    with open_clip(ClipRange(tmp_path, frame_rate=10.0)) as clip:
        frames = list(clip.frames(10.0, 64))
    assert len(frames) == 3
    for number, frame in enumerate(frames):
        alone = seen(tmp_path / f"shot_{number}{suffix}")
        assert np.array_equal(frame.image, alone)


def test_a_picture_of_another_kind_in_a_sequence_is_read(
    tmp_path: Path, colours: np.ndarray
) -> None:
    folder = write_pictures(tmp_path / "shots", [0, 1, 2])
    data = cv2.imencode(".jpg", np.ascontiguousarray(numbered(1)[:, :, ::-1]))[1]
    (folder / "shot_0001.png").write_bytes(data.tobytes())
    with open_clip(ClipRange(folder, frame_rate=10.0)) as clip:
        assert [number_of(f.image) for f in clip.frames(10.0, 64)] == [0, 1, 2]


def test_a_folder_without_numbers_goes_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    for number, name in enumerate(["a.png", "b10.png", "b9.png"]):
        write_still(folder / name, numbered(number))
    assert numbers(ClipRange(folder)) == [0, 2, 1]


def test_a_pattern_is_a_sequence(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "100%d", [5, 6, 7, 8])
    write_pictures(folder, [6], "other_%04d.png")
    assert numbers(ClipRange(folder / "shot_%04d.png")) == [5, 6, 7, 8]


def test_missing_numbers_hold_the_picture_before(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "render", [3, 4, 8, 9])
    held = [3, 4, 4, 4, 4, 8, 9]
    assert numbers(ClipRange(folder / "shot_%04d.png")) == held
    assert numbers(ClipRange(folder)) == held


def test_files_one_by_one(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "files", [1, 2, 3])
    files = tuple(folder / f"shot_{k:04d}.png" for k in (3, 1, 2, 2))
    assert numbers(ClipRange(folder, files=files, start=1 / 24)) == [1, 2, 2]
    assert numbers(ClipRange(folder, files=files, time_map=((0.0, 0.15), (0.15, 0.0)))) == [
        2,
        2,
        1,
        3,
    ]
