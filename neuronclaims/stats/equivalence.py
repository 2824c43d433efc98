"""Tests for "does not": that an effect is smaller than a margin, by two one-sided tests (Schuirmann 1987).

A large p never shows that there is no effect. What can be shown is that an effect is too small to matter, and
how small that is has to be said: the margin. ``within`` claims that the effect is neither above nor below by
the margin or more ("does not separate"); ``not greater`` only that it is not above by it ("does not activate
more"), ``not less`` that it is not below.

Each p is the dual of an interval: at most alpha when the interval of level 1 - 2 alpha lies inside the bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.distributions.quantiles import never_zero
from neuronclaims.stats.effects.estimate import Estimate, Tails
from neuronclaims.stats.effects.intervals import (
    auroc_estimate,
    dz_estimate,
    hedges_g_estimate,
    mean_difference_estimate,
    paired_auroc_estimate,
    paired_mean_difference_estimate,
)
from neuronclaims.stats.effects.margins import (
    MarginSide,
    Scale,
    claimed_p,
    sample_tails,
    smallest_margin_p,
)
from neuronclaims.stats.inputs import StatsError, check_choice, check_sizes, vector
from neuronclaims.stats.permutation.results import TestResult
from neuronclaims.stats.tails import inverted_tails

_ESTIMATES = {
    ("difference", False): mean_difference_estimate,
    ("difference", True): paired_mean_difference_estimate,
    ("sd", False): hedges_g_estimate,
    ("sd", True): dz_estimate,
    ("auroc", False): auroc_estimate,
    ("auroc", True): paired_auroc_estimate,
}
_TESTS = {
    "difference": ("Welch t test", "paired t test"),
    "sd": ("noncentral t test", "paired noncentral t test"),
    "auroc": ("score test of the AUROC", "paired score test of the AUROC"),
}


@dataclass(frozen=True, slots=True)
class EquivalenceResult:
    """The result of the one-sided tests against the bounds.

    ``lower`` and ``upper`` are the bounds, ``null`` less and plus the margin, on the scale of ``estimate``,
    whose interval has level 1 - 2 alpha. ``p_above_lower`` is the p of "the effect is above ``lower``",
    ``p_below_upper`` that of "below ``upper``". ``p_value`` is the larger for ``within``, otherwise the one of
    the side claimed. ``smallest_p`` is the least the design could give: next to 0 where it depends on the
    spread of the values. ``degenerate`` is True where all values (all pairs) are the same; where values differ
    but never vary, p is 1 and the estimate has no interval.
    """

    side: MarginSide
    null: float
    lower: float
    upper: float
    p_value: float
    p_above_lower: float
    p_below_upper: float
    smallest_p: float
    degenerate: bool
    estimate: Estimate
    method: str

    @property
    def threshold(self) -> float:
        """The bound that ``decide`` asks for: the lower one for ``not less``, else the upper one."""
        return self.lower if self.side == "not less" else self.upper

    @property
    def test(self) -> TestResult:
        """The test of its bounds for a verdict (``stats.rule``): a ``TestResult`` with the two-sided p against them."""
        known = self.estimate.low is not None
        sides = [
            min(1.0, 2 * never_zero(min(p, 1 - p))) if known else 1.0
            for p in (self.p_above_lower, self.p_below_upper)
        ]
        return TestResult(
            statistic=self.estimate.value,
            p_value=claimed_p(self.side, *sides),
            p_greater=self.p_above_lower,
            p_less=self.p_below_upper,
            alternative="two-sided",
            exact=True,
            arrangements=0,
            smallest_p=min(1.0, 2 * self.smallest_p),
            standard_error=0.0,
            resolved=True,
            degenerate=self.degenerate,
            method=self.method,
        )


def equivalence_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    margin: float,
    scale: Scale,
    paired: bool,
    side: MarginSide = "within",
    alpha: float = 0.05,
) -> EquivalenceResult:
    """Test whether two samples [n1] and [n2], aligned when ``paired``, differ by less than ``margin``.

    ``scale`` says in what: ``difference`` of means in the values' own unit (Welch's t, or the paired t),
    ``sd`` (pooled standard deviations, for pairs those of the differences; noncentral t, right for normal
    values) or ``auroc`` (distance from 0.5; score tests with the variance that Newcombe's interval uses at
    the bound, in pairs corrected as there). The p are the duals of the intervals of
    ``mean_difference_estimate``, ``hedges_g_estimate``, ``auroc_estimate`` and their paired forms.

    Raises StatsError for a margin that is not above 0 or, on the AUROC scale, not below 0.5.

    >>> same = [0.0, 0.1, -0.1, 0.2, -0.2, 0.1]
    >>> found = equivalence_test(same, same[::-1], margin=0.5, scale="difference", paired=False)
    >>> found.p_value < 0.001
    True
    """
    check_choice(scale, ("difference", "sd", "auroc"), "scale")
    a, b = vector(first, "The first set"), vector(second, "The second set")
    check_sizes(a, b, paired=paired)
    if paired:
        order = np.lexsort((b, a))  # the order of pairs shall not change the last digit
        a, b = a[order], b[order]
    _check(margin, side, alpha)
    if scale == "auroc" and margin >= 0.5:
        raise StatsError(f"A margin of {margin:g} on the AUROC leaves nothing out; it must be below 0.5.")
    null = 0.5 if scale == "auroc" else 0.0
    least = smallest_margin_p(len(a), len(b), margin=margin, scale=scale, paired=paired, side=side)
    return _result(
        _ESTIMATES[scale, paired](a, b, level=1 - 2 * alpha),
        sample_tails(a, b, scale, paired=paired),
        null=null,
        margin=margin,
        side=side,
        smallest_p=least,
        method=_one_sided(side, _TESTS[scale][paired]),
        degenerate=bool(np.all(a == b) if paired else np.all(a == a[0]) and np.all(b == a[0])),
    )


def interval_equivalence_test(
    estimate_at: Callable[[float], Estimate],
    *,
    null: float,
    margin: float,
    side: MarginSide = "within",
    alpha: float = 0.05,
) -> EquivalenceResult:
    """Test equivalence for any effect that has an interval, by inverting the interval.

    ``estimate_at`` gives the estimate with its interval of the level it is asked for, the wider the higher.
    Each one-sided p is the smallest alpha at which the bound lies outside the interval of level 1 - 2 alpha,
    found by bisection and never below 1e-9. Without a value, or where no level allows an interval, p
    is 1.

    >>> found = interval_equivalence_test(
    ...     lambda level: mean_difference_estimate([1, 2, 3], [1, 2, 3], level=level), null=0.0, margin=9.0
    ... )
    >>> found.lower, found.upper, found.p_value < 0.001
    (-9.0, 9.0, True)
    """
    _check(margin, side, alpha)
    estimate = estimate_at(1 - 2 * alpha)
    value = estimate.value
    return _result(
        estimate,
        None if value is None or estimate_at(1e-6).low is None else inverted_tails(estimate_at, value),
        null=null,
        margin=margin,
        side=side,
        smallest_p=0.0,
        method=f"{estimate.method}, turned round",
    )


def _result(
    estimate: Estimate,
    tails: Tails | None,
    *,
    null: float,
    margin: float,
    side: MarginSide,
    smallest_p: float,
    method: str,
    degenerate: bool = False,
) -> EquivalenceResult:
    lower, upper = null - margin, null + margin
    above, below = (1.0, 1.0) if tails is None else (tails(lower)[0], tails(upper)[1])
    return EquivalenceResult(
        side=side,
        null=null,
        lower=lower,
        upper=upper,
        p_value=claimed_p(side, above, below),
        p_above_lower=above,
        p_below_upper=below,
        smallest_p=smallest_p,
        degenerate=degenerate,
        estimate=estimate,
        method=method,
    )


def _one_sided(side: MarginSide, test: str) -> str:
    return f"two one-sided {test}s" if side == "within" else f"one-sided {test}"


def _check(margin: float, side: MarginSide, alpha: float) -> None:
    check_choice(side, ("within", "not greater", "not less"), "side")
    if not 0.0 < margin < float("inf"):
        raise StatsError(f"The margin must be above 0, not {margin!r}: it is the least that would matter.")
    if not 0.0 < alpha < 0.5:
        raise StatsError(f"alpha must lie strictly between 0 and 0.5, not {alpha!r}.")
