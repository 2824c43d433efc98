"""The mean of values that may be skewed, against bounds: Student's t, and t corrected for skewness.

Hall (1992, J. R. Statist. Soc. B 54:221-228) turns t into a statistic whose law is nearly symmetric, by a cubic that
can be turned round. The larger p of both counts. Few values show less skewness than the law they come from has, so the
sample's (Fisher and Pearson's G1) is multiplied by ``STRONGER``; both were chosen by docs/adr/0045-skewed-values.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from neuronclaims.stats.distributions.quantiles import standard_error, t_below, t_quantile
from neuronclaims.stats.inputs import Floats, to_unit

STRONGER = 1.5
"""By what the skewness seen is multiplied."""

UNSEEN = 0.2
"""The share of units that may differ from all others, and yet all be missed by chance."""

NEVER_UNSEEN = 1e-6
"""Below this, the chance that all of them are missed is of no concern: no file is so large."""

_FARTHEST = 1e50
"""Beyond this, t is not told apart: its cube has to be a number."""

OF_NORMAL = math.pi / 2
"""By what the participation ratio of normal values falls short of their number."""


@dataclass(frozen=True, slots=True)
class SkewedMean:
    """The mean of values [n] with its standard error, and the bend that skewness gives the law of its t.

    >>> found = SkewedMean.of(np.array([1.0, 2, 3, 4]))
    >>> found.value, found.bend, round(found.above(0.0), 4)  # symmetric: half of scipy.stats.ttest_1samp
    (2.5, 0.0, 0.0152)
    """

    value: float
    error: float
    df: int
    bend: float

    @classmethod
    def of(cls, values: Floats) -> SkewedMean:
        """Take the moments of values [n], n at least 2."""
        ordered, n = np.sort(values), len(values)
        unit = to_unit(ordered)
        scale = 2.0 ** int(np.frexp(np.abs(ordered).max())[1])
        error = standard_error(unit)
        bend = 0.0 if n < 3 or error == 0 else STRONGER * _skewness(unit) / math.sqrt(n)
        return cls(float(ordered.mean()), error * scale, n - 1, bend)

    def above(self, bound: float) -> float:
        """Return the one-sided p of "the mean is above ``bound``"."""
        return self._tail((self.value - bound) / self.error, self.bend)

    def below(self, bound: float) -> float:
        """Return the one-sided p of "the mean is below ``bound``"."""
        return self._tail((bound - self.value) / self.error, -self.bend)

    def tails(self, bound: float) -> tuple[float, float]:
        """Return both p, as ``Estimate.tails`` does."""
        return self.above(bound), self.below(bound)

    def limits(self, level: float) -> tuple[float, float]:
        """Return the bounds at which the one or the other p is (1 - level) / 2."""
        t = t_quantile(self.df, level)
        up, down = max(t, _unbent(t, self.bend)), max(t, _unbent(t, -self.bend))
        return self.value - up * self.error, self.value + down * self.error

    def _tail(self, t: float, bend: float) -> float:
        return max(t_below(-t, self.df), t_below(-_bent(t, bend), self.df))


def unseen_p(units: float) -> float:
    """Return the chance that none of so many units is of the one in five that may differ from all others.

    >>> round(unseen_p(13), 3), round(unseen_p(14), 3)
    (0.055, 0.044)
    """
    return float((1 - UNSEEN) ** units)


def units_that_count(values: Floats) -> float:
    """Return how many of values [n] their mean rests on, at most n: few where most are alike and some far off.

    That is the participation ratio of the distances from the median, as a multiple of what it is for normal values.

    >>> units_that_count(np.array([0.0, 0, 0, 0, 0, 0, 0, 0, 1, 1])) < 3.2
    True
    """
    distances = np.abs(values - np.median(values))
    if not distances.any():
        return float(len(values))
    distances /= distances.max()
    ratio = float(distances.sum()) ** 2 / float((distances**2).sum())
    return min(float(len(values)), OF_NORMAL * ratio)


def mean_above_zero_p(values: Floats) -> float:
    """Return the one-sided p of "the mean is above 0", which bears skewness; 2^-n for n equal values above 0."""
    mean = SkewedMean.of(values)
    if mean.error == 0:
        return 0.5 ** len(values) if mean.value > 0 else 1.0
    return mean.above(0.0)


def _skewness(values: Floats) -> float:
    n, centred = len(values), values - values.mean()
    centred /= np.abs(centred).max()
    plain = float((centred**3).mean()) / math.pow(float((centred**2).mean()), 1.5)
    return plain * math.sqrt(n * (n - 1)) / (n - 2)


def _bent(t: float, bend: float) -> float:
    t = max(-_FARTHEST, min(_FARTHEST, t))
    return t + bend * t**2 / 3 + bend**2 * t**3 / 27 + bend / 6


def _unbent(t: float, bend: float) -> float:
    """Return x with ``_bent(x)`` = t."""
    if abs(bend) < 1e-9:
        return t
    return 3 / bend * (float(np.cbrt(1 + bend * (t - bend / 6))) - 1)
