"""Reading clips: movies, stills and image sequences, as frames at analysis size and rate."""

from .clip import ClipRange, Frame, OpenClip, open_clip

__all__ = ["ClipRange", "Frame", "OpenClip", "open_clip"]
