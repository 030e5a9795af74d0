"""Renders sources of one mix, all at once or as stems that are kept for the next one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path

from ..scene import Source
from .convolution import Samples
from .distance import Travel
from .layouts import Layout
from .microphones import Microphones
from .reading import SoundReader
from .renderer import render
from .room import RoomModel
from .stems import StemFolder, finish, stem_key, summed


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
        self._keys: dict[str, str] = {}

    def keep(
        self, folder: StemFolder, sources: Sequence[Source], surroundings: Mapping[str, object]
    ) -> None:
        """Keep stems in a folder, and take those that are there; not where they are too large."""
        if folder.holds(self._samples, len(self.layout.channels), len(sources)):
            self._folder = folder
            self._keys = {s.id: stem_key(s, self._files[s.id], surroundings) for s in sources}

    def blocks(self, sources: Sequence[Source], tell: Callable[[float], None]) -> Iterator[Samples]:
        """Samples (C, n) of all channels, block by block.

        Raises
        ------
        Torn
            Where a kept stem is damaged: it is gone then, and all can be done again.
        """
        if self._folder is None:
            yield from self._rendered(sources, tell)
            return
        with contextlib.ExitStack() as stack:
            stems = [stack.enter_context(contextlib.closing(self._stem(s))) for s in sources]
            yield from summed(stems, self._samples, tell)
            finish(stems)

    def tidy(self) -> None:
        """Throw away old stems where there are too many."""
        if self._folder is not None:
            self._folder.tidy(list(self._keys.values()))

    def _stem(self, source: Source) -> Generator[Samples, None, None]:
        assert self._folder is not None
        key = self._keys[source.id]
        kept = self._folder.kept(key, len(self.layout.channels))
        if kept is not None:
            yield from kept
        else:
            yield from self._folder.keeping(key, self._rendered([source], lambda _: None))

    def _rendered(
        self, sources: Sequence[Source], tell: Callable[[float], None]
    ) -> Iterator[Samples]:
        with opened(sources, self._files) as readers:
            yield from render(
                sources, readers, self.layout, self._room, self._samples, tell, self._travel
            )
