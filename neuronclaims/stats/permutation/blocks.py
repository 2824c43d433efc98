"""Relabellings that exchange units only within their block (template, source, author).

Units of one block are compared like with like: what a block has in common can then neither make nor hide a
difference between the sets.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neuronclaims.stats.inputs import Bools
from neuronclaims.stats.permutation.arrangements import Subsets, block_rows, raw_words


@dataclass(frozen=True, slots=True)
class BlockSubsets:
    """The ways of choosing ``chosen[b]`` of the ``sizes[b]`` units of every block; blocks lie side by side."""

    sizes: tuple[int, ...]
    chosen: tuple[int, ...]

    @property
    def units(self) -> int:
        """The number of units in all blocks."""
        return sum(self.sizes)

    @property
    def total(self) -> int:
        """How many there are, exactly: the product of the blocks' binomials."""
        return math.prod(map(math.comb, self.sizes, self.chosen))

    def every(self, columns: int = 1) -> Iterator[Bools]:
        """Yield each of them once, in blocks [rows, units]."""
        tables = [
            np.concatenate(list(Subsets(size, chosen).every()))
            for size, chosen in zip(self.sizes, self.chosen, strict=True)
        ]
        rows = block_rows(self.units, columns)
        for start in range(0, self.total, rows):
            numbers = np.arange(start, min(start + rows, self.total))
            parts = []
            for table in tables:
                numbers, place = np.divmod(numbers, len(table))
                parts.append(table[place])
            yield np.concatenate(parts, axis=1)

    def drawn(self, seed: int, start: int, stop: int, columns: int = 1) -> Iterator[Bools]:
        """Yield the random draws number ``start`` to ``stop`` of the stream that ``seed`` names.

        One key per unit, as for ``Subsets``; each block marks those with its smallest keys.
        """
        rows = block_rows(self.units, columns)
        for first in range(start, stop, rows):
            count = min(rows, stop - first)
            keys = raw_words(seed, first * self.units, count * self.units).reshape(count, self.units)
            parts = np.split(keys, np.cumsum(self.sizes)[:-1], axis=1)
            yield np.concatenate(
                [
                    part <= np.partition(part, chosen - 1, axis=1)[:, chosen - 1 : chosen]
                    for part, chosen in zip(parts, self.chosen, strict=True)
                ],
                axis=1,
            )
