"""Placing regions in 3D: from pixels and distances to positions in the listener's frame."""

from .tracks import positions_of

__all__ = ["positions_of"]
