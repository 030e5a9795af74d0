"""Renders sources to the channels of a layout, in batches of fixed length, however long the clip.

Direct sound is panned sample by sample; that of beds and spread sources to shared
filters that decorrelate the channels. All else that has a spectrum or a delay
(reflections, late sound, the LFE's low-pass) goes through filters too:
each source's signal is transformed once, all sources' products are summed per
channel, and each channel is transformed back once (`core.mix.signals.convolution`).
Filters of a moving source (for all but reflections that stand alone: `core.mix.acoustics.early`)
are made anew at each step's border and cross-faded in between.

Steps and control points lie at fixed places in time and everything is summed in
a fixed order, on however many processors, so the same scene gives the same
samples every time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from threading import Event

from ...scene import Source
from ..acoustics.late import late_sound
from ..acoustics.microphones import Microphones
from ..acoustics.room import RoomModel
from ..channels.direct import EARLY, add_shared
from ..channels.lfe import lfe_spectrum
from ..channels.sums import LATENCY, Sums
from ..channels.wide import add_wide
from ..heads.chosen import head_of
from ..layouts.layout import Layout
from ..signals.control import BATCH, STEPS
from ..signals.convolution import STEP, WHOLE, LongFilter, OverlapAdd, Samples, spectra_of
from ..signals.reading import SoundReader
from ..travel.distance import Travel
from .lane import Lane, moves
from .memory import keep_memory

#: Sources are rendered in so many groups side by side; fixed, so that sums do not depend on
#: the computer. More would cost more than they bring: each has sums of its own.
_GROUPS = 2

#: Late sound that rings for so many steps goes through filters step by step; longer ones through
#: some of a whole batch each, whose transforms are slower but fewer.
_FEW = 10

#: Threads at most: besides the groups, filters of moving sources are made.
_THREADS = 8


def render(
    sources: Sequence[Source],
    readers: Sequence[SoundReader],
    layout: Layout,
    room: RoomModel | Microphones | None,
    samples: int,
    tell: Callable[[float], None],
    travel: Travel,
) -> Iterator[Samples]:
    """Render sources to a layout.

    Parameters
    ----------
    sources : sequence of Source
    readers : sequence of SoundReader
        Their sounds, at the start.
    layout : Layout
    room : RoomModel, Microphones or None
    samples : int
        The length of the mix.
    tell : callable
        Told several times a second which fraction is done; may raise `Cancelled`.
    travel : Travel

    Yields
    ------
    (C, n) float32 arrays
        The next samples of all channels in the file's order, unlimited; `samples` in all.

    Raises
    ------
    See2SoundError
        When a sound turns out to be unreadable.
    """
    keep_memory()
    cut = WHOLE
    if isinstance(room, RoomModel):
        cut = room.partition(layout, any(map(moves, sources)))
    elif isinstance(room, Microphones):
        cut = room.partition
    lanes = [Lane(s, r, layout, room, cut, travel) for s, r in zip(sources, readers, strict=True)]
    groups = [lanes[i::_GROUPS] for i in range(min(_GROUPS, len(lanes)))]
    mains, lfe = list(layout.mains), layout.lfe
    head = head_of(layout) if layout.coding == "binaural" else None
    late = None
    if isinstance(room, RoomModel):
        filters = late_sound(room, layout, partial(tell, 0.0))
        few = filters.shape[1] <= _FEW * STEP
        late = LongFilter(filters, *((STEPS, STEP) if few else (1, BATCH)))
    output = OverlapAdd(len(layout.channels))

    blocks = BATCH // cut.block
    # Those of a batch, and those of the next one, which is rendered meanwhile.
    totals, coming = ([Sums.empty(layout, cut) for _ in groups] for _ in range(2))

    def sum_up(batch: int, group: list[Lane], sums: Sums, before: Sums) -> None:
        sums.follow(before, blocks)
        for lane in group:
            if stopped.is_set():  # filters of a room can take seconds
                return
            lane.add(batch, sums, pool.submit)

    def begin(batch: int) -> set[Future[None]]:
        every = zip(groups, coming, totals, strict=True)
        return {pool.submit(sum_up, batch, *each) for each in every}

    batch, left, early, stopped = 0, samples, LATENCY, Event()
    pool = ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1))
    try:
        running = begin(0)
        while left > 0:
            while running:
                ended, running = wait(running, timeout=0.2)
                for group in ended:
                    group.result()
                tell(1.0 - left / samples)
            totals, coming = coming, totals
            batch += 1
            if left > BATCH - early:
                running = begin(batch)
            sums, *others = totals
            for other in others:
                sums.add(other, blocks)
            if late is not None and (heard := late.filtered(sums.late)) is not None:
                output.add(mains, heard, late.partition)
            if head is not None:
                add_shared(head, sums)
            if sums.widened:
                add_wide(layout, sums)
            if sums.filtered or head is not None:
                output.add(mains, sums.spectra)
            if sums.answered:
                output.add(mains, sums.reflected[:blocks], cut, LATENCY - cut.late)
            if lfe is not None and sums.lfe.any():
                filtered = lfe_spectrum() * spectra_of(sums.lfe.reshape(STEPS, STEP))
                output.add([lfe], filtered[:, None])
            if head is None:
                output.add_direct(mains, sums.direct, LATENCY)
                if sums.glided:
                    output.add_direct(mains, sums.early, LATENCY - EARLY)
            done = output.take()[:, early : early + left]
            left -= done.shape[1]
            early = 0
            yield done
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)
