"""Permute what units were given, all of them or within blocks, for any statistic of the order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.stats.inputs import Alternative, Floats
from neuronclaims.stats.permutation.arrangements import block_rows, raw_words
from neuronclaims.stats.permutation.montecarlo import RISK, Tally, drawn_until_settled, looks
from neuronclaims.stats.permutation.results import TestResult, ways_in_words
from neuronclaims.stats.settings import LEVEL, Level, Resampling

Places: TypeAlias = NDArray[np.intp]
OrderStatistic: TypeAlias = Callable[[Places], Floats]
"""From rows of places [rows, units], whose numbers the units get, to one number per row."""


@dataclass(frozen=True, slots=True)
class Permutations:
    """The ways of giving the numbers of units to each other within blocks, which lie side by side.

    >>> Permutations((3, 2)).total
    12
    """

    sizes: tuple[int, ...]

    @property
    def units(self) -> int:
        """The number of units in all blocks."""
        return sum(self.sizes)

    @property
    def total(self) -> int:
        """How many there are, exactly: the product of the blocks' factorials."""
        return math.prod(map(math.factorial, self.sizes))

    def every(self) -> Iterator[Places]:
        """Yield each of them once, in blocks [rows, units]."""
        starts = np.cumsum((0, *self.sizes[:-1]))
        tables = [
            np.array(list(permutations(range(size))), dtype=np.intp) + start
            for size, start in zip(self.sizes, starts, strict=True)
        ]
        rows = block_rows(self.units, 1)
        for first in range(0, self.total, rows):
            numbers, parts = np.arange(first, min(first + rows, self.total)), []
            for table in tables:
                numbers, place = np.divmod(numbers, len(table))
                parts.append(table[place])
            yield np.concatenate(parts, axis=1)

    def drawn(self, seed: int, start: int, stop: int) -> Iterator[Places]:
        """Yield the random draws number ``start`` to ``stop`` of the stream that ``seed`` names: one key per unit."""
        rows, starts = block_rows(self.units, 1), np.cumsum((0, *self.sizes[:-1]))
        for first in range(start, stop, rows):
            count = min(rows, stop - first)
            keys = raw_words(seed, first * self.units, count * self.units).reshape(count, self.units)
            yield np.concatenate(
                [
                    np.argsort(keys[:, begin : begin + size], axis=1, kind="stable") + begin
                    for size, begin in zip(self.sizes, starts, strict=True)
                ],
                axis=1,
            )


@dataclass(frozen=True, slots=True, eq=False)
class OrderTest:
    """A test that permutes numbers among the units of blocks, which lie side by side.

    ``statistic`` gives one number per row of places. Two that differ by no more than ``tolerance`` count as ties.
    ``name`` says in words what it is, ``unit`` what is permuted.
    """

    statistic: OrderStatistic
    sizes: tuple[int, ...]
    tolerance: float
    name: str
    unit: str = "unit"

    @property
    def observed(self) -> float:
        """The statistic of the numbers as they are."""
        return float(self.statistic(np.arange(sum(self.sizes), dtype=np.intp)[None])[0])

    def test(
        self, resampling: Resampling, level: Level = LEVEL, alternative: Alternative = "two-sided"
    ) -> TestResult:
        """Return the test; all permutations are looked at where they are few enough, otherwise random ones."""
        ways = Permutations(self.sizes)
        planned = looks(resampling.draws, resampling.max_draws)
        if ways.total <= resampling.exact_limit:
            tally = self._tally(ways.every(), ways.total, exact=True)
        else:
            tally = drawn_until_settled(
                partial(self._drawn, ways, resampling.seed),
                planned,
                alternative,
                level.alpha,
                level.family,
                max_draws=resampling.stop_after,
            )
        settled = tally.resolved(alternative, level.alpha, level.family, RISK / len(planned))
        how = "exact permutation" if tally.exact else "permutation"
        within = " within blocks" if len(self.sizes) > 1 else ""
        return TestResult(
            statistic=self.observed,
            p_value=float(tally.p_values(alternative)[0]),
            p_greater=float(tally.p_values("greater")[0]),
            p_less=float(tally.p_values("less")[0]),
            alternative=alternative,
            exact=tally.exact,
            arrangements=tally.total,
            smallest_p=tally.smallest_p(alternative, planned[-1]),
            standard_error=float(tally.standard_errors(alternative)[0]),
            resolved=bool(settled.all()),
            degenerate=bool((tally.above + tally.below)[0] == 2 * tally.total),
            method=f"{how} among {ways.units} {self.unit}s{within} ("
            f"{ways_in_words(tally.total, 'permute the numbers', exact=tally.exact)}), {self.name}",
        )

    def looked_at(self, seed: int, most: int = 4_096, draws: int = 1_000) -> tuple[Floats, bool]:
        """Return the statistic in every permutation, or in random ones of more than ``most``; and which of both."""
        ways = Permutations(self.sizes)
        every = ways.total <= most
        blocks = ways.every() if every else ways.drawn(seed, 0, draws)
        return np.concatenate([self.statistic(rows) for rows in blocks]), every

    def _drawn(self, ways: Permutations, seed: int, start: int, stop: int) -> Tally:
        return self._tally(ways.drawn(seed, start, stop), stop - start, exact=False)

    def _tally(self, blocks: Iterable[Places], total: int, *, exact: bool) -> Tally:
        above = below = 0
        observed = self.observed
        for rows in blocks:
            found = self.statistic(rows)
            above += int(np.count_nonzero(found >= observed - self.tolerance))
            below += int(np.count_nonzero(found <= observed + self.tolerance))
        return Tally(np.array([float(above)]), np.array([float(below)]), total, exact)
