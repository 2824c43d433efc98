"""How many bytes of measured rows a run may hold in memory."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

SHARE = 4
"""Without a word from the user, one part in so many of the free memory may be filled with rows."""

OTHERWISE = 4 << 30
"""The bytes that may be filled where it is not known how much is free."""


def free_memory() -> int | None:
    """Return the bytes of memory that are free, within what a container may take; None where nobody says."""
    found: list[int] = []
    with suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        found += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    group = Path("/sys/fs/cgroup")
    for most, now in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with suppress(OSError, ValueError):
            found.append(max(0, int((group / most).read_text()) - int((group / now).read_text())))
    return min(found, default=None)


def bound_of(said: int | str | None) -> int:
    """Return the bytes of rows that may be held: what was said, or a quarter of the memory that is free.

    >>> bound_of(10**9)
    1000000000
    """
    if isinstance(said, int):  # options have read what was said in units
        return said
    free = free_memory()
    return OTHERWISE if free is None else free // SHARE


def give_back_freed() -> None:
    """Let the C library give memory back that was freed; it keeps hundreds of MB between batches of many lengths.

    Only glibc has this; elsewhere nothing is done.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@lru_cache(maxsize=1)
def _trim() -> Any:
    if sys.platform != "linux":
        return None
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library
        return None
