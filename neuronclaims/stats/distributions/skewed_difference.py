"""The difference of two means of values that may be skewed: Welch's t, slowed down by skewness.

Where one set is skewed, or both are and one spreads farther, few values tend to miss the tail of that set: its mean
then looks too near to the others, and too sure. Hall (1992, J. R. Statist. Soc. B 54:221-228) takes the skewness of a
mean out of t by a cubic. Here it only ever slows t down, and beyond the cubic's turning point t counts by ``SLOPE``.
The skewness of the difference is the larger one of two: that of the sets' own third moments, and ``STRONGER`` times
that of one shape shared by both, at the least favourable ratio of their spreads within ``ERRORS`` standard errors. The
second is next to nothing for normal values. Chosen by docs/adr/0052-skewed-sets.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from neuronclaims.stats.distributions.quantiles import t_below
from neuronclaims.stats.inputs import Floats

STRONGER = 2.5
"""By what the skewness of the shared shape is multiplied."""

ERRORS = 2.0
"""By how many standard errors the ratio of the spreads is taken to be less favourable than it looks."""

SLOPE = 0.3
"""How much t counts beyond the turning point of its cubic."""

_LEAST, _FARTHEST = 1e-6, 1e50
"""A bend below the first is none; t beyond the second is not told apart, because its cube has to be a number."""


@dataclass(frozen=True, slots=True)
class SkewedDifference:
    """Differences of means [m] with their standard errors and degrees of freedom, and what skewness takes off their t.

    ``error`` is in units of ``scale``. ``above`` is the bend for "the difference is above", ``below`` that for "below";
    none is negative. ``skewed`` is not 0 where both sets together are more skewed than chance makes normal values.
    ``units`` is how many values the smaller set has.
    """

    value: Floats
    error: Floats
    scale: Floats
    df: Floats
    above: Floats
    below: Floats
    skewed: Floats
    units: int

    @classmethod
    def of(
        cls, value: Floats, error: Floats, scale: Floats, df: Floats, residuals: tuple[Floats, Floats]
    ) -> SkewedDifference:
        """Take the bends from ``residuals`` [n1, m] and [n2, m]: values, on any scale, less what explains them.

        >>> a, b = np.array([[1.0], [2], [3], [9]]), np.array([[1.0], [2], [3], [4]])
        >>> found = SkewedDifference.of(*np.array([[1.25], [1.9], [1.0], [3.8]]), (a, b))
        >>> found.above.tolist(), found.below.round(2).tolist()  # the first set's tail speaks against "below" alone
        ([0.0], [0.71])
        """
        first, second = (np.ascontiguousarray(side.T) for side in residuals)
        own = _own_skewness(first, second)
        skewness = _shared_skewness(first, second)
        shared = [STRONGER * one for one in _of_one_shape(first, second, skewness)]
        bends = [
            np.maximum.reduce([np.zeros_like(own), *(sign * one for one in (own, *shared))])
            for sign in (-1, 1)
        ]
        above, below = (np.where(bend < _LEAST, 0.0, bend) for bend in bends)
        return cls(value, error, scale, df, above, below, skewness, min(len(side) for side in residuals))

    def limits(self, level: float) -> tuple[Floats, Floats]:
        """Return the bounds [m] at which the one or the other p is (1 - level) / 2."""
        from scipy.special import stdtrit

        t = np.asarray(stdtrit(self.df, (1 + level) / 2), dtype=np.float64)
        return (
            self.value - unslowed(t, self.above) * self.error * self.scale,
            self.value + unslowed(t, self.below) * self.error * self.scale,
        )

    def plain(self, column: int) -> tuple[float, float, float]:
        """Return one difference with its standard error and its degrees of freedom."""
        error = float(self.error[column] * self.scale[column])
        return float(self.value[column]), error, float(self.df[column])

    def tails(self, column: int) -> Callable[[float], tuple[float, float]]:
        """Return the one-sided p of one difference, as ``Estimate.tails`` does."""
        plain, above, below = self.plain(column), self.above[column], self.below[column]
        value, error, df = plain

        def tails(bound: float) -> tuple[float, float]:
            t = (value - bound) / error
            return t_below(-float(slowed(t, above)), df), t_below(-float(slowed(-t, below)), df)

        return tails


def slowed(t: Floats | float, bend: Floats) -> Floats:
    """Return t less what a ``bend`` of 0 or more takes off.

    >>> slowed(2.0, np.array([0.0, 0.5])).round(3).tolist()  # 2 - 2/3 + 2/27 - 1/12
    [2.0, 1.324]
    """
    t = np.maximum(np.asarray(t, dtype=np.float64), -_FARTHEST)
    turn = 3 / np.maximum(bend, _LEAST)
    near = np.minimum(t, turn)
    cubic = near - bend * near**2 / 3 + bend**2 * near**3 / 27 - bend / 6
    return np.asarray(np.where(bend > 0, cubic + SLOPE * (t - near), t))


def unslowed(t: Floats, bend: Floats) -> Floats:
    """Return x with ``slowed(x)`` = t, for t above 0."""
    safe = np.maximum(bend, _LEAST)
    turn, flat = 3 / safe, 1 / safe - safe / 6
    inside = turn * (1 - np.cbrt(1 - safe * (np.minimum(t, flat) + safe / 6)))
    return np.where(bend > 0, np.where(t <= flat, inside, turn + (t - flat) / SLOPE), t)


def _own_skewness(first: Floats, second: Floats) -> Floats:
    """Return the skewness of the difference of means, from the unbiased moments of each set [m, n]."""
    cubes, parts = [], []
    for values in (first, second):
        n, rest = values.shape[1], _centred(values)
        third = (rest**3).sum(axis=1) * n / ((n - 1) * (n - 2)) if n > 2 else np.zeros(len(rest))
        cubes.append(third / n**2)
        parts.append((rest**2).sum(axis=1) / (n - 1) / n)
    return _ratio(cubes[0] - cubes[1], (parts[0] + parts[1]) ** 1.5)


def _shared_skewness(first: Floats, second: Floats) -> Floats:
    """Return the skewness of both sets in sd of their own, nearer to 0 by the standard error of normal values."""
    total, n = np.zeros(len(first)), first.shape[1] + second.shape[1]
    for values in (first, second):
        rest = _centred(values)
        sd = np.sqrt((rest**2).sum(axis=1) / (values.shape[1] - 1))
        total = total + (_ratio(rest, sd[:, None]) ** 3).sum(axis=1)
    skewness = total / (n - 2)
    return np.asarray(np.sign(skewness) * np.maximum(np.abs(skewness) - np.sqrt(6 / n), 0))


def _of_one_shape(first: Floats, second: Floats, skewness: Floats) -> tuple[Floats, Floats]:
    """Return the skewness of the difference if both have the same one, at the ends of the ratio of their spreads.

    A spread is the mean distance from the median. A set that never varies is taken to spread as the other one does.
    """
    distances = [np.abs(values - np.median(values, axis=1, keepdims=True)) for values in (first, second)]
    means = [distance.mean(axis=1) for distance in distances]
    flat = [np.ptp(values, axis=1) == 0 for values in (first, second)]
    spreads = [np.where(flat[0], means[1], means[0]), np.where(flat[1], means[0], means[1])]
    variances = [
        np.where(still, 0.0, _ratio(distance.std(axis=1, ddof=1), spread)) ** 2 / distance.shape[1]
        for distance, spread, still in zip(distances, spreads, flat, strict=True)
    ]
    wider = np.exp(ERRORS / 2 * np.sqrt(variances[0] + variances[1]))
    n1, n2 = first.shape[1], second.shape[1]
    ends = []
    for a, b in ((spreads[0] * wider, spreads[1] / wider), (spreads[0] / wider, spreads[1] * wider)):
        third, square = a**3 / n1**2 - b**3 / n2**2, a**2 / n1 + b**2 / n2
        ends.append(skewness * _ratio(third, square**1.5))
    return ends[0], ends[1]


def _centred(values: Floats) -> Floats:
    rest = values - values[:, :1]
    return np.asarray(rest - rest.mean(axis=1, keepdims=True))


def _ratio(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.zeros(np.broadcast(top, bottom).shape), where=bottom > 0)
