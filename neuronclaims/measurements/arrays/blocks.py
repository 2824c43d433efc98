"""Arrays that are larger than what may be held: mapped from a file, and read a block of rows at a time."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOM = 4_000_000
"""The most values of one block."""


def blocks(values: NDArray[Any], room: int = ROOM) -> Iterator[NDArray[Any]]:
    """Yield an array [rows, ...] in blocks of rows, one after the other; one that is in memory is one block.

    >>> [block.shape for block in blocks(np.zeros((3, 2)))]
    [(3, 2)]
    """
    if not isinstance(values, np.memmap):
        yield values
        return
    step = max(1, room // max(1, values[:1].size))
    for start in range(0, len(values), step):
        yield np.asarray(values[start : start + step])
        give_back(values)


def give_back(values: NDArray[Any]) -> None:
    """Let go of the memory that an array mapped from a file has taken so far; it is read again where it is needed."""
    mapped = getattr(values, "_mmap", None)
    if isinstance(mapped, mmap.mmap) and hasattr(mapped, "madvise"):
        mapped.madvise(mmap.MADV_DONTNEED)


def all_finite(values: NDArray[Any]) -> bool:
    """Say whether no value is NaN or infinite."""
    return all(bool(np.isfinite(block).all()) for block in blocks(values))
