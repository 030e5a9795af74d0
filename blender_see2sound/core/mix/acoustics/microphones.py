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

A source that moves is heard from many places. At each, its first reflections are
simulated; the late ones, dense and much the same all over a closed room, are those of one
of a few places. Where walls are open, what comes back is not alike everywhere, and few: all of it
is simulated.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from threading import Event, Lock

import numpy as np
from numpy.typing import NDArray

from ...audio import SAMPLE_RATE
from ...errors import Cancelled
from ...materials import OCTAVES
from ...progress import Progress
from ...scene import Room
from ..channels.sums import LATENCY
from ..layouts.layout import Layout
from ..panning.gains import point_gains
from ..panning.regions import unit_vectors
from ..signals.convolution import STEP, WHOLE, Samples, Spectra, spectra_of
from ..travel.air import Air, absorption_nepers
from ..travel.distance import NEAREST, REFERENCE_DISTANCE
from ..travel.propagation import SPEED_OF_SOUND
from .room import damping, mixing_time, shoebox_images

Array = NDArray[np.float64]

#: Metres from the listener to each microphone; less where a wall is near.
_RADIUS = 0.3

#: Reflections of a path at most; more take minutes. Where the decay needs more, its end is missing.
_MOST_ORDERS = 60

#: The share of the decay that is simulated, 45 dB of 60: its fit ends at 35.
_SIMULATED = 0.75

#: Where the walls are calibrated: sources, as shares of the room, whose decays are averaged, each
#: heard by another microphone. And where late reflections are those of.
_TRIED = (
    (0.37, 0.41, 0.45), (0.71, 0.33, 0.58), (0.24, 0.77, 0.31), (0.62, 0.68, 0.36),
    (0.15, 0.22, 0.62), (0.83, 0.81, 0.5), (0.55, 0.12, 0.27), (0.44, 0.9, 0.66),
)  # fmt: skip

#: The walls are corrected so many times, or until the decay misses by this share.
_CORRECTIONS, _NEAR_ENOUGH = 8, 0.02

#: A moving source is heard from places so many metres apart, with a cross-fade between them.
_APART = 0.5

#: Late reflections are another place's from so many times the mixing time on.
_OWN = 2.0

#: Bytes of responses that are kept; a source that passes again need not be simulated again.
_MOST_BYTES = 2**28


