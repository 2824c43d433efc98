"""The mean of values in [0, 1], whatever their law: Gaffke's bounds, which for 0 and 1 are Clopper and Pearson's.

p of "the mean is below m" is the chance that weights D, uniform among all that are not negative and add up to 1, put
sum(D x) + D' at m or above: one weight more, D', lies on the end of the range, where what was not seen may be.
Gaffke 2005 (Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative variable);
Learned-Miller and Thomas 2020 (arXiv 1905.06208). It is proved for 0 and 1, and no law is known for which it fails.

Weights are exponential variables over their sum, so p is P(sum(a E) >= 0) with a = x - m. It is found by the inversion
integral of its moment generating function through the saddle point (Rice 1980), which keeps small p's digits.
"""

from __future__ import annotations

import math

import numpy as np

from neuronclaims.stats.distributions.quantiles import never_zero
from neuronclaims.stats.inputs import Floats

_STEPS = 96
_HALVINGS = 60

_ROOM = 500_000
"""The most complex numbers that are held at once."""


def mean_below_p(values: Floats, bound: float) -> float:
    """Return the p of "the mean is below ``bound``" for values [n] in [0, 1].

    >>> round(mean_below_p(np.array([0.0, 0, 0, 0, 0, 0, 0, 1, 1, 1]), 0.6), 4)  # scipy.stats.binom.cdf(3, 10, 0.6)
    0.0548
    """
    if not 0 < bound < 1:
        return 1.0 if bound <= 0 else never_zero(0.0)
    return never_zero(float(_positive(np.append(np.sort(values), 1.0) - float(bound))))


def mean_above_p(values: Floats, bound: float) -> float:
    """Return the p of "the mean is above ``bound``" for values [n] in [0, 1]."""
    return mean_below_p(1 - values, 1 - bound)


def mean_limits(values: Floats, level: float) -> tuple[float, float]:
    """Return the bounds at which the one or the other p is (1 - level) / 2, within [0, 1].

    >>> low, high = mean_limits(np.array([1.0] * 8 + [0.0] * 2), 0.95)  # Clopper and Pearson's
    >>> round(low, 3), round(high, 3)
    (0.444, 0.975)
    """
    return 1 - _highest(1 - values, level), _highest(values, level)


def _highest(values: Floats, level: float) -> float:
    inside, outside, tail = float(values.mean()), 1.0, (1 - level) / 2
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if mean_below_p(values, middle) > tail:
            inside = middle
        else:
            outside = middle
        if outside - inside < 1e-9:
            break
    return outside


def _positive(a: Floats) -> float:
    """Return P(sum(a E) >= 0) for independent standard exponential E."""
    a = a[a != 0]
    if not len(a) or a.min() > 0:
        return 1.0
    if a.max() < 0:
        return 0.0
    if float(a.sum()) > 0:
        return 1 - _positive_tail(-a)
    return _positive_tail(a)


def _positive_tail(a: Floats) -> float:
    """Return the same where the sum's mean is not above 0: integrate exp(K(s)) / s on the line through the saddle."""
    end = 1 / float(a.max())
    low, high = 0.0, end
    for _ in range(_HALVINGS):  # K'(s) = sum(a / (1 - a s)) rises from sum(a) <= 0
        middle = (low + high) / 2
        low, high = (middle, high) if float((a / (1 - a * middle)).sum()) < 0 else (low, middle)
    saddle = max(low, 1e-3 * end)
    bent = float(((a / (1 - a * saddle)) ** 2).sum()) + 1 / saddle**2
    # s = saddle + i width sinh(u): the integrand falls off fast, and the trapezoid rule is then nearly exact.
    width, u = 1 / math.sqrt(bent), np.linspace(0.0, 12.0, _STEPS + 1)
    s = saddle + 1j * width * np.sinh(u)
    step = max(
        1, _ROOM // len(a)
    )  # a few steps at a time: all of them beside all of a large set fill the memory
    sums = [np.log(1 - np.multiply.outer(s[at : at + step], a)).sum(axis=1) for at in range(0, len(s), step)]
    logs = -np.concatenate(sums) - np.log(s)
    parts = np.exp(logs).real * width * np.cosh(u)
    parts[0] /= 2
    return min(1.0, float(parts.sum() * (u[1] - u[0])) / math.pi)
