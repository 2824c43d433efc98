"""How many prompts a claim needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from neuronclaims.stats.effects.newcombe import hanley_mcneil_variance
from neuronclaims.stats.effects.noncentral import noncentral_t_cdf
from neuronclaims.stats.inputs import Alternative, check_choice, check_share, sides

Sizes = tuple[int, int]
MOST_UNITS = 100_000
"""Beyond this many units per set the answer is None: nobody writes that many prompts."""


def units_needed(
    *,
    statistic: Literal["mean", "auroc"],
    effect: float,
    threshold: float | None,
    side: Alternative,
    counts: Sizes,
    paired: bool,
    alpha: float = 0.05,
    family: int = 1,
    level: float = 0.95,
    power: float = 0.8,
) -> Sizes | None:
    """Return the smallest sizes of the two sets, in the present ratio, that would probably support a claim.

    ``effect`` is the effect observed and ``threshold`` the number claimed (None: none): in standard
    deviations (of the differences when ``paired``) for ``mean``, as AUROC for ``auroc``. Probably means
    with probability ``power`` if the true effect is the observed one. The claim is then supported when its
    p passes alpha / ``family`` and, with a threshold, its ``level`` interval lies beyond it.

    Means: noncentral t. AUROC: normal, with the variances that Newcombe's interval uses, pairs taken as
    independent, which asks for too many where their members go together. None when the
    observed effect is not beyond what is claimed, or when more than 100,000 units per set would be needed.
    """
    check_choice(statistic, ("mean", "auroc"), "statistic")
    check_share(alpha, "alpha")
    check_share(power, "power")
    null = 0.5 if statistic == "auroc" else 0.0
    gain, claimed = effect - null, 0.0 if threshold is None else abs(threshold - null)
    gain = abs(gain) if side == "two-sided" else gain if side == "greater" else -gain
    if gain <= claimed:
        return None
    chance = _auroc_power if statistic == "auroc" else _paired_power if paired else _two_sample_power

    def enough(n1: int, n2: int) -> bool:
        if smallest_design_p(n1, n2, side, paired=paired) * family > alpha:
            return False
        tail = alpha / family / sides(side)
        if chance(gain, 0.0, n1, n2, tail) < power:
            return False
        return threshold is None or chance(gain, claimed, n1, n2, (1 - level) / 2) >= power

    return _smallest(counts, paired, enough)


def smallest_units(
    *, alternative: Alternative, counts: Sizes, paired: bool, alpha: float = 0.05, family: int = 1
) -> Sizes | None:
    """Return the smallest sizes, in the present ratio, with which p could reach alpha / ``family`` at all."""
    check_share(alpha, "alpha")

    def enough(n1: int, n2: int) -> bool:
        return smallest_design_p(n1, n2, alternative, paired=paired) * family <= alpha

    return _smallest(counts, paired, enough)


def smallest_design_p(n1: int, n2: int, alternative: Alternative, *, paired: bool) -> float:
    """Return the least p of a permutation test with n1 and n2 units (n1 pairs), all arrangements counted."""
    log_total = (
        n1 * math.log(2) if paired else math.lgamma(n1 + n2 + 1) - math.lgamma(n1 + 1) - math.lgamma(n2 + 1)
    )
    return min(1.0, sides(alternative) * math.exp(-log_total) * (1 - 1e-12))


def _smallest(counts: Sizes, paired: bool, enough: Callable[[int, int], bool]) -> Sizes | None:
    """Search the multiples of the present ratio for the first sizes that are ``enough``."""
    small, large = min(counts), max(counts)
    ratio = 1.0 if paired else large / small

    def sizes(n: int) -> Sizes:
        other = math.ceil(n * ratio - 1e-9)
        return (n, other) if counts[0] <= counts[1] else (other, n)

    low, high = 1, 2
    while not enough(*sizes(high)):
        low, high = high, high * 2
        if max(sizes(low)) >= MOST_UNITS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(*sizes(middle)) else (middle, high)
    return sizes(high) if max(sizes(high)) <= MOST_UNITS else None


def _two_sample_power(effect: float, claimed: float, n1: int, n2: int, tail: float) -> float:
    return _t_power((effect - claimed) / math.sqrt(1 / n1 + 1 / n2), n1 + n2 - 2, tail)


def _paired_power(effect: float, claimed: float, n1: int, n2: int, tail: float) -> float:
    return _t_power((effect - claimed) * math.sqrt(min(n1, n2)), min(n1, n2) - 1, tail)


def _t_power(noncentrality: float, df: int, tail: float) -> float:
    from scipy.special import ndtr, ndtri, stdtrit

    if df > 500:  # the normal distribution is then as good, and safe from overflow
        return float(ndtr(noncentrality + ndtri(tail)))
    return 1.0 - noncentral_t_cdf(float(stdtrit(df, 1 - tail)), df, noncentrality)


def _auroc_power(effect: float, claimed: float, n1: int, n2: int, tail: float) -> float:
    from scipy.special import ndtr, ndtri

    finest = 1 / (2 * n1 * n2)  # an observed AUROC of 1 is not a true one of 1
    true, null = min(0.5 + effect, 1 - finest), 0.5 + claimed
    margin = true - null + float(ndtri(tail)) * math.sqrt(hanley_mcneil_variance(null, n1, n2))
    return float(ndtr(margin / math.sqrt(hanley_mcneil_variance(true, n1, n2))))