class Microphones:
    """A room with a microphone for each main channel.

    Attributes
    ----------
    partition : Partition
        How its filters are cut.
    """

    def __init__(self, room: Room, air: Air | None, layout: Layout, progress: Progress) -> None:
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
        self._opened = damping(room.wall_materials())[1]
        self._absorption = self._calibrated(room, progress)
        length = int((self._reach + 1.0) / SPEED_OF_SOUND * SAMPLE_RATE)
        parts = -(-(LATENCY + length) // STEP)
        self.partition = dataclasses.replace(WHOLE, parts=parts, late=LATENCY)
        middle = float(np.mean(np.broadcast_to(room.rt60, len(OCTAVES))[2:4]))
        self._decay_rate = np.log(1e3) / middle  # nepers a second
        self._own = _OWN * mixing_time(float(np.prod(self._size)), float(np.mean(room.rt60)))
        self._stopped = Event()
        self._lock = Lock()
        self._heard: OrderedDict[tuple[bytes, bool], Spectra] = OrderedDict()
        self._simulating_late = Lock()
        self._late: dict[int, tuple[float, Samples]] = {}

    def stop(self) -> None:
        """End what still simulates with `Cancelled`; nothing is simulated any more."""
        self._stopped.set()

    def _calibrated(self, room: Room, progress: Progress) -> Array:
        """Absorption (6, 7) of the walls with which responses decay as asked in each octave.

        Where a wall is open the materials stand as they are.
        """
        losses, _ = damping(room.wall_materials())
        if self._opened.any():
            absorbed = 1.0 - np.exp(-2.0 * losses)
            absorbed[self._opened] = 1.0
            return absorbed
        losses *= np.repeat(self._size / self._size.mean(), 2)[:, None]
        progress("Preparing the room", 0.0)
        images = shoebox_images(self._size, self._listener, self._reach, self._order)
        lost = images.hits @ losses
        ways, gains = [], []
        for number, share in enumerate(_TRIED):
            progress("Preparing the room", 0.0)
            microphone = number % len(self._places)
            vectors = images.places(self._size * share) - self._places[microphone]
            way = np.linalg.norm(vectors, axis=1)
            ways.append(way)
            # A cardioid, and the distance.
            gains.append((0.5 + 0.5 * vectors @ self._facing[microphone] / way) / way)
        factors = np.ones(len(OCTAVES))
        for band, wanted in enumerate(np.broadcast_to(room.rt60, len(OCTAVES))):
            in_air = float(self._nepers[band])
            tell = partial(progress, "Preparing the room", band / len(OCTAVES))
            factors[band] = _factor(ways, gains, lost[:, band], in_air, OCTAVES[band], wanted, tell)
        return np.asarray(1.0 - np.exp(-2.0 * factors * losses))

    def filters(self, positions: Array, moves: bool) -> Spectra:
        """Transforms (T, parts, M, F) of what the microphones hear of a source.

        Parameters
        ----------
        positions : (T, 3) array
            Metres from the listener. Those of a source that moves are taken `_APART` metres apart.
        moves : bool

        Raises
        ------
        Cancelled
            When it was stopped.
        """
        places = np.rint(positions / _APART) * _APART if moves else positions
        return np.stack([self._at(self._within(place), moves) for place in places])

    def _within(self, place: Array) -> Array:
        """A place that is no wall."""
        return np.clip(place, 0.05 - self._listener, self._size - self._listener - 0.05)

    def _at(self, place: Array, moves: bool) -> Spectra:
        key = place.tobytes(), moves
        with self._lock:
            heard = self._heard.get(key)
            if heard is not None:
                self._heard.move_to_end(key)
        if heard is None:
            heard = self._spectra(place, moves)
            with self._lock:
                self._heard[key] = heard
                while len(self._heard) > max(_MOST_BYTES // heard.nbytes, 2):
                    self._heard.popitem(last=False)
        return heard

    def _spectra(self, place: Array, moves: bool) -> Spectra:
        if not moves or self._opened.any():
            responses = self._simulated(place, self._reach)
        else:
            distance, late = self._late_responses(place)
            waited = (self._nearest(place) - distance) / SPEED_OF_SOUND
            reach = self._nearest(place) + self._own * SPEED_OF_SOUND
            responses = self._simulated(place, min(reach, self._reach)) * _early(late, self._own)
            responses += np.float32(np.exp(-self._decay_rate * waited)) * late
        # It is no louder than at the nearest distance that panning knows.
        near = min(1.0, float(np.linalg.norm(place)) / NEAREST)
        responses *= np.float32(self._level * REFERENCE_DISTANCE * near)
        parts = responses.reshape(len(responses), self.partition.parts, STEP)
        return np.ascontiguousarray(np.swapaxes(spectra_of(parts), 0, 1))

    def _late_responses(self, place: Array) -> tuple[float, Samples]:
        """The late reflections (M, n) of a place nearby, and its distance in metres."""
        known = [self._within(self._size * share - self._listener) for share in _TRIED]
        number = int(np.argmin([np.linalg.norm(other - place) for other in known]))
        with self._simulating_late:
            if number not in self._late:
                responses = self._simulated(known[number], self._reach)
                responses *= np.sqrt(1.0 - _early(responses, self._own) ** 2)
                self._late[number] = self._nearest(known[number]), responses
            return self._late[number]

    def _nearest(self, place: Array) -> float:
        """Metres from a place to the nearest microphone."""
        return float(np.linalg.norm(self._places - self._listener - place, axis=1).min())

    def _simulated(self, place: Array, reach: float) -> Samples:
        """What microphones hear (M, n) of a place within a way of some metres."""
        length = self.partition.parts * STEP
        responses = np.zeros((len(self._places), length), np.float32)
        # Sound for picture is not late: time counts from its arrival at the nearest microphone.
        late = round(self._nearest(place) / SPEED_OF_SOUND * SAMPLE_RATE)
        start = LATENCY - late - _delay()
        for number, row in enumerate(responses):
            if self._stopped.is_set():
                raise Cancelled
            response = self._response(place, number, reach)
            end = min(start + len(response), len(row))
            row[max(start, 0) : end] = response[max(-start, 0) : end - start]
        return responses

    def _response(self, place: Array, number: int, reach: float) -> Array:
        """What one microphone hears of a place, within a way of some metres."""
        import pyroomacoustics
        from pyroomacoustics.directivities import Cardioid, DirectionVector

        names = ("west", "east", "south", "north", "floor", "ceiling")
        materials = {
            name: pyroomacoustics.Material({"coeffs": row.tolist(), "center_freqs": list(OCTAVES)})
            for name, row in zip(names, self._absorption, strict=True)
        }
        orders = int(np.ceil(reach * np.linalg.norm(1.0 / self._size)))
        box = pyroomacoustics.ShoeBox(
            self._size, fs=SAMPLE_RATE, materials=materials, max_order=min(orders, self._order)
        )
        box.set_sound_speed(SPEED_OF_SOUND)
        if self._air is not None:
            # It wants what a metre takes from the energy.
            box.set_air_absorption((2.0 * self._nepers).tolist(), list(OCTAVES))
        box.add_source(place + self._listener)
        # Its azimuths count from x on, over y.
        azimuth, elevation = self._angles[number]
        facing = DirectionVector(azimuth=90.0 + azimuth, colatitude=90.0 - elevation, degrees=True)
        box.add_microphone(self._places[number], directivity=Cardioid(facing))
        box.image_source_model()
        source = box.sources[0]
        ways = np.linalg.norm(source.images - self._places[number][:, None], axis=0)
        heard = (ways < reach) & np.any(source.damping > 0.0, axis=0)
        box.visibility[0] &= heard
        box.compute_rir()
        return np.asarray(box.rir[0][0])


def _early(responses: Samples, own: float) -> Samples:
    """How own reflections give way to late ones in the last third of their time in seconds (n,)."""
    times = (np.arange(responses.shape[1]) - LATENCY) / SAMPLE_RATE
    share = np.cos(0.5 * np.pi * np.clip(3.0 * times / own - 2.0, 0.0, 1.0))
    return np.asarray(share, np.float32)


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
    ways: list[Array],
    gains: list[Array],
    lost: Array,
    air: float,
    middle: float,
    wanted: float,
    tell: Callable[[], None],
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
    tell : callable
        Called several times a second; may raise `Cancelled`.
    """
    asked = np.log(1e3) / wanted
    in_air = air * SPEED_OF_SOUND
    far = ways[0] > 0.5 * ways[0].max()
    factor = max(asked - in_air, 0.02 * asked) / SPEED_OF_SOUND / np.mean(lost[far] / ways[0][far])
    best, nearest = factor, np.inf
    for _ in range(_CORRECTIONS):
        decays = []
        for way, gain in zip(ways, gains, strict=True):
            tell()
            decays.append(_decay_time(way, gain * np.exp(-factor * lost - air * way), middle))
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
