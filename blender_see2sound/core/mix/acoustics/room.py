"""A shoebox room: its first reflections as mirror images, and what its late sound has to be.

Each reflection is a mirror image of the source in true metres (Allen and Berkley
1979): it keeps its own direction, delay and spectrum, which the walls it met and
the air on its way have damped. When reflections have become so dense that nobody
tells them apart, noise takes over (`core.mix.acoustics.late`), its decay in each octave as
asked and its level that of a diffuse field (Kuttruff, Room Acoustics, chapter 4:
energy 4 pi c / V per second for a source of unit pressure at one metre). In each
octave the walls are calibrated so that the images hand over to that level.

Where a wall is open there is no diffuse field: the materials stand as they are,
and the noise joins at the level that the images have come to. Where walls scatter
(trees), the noise stands for all that they send back and begins at once; their
mirror images only say how much that is.

Sound for picture is not late: all delays count from the direct sound.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...audio import SAMPLE_RATE
from ...materials import MATERIALS, OCTAVES, SCATTERING
from ...progress import Progress
from ...scene import Room
from ..channels.arrivals import AFTER_EARS, AFTER_POINTS, BEFORE_EARS, BEFORE_POINTS, Arrivals
from ..layouts.layout import Layout
from ..signals.convolution import Partition, Samples, partition_for
from ..travel.air import Air, absorption_nepers
from ..travel.distance import NEAREST, REFERENCE_DISTANCE, metres_of_air
from ..travel.propagation import SPEED_OF_SOUND
from .colours import shared

Array = NDArray[np.float64]

#: Reflections are single up to this many seconds after the direct sound, where by then enough
#: of them have come; and in the largest rooms, where they come late, to this many at most.
_LATEST_MIXING = 0.08
_LATEST = 1.0
_ENOUGH = 16.0

#: So many mirror images at most, those of the fewest reflections: in a very flat room, or a very
#: long one, the noise takes over sooner.
_MOST_IMAGES = 3000

#: What is left of a reflection's colour when it has fallen by so many decibels is cut off.
_CUT_DB = 90.0

#: Absorption is kept from these ends, where a factor on its logarithm would change nothing.
_LEAST, _MOST = 0.005, 0.99


@dataclass(frozen=True)
class Images:
    """The mirror images of a shoebox: ``signs x source + offsets``, metres from the corner.

    `hits` counts how often each met each wall, in the order of `materials.WALLS`.
    """

    signs: Array  # (N, 3)
    offsets: Array  # (N, 3)
    hits: Array  # (N, 6)

    def places(self, source: Array) -> Array:
        return self.signs * source + self.offsets

    def only(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Images:
        return Images(self.signs[rows], self.offsets[rows], self.hits[rows])


class RoomModel:
    """A room with its listener, calibrated.

    Attributes
    ----------
    mixing_time : float
        Seconds after the direct sound at which the late sound has taken over.
    decay_rates : (7,) array
        Nepers of energy that each octave loses in a second.
    late_levels : (7,) array
        The late sound's energy per second at time 0, were it there from the beginning on.
    scatters : bool
        The late sound begins with the direct sound.
    colours : (K, n) array
        Filters that all reflections are mixed from.
    """

    def __init__(self, room: Room, air: Air | None, progress: Progress) -> None:
        self._size = np.asarray(room.size)
        self._listener = np.asarray(room.listener_place())
        volume = float(np.prod(self._size))
        # Nepers that a metre of air takes in each octave.
        self._air = np.zeros(len(OCTAVES))
        if air is not None:
            self._air = absorption_nepers(air, np.array(OCTAVES))
        self.decay_rates = 2.0 * np.log(1e3) / np.broadcast_to(room.rt60, len(OCTAVES))
        wall_losses, opened = damping(room.wall_materials())
        self._is_open = bool(opened.any())
        if self._is_open:
            self.mixing_time = _all_answered(self._size, self._listener, opened)
        else:
            self.mixing_time = mixing_time(volume, float(np.mean(room.rt60)))
        progress("Preparing the room", 0.0)
        direct = np.linalg.norm(np.maximum(self._listener, self._size - self._listener))
        self._reach = float(direct) + SPEED_OF_SOUND * self.mixing_time
        images = _fewest_reflections(self._size, self._listener, self._reach)
        self._images = images.only(~np.any(images.hits[:, opened] > 0.0, axis=1))
        scattering = np.array([name in SCATTERING for name in room.wall_materials()])
        self._scattered = np.any(self._images.hits[:, scattering] > 0.0, axis=1)
        self.scatters = bool(self._is_open and scattering.any())
        self._reflected = self._images.hits.any(axis=1) & ~(self.scatters & self._scattered)
        self._losses = self._images.hits @ wall_losses
        self.late_levels = np.full(
            len(OCTAVES), 4.0 * np.pi * SPEED_OF_SOUND / volume * REFERENCE_DISTANCE**2
        )
        progress("Preparing the room", 0.3)
        self._calibrate()
        progress("Preparing the room", 0.7)
        # An image's spectrum changes with its distance, by the air: interpolated between these.
        steps = int(np.clip(np.ceil(self._reach / 25.0), 2, 40))
        self._distances = np.linspace(0.0, self._reach, steps)
        nepers = -self._losses[:, None] - self._air * metres_of_air(self._distances)[:, None]
        spectra, weights = shared(
            nepers.reshape(-1, len(OCTAVES)), lambda: progress("Preparing the room", 0.7)
        )
        self.colours = _cut(np.fft.irfft(spectra))
        self._weights = weights.reshape(len(self._losses), steps, -1)
        progress("Preparing the room", 1.0)

    def partition(self, layout: Layout, moving: bool) -> Partition:
        """How filters of reflections are cut, where some sources are moving or none is."""
        ears = layout.coding == "binaural"
        before, after = (BEFORE_EARS, AFTER_EARS) if ears else (BEFORE_POINTS, AFTER_POINTS)
        reach = int(np.ceil(self.mixing_time * SAMPLE_RATE))
        return partition_for(reach, before, self.colours.shape[1] + after, moving)

    def late_energy(self, start: Array, end: Array) -> Array:
        """Energy (..., 7) of the late sound from start to end (...,), seconds since it left."""
        begun = np.exp(-self.decay_rates * np.asarray(start)[..., None])
        ended = np.exp(-self.decay_rates * np.asarray(end)[..., None])
        return np.asarray(self.late_levels / self.decay_rates * (begun - ended))

    def _calibrate(self) -> None:
        """Let the images' energy hand over to the late sound's in each octave.

        A formula for the absorption (Sabine's, Eyring's) misses in rooms that are not cubes;
        the energy of the images themselves does not. Sources all over the room are
        averaged.
        """
        window = np.array([0.3, 1.0]) * self.mixing_time
        energies, losses, wanted = [], [], np.zeros(len(OCTAVES))
        for place in itertools.product((0.2, 0.5, 0.8), repeat=3):
            source = self._size * np.asarray(place)
            vectors = self._images.places(source) - self._listener
            distances = np.linalg.norm(vectors, axis=1)
            direct = float(np.linalg.norm(source - self._listener))
            start, end = direct / SPEED_OF_SOUND + window
            times = distances / SPEED_OF_SOUND
            late = (times > start) & (times <= end)
            if self.scatters:
                late &= self._scattered
            elif self._is_open:
                # What one wall alone sends back, as the ground does, is no late sound.
                late &= self._images.hits.sum(axis=1) > 1.0
            air = np.exp(-2.0 * self._air * metres_of_air(distances[late, None]))
            energies.append((REFERENCE_DISTANCE / distances[late, None]) ** 2 * air)
            losses.append(self._losses[late])
            wanted += self.late_energy(start, end)
        energy, loss = np.concatenate(energies), np.concatenate(losses)
        # How many times as much the walls damp as their materials say, on the decibel scale.
        factors = np.ones(len(OCTAVES))
        if not self._is_open:
            low, high = np.zeros(len(OCTAVES)), np.full(len(OCTAVES), 1e3)
            for _ in range(44):
                factors = 0.5 * (low + high)
                louder = np.sum(energy * np.exp(-2.0 * factors * loss), axis=0) > wanted
                low, high = np.where(louder, factors, low), np.where(louder, high, factors)
        got = np.sum(energy * np.exp(-2.0 * factors * loss), axis=0)
        self._losses = self._losses * factors
        self.late_levels = self.late_levels * np.minimum(got / wanted, 1.0)

    def gliding(self) -> NDArray[np.intp]:
        """The images that a moving source's reflections are heard of as `acoustics.early` has it.

        Where walls are open few reflections come, and each is heard alone: those that met one wall.
        In a closed room dozens overlap, and a tone's level wavers as the source moves, anyway.
        """
        alone = (self._images.hits.sum(axis=1) == 1.0) & ~(self.scatters & self._scattered)
        return np.flatnonzero(alone & self._is_open)

    def ways_to(self, image: int, positions: Array) -> Array:
        """Metres (T,) from the image of a source at positions (T, 3) to the listener."""
        return np.asarray(np.linalg.norm(self._vectors(image, positions), axis=1))

    def _vectors(self, image: int, positions: Array) -> Array:
        places = self._images.signs[image] * (positions + self._listener)
        return np.asarray(places + self._images.offsets[image] - self._listener)

    def reflection(
        self, image: int, positions: Array, gain: float
    ) -> tuple[Array, Array, Array, Array]:
        """One reflection of a source at positions (T, 3), metres from the listener.

        Returns
        -------
        places : (T, 3) array
            Where its image is.
        delays : (T,) array
            Seconds after the direct sound.
        levels : (T,) array
        weights : (T, K) array
            How much of each of `colours` it is mixed from, to be scaled by its level.
        """
        vectors = self._vectors(image, positions)
        far = np.linalg.norm(vectors, axis=1)
        delays = np.maximum(far - np.linalg.norm(positions, axis=1), 0.0) / SPEED_OF_SOUND
        weights = self._mixed(np.full(len(far), image), far)
        return vectors, delays, self._levels(far, delays, gain), weights

    def _levels(self, far: Array, delays: Array, gain: float) -> Array:
        """Levels (N,) of images at distances, before what their walls take."""
        return np.asarray(
            gain * REFERENCE_DISTANCE / np.maximum(far, NEAREST) * self.fading(delays)
        )

    def _mixed(self, images: NDArray[np.intp], far: Array) -> Array:
        """How much of each colour (N, K) images at distances are mixed from."""
        place = np.minimum(far / self._distances[1], len(self._distances) - 1.001)
        before = place.astype(np.intp)
        share = (place - before)[:, None]
        weights = (1.0 - share) * self._weights[images, before]
        weights += share * self._weights[images, before + 1]
        return np.asarray(weights)

    def reflections(
        self, positions: Array, gain: float, without: NDArray[np.intp] | None = None
    ) -> Arrivals:
        """The single reflections of a source at positions (T, 3), metres from the listener.

        All of them, or without some images.
        """
        reflected = self._reflected.copy()
        if without is not None:
            reflected[without] = False
        direct = np.linalg.norm(positions, axis=1)
        images = self._images
        # |signs x p + o|^2 = |p|^2 + 2 p (signs x o) + |o|^2, o being the image of the listener's
        # own place: one product tells all distances, and the few within reach are then exact.
        own = images.places(self._listener) - self._listener
        squares = 2.0 * positions @ (images.signs * own).T + np.sum(own**2, axis=1)
        latest = direct + self.mixing_time * SPEED_OF_SOUND
        heard = squares < (latest**2 - direct**2)[:, None]
        moments, numbers = np.nonzero(reflected & heard)
        vectors = images.signs[numbers] * positions[moments] + own[numbers]
        far = np.linalg.norm(vectors, axis=1)
        delays = np.maximum(far - direct[moments], 0.0) / SPEED_OF_SOUND
        gains = self._levels(far, delays, gain)[:, None] * self._mixed(numbers, far)
        return Arrivals(vectors, delays, gains, moments, self.colours)

    def fading(self, delays: Array) -> Array:
        """How the images give way to the noise in the last third before the mixing time."""
        return np.cos(0.5 * np.pi * np.clip(3.0 * delays / self.mixing_time - 2.0, 0.0, 1.0))

    def late_gains(self, distances: Array) -> Array:
        """What a source at distances in metres sends into the late sound.

        It has decayed for as long as the direct sound took to arrive; by the rate from 500 to
        1000 Hz, since all octaves are sent alike.
        """
        return np.exp(-0.5 * np.mean(self.decay_rates[2:4]) * distances / SPEED_OF_SOUND)


def _cut(filters: Array) -> Samples:
    """Filters (K, n) without what is left when each has fallen by `_CUT_DB`."""
    left = np.cumsum(filters[:, ::-1] ** 2, axis=1)[:, ::-1]
    audible = left > left[:, :1] * 10.0 ** (-0.1 * _CUT_DB)
    return filters[:, : int(np.count_nonzero(audible, axis=1).max())].astype(np.float32)


def mixing_time(volume: float, rt60: float) -> float:
    """Seconds after the direct sound at which the late sound has taken over.

    Twice the root of the volume, in milliseconds: by then reflections overlap (Lindau 2012).
    No more than a quarter of the decay, but in any case when some reflections have come.
    """
    overlap = min(max(2e-3 * np.sqrt(volume), 0.02), _LATEST_MIXING, 0.25 * rt60)
    some = np.cbrt(_ENOUGH * volume * 3.0 / (4.0 * np.pi)) / SPEED_OF_SOUND
    return float(min(max(overlap, min(some, _LATEST)), _LATEST))


def _all_answered(size: Array, listener: Array, opened: NDArray[np.bool_]) -> float:
    """Where walls are open: seconds by which each that is not has answered, with time to fade."""
    ways = 2.0 * np.stack([listener, size - listener], axis=1).ravel()[~opened]
    slowest = 1.5 * float(ways.max(initial=0.0)) / SPEED_OF_SOUND
    return min(max(slowest, _LATEST_MIXING), _LATEST)


def damping(materials: Sequence[str]) -> tuple[Array, NDArray[np.bool_]]:
    """Nepers (6, 7) that each wall takes of the pressure in each octave, and which are open (6,)."""
    absorbed = np.array([MATERIALS[name] for name in materials])
    losses = -0.5 * np.log(1.0 - np.clip(absorbed, _LEAST, _MOST))
    return losses, np.all(absorbed >= 1.0, axis=1)


def _fewest_reflections(size: Array, listener: Array, reach: float) -> Images:
    """The images that a source anywhere can have within reach; not more than are used."""
    orders, most = 8, int(np.sum(reach // size + 2))
    while True:
        images = shoebox_images(size, listener, reach, orders)
        if len(images.hits) >= _MOST_IMAGES or orders >= most:
            return images.only(np.arange(min(len(images.hits), _MOST_IMAGES)))
        orders *= 2


def shoebox_images(size: Array, listener: Array, reach: float, most_orders: int) -> Images:
    """Images whose cell begins within reach of the listener, fewest reflections first."""
    counts = [
        range(max(-int((reach + p) // s) - 1, -most_orders),
              min(int((reach + s - p) // s) + 1, most_orders) + 1)
        for s, p in zip(size, listener, strict=True)
    ]  # fmt: skip
    cells = np.stack(np.meshgrid(*counts, indexing="ij"), axis=-1).reshape(-1, 3)
    begin = np.where(cells > 0, cells * size - listener, listener - (cells + 1) * size)
    cells = cells[np.linalg.norm(np.maximum(begin, 0.0), axis=1) <= reach]
    cells = cells[np.abs(cells).sum(axis=1) <= most_orders]
    cells = cells[np.argsort(np.abs(cells).sum(axis=1), kind="stable")]
    mirrored = np.mod(cells, 2)
    # A path through n cells meets a wall between any two of them, the two in turn.
    many, few = (np.abs(cells) + 1) // 2, np.abs(cells) // 2
    lower, upper = np.where(cells < 0, many, few), np.where(cells > 0, many, few)
    return Images(
        1.0 - 2.0 * mirrored,
        (cells + mirrored) * size,
        np.stack([lower, upper], axis=2).reshape(-1, 6).astype(np.float64),
    )
