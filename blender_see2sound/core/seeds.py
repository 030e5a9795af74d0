"""Seeds: the numbers that make a sound repeatable, and those that come after one. Standard library only."""

from __future__ import annotations

#: How many there are, from 0: what Blender's integers, and every generator of noise, can bear.
SEEDS = 2**31


def seed_after(seed: int, steps: int) -> int:
    """The seed so many steps after another one; after the last comes the first."""
    return (seed + steps) % SEEDS
