"""What makers of sounds and the mix share of audio: one rate, resampling, loudness, peaks, a limiter."""

from __future__ import annotations

#: Samples a second, everywhere.
SAMPLE_RATE = 48_000
