"""The strip that a job is about, found again whenever the job goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

from ...core.errors import See2SoundError
from ..blend import versions
from ..sources import document, selection


@dataclass(frozen=True)
class Target:
    """A strip, found again after a pause in which anything may have happened to it.

    Attributes
    ----------
    scene_uid : int
        Its scene, whatever that is renamed to.
    strip : str
        Its name.
    uid : str
        What links it to its collection; empty where it has none of its own.
    shows : tuple
        Which media it shows and from where on, to know one without a uid when it was renamed.
    """

    scene_uid: int
    strip: str
    uid: str
    shows: tuple[object, ...]

    @classmethod
    def of(cls, scene: bpy.types.Scene, strip: Any) -> Target:
        """This strip."""
        # A copy bears the uid of its original, which is not its own.
        own = document.collection_of(scene, strip) is not None
        return cls(scene.session_uid, strip.name, strip[document.UID] if own else "", _shows(strip))

    @classmethod
    def active(cls, context: bpy.types.Context) -> Target:
        """The strip that the panel is about.

        Raises
        ------
        See2SoundError
        """
        scene, strip = selection.active_strip(context)
        if scene is None or strip is None:
            raise See2SoundError(
                "no strip is active", "", "Select a movie or image strip", kind="bad-request"
            )
        return cls.of(scene, strip)

    def find(self) -> tuple[bpy.types.Scene, Any]:
        """The scene and the strip as they are now.

        Raises
        ------
        See2SoundError
            When either is gone.
        """
        scene = next((s for s in bpy.data.scenes if s.session_uid == self.scene_uid), None)
        if scene is None:
            raise self._gone("its scene was removed while See2Sound was working")
        strip = document.owner_of(scene, self.uid, self.strip) if self.uid else self._same(scene)
        if strip is None:
            raise self._gone("it was removed or renamed while See2Sound was working")
        return scene, strip

    def collection(self) -> tuple[bpy.types.Scene, Any, bpy.types.Collection]:
        """The scene, the strip and the collection of its speakers.

        Raises
        ------
        See2SoundError
            When any is gone, or there are no speakers.
        """
        scene, strip = self.find()
        collection = document.collection_of(scene, strip)
        if collection is None or not document.speakers_of(collection):
            raise See2SoundError(
                f"{strip.name!r} has no sources",
                "there is no speaker in its collection",
                "Find Sources first, or add a Speaker to the collection",
                kind="bad-request",
            )
        return scene, strip, collection

    def _same(self, scene: bpy.types.Scene) -> Any | None:
        """The strip of this name, or the only one that shows the same from the same frame on."""
        here = list(versions.all_strips(scene))
        for strip in here:
            if strip.name == self.strip:
                return strip
        same = [strip for strip in here if _shows(strip) == self.shows]
        return same[0] if len(same) == 1 else None

    def _gone(self, why: str) -> See2SoundError:
        return See2SoundError(
            f"the strip {self.strip!r} is not there any more",
            why,
            "Select a strip and start again",
            kind="bad-request",
        )


def _shows(strip: Any) -> tuple[object, ...]:
    media = getattr(strip, "filepath", "") or getattr(strip, "directory", "")
    return strip.type, media, versions.content_start(strip)
