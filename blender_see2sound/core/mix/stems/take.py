"""Renders sources of one mix, all at once or as stems that are kept for the next one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event

import numpy as np

from ...errors import Cancelled
from ...scene import Source
from ..acoustics.microphones import Microphones
from ..acoustics.room import RoomModel
from ..layouts.layout import Layout
from ..rendering.renderer import render
from ..signals.convolution import Samples
from ..signals.reading import SoundReader
from ..travel.distance import Travel
from .folder import Block, StemFolder, Torn
from .keys import StemKey, stem_key


@contextlib.contextmanager
def opened(sources: Sequence[Source], files: Mapping[str, Path]) -> Iterator[list[SoundReader]]:
    """The sounds of sources, open at their start."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(SoundReader(files[s.id], s.id)) for s in sources]


class Take:
    """What it takes to render sources: their sounds, and all around them."""

    def __init__(
        self,
        files: Mapping[str, Path],
        layout: Layout,
        room: RoomModel | Microphones | None,
        samples: int,
        travel: Travel,
    ) -> None:
        self._files = files
        self.layout = layout
        self._room = room
        self._samples = samples
        self._travel = travel
        self._folder: StemFolder | None = None
        self._keys: dict[str, StemKey] = {}

    def keep(
        self,
        folder: Path,
        sources: Sequence[Source],
        surroundings: Mapping[str, object],
        tell: Callable[[], None],
    ) -> None:
        """Keep stems in a folder, and take those that are there; not where they are too large.

        Parameters
        ----------
        folder : Path
        sources : sequence of Source
        surroundings : mapping
            As for `stem_key`.
        tell : callable
            Called several times a second; may raise `Cancelled`.
        """
        stems = StemFolder(folder, self._samples, len(self.layout.channels))
        if stems.fits(len(sources)):
            keys = {s.id: stem_key(s, self._files[s.id], surroundings, tell) for s in sources}
            stems.prepare(list(keys.values()))
            self._folder, self._keys = stems, keys

    def blocks(
        self, sources: Sequence[Source], tell: Callable[[float], None]
    ) -> Generator[Samples, None, None]:
        """Samples (C, n) of all channels, block by block.

        Parameters
        ----------
        sources : sequence of Source
        tell : callable
            Told several times a second which fraction is done; may raise `Cancelled`.
        """
        tell = self._stopping(tell)
        if self._folder is None:
            yield from self._rendered(sources, tell)
            return
        stopped = Event()
        with contextlib.ExitStack() as stack:
            stems = [
                stack.enter_context(contextlib.closing(self._stem(self._folder, s, stopped)))
                for s in sources
            ]
            yield from self._summed(stems, tell, stopped)

    def _stopping(self, tell: Callable[[float], None]) -> Callable[[float], None]:
        """What also stops microphones, whose responses take seconds, when it is told to stop."""
        room = self._room
        if not isinstance(room, Microphones):
            return tell

        def stopping(fraction: float) -> None:
            try:
                tell(fraction)
            except BaseException:
                room.stop()
                raise

        return stopping

    def _stem(
        self, folder: StemFolder, source: Source, stopped: Event
    ) -> Generator[Block, None, None]:
        """A source's stem: the kept one as far as it is whole, else made anew."""

        def tell(_: float) -> None:
            if stopped.is_set():
                raise Cancelled

        key, whole = self._keys[source.id], 0
        try:
            kept = folder.kept(key)
            if kept is not None:
                for block in kept:
                    yield block
                    whole += 1
                return
        except Torn:
            pass  # all blocks before were right
        rendered = map(Block.of, self._rendered([source], tell))
        for number, block in enumerate(folder.keeping(key, rendered)):
            if number >= whole:
                yield block

    def _summed(
        self, stems: Sequence[Iterator[Block]], tell: Callable[[float], None], stopped: Event
    ) -> Iterator[Samples]:
        """Sum stems block by block, in their order; they are read and made side by side."""
        left = self._samples
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            # The last ones come after the last samples: then a stem made anew is kept.
            coming = [pool.submit(next, stem, None) for stem in stems]
            try:
                while left > 0:
                    total: Samples | None = None
                    for number, stem in enumerate(stems):
                        while not coming[number].done():
                            tell(1.0 - left / self._samples)
                            wait([coming[number]], timeout=0.2)
                        block = coming[number].result()
                        assert block is not None
                        coming[number] = pool.submit(next, stem, None)
                        if total is None:
                            shape = len(self.layout.channels), block.rows.shape[1]
                            total = np.zeros(shape, np.float32)
                        for channel, row in zip(block.sounding, block.rows, strict=True):
                            total[channel] += row
                    assert total is not None
                    left -= total.shape[1]
                    tell(1.0 - left / self._samples)
                    yield total
                for number in range(len(stems)):
                    assert coming[number].result() is None
            finally:
                stopped.set()
                for future in coming:
                    future.cancel()
                wait(coming)

    def _rendered(
        self, sources: Sequence[Source], tell: Callable[[float], None]
    ) -> Iterator[Samples]:
        with opened(sources, self._files) as readers:
            yield from render(
                sources, readers, self.layout, self._room, self._samples, tell, self._travel
            )
