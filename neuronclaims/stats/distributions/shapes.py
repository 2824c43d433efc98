"""An effect in standard deviations compared with bounds, whatever the shape of the values.

How large a standard deviation is, few values tell only where they are shaped like a bell: of lognormal values most
sets lack the large ones, and their spread is then found too small. So an effect is shown to lie beyond a number of
standard deviations only with a distance in hand, which was chosen by measurement (docs/adr/0044-amounts-in-sd.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from neuronclaims.stats.distributions.noncentral import noncentral_t_cdf
from neuronclaims.stats.distributions.quantiles import never_zero, t_below
from neuronclaims.stats.inputs import Floats

BELL = 0.1
"""Values count as bell-shaped where the p of Shapiro and Francia's test is at least this."""

HOPELESS = 0.8
"""Shapiro and Francia's W below which nothing is said of standard deviations."""

SEEN = 40.0
"""Values, in two equal sets, from which on numbers are compared without looking at the shape, far beyond them."""

LEAST_ALONE = 20
"""Pairs, or units of a set less than half as large as the other, from which on values that are not bell-shaped show how
far from 0 an effect is at most. In sets of about one size the skewness of their means cancels."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """The residuals of one or two sets in units of their standard deviation, and what they say of its size.

    ``effect`` is the difference in standard deviations, ``size`` the factor from it to t, ``df`` the degrees of freedom
    of the spread. ``variance``, ``slope`` and ``curve`` give the variance of effect - x spread, for every x, by the
    residuals' own moments; ``freedom`` are Satterthwaite's degrees of freedom of it. ``bell`` tells whether the
    residuals are shaped like a bell, ``w`` is Shapiro and Francia's statistic; ``units`` counts values in two equal
    sets, and ``far_units`` those that count for the farther of the two distances. ``few`` tells whether there are fewer
    units than values that are not bell-shaped need to show anything.
    """

    effect: float
    size: float
    df: float
    variance: float
    slope: float
    curve: float
    freedom: float
    w: float
    bell: bool
    units: float
    far_units: float
    few: bool

    @classmethod
    def of(
        cls,
        sets: tuple[tuple[Floats, Floats], ...],
        *,
        effect: float,
        size: float,
        df: float,
        units: float,
        far_units: float,
    ) -> Shape:
        """Describe sets, each its residuals [n] in standard deviations and their weights in the difference [n]."""
        moments = [_moments(residuals, weights, df, effect) for residuals, weights in sets]
        variance, slope, curve = (sum(each[place] for each in moments) for place in range(3))
        total = sum(each[3] for each in moments)
        parts = sum(each[3] ** 2 / (len(of_set[0]) - 1) for each, of_set in zip(moments, sets, strict=True))
        w, p = shapiro_francia(np.concatenate([residuals for residuals, _ in sets]))
        freedom = total**2 / parts if parts > 0 else df
        sizes = [len(residuals) for residuals, _ in sets]
        few = min(sizes) < LEAST_ALONE and (len(sets) == 1 or 2 * min(sizes) <= max(sizes))
        return cls(effect, size, df, variance, slope, curve, freedom, w, p >= BELL, units, far_units, few)

    @property
    def bounded(self) -> bool:
        """Whether any effect at all could be shown to lie beyond a number of standard deviations."""
        return self.bell or self._far

    @property
    def floor(self) -> float:
        """The least two-sided p against a number that the size of the sets allows bell-shaped values; 0 for none."""
        return least_p(self.units) if self.bell and not self._far else 0.0

    @property
    def _far(self) -> bool:
        return self.far_units >= SEEN and self.w >= HOPELESS

    def tails(self, bound: float) -> tuple[float, float]:
        """Return the one-sided p of "the effect is above ``bound``" and of "it is below"."""
        if bound < 0:
            above, below = self._mirrored().tails(-bound)
            return below, above
        above, below = self._plain(bound)
        if bound > 0 and self.few and not self.bell:
            below = 1.0
        return never_zero(above if bound == 0 else self._beyond(bound)), never_zero(below)

    def _beyond(self, bound: float) -> float:
        far = 1.0
        if self._far:
            far = self._plain(bound * (1 + 2 * math.sqrt(SEEN / self.far_units)))[0]
        if not self.bell:
            return far
        near = self._plain(bound * nearer(self.units))[0]
        return min(max(near, least_p(self.units) / 2), far)

    def _plain(self, bound: float) -> tuple[float, float]:
        """Take the larger p of normal theory and of the residuals' own moments."""
        t, nc = self.effect * self.size, bound * self.size
        above, below = noncentral_t_cdf(-t, self.df, -nc), noncentral_t_cdf(t, self.df, nc)
        spread = self.variance - 2 * bound * self.slope + bound**2 * self.curve
        if spread <= 0:
            return above, below
        score = (self.effect - bound) / math.sqrt(spread)
        return max(above, t_below(-score, self.freedom)), max(below, t_below(score, self.freedom))

    def _mirrored(self) -> Shape:
        return Shape(
            -self.effect,
            self.size,
            self.df,
            self.variance,
            -self.slope,
            self.curve,
            self.freedom,
            self.w,
            self.bell,
            self.units,
            self.far_units,
            self.few,
        )


def nearer(units: float) -> float:
    """Return by how much an effect in sd of bell-shaped values has to exceed a number, as a factor.

    >>> nearer(40.0), round(nearer(320.0), 2)
    (1.3, 1.15)
    """
    return 1 + 0.3 * min(1.0, math.sqrt(80 / units))


def least_p(units: float) -> float:
    """Return the least two-sided p that an effect in sd can have against a number, so few values tell their shape.

    >>> [round(least_p(units), 4) for units in (16.0, 24.0, 40.0)]
    [0.1259, 0.0288, 0.0015]
    """
    return float(min(1.0, 10 ** (-0.9 - 0.08 * (units - 16))))


def shapiro_francia(values: Floats) -> tuple[float, float]:
    """Return Shapiro and Francia's W of values [n], at least 5, and the p of "they are normal" by Royston (1993).

    >>> w, p = shapiro_francia(np.array([-1.2, -0.7, -0.3, 0.0, 0.1, 0.5, 0.6, 1.1]))
    >>> w > 0.95, p > 0.5
    (True, True)
    """
    from scipy.special import ndtr, ndtri

    n = len(values)
    scores = ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    total = float((values**2).sum())
    w = (
        min(1.0, float(np.sort(values) @ scores) ** 2 / float((scores**2).sum()) / total)
        if total > 0
        else 0.0
    )
    u = math.log(n)
    v = math.log(u)
    middle, spread = -1.2725 + 1.0521 * (v - u), 1.0308 - 0.26758 * (v + 2 / u)
    return w, float(ndtr(-(math.log(max(1 - w, 1e-300)) - middle) / spread))


def _moments(
    residuals: Floats, weights: Floats, df: float, effect: float
) -> tuple[float, float, float, float]:
    """Return the variance, slope and curve of one set, and its variance at the effect."""
    n = len(residuals)
    first, second = weights * residuals, residuals**2 / (2 * df)
    first, second = first - first.mean(), second - second.mean()
    factor = n / (n - 1)
    a, b, c = (factor * float((x * y).sum()) for x, y in ((first, first), (first, second), (second, second)))
    return a, b, c, a - 2 * effect * b + effect**2 * c
