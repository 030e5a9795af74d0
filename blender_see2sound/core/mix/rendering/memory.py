"""Lets the C library keep memory that is given back, for the arrays that come next.

Rendering makes arrays of a few hundred kilobytes by the thousand. By default glibc asks the system
for each of them anew, and the system clears it page by page: a tenth of a mix's time.
"""

from __future__ import annotations

import ctypes
import platform
from functools import cache

#: Parameters of `mallopt` (malloc.h), and their values in bytes: what is smaller than the first
#: comes from memory that is kept, of which so much stays when it is free.
_TRIM_THRESHOLD, _KEPT = -1, 2**27
_MMAP_THRESHOLD, _SMALLER = -3, 2**25


@cache
def keep_memory() -> None:
    """Keep memory in this process from now on, where the C library is glibc."""
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        library.mallopt(_TRIM_THRESHOLD, _KEPT)
        library.mallopt(_MMAP_THRESHOLD, _SMALLER)
