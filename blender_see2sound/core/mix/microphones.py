"""The paper's own formulation: a shoebox with a microphone for each channel.

SEE-2-SOUND (Dagli and others 2024, section 3.3) puts microphones into a simulated
room and takes what they hear as the channels. Here the room has true metres, one
cardioid stands for each main channel, on a circle around the listener and facing
as its loudspeaker does, and pyroomacoustics gives the impulse response of each
pair of source and microphone by the image source method. It is slow and less
exact in direction than panning; it is here to be heard and compared.

Formulas for the walls' absorption miss the reverberation asked for by up to a
half: the absorption is found on the decay of the images' own energy.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from ..materials import OCTAVES
from ..scene import Room
from ..sounds.protocol import SAMPLE_RATE
from .air import Air, absorption
from .arrivals import LATENCY
from .convolution import STEP, Spectra, spectra_of
from .distance import NEAREST, REFERENCE_DISTANCE
from .layouts import Layout
from .propagation import SPEED_OF_SOUND
from .room import damping, shoebox_images

Array = NDArray[np.float64]

#: Metres from the listener to each microphone; less where a wall is near.
_RADIUS = 0.3

#: Reflections of a path at most; more take minutes. Where the decay needs more, its end is missing.
_MOST_ORDERS = 30

#: A moving source is heard from places so many metres apart, with a cross-fade between them.
_APART = 0.5

#: So many places are kept; a source that passes again need not be simulated again.
_KEPT = 16


class Microphones:
    """A room with a microphone for each main channel.

    Attributes
    ----------
    parts : int
        How many parts its filters have.
    """

    def __init__(self, room: Room, air: Air | None, layout: Layout) -> None:
        self._size = np.asarray(room.size)
        self._listener = np.asarray(room.listener_place())
        self._air = air
        walls = 2.0 * (self._size * np.roll(self._size, 1)).sum()
        free_path = 4.0 * float(np.prod(self._size)) / walls
        slowest = float(np.max(room.rt60))
        self._order = int(
            np.clip(np.ceil(0.75 * slowest * SPEED_OF_SOUND / free_path), 3, _MOST_ORDERS)
        )
        self._absorption = self._calibrated(room)
        places = np.concatenate([self._listener, self._size - self._listener])
        radius = min(_RADIUS, 0.5 * float(places.min()))
        channels = [layout.channels[i] for i in layout.mains]
        self._angles = [(float(c.azimuth or 0.0), c.elevation) for c in channels]
        azimuths, elevations = np.radians(np.array(self._angles)).T
        facing = [
            -np.sin(azimuths) * np.cos(elevations),
            np.cos(azimuths) * np.cos(elevations),
            np.sin(elevations),
        ]
        self._places = self._listener + radius * np.stack(facing, axis=1)
        longest = slowest + (float(np.linalg.norm(self._size)) + 1.0) / SPEED_OF_SOUND
        self._length = int(longest * SAMPLE_RATE)
        self.parts = -(-(LATENCY + self._length) // STEP)
        self._lock = Lock()
        self._heard: OrderedDict[bytes, Spectra] = OrderedDict()

    def _calibrated(self, room: Room) -> Array:
        """Absorption (6, 7) of the walls with which the images decay as asked in each octave."""
        reach = SPEED_OF_SOUND * 0.8 * float(np.max(room.rt60)) + float(np.linalg.norm(self._size))
        images = shoebox_images(self._size, self._listener, reach, self._order)
        losses, opened = damping(room.wall_materials())
        images = images.only(~np.any(images.hits[:, opened] > 0.0, axis=1))
        vectors = images.places(self._size * (0.37, 0.41, 0.45)) - self._listener
        distances = np.linalg.norm(vectors, axis=1)
        nearest = np.argsort(distances, kind="stable")[1:]
        distances, lost = distances[nearest], images.hits[nearest] @ losses
        times = distances / SPEED_OF_SOUND
        nepers = np.zeros(len(OCTAVES))
        if self._air is not None:
            nepers = absorption(self._air, np.array(OCTAVES)) * np.log(10.0) / 20.0
        factors = np.ones(len(OCTAVES))
        for band, wanted in enumerate(np.broadcast_to(room.rt60, len(OCTAVES))):
            low, high = -12.0, 8.0
            for _ in range(24):
                middle = 0.5 * (low + high)
                energy = np.exp(-2.0 * (lost[:, band] * np.exp(middle) + nepers[band] * distances))
                if _decay_time(energy / distances**2, times) > wanted:
                    low = middle
                else:
                    high = middle
            factors[band] = np.exp(0.5 * (low + high))
        absorbed = 1.0 - np.exp(-2.0 * losses * factors)
        absorbed[opened] = 1.0
        return np.asarray(absorbed)

    def filters(self, positions: Array, gain: float) -> Spectra:
        """Transforms (T, parts, M, F) of what the microphones hear of a source.

        Parameters
        ----------
        positions : (T, 3) array
            Metres from the listener. With more than one, they are taken `_APART` metres apart.
        gain : float
        """
        places = positions
        if len(positions) > 1:
            places = np.rint(positions / _APART) * _APART
        low, high = 0.05 - self._listener, self._size - self._listener - 0.05
        places = np.clip(places, low, high)
        return np.float32(gain) * np.stack([self._at(place) for place in places])

    def _at(self, place: Array) -> Spectra:
        key = place.tobytes()
        with self._lock:
            heard = self._heard.get(key)
        if heard is None:
            heard = self._simulated(place)
            with self._lock:
                self._heard[key] = heard
                while len(self._heard) > _KEPT:
                    self._heard.popitem(last=False)
        return heard

    def _simulated(self, place: Array) -> Spectra:
        import pyroomacoustics
        from pyroomacoustics.directivities import Cardioid, DirectionVector

        names = ("west", "east", "south", "north", "floor", "ceiling")
        materials = {
            name: pyroomacoustics.Material({"coeffs": row.tolist(), "center_freqs": list(OCTAVES)})
            for name, row in zip(names, self._absorption, strict=True)
        }
        air = {} if self._air is None else {
            "air_absorption": True,
            "temperature": self._air.celsius,
            "humidity": self._air.humidity,
        }  # fmt: skip
        box = pyroomacoustics.ShoeBox(
            self._size, fs=SAMPLE_RATE, materials=materials, max_order=self._order, **air
        )
        box.set_sound_speed(SPEED_OF_SOUND)
        box.add_source(place + self._listener)
        # Its azimuths count from x on, over y.
        facing = [
            Cardioid(DirectionVector(azimuth=90.0 + a, colatitude=90.0 - e, degrees=True))
            for a, e in self._angles
        ]
        box.add_microphone_array(
            pyroomacoustics.MicrophoneArray(self._places.T, SAMPLE_RATE, directivity=facing)
        )
        box.compute_rir()
        distance = float(np.linalg.norm(place))
        # Sound for picture is not late: time counts from its arrival at the nearest microphone.
        nearest = np.linalg.norm(self._places - self._listener - place, axis=1).min()
        start = LATENCY - round(float(nearest) / SPEED_OF_SOUND * SAMPLE_RATE) - _delay()
        responses = np.zeros((len(self._places), self.parts * STEP), np.float32)
        for row, (response,) in zip(responses, box.rir, strict=True):
            end = min(start + len(response), len(row))
            row[max(start, 0) : end] = response[max(-start, 0) : end - start]
        # It is no louder than at the nearest distance that panning knows.
        responses *= REFERENCE_DISTANCE * min(1.0, distance / NEAREST)
        parts = responses.reshape(len(responses), self.parts, STEP)
        return np.ascontiguousarray(np.swapaxes(spectra_of(parts), 0, 1))


def _delay() -> int:
    """Samples by which pyroomacoustics is late, for its filters between samples."""
    import pyroomacoustics

    return int(pyroomacoustics.constants.get("frac_delay_length")) // 2


def _decay_time(energies: Array, times: Array) -> float:
    """RT60 of arrivals in the order of time, from where 5 to 35 dB are gone (ISO 3382)."""
    left = np.cumsum(energies[::-1])[::-1]
    remaining = 10.0 * np.log10(np.maximum(left / left[0], 1e-12))
    fit = (remaining <= -5.0) & (remaining >= -35.0)
    if np.count_nonzero(fit) < 2:
        return 0.0
    slope = np.polyfit(times[fit], remaining[fit], 1)[0]
    return float(-60.0 / min(slope, -1e-9))
