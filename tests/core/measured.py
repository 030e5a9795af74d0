"""What is measured of a sound, and where it lies in recordings of its kind.

Four figures, after what is used to tell everyday sounds apart (Gygi, Kidd and Watson 2007;
Houtgast and Steeneken 1985 for modulation):

- the centroid of its power, Hz;
- the depth of its modulation: standard deviation of its level (RMS of 25 ms) by the mean;
- its onsets per second: rises of 6 dB over the 50 ms before, at least 120 ms apart;
- the rate of its modulation, Hz: the third of an octave with most power in its level's spectrum.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from .sounding import Samples, centroid, level_curve

Range = tuple[float, float]

#: Thirds of an octave from 0.8 to 80 Hz.
RATES = 0.8 * 2.0 ** (np.arange(21) / 3.0)


@dataclass(frozen=True)
class Figures:
    """What is measured of a sound; see above."""

    centroid: float
    depth: float
    onsets: float
    rate: float


@dataclass(frozen=True)
class Expected:
    """Where the figures of a kind lie; the rate only of what has a rhythm."""

    centroid: Range
    depth: Range
    onsets: Range
    rate: Range = (0.0, np.inf)

    def outside(self, figures: Figures) -> list[str]:
        """What does not lie where it should, in words."""
        return [
            f"{name} {value:.3g} is not within {low:g} to {high:g}"
            for name, value in asdict(figures).items()
            for low, high in [getattr(self, name)]
            if not low <= value <= high
        ]


#: Centroids are about the power, as recordings from the usual distance have it. Figures without
#: a name are plain physics of what the family's own words say, or typical.
EXPECTED: dict[str, Expected] = {
    # Farnell 2010: noise of bands below 1 kHz that swell
    "wind": Expected((100.0, 900.0), (0.2, 1.2), (0.0, 1.0)),
    # typical of rain on ground: broad, 1 to 10 kHz, steady
    "rain": Expected((2000.0, 10000.0), (0.03, 0.35), (0.0, 1.5)),
    # Few et al. 1967, Holmes et al. 1971: peaks at 50 to 200 Hz
    "thunder": Expected((40.0, 300.0), (0.8, 4.0), (0.0, 2.0)),
    # Minnaert 1933: bubbles of 1 to 6 mm at 0.5 to 3 kHz
    "stream": Expected((500.0, 3500.0), (0.2, 0.9), (1.0, 8.0)),
    # Galbrun and Ali 2013: broad and steady
    "waterfall": Expected((500.0, 4000.0), (0.0, 0.2), (0.0, 0.5)),
    # Deane 1997, Bolin and Abom 2010: roar from below 0.5 kHz, then foam
    "sea": Expected((200.0, 2500.0), (0.2, 1.2), (0.0, 1.0)),
    # typical lapping; Minnaert 1933: bubbles of 1.5 to 8 mm
    "lake": Expected((300.0, 2000.0), (0.8, 3.0), (1.0, 6.0)),
    # Minnaert 1933: radii of 1.2 to 3.2 mm
    "drops": Expected((900.0, 3000.0), (1.5, 7.0), (0.8, 4.0)),
    # Franz 1959: slap and spray, bubbles below 3 kHz
    "splash": Expected((700.0, 3500.0), (0.5, 2.5), (0.5, 6.0)),
    # Cabe and Pittenger 2000: a column of some hundred Hz, bubbles above
    "pouring": Expected((700.0, 3500.0), (0.1, 0.7), (0.0, 3.0)),
    # Chadwick and James 2011: roar below 0.2 kHz; cracks of some ms above it
    "fire": Expected((200.0, 5000.0), (0.3, 1.5), (1.5, 10.0)),
    # Fegeant 1999: 1 to 10 kHz
    "leaves": Expected((2000.0, 8000.0), (0.2, 1.2), (0.0, 3.0)),
    # Catchpole and Slater 2008: 1.5 to 8 kHz, syllables of 0.04 to 0.2 s
    "birds": Expected((2000.0, 7000.0), (0.5, 2.5), (1.5, 8.0)),
    # Bennet-Clark 1989: carrier 4 to 5 kHz, 30 pulses a second
    "insects": Expected((3800.0, 5200.0), (0.3, 1.5), (2.0, 8.0), (22.0, 40.0)),
    # Dudley 2000: 150 to 260 beats a second, and harmonics
    "buzzing": Expected((150.0, 1000.0), (0.1, 1.0), (0.0, 1.5)),
    # Young and Bennet-Clark 1995: bands above 4 kHz, ribs at some hundred a second
    "cicadas": Expected((4000.0, 9000.0), (0.05, 0.6), (0.0, 1.0), (60.0, 90.0)),
    # Yin and McCowan 2004: 0.3 to 2 kHz, rows of short barks
    "dog": Expected((400.0, 1800.0), (1.5, 6.0), (0.3, 3.0)),
    # Nicastro and Owren 2003: 0.4 to 0.8 kHz and harmonics
    "cat": Expected((500.0, 2000.0), (1.0, 4.0), (0.1, 1.2)),
    # Padilla de la Torre et al. 2015: 80 to 180 Hz and formants
    "cow": Expected((120.0, 700.0), (0.8, 3.0), (0.05, 0.6)),
    # Searby and Jouventin 2003: about 0.3 kHz and harmonics, trembling
    "sheep": Expected((350.0, 1500.0), (1.0, 4.0), (0.3, 4.0)),
    # Briefer et al. 2015: about 1 kHz, falling; trembles (typical)
    "horse": Expected((700.0, 2500.0), (1.2, 5.0), (0.1, 1.5)),
    # Chamberlain and Cornwell 1971: 1 to 2 kHz
    "crow": Expected((1000.0, 2500.0), (1.0, 4.0), (0.3, 2.0)),
    # typical: 0.9 to 1.4 kHz and harmonics
    "gull": Expected((900.0, 3200.0), (0.8, 3.0), (0.3, 3.0)),
    # Abraham 1974: harmonics at 1 to 3 kHz
    "duck": Expected((900.0, 2600.0), (1.2, 4.0), (0.5, 4.0)),
    # Collias and Joos 1953: 0.5 to 1 kHz and harmonics
    "rooster": Expected((700.0, 2000.0), (1.0, 4.0), (0.05, 0.8)),
    # typical: screams at 2 to 4 kHz
    "eagle": Expected((2000.0, 4500.0), (0.7, 3.0), (0.3, 3.0)),
    # typical: hoots at 0.35 to 0.45 kHz
    "owl": Expected((330.0, 480.0), (1.0, 3.0), (0.3, 1.5)),
    # Gerhardt and Huber 2002: 0.5 to 2 kHz, pulsed
    "frog": Expected((400.0, 1500.0), (1.0, 3.5), (0.5, 4.0)),
    # Inman et al. 1981: 1.6 to 2.2 steps a second; stone clicks
    "footsteps": Expected((300.0, 2500.0), (1.5, 4.0), (1.5, 3.2)),
    # boards ring at 0.1 to 0.9 kHz; Inman et al. 1981
    "footsteps on wood": Expected((100.0, 700.0), (1.5, 4.0), (1.5, 3.2)),
    # Cook 2002: grains of some kHz; Inman et al. 1981
    "footsteps on gravel": Expected((2000.0, 6000.0), (0.8, 2.5), (1.5, 4.0), (1.4, 2.3)),
    # Cook 2002: grains of some kHz; Inman et al. 1981
    "footsteps on leaves": Expected((2500.0, 7000.0), (0.8, 2.5), (1.5, 5.0), (1.4, 2.3)),
    # Cook 2002; below 4 kHz; Inman et al. 1981
    "footsteps on snow": Expected((800.0, 3200.0), (0.7, 2.2), (1.5, 5.0), (1.4, 2.3)),
    # Cook 2002; Inman et al. 1981
    "footsteps on grass": Expected((1200.0, 4500.0), (0.9, 3.0), (1.5, 5.0), (1.4, 2.3)),
    # An, James and Marschner 2012: broad friction, 1 to 8 kHz
    "cloth": Expected((1500.0, 6000.0), (0.5, 2.0), (0.5, 4.0)),
    # Heglund and Taylor 1988: two strides a second, four feet
    "paws": Expected((1000.0, 4500.0), (0.8, 3.0), (3.0, 8.0)),
    # Heglund and Taylor 1988: 1.6 strides a second in a trot, two beats each
    "hooves": Expected((400.0, 2200.0), (1.5, 4.0), (2.0, 6.0), (2.5, 4.5)),
    # Pennycuick 1990: 5 to 9 beats a second of pigeons
    "wings": Expected((250.0, 1600.0), (0.6, 2.5), (4.0, 9.0), (5.0, 10.0)),
    # Byrne et al. 1994; Houtgast and Steeneken 1985: 3 to 8 Hz
    "voice": Expected((300.0, 1200.0), (0.5, 1.5), (1.5, 6.0), (2.5, 8.0)),
    # Lee et al. 1999: twice a man's pitch; Houtgast and Steeneken 1985
    "children": Expected((450.0, 2200.0), (0.3, 1.5), (0.5, 5.0), (2.0, 8.0)),
    # Byrne et al. 1994; voices even each other out
    "crowd": Expected((350.0, 1200.0), (0.1, 0.5), (0.0, 2.0), (2.5, 8.0)),
    # Rostolland 1982: 1 to 3 kHz
    "cheering": Expected((700.0, 2500.0), (0.1, 0.8), (0.0, 1.0)),
    # firing at 60 to 110 Hz; Sandberg and Ejsmont 2002: tyres about 1 kHz
    "car": Expected((150.0, 1100.0), (0.03, 0.35), (0.0, 1.0)),
    # firing at 30 to 95 Hz; Sandberg and Ejsmont 2002
    "truck": Expected((80.0, 1000.0), (0.03, 0.35), (0.0, 1.0)),
    # firing at 18 to 87 Hz, short pipe
    "motorcycle": Expected((250.0, 1000.0), (0.05, 0.5), (0.0, 2.0)),
    # firing at 23 to 100 Hz, wake
    "motorboat": Expected((300.0, 1500.0), (0.03, 0.3), (0.0, 1.0)),
    # three uneven cylinders, firing at 16 to 42 Hz
    "tractor": Expected((60.0, 800.0), (0.1, 0.8), (0.0, 12.0), (15.0, 45.0)),
    # 18 teeth a turn of 2.1 m: 43 a second at 5 m/s
    "bicycle": Expected((1500.0, 5000.0), (0.1, 1.0), (0.0, 2.0), (30.0, 60.0)),
    # Thompson 2009; four axles a carriage of 20 m at 20 m/s: 4 a second
    "train": Expected((100.0, 1200.0), (0.3, 1.2), (2.0, 8.0), (3.0, 8.0)),
    # Lighthill 1952, Tam et al. 1996: broad, below 1 kHz
    "jet": Expected((150.0, 1500.0), (0.1, 0.6), (0.0, 1.0)),
    # Gutin 1936: blades at 80 Hz, and harmonics
    "propeller": Expected((100.0, 900.0), (0.03, 0.4), (0.0, 1.0)),
    # Schmitz and Yu 1986: 10 to 20 slaps a second
    "helicopter": Expected((70.0, 500.0), (0.4, 1.5), (4.0, 9.0), (10.0, 20.0)),
    # EN 1793-3: largest about 1 kHz, low ones beside
    "traffic": Expected((300.0, 1400.0), (0.05, 0.8), (0.0, 1.0)),
    # Beranek and Ver 1992: even partials of 50 Hz
    "hum": Expected((80.0, 300.0), (0.0, 0.2), (0.0, 0.5)),
    # Beranek and Ver 1992: broad, falling above some hundred Hz
    "fan": Expected((150.0, 1000.0), (0.0, 0.2), (0.0, 0.5)),
    # motor at 25 Hz and harmonics; two strokes a second
    "machine": Expected((150.0, 1500.0), (0.1, 0.6), (0.5, 4.0)),
    # typical: gears and cut at 1 to 6 kHz, in spells of 2 to 4 s
    "tool": Expected((800.0, 4500.0), (0.4, 2.5), (0.0, 1.5)),
    # typical: two ticks a second, short and bright
    "clock": Expected((900.0, 3500.0), (2.0, 7.0), (1.8, 2.2)),
    # Dhakal et al. 2018: about 4 keys a second
    "typing": Expected((600.0, 5000.0), (1.2, 4.0), (1.5, 8.0)),
    # DIN 14610: 0.36 to 0.63 kHz and harmonics, steady
    "siren": Expected((450.0, 1500.0), (0.0, 0.1), (0.0, 0.5)),
    # Lemaitre et al. 2007: 0.4 and 0.5 kHz, rich in partials
    "horn": Expected((500.0, 2000.0), (1.2, 6.0), (0.05, 0.8)),
    # Fletcher and Rossing: partials from half the strike note on, ringing on
    "bell": Expected((200.0, 900.0), (0.3, 1.2), (0.2, 0.9)),
    # Fletcher and Rossing: free tubes of 0.6 to 1.3 kHz
    "chime": Expected((600.0, 2500.0), (0.7, 2.5), (0.2, 3.0)),
    # typical: 0.8 and 1 kHz, a second in three
    "phone": Expected((800.0, 1300.0), (0.8, 2.5), (0.1, 0.6)),
    # Gaver 1993: few low modes, damped
    "impact": Expected((60.0, 450.0), (2.0, 12.0), (0.05, 1.5)),
    # Gaver 1993: a panel's modes; 4 to 6 a second
    "knocking": Expected((120.0, 700.0), (2.0, 7.0), (0.4, 3.0), (3.5, 7.0)),
    # Akay 2002: stick and slip below 2 kHz, then a thud
    "door": Expected((100.0, 900.0), (2.0, 8.0), (0.05, 1.5)),
    # Warren and Verbrugge 1984: rings at 2 to 10 kHz, not in step
    "glass": Expected((2500.0, 8000.0), (1.2, 5.0), (0.3, 4.0)),
    # Fletcher and Rossing: modes of plates, slow to fade
    "metal": Expected((400.0, 2500.0), (1.2, 4.0), (0.3, 1.5)),
    # Kinney and Graham 1985: low, some seconds
    "explosion": Expected((40.0, 450.0), (1.0, 4.0), (0.1, 2.0)),
    # Maher 2007: some ms, then reflections
    "gunshot": Expected((300.0, 2800.0), (2.0, 6.0), (0.3, 3.0)),
    # Warren and Verbrugge 1984: gaps that shrink
    "ball": Expected((70.0, 500.0), (2.0, 6.0), (1.0, 5.0)),
    # van den Doel, Kry and Pai 2001: noise through a body's modes
    "scraping": Expected((600.0, 2800.0), (0.7, 2.5), (0.5, 4.0)),
    # Repp 1987: 0.5 to 3 kHz, 4 claps a second each
    "clapping": Expected((900.0, 3500.0), (0.3, 1.2), (3.0, 8.4)),
    # Selfridge et al. 2017: a band of 0.2 speed by width, with its harmonics
    "whoosh": Expected((300.0, 2200.0), (0.05, 0.4), (0.0, 1.0)),
    # Blazier 1981: octaves fall by 5 dB
    "room tone": Expected((40.0, 400.0), (0.05, 0.4), (0.0, 1.0)),
}


def measured(samples: Samples) -> Figures:
    level = level_curve(samples, 0.025)
    return Figures(
        centroid(samples),
        float(np.std(level) / np.mean(level)),
        len(_onsets(samples)) / (len(samples) / 48_000.0),
        _rate(samples),
    )


def _onsets(samples: Samples) -> list[int]:
    """Stretches of 10 ms in which something begins."""
    level = level_curve(samples, 0.01) + 1e-7
    before = np.convolve(np.concatenate((np.full(5, 1e-7), level)), np.full(5, 0.2), "valid")
    heard = level > 0.03 * np.max(level)
    found: list[int] = []
    heard[:10] = False  # all sounds fade in
    for place in np.flatnonzero(heard & (level > 2.0 * before[: len(level)])):
        if not found or place - found[-1] >= 12:
            found.append(int(place))
    return found


def _rate(samples: Samples) -> float:
    level = level_curve(samples, 0.005)
    spectrum = np.abs(np.fft.rfft((level - np.mean(level)) * np.hanning(len(level)))) ** 2
    hertz = np.fft.rfftfreq(len(level), 0.005)
    sixth = 2.0 ** (1.0 / 6.0)
    bands = [spectrum[(hertz >= f / sixth) & (hertz < f * sixth)].sum() for f in RATES]
    return float(RATES[int(np.argmax(bands))])
