"""From masks with known truth to regions: measured, linked, joined, dropped; and SAM's own rules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_see2sound.core.progress import silent
from blender_see2sound.core.regions.masks.geometry import best_of_alike, contained, ious, is_sliver
from blender_see2sound.core.regions.masks.links import MaskLinks, Segment
from blender_see2sound.core.regions.masks.looking import Looked
from blender_see2sound.core.regions.masks.regions import regions_of
from blender_see2sound.core.regions.masks.tracks import MaskTracks
from blender_see2sound.core.regions.protocol import Region
from blender_see2sound.core.regions.segmentation.resting import Resting
from blender_see2sound.core.regions.segmentation.slots import are_new, most_telling, telling

FULL = (1280, 720)
RATE = 6.0
Y, X = np.mgrid[:144, :256]


def disc(x: float, y: float, radius: float) -> np.ndarray:
    return (X + 0.5 - x) ** 2 + (Y + 0.5 - y) ** 2 < radius**2


def block(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    return (x0 <= X) & (x1 > X) & (y0 <= Y) & (y1 > Y)


class Film:
    """A clip of known masks: what is where in each picture, in colours of its own."""

    def __init__(self, pictures: int, cuts: tuple[int, ...] = ()) -> None:
        self.found = MaskTracks(FULL)
        self.pictures: list[Looked] = []
        for k in range(pictures):
            picture = Looked(
                k, k / RATE, sum(k >= c for c in cuts), np.zeros((180, 320, 3), np.uint8),
                np.full((144, 256, 3), 128, np.uint8), np.eye(3), np.zeros((144, 256), np.float32),
            )  # fmt: skip
            self.found.look(picture)
            self.pictures.append(picture)

    def paint(self, picture: int, mask: np.ndarray, colour: tuple[int, int, int]) -> None:
        self.pictures[picture].lab[mask] = colour

    def follow(self, masks: dict[int, np.ndarray], label: str = "", stuff: bool = False) -> int:
        """A track that is seen as these masks."""
        track = self.found.begin(self.pictures[min(masks)].shot, label, stuff)
        for k, mask in masks.items():
            self.found.see(track.number, self.pictures[k], mask, 0.9)
        return track.number

    def regions(self, count: int = 10) -> list[Region]:
        return regions_of(self.found, len(self.pictures) / RATE, count, silent)


def test_a_disc_that_crosses_is_where_it_is_at_every_moment() -> None:
    film = Film(18)
    film.follow({k: disc(30 + 10 * k, 100, 12.0) for k in range(18)})
    (region,) = film.regions()
    middles = (region.boxes[:, :2] + region.boxes[:, 2:]) / 2
    assert np.abs(middles[:, 0] - 5 * (30 + 10 * np.arange(18))).max() < 4
    assert np.abs(middles[:, 1] - 500).max() < 4
    assert region.moving
    assert region.kind == "point"
    assert region.stands
    assert region.look.speed == pytest.approx(10 * RATE / 256, rel=0.05)
    assert region.outline is not None
    assert len(region.outline) == 18
    assert (region.outline.mask(7) == disc(100, 100, 12.0)).all()
    assert np.allclose(region.presence, 0.9)


def test_what_stays_has_one_time_and_its_mask() -> None:
    film = Film(12)
    film.follow({k: block(200, 40, 230, 60) for k in range(12)})
    (region,) = film.regions()
    assert len(region.times) == 1
    assert not region.moving
    assert region.boxes[0] == pytest.approx([1000, 200, 1150, 300])
    assert region.outline is not None
    assert region.outline.mask(0).sum() == 600


def test_what_enters_late_is_absent_before() -> None:
    film = Film(24)
    film.follow({k: disc(60, 80, 15) for k in range(12, 24)})
    (region,) = film.regions()
    assert (region.presence[:12] == 0).all()
    assert (region.presence[12:] > 0.8).all()


def test_a_short_gap_is_bridged_and_its_mask_is_empty() -> None:
    film = Film(24)
    film.follow({k: disc(20 + 9 * k, 80, 15) for k in range(24) if k not in range(8, 14)})
    (region,) = film.regions()
    assert (region.presence > 0.8).all()
    assert region.outline is not None
    assert not region.outline.mask(10).any()
    middle = region.boxes[10, [0, 2]].mean()
    assert middle == pytest.approx(5 * (20 + 90), abs=8)


def test_parts_and_duplicates_become_the_whole() -> None:
    film = Film(18)
    whole = {k: disc(30 + 10 * k, 90, 20.0) for k in range(18)}
    film.follow(whole)
    film.follow({k: m & (Y < 90) for k, m in whole.items()})  # its upper half
    film.follow({k: disc(31 + 10 * k, 90, 19.0) for k in range(18)})  # nearly the same
    film.follow({k: disc(30 + 10 * k, 76, 5.0) for k in range(18)})  # a small part
    (region,) = film.regions()
    assert region.look.area == pytest.approx(np.pi * 20**2 / (256 * 144), rel=0.05)


def test_pieces_that_touch_and_move_as_one_become_one() -> None:
    film = Film(18)
    film.follow({k: block(20 + 8 * k, 60, 50 + 8 * k, 80) for k in range(18)})
    film.follow({k: block(20 + 8 * k, 80, 50 + 8 * k, 110) for k in range(18)})
    (region,) = film.regions()
    assert region.boxes[5] == pytest.approx([300, 300, 450, 550], abs=3)


def test_what_passes_before_something_at_rest_is_no_part_of_it() -> None:
    film = Film(18)
    film.follow({k: block(60, 30, 200, 130) for k in range(18)})
    film.follow({k: disc(80 + 6 * k, 80, 12.0) for k in range(18)})
    assert len(film.regions()) == 2


def test_what_has_different_names_stays_apart() -> None:
    film = Film(18)
    film.follow({k: block(20 + 8 * k, 60, 50 + 8 * k, 80) for k in range(18)}, "person")
    film.follow({k: block(20 + 8 * k, 80, 50 + 8 * k, 110) for k in range(18)}, "bicycle")
    assert {r.label for r in film.regions()} == {"person", "bicycle"}


def test_slivers_specks_and_glimpses_are_dropped() -> None:
    film = Film(24)
    film.follow({k: block(20, 70, 240, 71) for k in range(24)})  # a line
    film.follow({k: block(100, 100, 104, 104) for k in range(24)})  # too small
    film.follow({k: disc(60, 60, 20) for k in range(2)})  # too short
    assert film.regions() == []


def test_stuff_of_several_shots_is_one_and_an_ambience_or_area() -> None:
    film = Film(24, cuts=(12,))
    film.follow({k: block(0, 0, 256, 50) for k in range(12)}, "sky", stuff=True)
    film.follow({k: block(0, 0, 256, 60) for k in range(12, 24)}, "sky", stuff=True)
    film.follow({k: block(0, 120, 256, 144) for k in range(24)}, "grass", stuff=True)
    regions = {r.label: r for r in film.regions()}
    assert regions["sky"].kind == "ambience"
    assert regions["sky"].look.stuff == "sky"
    assert regions["grass"].kind == "area"
    assert regions["grass"].look.stuff == "grass"
    assert regions["sky"].presence.min() > 0.8


def test_a_thing_is_known_again_after_a_cut_by_its_looks() -> None:
    film = Film(24, cuts=(12,))
    first = {k: disc(60, 80, 20) for k in range(12)}
    second = {k: disc(180, 70, 22) for k in range(12, 24)}
    other = {k: disc(60, 70, 22) for k in range(12, 24)}
    for masks, colour in (
        (first, (90, 190, 170)),
        (second, (92, 188, 171)),
        (other, (200, 90, 90)),
    ):
        for k, mask in masks.items():
            film.paint(k, mask, colour)
    for masks in (first, second, other):
        film.follow(masks)
    regions = film.regions()
    assert len(regions) == 2
    whole = max(regions, key=lambda r: (r.presence > 0).sum())
    assert (whole.presence > 0).all()
    assert whole.boxes[20, [0, 2]].mean() == pytest.approx(900, abs=10)


def test_links_follow_two_that_cross() -> None:
    film = Film(20)
    links = MaskLinks(film.found)
    for k, picture in enumerate(film.pictures):
        red, blue = disc(20 + 11 * k, 60, 14), disc(236 - 11 * k, 95, 14)
        film.paint(k, red, (90, 190, 170))
        film.paint(k, blue, (120, 110, 60))
        both = [Segment(red, 0.9), Segment(blue, 0.9)]
        links.take(picture, both if k % 2 else both[::-1])
    assert len(film.found.tracks) == 2
    for track in film.found.tracks.values():
        xs = np.array([track.seen[k].centre[0] for k in track.pictures])
        assert (np.abs(np.abs(np.diff(xs)) - 11) < 0.6).all()


def test_links_keep_to_labels_and_wait_for_what_is_hidden() -> None:
    film = Film(20)
    links = MaskLinks(film.found)
    for k, picture in enumerate(film.pictures):
        dog = disc(30 + 8 * k, 80, 14)
        segments = [Segment(block(0, 100, 256, 144), 0.9, "grass", True)]
        if k not in range(7, 11):
            segments.append(Segment(dog, 0.9, "dog"))
        segments.append(Segment(disc(200, 40, 10), 0.8, "person" if k < 10 else "kite"))
        links.take(picture, segments)
    labels = sorted(t.label for t in film.found.tracks.values())
    assert labels == ["dog", "grass", "kite", "person"]


def test_new_masks_are_those_that_no_track_covers() -> None:
    known = np.stack([disc(60, 80, 20)])
    masks = np.stack(
        [disc(61, 80, 20), disc(60, 75, 6), disc(180, 60, 18), block(170, 50, 180, 60)]
    )
    new = are_new(masks, known)
    assert new.tolist() == [False, False, True, True]
    scores = telling(masks, Film(1).pictures)
    assert most_telling(masks, scores, new, 8) == [2, 3]
    assert most_telling(masks, scores, new, 1) == [2]
    assert most_telling(masks, scores, new, 0) == []
    none = masks[:0]
    assert are_new(masks, none).all()
    assert most_telling(none, telling(none, []), are_new(none, known), 3) == []


def test_a_small_thing_that_moves_goes_before_walls_and_what_rests() -> None:
    film = Film(3)
    sky, floor = block(0, 0, 256, 60), block(0, 100, 256, 144)
    wall, house = block(0, 50, 105, 100), block(165, 50, 256, 100)
    box, dog = block(115, 70, 140, 95), disc(152, 70, 6)
    for picture in film.pictures[1:]:
        picture.change[dog] = 0.1
    masks = np.stack([sky, floor, wall, house, box, dog])
    every = np.ones(len(masks), bool)
    order = most_telling(masks, telling(masks, film.pictures), every, 3)
    assert order[0] == 5
    assert 4 in order  # of four large things two get no place while there are others
    assert len(most_telling(masks, telling(masks, film.pictures), every, 6)) == 6


def test_what_rests_is_held_until_something_happens_there_and_found_again() -> None:
    film = Film(12)
    car = block(60, 60, 110, 100)
    number = film.follow(dict.fromkeys(range(4), car))
    walker = film.follow({k: disc(20 + 8 * k, 80, 14) for k in range(4)})
    resting = Resting(film.found, 4, gone=6.0)
    now, then = film.pictures[3], film.pictures[0]
    assert resting.rests(number, now, car, then)
    assert not resting.rests(walker, now, disc(44, 80, 14), then)
    resting.hold(number, now, car, 0.5)
    for picture in film.pictures[4:6]:
        resting.keep(picture)
    film.pictures[6].change[car] = 0.3  # somebody goes by
    for picture in film.pictures[6:9]:
        resting.keep(picture)
    track = film.found.tracks[number]
    assert track.pictures == [0, 1, 2, 3, 4, 5]
    again = resting.find(film.pictures[9], np.stack([block(61, 60, 111, 100), disc(200, 40, 9)]))
    assert len(again) == 1
    resting.keep(film.pictures[10])
    assert track.pictures == [0, 1, 2, 3, 4, 5, 9, 10]
    assert len(resting.find(film.pictures[11], np.stack([disc(200, 40, 9)]))) == 0
    assert track.pictures[-1] == 10


def test_what_is_held_goes_with_the_camera() -> None:
    film = Film(3)
    car = block(60, 60, 110, 100)
    number = film.follow({0: car})
    film.pictures[1].to_shot[:2, 2] = (10.0, 0.0)  # the camera has turned right by 10 pixels
    resting = Resting(film.found, 4, gone=6.0)
    resting.hold(number, film.pictures[0], car, 0.5)
    resting.keep(film.pictures[1])
    seen = film.found.tracks[number].seen[1]
    assert seen.centre == pytest.approx([74.5, 79.5], abs=0.6)
    assert resting.rests(number, film.pictures[1], block(50, 60, 100, 100), film.pictures[0])


@given(st.lists(st.tuples(*[st.integers(0, 200), st.integers(0, 100), st.integers(5, 50)]),
                min_size=1, max_size=6))  # fmt: skip
def test_overlaps_are_those_of_sets(discs: list[tuple[int, int, int]]) -> None:
    masks = np.stack([disc(*d) for d in discs])
    overlap, share = ious(masks, masks), contained(masks, masks)
    for a in range(len(masks)):
        for b in range(len(masks)):
            both = (masks[a] & masks[b]).sum()
            assert overlap[a, b] == pytest.approx(both / max((masks[a] | masks[b]).sum(), 1))
            assert share[a, b] == pytest.approx(both / max(masks[a].sum(), 1))
    best = best_of_alike(overlap, np.arange(len(masks), dtype=float), 0.5)
    assert best[0] == len(masks) - 1
    assert all(overlap[i, j] <= 0.5 for i in best for j in best if i != j)


def test_a_line_is_a_sliver_and_a_block_is_not() -> None:
    assert is_sliver(block(10, 10, 200, 12))
    assert not is_sliver(block(10, 10, 30, 22))


def test_the_same_masks_give_the_same_regions() -> None:
    def made() -> list[Region]:
        film = Film(12)
        film.follow({k: disc(30 + 10 * k, 100, 12.0) for k in range(12)})
        film.follow({k: disc(200, 40, 12.0) for k in range(12)})
        return film.regions()

    for a, b in zip(made(), made(), strict=True):
        assert (a.boxes == b.boxes).all()
        assert a.prominence == b.prominence
        assert replace(a.look, colour=b.look.colour, centre=b.look.centre) == b.look
