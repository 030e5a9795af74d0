"""Words from the finder's own labels, with no model: for panoptic finders, the fastest way."""

from __future__ import annotations

from collections.abc import Sequence

from ...media import OpenClip
from ...progress import Progress
from ..protocol import Region
from .asking import describe_with


class LabelDescriber:
    """Describes regions by their finder's labels; by the draft's words where there is none."""

    def describe(
        self,
        clip: OpenClip,
        regions: Sequence[Region],
        progress: Progress,
        *,
        off_screen: bool = False,
    ) -> list[Region]:
        """Give the same regions with `label` and `prompt` filled; see `Describer`."""
        progress("Describing what was found", 0.0)
        said = [(region.label, "") for region in regions]
        described = describe_with(regions, clip, said, "", off_screen=off_screen)
        progress("Describing what was found", 1.0)
        return described
