"""A shoebox room: its first reflections as mirror images, its late sound as decaying noise.

Mirror images come from pyroomacoustics in true metres (Allen and Berkley 1979),
walls alike and alike at all frequencies; each reflection keeps its own
direction, delay and level. When reflections have become so dense that nobody
tells them apart, noise takes over, decorrelated between the main channels, its
decay as asked and its level that of a diffuse field (Kuttruff, Room Acoustics,
chapter 4: energy 4 pi c / V per second for a source of unit pressure at one
metre). The walls are calibrated so that the images hand over to that level.

Sound for picture is not late: all delays count from the direct sound.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress
from ..scene import Room
from ..sounds.protocol import SAMPLE_RATE
from .arrivals import LATENCY, Arrivals
from .distance import NEAREST, REFERENCE_DISTANCE
from .layouts import Layout
from .panning import ring_gains

Array = NDArray[np.float64]

SPEED_OF_SOUND = 343.0

#: Reflections are single up to this many seconds after the direct sound, at most.
_LATEST_MIXING = 0.08

#: Mirror images up to this order at most; in a very flat room the noise takes over sooner.
_MOST_ORDERS = 28

#: The late sound ends where it has decayed by this many decibels.
_LATE_RANGE = 75.0

_NOISE_SEED = 5


@dataclass(frozen=True)
class _Images:
    """The mirror images of a shoebox: ``signs x source + offsets``, metres from the corner."""

    signs: Array  # (N, 3)
    offsets: Array  # (N, 3)
    orders: Array  # (N,)

    def places(self, source: Array) -> Array:
        return self.signs * source + self.offsets


class RoomModel:
    """A room with its listener, calibrated.

    Attributes
    ----------
    mixing_time : float
        Seconds after the direct sound at which the late sound has taken over.
    reflection : float
        The pressure reflection factor of the walls, 0 to 1.
    """

    def __init__(self, room: Room, progress: Progress) -> None:
        self._size = np.asarray(room.size)
        self._listener = np.asarray(room.listener_place())
        self._volume = float(np.prod(self._size))
        self._rt60 = room.rt60
        # Twice the root of the volume, in milliseconds: reflections overlap (Lindau 2012); no
        # more than a quarter of the decay.
        self.mixing_time = min(
            max(2e-3 * np.sqrt(self._volume), 0.02), _LATEST_MIXING, 0.25 * room.rt60
        )
        progress("Preparing the room", 0.0)
        self._images = self._in_reach(_images(self._size, self._orders()))
        progress("Preparing the room", 0.5)
        self.reflection = self._calibrated()
        progress("Preparing the room", 1.0)

    def _orders(self) -> int:
        """How many reflections a path needs that ends when the late sound has taken over."""
        farthest = np.linalg.norm(self._size)
        reach = SPEED_OF_SOUND * self.mixing_time + farthest
        return int(min(np.ceil(np.sum(reach / self._size)), _MOST_ORDERS))

    def _in_reach(self, images: _Images) -> _Images:
        """Those images that a source anywhere in the room can have within the mixing time."""
        # An image's cell is the room mirrored; its nearest point is as near as the image gets.
        ends = np.sort(np.stack([images.places(np.zeros(3)), images.places(self._size)]), axis=0)
        nearest = np.maximum(np.maximum(ends[0] - self._listener, self._listener - ends[1]), 0.0)
        direct = np.linalg.norm(np.maximum(self._listener, self._size - self._listener))
        reach = direct + SPEED_OF_SOUND * self.mixing_time
        near = np.linalg.norm(nearest, axis=1) <= reach
        return _Images(images.signs[near], images.offsets[near], images.orders[near])

    def _late_energy(self, start: Array | float, end: Array | float) -> Array:
        """Energy of the diffuse field from start to end, in seconds since the sound left."""
        rate = 2.0 * np.log(1e3) / self._rt60
        begun, ended = np.exp(-rate * np.asarray(start)), np.exp(-rate * np.asarray(end))
        level = 4.0 * np.pi * SPEED_OF_SOUND / self._volume * REFERENCE_DISTANCE**2
        return np.asarray(level / rate * (begun - ended))

    def _calibrated(self) -> float:
        """The reflection factor at which the images' energy hands over to the diffuse field's.

        A formula for the absorption (Sabine's, Eyring's) misses in rooms that are not cubes;
        the energy of the images themselves does not. Sources all over the room are
        averaged.
        """
        window = (0.3 * self.mixing_time, self.mixing_time)
        energies, orders, wanted = [], [], 0.0
        for place in itertools.product((0.2, 0.5, 0.8), repeat=3):
            source = self._size * np.asarray(place)
            vectors = self._images.places(source) - self._listener
            distances = np.linalg.norm(vectors, axis=1)
            times = distances / SPEED_OF_SOUND
            direct = float(distances[0]) / SPEED_OF_SOUND
            late = (times > direct + window[0]) & (times <= direct + window[1])
            energies.append((REFERENCE_DISTANCE / distances[late]) ** 2)
            orders.append(self._images.orders[late])
            wanted += float(self._late_energy(direct + window[0], direct + window[1]))
        energy, order = np.concatenate(energies), np.concatenate(orders)
        low, high = 0.0, 1.0
        for _ in range(40):
            middle = 0.5 * (low + high)
            if np.sum(energy * middle ** (2.0 * order)) < wanted:
                low = middle
            else:
                high = middle
        return high

    def reflections(self, positions: Array, gain: float) -> Arrivals:
        """The single reflections of a source at positions (T, 3), metres from the listener."""
        places = self._images.places((positions + self._listener)[:, None])
        vectors = places - self._listener  # (T, N, 3)
        distances = np.linalg.norm(vectors, axis=2)
        direct = np.linalg.norm(positions, axis=1)
        delays = np.maximum(distances - direct[:, None], 0.0) / SPEED_OF_SOUND
        moments, images = np.nonzero((self._images.orders > 0) & (delays < self.mixing_time))
        delays = delays[moments, images]
        gains = (
            (gain * REFERENCE_DISTANCE)
            / np.maximum(distances[moments, images], NEAREST)
            * self.reflection ** self._images.orders[images]
            * self._fading(delays)
        )
        return Arrivals(vectors[moments, images], delays, gains, moments)

    def _fading(self, delays: Array) -> Array:
        """How the images give way to the noise in the last third before the mixing time."""
        return np.cos(0.5 * np.pi * np.clip(3.0 * delays / self.mixing_time - 2.0, 0.0, 1.0))

    def late_gains(self, distances: Array) -> Array:
        """What a source at distances in metres sends into `late_filters`.

        The late sound has decayed for as long as the direct sound took to arrive.
        """
        return np.exp(-np.log(1e3) * distances / SPEED_OF_SOUND / self._rt60)

    def late_filters(self, layout: Layout) -> NDArray[np.float32]:
        """Filters (M, L) of the late sound, a row per main channel; the same noise every time."""
        length = int(self._rt60 * _LATE_RANGE / 60.0 * SAMPLE_RATE)
        edges = np.arange(length + 1) / SAMPLE_RATE
        energy = self._late_energy(edges[:-1], edges[1:])
        envelope = np.sqrt(energy * (1.0 - self._fading(edges[:-1]) ** 2))
        channels = len(layout.mains)
        noise = np.random.default_rng(_NOISE_SEED).standard_normal((channels, length))
        filters = noise * envelope
        wanted = ring_gains(layout) ** 2 * np.sum(envelope**2)
        filters *= np.sqrt(wanted / np.sum(filters**2, axis=1))[:, None]
        delayed = np.zeros((channels, LATENCY + length), np.float32)
        delayed[:, LATENCY:] = filters
        return delayed


def _images(size: Array, orders: int) -> _Images:
    """Where a room's mirror images lie, told apart from where the source is."""
    import pyroomacoustics

    place = 0.37 * size
    box = pyroomacoustics.ShoeBox(
        size, fs=SAMPLE_RATE, materials=pyroomacoustics.Material(0.5), max_order=orders
    )
    box.add_source(place)
    box.add_microphone(0.61 * size)
    box.image_source_model()
    source = box.sources[0]
    crossings = np.asarray(source.orders_xyz, dtype=np.float64).T
    signs = 1.0 - 2.0 * np.mod(crossings, 2.0)
    places = np.asarray(source.images, dtype=np.float64).T
    order = np.argsort(np.asarray(source.orders), kind="stable")
    return _Images(
        signs[order], (places - signs * place)[order], np.asarray(source.orders, float)[order]
    )
