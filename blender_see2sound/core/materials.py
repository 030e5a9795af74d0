"""What walls and grounds swallow: absorption coefficients per octave, in one table.

Random-incidence coefficients as they are measured in reverberation chambers. From "brick" to
"acoustic ceiling" they are those of pyroomacoustics' tables (MIT), which took them from
M. Vorländer, Auralization (2008), appendix; "asphalt" is the rough concrete there. The other
grounds and "foliage" are those of M. D. Egan, Architectural Acoustics (1988). "trees" is an estimate of this project and no surface: it stands for the
trunks all around, which send a tenth of the energy back, least at low and at high
frequencies, scattered. Standard library only.
"""

from __future__ import annotations

#: Middles of the octaves that rooms are described in, Hz.
OCTAVES = (125, 250, 500, 1000, 2000, 4000, 8000)

#: Absorbed shares of the energy in each of `OCTAVES`, 0 to 1.
MATERIALS: dict[str, tuple[float, ...]] = {
    # name                125   250   500   1k    2k    4k    8k
    "open":             (1.00, 1.00, 1.00, 1.00, 1.00, 1.00, 1.00),
    "plain":            (0.30, 0.30, 0.30, 0.30, 0.30, 0.30, 0.30),
    "brick":            (0.03, 0.03, 0.03, 0.04, 0.05, 0.07, 0.07),
    "concrete":         (0.02, 0.03, 0.03, 0.03, 0.04, 0.07, 0.07),
    "stone":            (0.02, 0.02, 0.03, 0.04, 0.05, 0.05, 0.05),
    "tiles":            (0.01, 0.01, 0.01, 0.02, 0.02, 0.02, 0.02),
    "plaster":          (0.02, 0.03, 0.04, 0.05, 0.04, 0.03, 0.02),
    "plasterboard":     (0.15, 0.10, 0.06, 0.04, 0.04, 0.05, 0.05),
    "glass":            (0.10, 0.05, 0.04, 0.03, 0.03, 0.03, 0.03),
    "wood":             (0.18, 0.12, 0.10, 0.09, 0.08, 0.07, 0.07),
    "panelling":        (0.27, 0.23, 0.22, 0.15, 0.10, 0.07, 0.06),
    "carpet":           (0.03, 0.09, 0.25, 0.31, 0.33, 0.44, 0.44),
    "curtains":         (0.30, 0.45, 0.65, 0.56, 0.59, 0.71, 0.71),
    "seats":            (0.44, 0.60, 0.77, 0.89, 0.82, 0.70, 0.70),
    "audience":         (0.24, 0.40, 0.78, 0.98, 0.96, 0.87, 0.87),
    "acoustic ceiling": (0.48, 0.97, 1.00, 0.97, 1.00, 1.00, 1.00),
    "asphalt":          (0.02, 0.03, 0.03, 0.03, 0.04, 0.07, 0.07),
    "gravel":           (0.25, 0.60, 0.65, 0.70, 0.75, 0.80, 0.80),
    "soil":             (0.15, 0.25, 0.40, 0.55, 0.60, 0.60, 0.60),
    "grass":            (0.11, 0.26, 0.60, 0.69, 0.92, 0.99, 0.99),
    "foliage":          (0.03, 0.06, 0.11, 0.17, 0.27, 0.31, 0.31),
    "trees":            (0.95, 0.92, 0.90, 0.88, 0.88, 0.90, 0.94),
    "snow":             (0.45, 0.75, 0.90, 0.95, 0.95, 0.95, 0.95),
    "water":            (0.01, 0.01, 0.01, 0.01, 0.02, 0.02, 0.02),
}  # fmt: skip

#: Those that have no surface: what they send back comes scattered, from the first moment on.
SCATTERING = frozenset({"trees"})

#: The walls of a room, in the order of their axes: left and right (x), back and front (y),
#: floor and ceiling (z).
WALLS = ("left", "right", "back", "front", "floor", "ceiling")
