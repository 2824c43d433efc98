"""How much of a value goes with a number in waves of one period, besides a straight line.

Values are taken as ranks, so that no single one decides. Of what a straight line in the number, and a level per block,
leave of them, the share is taken that the cosine and sine of 2 pi number / period explain: a partial R squared. Numbers
are permuted within blocks; the interval is that of the noncentral F law, at half of alpha (docs/adr/0066).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuronclaims.stats.distributions.quantiles import never_zero
from neuronclaims.stats.effects.effect_size import EffectSize
from neuronclaims.stats.effects.estimate import Estimate, Tails, limits
from neuronclaims.stats.effects.points import doubled_midranks
from neuronclaims.stats.inputs import Floats, StatsError, check_sizes, matrix, vector
from neuronclaims.stats.numbers.permuted import OrderTest

EXPLAINED = EffectSize("share_with_period", "share of the ranks' variance with this period", scale="share")

_NONE = 1e-9
"""What is left of a wave, in parts of its size, below which a straight line explains all of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Waves:
    """The numbers [n] of units as waves of one ``period``; ``plain`` and ``waves`` are orthonormal [n, ...].

    ``order`` are the places of the units, block by block; the rows of both stand in this order.

    >>> waves = Waves.of([0, 1, 2, 3, 4, 5, 6, 7], 2.0)
    >>> waves.waves.shape, round(float(waves.explained([5, 1, 5, 1, 5, 1, 5, 1])[0]), 6)
    ((8, 1), 1.0)
    """

    period: float
    plain: Floats
    waves: Floats
    order: NDArray[np.intp]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, numbers: ArrayLike, period: float, blocks: Sequence[int] | None = None) -> Waves:
        """Make the waves; raise StatsError where the period is the same at all numbers, or too few units are left."""
        x = vector(numbers, "The numbers")
        if not 0 < period < math.inf:
            raise StatsError(f"A period must be a number above 0, not {period!r}.")
        codes = np.zeros(len(x), dtype=np.intp) if blocks is None else np.asarray(blocks, dtype=np.intp)
        order = np.lexsort((np.arange(len(x)), codes)).astype(np.intp)
        x, codes = x[order], codes[order]
        found, counts = np.unique(codes, return_counts=True)
        level = (codes[:, None] == found[None]).astype(np.float64)
        plain = _basis(np.column_stack([level, (x - x.mean()) / (x.std() or 1.0)]))
        angle = 2 * math.pi * np.mod(x, period) / period
        both = np.column_stack([np.cos(angle), np.sin(angle)])
        waves = _basis(both - plain @ (plain.T @ both), size=math.sqrt(len(x)))
        if not waves.shape[1]:
            raise StatsError(
                f"With a period of {period:g} these numbers rise and fall no more than a straight line."
            )
        if len(x) - plain.shape[1] - waves.shape[1] < 1:
            raise StatsError(f"{len(x)} units are too few for a period beside a straight line.")
        return cls(period, plain, waves, order, tuple(int(count) for count in counts))

    @property
    def free(self) -> tuple[int, int]:
        """The degrees of freedom of the waves, and of what is left."""
        units, ones = self.waves.shape
        return ones, units - self.plain.shape[1] - ones

    def explained(self, values: ArrayLike) -> Floats:
        """Return the share that the waves explain of each neuron's ranks: values [n] or [n, m] to [m]; 0 of none."""
        wide = np.asarray(values, dtype=np.float64)
        return self._shares(_ranks(wide[:, None] if wide.ndim == 1 else wide)[self.order].T)

    def _shares(self, rows: Floats) -> Floats:
        left = (rows**2).sum(axis=1) - ((rows @ self.plain) ** 2).sum(axis=1)
        waves = ((rows @ self.waves) ** 2).sum(axis=1)
        some = left > _NONE * np.maximum((rows**2).sum(axis=1), 1e-300)
        shares = np.divide(waves, left, out=np.zeros(len(rows)), where=some)
        return np.asarray(np.clip(shares, 0.0, 1.0), dtype=np.float64)

    def test(self, values: ArrayLike, unit: str = "unit") -> OrderTest:
        """Return the test that permutes numbers among the units, within blocks.

        >>> from neuronclaims.stats.settings import Resampling
        >>> waves = Waves.of([0, 1, 2, 3, 4, 5, 6], 2.0)
        >>> round(waves.test([5, 1, 6, 2, 7, 0, 4]).test(Resampling(0), alternative="greater").p_value, 3)
        0.044
        """
        ranks = _ranks(vector(values, "The values")[:, None])[self.order, 0]

        def statistic(rows: NDArray[np.intp]) -> Floats:
            return self._shares(ranks[rows])

        return OrderTest(statistic, self.sizes, 1e-9, f"share of ranks with period {self.period:g}", unit)

    def estimate(self, values: ArrayLike, level: float = 0.95) -> Estimate:
        """Return the share explained, with the interval of the noncentral F law; none where values never vary."""
        x = vector(values, "The values")
        check_sizes(x, np.zeros(len(self.order)), paired=True)
        method = "noncentral F interval on ranks"
        if np.ptp(x) == 0:
            return Estimate(EXPLAINED, None, None, None, level, method)
        value = float(self.explained(x)[0])
        tails = _tails(value, *self.free)
        low, high = limits(tails, value, 0.5, level)
        return Estimate(EXPLAINED, value, max(0.0, low), min(1.0, high), level, method, tails)


def _tails(value: float, ones: int, rest: int) -> Tails:
    from scipy.special import fdtrc, ncfdtr

    most = min(value, 1 - 1e-9)
    f = most / (1 - most) * rest / ones
    units = ones + rest + 1

    def tails(bound: float) -> tuple[float, float]:
        if bound >= 1:
            return 1.0, never_zero(0.0)
        if bound < 0:
            return never_zero(0.0), 1.0
        if bound == 0:
            above = float(fdtrc(ones, rest, f))
            return never_zero(above), never_zero(1 - above)
        # Ranks of few units miss a share above 0 up to twice as often as normal values do.
        below = float(ncfdtr(ones, rest, units * bound / (1 - bound), f))
        return never_zero(2 * max(1 - below, 1e-12)), never_zero(2 * below)

    return tails


def _basis(columns: Floats, size: float = 1.0) -> Floats:
    """Return an orthonormal basis [n, k] of columns; what is tiny beside ``size`` is nothing."""
    left, values, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(
        left[:, values > _NONE * max(size, float(values.max(initial=0.0)) if size == 1.0 else size)]
    )


def _ranks(values: Floats) -> Floats:
    ranks = doubled_midranks(matrix(values, "The values")).astype(np.float64)
    return np.asarray(ranks - ranks.mean(axis=0))
