"""What sources add up to in a batch, before it is transformed back and given out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..heads.head import FINE
from ..layouts.layout import Layout
from ..layouts.rig import rig_of
from ..signals.control import BATCH, STEPS
from ..signals.convolution import STEP, Partition, Samples, Spectra

#: Samples by which every filter is late, so that it may begin before the sound does: filters
#: with a delay of their own (decorrelation, the LFE's low-pass) stay in time with the rest.
LATENCY = 3072


@dataclass
class Sums:
    """What sources add up to in a batch."""

    direct: Samples  # (M, BATCH) direct sound; for headphones (2 FINE, BATCH), see `direct`
    early: Samples  # as `direct`: reflections of moving sources, `EARLY` samples before it
    wide: Samples  # (R, BATCH) what the loudspeakers of the rig play decorrelated copies of
    spectra: Spectra  # (STEPS, M, F) filtered sound
    reflected: (
        Spectra  # (blocks and what rings on, M, F) sound as a room or its microphones have it
    )
    late: Samples  # (BATCH,) what goes to the late sound
    lfe: Samples  # (BATCH,) what goes to the LFE
    filtered: bool = False
    answered: bool = False
    glided: bool = False
    widened: bool = False

    @classmethod
    def empty(cls, layout: Layout, partition: Partition) -> Sums:
        rows = 2 * FINE if layout.coding == "binaural" else len(layout.mains)
        blocks = BATCH // partition.block + partition.parts - 1
        return cls(
            np.zeros((rows, BATCH), np.float32),
            np.zeros((rows, BATCH), np.float32),
            np.zeros((len(rig_of(layout).mains), BATCH), np.float32),
            np.zeros((STEPS, len(layout.mains), STEP + 1), np.complex64),
            np.zeros((blocks, len(layout.mains), partition.fft // 2 + 1), np.complex64),
            np.zeros(BATCH, np.float32),
            np.zeros(BATCH, np.float32),
        )

    def follow(self, before: Sums, blocks: int) -> None:
        """Begin the batch after another one's: nothing yet but what rings on after its blocks."""
        for part in (self.direct, self.late, self.lfe):
            part.fill(0.0)
        if self.glided:
            self.early.fill(0.0)
            self.glided = False
        if self.widened:
            self.wide.fill(0.0)
            self.widened = False
        if self.filtered:
            self.spectra.fill(0.0)
            self.filtered = False
        if self.answered:
            self.reflected.fill(0.0)
        ringing = before.reflected[blocks:]
        self.answered = bool(ringing.any())
        if self.answered:
            self.reflected[: len(ringing)] = ringing

    def add(self, other: Sums, blocks: int) -> None:
        self.direct += other.direct
        self.late += other.late
        self.lfe += other.lfe
        if other.glided:
            self.early += other.early
            self.glided = True
        if other.widened:
            self.wide += other.wide
            self.widened = True
        if other.filtered:
            self.spectra += other.spectra
            self.filtered = True
        if other.answered:
            # What rings on stays where it is until its time has come.
            self.reflected[:blocks] += other.reflected[:blocks]
            self.answered = True
