"""The paper's own formulation: a shoebox with a microphone for each channel.

SEE-2-SOUND (Dagli and others 2024, section 3.3) puts microphones into a simulated
room and takes what they hear as the channels. Here the room has true metres, one
cardioid stands for each main channel, on a circle around the listener and facing
as its loudspeaker does, and pyroomacoustics gives the impulse response of each
pair of source and microphone by the image source method. It is slow and less
exact in direction than panning; it is here to be heard and compared.

Formulas for the walls' absorption miss the reverberation asked for by up to a
half. And between walls that swallow alike, sound along the longest side of a room
meets them least and decays last. So each pair of walls takes from a hit in
proportion to the way between them, and how much is found on the decay of
simulated responses, octave by octave.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from ..materials import OCTAVES
from ..scene import Room
from ..sounds.protocol import SAMPLE_RATE
from .air import Air, absorption_nepers
from .arrivals import LATENCY
from .convolution import STEP, Spectra, spectra_of
from .distance import NEAREST, REFERENCE_DISTANCE
from .layouts import Layout
from .panning import point_gains
from .propagation import SPEED_OF_SOUND
from .regions import unit_vectors
from .room import damping, shoebox_images

Array = NDArray[np.float64]

#: Metres from the listener to each microphone; less where a wall is near.
_RADIUS = 0.3

#: Reflections of a path at most; more take minutes. Where the decay needs more, its end is missing.
_MOST_ORDERS = 60

#: The share of the decay that is simulated, 45 dB of 60: its fit ends at 35.
_SIMULATED = 0.75

#: Where the walls are calibrated: sources, as shares of the room, whose decays are averaged, each
#: heard by another microphone.
_TRIED = (
    (0.37, 0.41, 0.45), (0.71, 0.33, 0.58), (0.24, 0.77, 0.31), (0.62, 0.68, 0.36),
    (0.15, 0.22, 0.62), (0.83, 0.81, 0.5), (0.55, 0.12, 0.27), (0.44, 0.9, 0.66),
)  # fmt: skip

#: The walls are corrected so many times, or until the decay misses by this share.
_CORRECTIONS, _NEAR_ENOUGH = 8, 0.02

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
        self._size = np.asarray(room.size, dtype=np.float64)
        self._listener = np.asarray(room.listener_place())
        self._air = air
        # What a metre of air takes in each octave.
        self._nepers = np.zeros(len(OCTAVES))
        if air is not None:
            self._nepers = absorption_nepers(air, np.array(OCTAVES))
        slowest = float(np.max(room.rt60))
        self._reach = SPEED_OF_SOUND * _SIMULATED * slowest + float(np.linalg.norm(self._size))
        orders = np.ceil(self._reach * np.linalg.norm(1.0 / self._size))
        self._order = int(np.clip(orders, 3, _MOST_ORDERS))
        places = np.concatenate([self._listener, self._size - self._listener])
        radius = min(_RADIUS, 0.5 * float(places.min()))
        channels = [layout.channels[i] for i in layout.mains]
        self._angles = [(float(c.azimuth or 0.0), c.elevation) for c in channels]
        self._facing = unit_vectors(*np.array(self._angles).T)
        self._places = self._listener + radius * self._facing
        self._level = _level(self._facing, layout)
        self._absorption = self._calibrated(room)
        length = int((self._reach + 1.0) / SPEED_OF_SOUND * SAMPLE_RATE)
        self.parts = -(-(LATENCY + length) // STEP)
        self._lock = Lock()
        self._heard: OrderedDict[bytes, Spectra] = OrderedDict()

    def _calibrated(self, room: Room) -> Array:
        """Absorption (6, 7) of the walls with which responses decay as asked in each octave.

        Where a wall is open the materials stand as they are.
        """
        losses, opened = damping(room.wall_materials())
        if opened.any():
            absorbed = 1.0 - np.exp(-2.0 * losses)
            absorbed[opened] = 1.0
            return absorbed
        losses *= np.repeat(self._size / self._size.mean(), 2)[:, None]
        images = shoebox_images(self._size, self._listener, self._reach, self._order)
        lost = images.hits @ losses
        ways, gains = [], []
        for number, share in enumerate(_TRIED):
            microphone = number % len(self._places)
            vectors = images.places(self._size * share) - self._places[microphone]
            way = np.linalg.norm(vectors, axis=1)
            ways.append(way)
            # A cardioid, and the distance.
            gains.append((0.5 + 0.5 * vectors @ self._facing[microphone] / way) / way)
        factors = np.ones(len(OCTAVES))
        for band, wanted in enumerate(np.broadcast_to(room.rt60, len(OCTAVES))):
            in_air = float(self._nepers[band])
            factors[band] = _factor(ways, gains, lost[:, band], in_air, OCTAVES[band], wanted)
        return np.asarray(1.0 - np.exp(-2.0 * factors * losses))

    def filters(self, positions: Array) -> Spectra:
        """Transforms (T, parts, M, F) of what the microphones hear of a source.

        Parameters
        ----------
        positions : (T, 3) array
            Metres from the listener. With more than one, they are taken `_APART` metres apart.
        """
        places = positions
        if len(positions) > 1:
            places = np.rint(positions / _APART) * _APART
        low, high = 0.05 - self._listener, self._size - self._listener - 0.05
        places = np.clip(places, low, high)
        return np.stack([self._at(place) for place in places])

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
        box = pyroomacoustics.ShoeBox(
            self._size, fs=SAMPLE_RATE, materials=materials, max_order=self._order
        )
        box.set_sound_speed(SPEED_OF_SOUND)
        if self._air is not None:
            # It wants what a metre takes from the energy.
            box.set_air_absorption((2.0 * self._nepers).tolist(), list(OCTAVES))
        box.add_source(place + self._listener)
        # Its azimuths count from x on, over y.
        facing = [
            Cardioid(DirectionVector(azimuth=90.0 + a, colatitude=90.0 - e, degrees=True))
            for a, e in self._angles
        ]
        box.add_microphone_array(
            pyroomacoustics.MicrophoneArray(self._places.T, SAMPLE_RATE, directivity=facing)
        )
        box.image_source_model()
        images = box.sources[0].images[:, None] - self._places.T[:, :, None]
        box.visibility[0] &= np.linalg.norm(images, axis=0) < self._reach
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
        responses *= self._level * REFERENCE_DISTANCE * min(1.0, distance / NEAREST)
        parts = responses.reshape(len(responses), self.parts, STEP)
        return np.ascontiguousarray(np.swapaxes(spectra_of(parts), 0, 1))


def _level(facing: Array, layout: Layout) -> float:
    """The gain with which cardioids (M, 3) are as loud as panning, on average around the listener.

    They overlap, more in front than behind: together they are not as loud from everywhere.
    """
    around = unit_vectors(np.arange(0.0, 360.0, 5.0))
    overlapped = np.sum((0.5 + 0.5 * around @ facing.T) ** 2, axis=1)
    panned = np.sum(point_gains(REFERENCE_DISTANCE * around, layout) ** 2, axis=1)
    return float(np.sqrt(panned.mean() / overlapped.mean()))


def _delay() -> int:
    """Samples by which pyroomacoustics is late, for its filters between samples."""
    import pyroomacoustics

    return int(pyroomacoustics.constants.get("frac_delay_length")) // 2


def _factor(
    ways: list[Array], gains: list[Array], lost: Array, air: float, middle: float, wanted: float
) -> float:
    """How many times as much the walls take, so that an octave decays as wanted.

    Parameters
    ----------
    ways, gains : lists of (N,) arrays
        Metres, and gains without losses, of all images of a source, for several sources.
    lost : (N,) array
        Nepers that walls take from each image.
    air : float
        Nepers that a metre of air takes.
    middle : float
        Hz.
    wanted : float
        RT60, seconds.
    """
    asked = np.log(1e3) / wanted
    in_air = air * SPEED_OF_SOUND
    far = ways[0] > 0.5 * ways[0].max()
    factor = max(asked - in_air, 0.02 * asked) / SPEED_OF_SOUND / np.mean(lost[far] / ways[0][far])
    best, nearest = factor, np.inf
    for _ in range(_CORRECTIONS):
        decays = [
            _decay_time(way, gain * np.exp(-factor * lost - air * way), middle)
            for way, gain in zip(ways, gains, strict=True)
        ]
        got = float(np.mean(decays))
        if abs(got / wanted - 1.0) < nearest:
            best, nearest = factor, abs(got / wanted - 1.0)
        if nearest < _NEAR_ENOUGH:
            break
        rate = max(asked - in_air, 0.02 * asked) / max(np.log(1e3) / got - in_air, 0.02 * asked)
        factor *= float(np.clip(rate, 0.5, 2.0))
    return float(best)


def _decay_time(ways: Array, levels: Array, middle: float) -> float:
    """RT60 of an octave of what arrives, from where 5 to 35 dB are gone (ISO 3382).

    Not of the energies alone: between parallel walls, reflections of long waves add up.
    """
    places = ways / SPEED_OF_SOUND * SAMPLE_RATE
    direct = int(np.argmin(ways))
    others = np.delete(np.arange(len(ways)), direct)
    count = int(places.max()) + 2
    size = 1 << (count - 1).bit_length()
    spectrum = np.fft.rfft(
        np.bincount(np.rint(places[others]).astype(np.intp), levels[others], count), size
    )
    octaves = np.fft.rfftfreq(size, 1.0 / SAMPLE_RATE) / middle
    # A Butterworth band-pass of third order, there and back.
    with np.errstate(divide="ignore"):
        detuned = 2.0**0.5 * (octaves - 1.0 / octaves)
    heard = np.fft.irfft(spectrum / (1.0 + detuned**6), size)[:count] ** 2
    left = np.cumsum(heard[::-1])[::-1]
    remaining = 10.0 * np.log10(np.maximum(left / left[0], 1e-12))
    fit = np.flatnonzero((remaining <= -5.0) & (remaining >= -35.0))
    slope = np.polyfit(fit / SAMPLE_RATE, remaining[fit], 1)[0] if len(fit) > 1 else -1e9
    return float(-60.0 / min(slope, -1e-9))
