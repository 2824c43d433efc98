"""Welch's t-test as a guard where unequal spreads make the permutation test reject too often.

Exchanging labels supposes that under the null hypothesis the sets do not differ at all. Where only their
means agree and the smaller set varies more, even the studentised permutation test finds differences two to
three times too often. There the larger of its p and that of Welch's t-test is taken
(docs/adr/0009-unequal-spreads.md).
"""

from __future__ import annotations

import numpy as np

from neuronclaims.stats.effects.within_blocks import Codes, blocked_fit, sum_rows
from neuronclaims.stats.inputs import Bools, Floats, to_unit
from neuronclaims.stats.permutation.montecarlo import Floors

UNEQUAL = 1.5
"""From this ratio of sizes on, a search does not trust what the sets seem to say of their spreads."""


def welch_guard(first: Floats, second: Floats, codes: Codes | None) -> tuple[Bools, Floors] | None:
    """Tell for which neurons the smaller set varies more, and give the one-sided p of Welch's t there, 0 elsewhere.

    From [n1, m] and [n2, m]; with blocks, spreads and t are those of ``blocked_fit``. None when the sets
    have the same size, where equal means suffice.
    """
    n1, n2 = len(first), len(second)
    if n1 == n2:
        return None
    spreads, t, df = _welch(first, second) if codes is None else _within_blocks(first, second, codes)
    needed = spreads[0] > spreads[1] if n1 < n2 else spreads[1] > spreads[0]
    return needed, (np.where(needed, _upper_tail(t, df), 0.0), np.where(needed, _upper_tail(-t, df), 0.0))


def _welch(first: Floats, second: Floats) -> tuple[tuple[Floats, Floats], Floats, Floats]:
    n1, pooled = len(first), np.concatenate([first, second])
    # Less their middle value first: t has neither place nor unit, and rounding then stays small.
    scaled = to_unit(pooled)
    scaled = to_unit(scaled - np.sort(scaled, axis=0)[len(pooled) // 2])
    a, b = np.sort(scaled[:n1], axis=0), np.sort(scaled[n1:], axis=0)
    means, spreads = zip(*map(_moments, (a, b)), strict=True)
    parts = spreads[0] / len(a), spreads[1] / len(b)
    total = parts[0] + parts[1]
    # Each set's own share, so that exchanging the sets changes no digit.
    shares = [np.divide(part, total, out=np.zeros_like(total), where=total > 0) for part in parts]
    terms = [share**2 / (len(side) - 1) for share, side in zip(shares, (a, b), strict=True)]
    df = 1 / np.where(total > 0, terms[0] + terms[1], 1.0)
    return (spreads[0], spreads[1]), _ratio(means[0] - means[1], np.sqrt(total)), df


def _moments(values: Floats) -> tuple[Floats, Floats]:
    """Return the mean and the variance of each column; the variance of one that never varies is exactly 0."""
    rest = values - values[0]
    mean = sum_rows(rest) / len(values)
    return values[0] + mean, sum_rows((rest - mean) ** 2) / (len(values) - 1)


def _within_blocks(
    first: Floats, second: Floats, codes: Codes
) -> tuple[tuple[Floats, Floats], Floats, Floats]:
    fit = blocked_fit(first, second, codes)
    return fit.spreads, _ratio(fit.difference, fit.error), fit.df


def _upper_tail(t: Floats, df: Floats) -> Floats:
    from scipy.special import stdtr

    return np.asarray(stdtr(df, -t), dtype=np.float64)


def _ratio(top: Floats, bottom: Floats) -> Floats:
    limit = np.where(top == 0, 0.0, np.copysign(np.inf, top))
    return np.divide(top, bottom, out=limit, where=bottom > 0)


def search_guard(first: Floats, second: Floats, *, ranks: bool) -> float:
    """Return the least two-sided p of one neuron [n1] and [n2] among many, for sets of unequal size.

    Far out in the tail, where the best of many neurons lies, Welch's degrees of freedom and the variance of an AUROC
    follow the very values that happen to lie close together, and promise too much. What holds whatever the spreads
    of normal values are: t with the degrees of freedom of the smaller set alone (Mickey and Brown 1966); and for an
    AUROC of 0.5 (``ranks``) the sign test of the smaller set's values about the median of the larger one, as very wide
    values are coins about it. 0 where the sizes differ by less than a factor of ``UNEQUAL``: there exchanging is
    enough.

    >>> wide, narrow = np.array([-6.0, 9, 7, 8, 12]), np.arange(30) / 10
    >>> round(search_guard(wide, narrow, ranks=True), 3)  # one of five lies below the median: 2 * 6 / 32
    0.375
    >>> search_guard(narrow, narrow + 1, ranks=True)
    0.0
    """
    from scipy.special import betainc

    small, large = (first, second) if len(first) < len(second) else (second, first)
    if len(large) < UNEQUAL * len(small):
        return 0.0
    if not ranks:
        _, t, _ = _welch(first[:, None], second[:, None])
        return float(min(1.0, 2 * _upper_tail(np.abs(t), np.full(1, len(small) - 1.0))[0]))
    middle = np.median(large)
    n, count = len(small), int(max((small > middle).sum(), (small < middle).sum()))
    return 1.0 if count <= n / 2 else float(min(1.0, 2 * betainc(count, n - count + 1, 0.5)))
