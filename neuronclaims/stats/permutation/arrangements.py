"""All, or randomly drawn, relabellings of units, as blocks of true/false rows.

For two sets a row marks the units put into the *smaller* set; for pairs it marks those whose difference is
positive. Blocks are made again on demand from (seed, position), so a result never depends on the size of
blocks, the number of threads or earlier draws. Recent blocks are kept: claims with the same design and seed
share them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations

import numpy as np
from numpy.typing import NDArray

from neuronclaims.stats.inputs import Bools

_BLOCK_CELLS = 2_000_000
"""Largest number of cells (rows times units) in one block: 2 MB as booleans, 16 MB as float64."""


@dataclass(frozen=True, slots=True)
class Subsets:
    """The ways of choosing ``size`` of ``units`` units."""

    units: int
    size: int

    @property
    def total(self) -> int:
        """How many there are, exactly."""
        return math.comb(self.units, self.size)

    def every(self, columns: int = 1) -> Iterator[Bools]:
        """Yield each of them once, in blocks [rows, units]."""
        rows = block_rows(self.units, columns)
        for start in range(0, self.total, rows):
            yield _subset_block(self.units, self.size, start, min(rows, self.total - start))

    def drawn(self, seed: int, start: int, stop: int, columns: int = 1) -> Iterator[Bools]:
        """Yield the random draws number ``start`` to ``stop`` of the stream that ``seed`` names."""
        rows = block_rows(self.units, columns)
        for first in range(start, stop, rows):
            yield _drawn_subsets(self.units, self.size, seed, first, min(rows, stop - first))


@dataclass(frozen=True, slots=True)
class Signs:
    """The ways of giving each of ``units`` differences a sign."""

    units: int

    @property
    def total(self) -> int:
        """How many there are, exactly."""
        return 1 << self.units

    def every(self, columns: int = 1) -> Iterator[Bools]:
        """Yield each of them once, in blocks [rows, units]."""
        rows = block_rows(self.units, columns)
        for start in range(0, self.total, rows):
            numbers = np.arange(start, min(start + rows, self.total), dtype=np.uint64)
            yield (numbers[:, None] >> np.arange(self.units, dtype=np.uint64)) & np.uint64(1) == 1

    def drawn(self, seed: int, start: int, stop: int, columns: int = 1) -> Iterator[Bools]:
        """Yield the random draws number ``start`` to ``stop`` of the stream that ``seed`` names."""
        rows = block_rows(self.units, columns)
        for first in range(start, stop, rows):
            yield _drawn_signs(self.units, seed, first, min(rows, stop - first))


def block_rows(units: int, columns: int) -> int:
    """Return how many relabellings to treat at once so that no array of a block exceeds 16 MB."""
    return max(1, _BLOCK_CELLS // max(units, columns))


@lru_cache(maxsize=4)
def _subset_indices(units: int, size: int) -> NDArray[np.int32]:
    flat = chain.from_iterable(combinations(range(units), size))
    count = math.comb(units, size)
    return np.fromiter(flat, dtype=np.int32, count=count * size).reshape(count, size)


@lru_cache(maxsize=8)
def _subset_block(units: int, size: int, start: int, rows: int) -> Bools:
    chosen = np.zeros((rows, units), dtype=np.bool_)
    np.put_along_axis(chosen, _subset_indices(units, size)[start : start + rows], True, axis=1)
    return _frozen(chosen)


@lru_cache(maxsize=8)
def _drawn_subsets(units: int, size: int, seed: int, start: int, rows: int) -> Bools:
    # The set of the `size` smallest keys does not depend on the sorting algorithm, only on the keys; and
    # the raw words of a bit generator are stable across numpy versions, unlike the methods of Generator
    # (NEP 19).
    keys = raw_words(seed, start * units, rows * units).reshape(rows, units)
    largest = np.partition(keys, size - 1, axis=1)[:, size - 1 : size]
    return _frozen(keys <= largest)


@lru_cache(maxsize=8)
def _drawn_signs(units: int, seed: int, start: int, rows: int) -> Bools:
    per_row = -(-units // 64)
    words = raw_words(seed, start * per_row, rows * per_row).astype("<u8")
    bits = np.unpackbits(words.view(np.uint8), bitorder="little").reshape(rows, per_row * 64)
    return _frozen(bits[:, :units].astype(np.bool_))


def raw_words(seed: int, start: int, count: int) -> NDArray[np.uint64]:
    """Return the words number ``start`` to ``start + count`` of the generator that ``seed`` names."""
    generator = np.random.PCG64(seed)
    generator.advance(start)
    return np.asarray(generator.random_raw(count), dtype=np.uint64)


def _frozen(array: Bools) -> Bools:
    array.setflags(write=False)
    return array
