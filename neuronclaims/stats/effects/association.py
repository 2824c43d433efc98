"""Association of a neuron's activation with an outcome, token by token, within documents.

Tokens of one document are alike, and documents differ in both activation and outcome, so pooling tokens
finds associations that no document shows. Here each document (or other unit) gives one number, the AUROC or
Spearman's rank correlation of its own tokens, and the test flips signs of these: whatever differs between
documents cancels, and tokens need not be independent within them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from neuronclaims.stats.distributions.bounded_mean import mean_above_p, mean_below_p, mean_limits
from neuronclaims.stats.distributions.quantiles import spread, t_quantile
from neuronclaims.stats.distributions.skewed_mean import SkewedMean
from neuronclaims.stats.effects.effect_size import EffectSize
from neuronclaims.stats.effects.estimate import Estimate, Tails, caution_of_mean
from neuronclaims.stats.inputs import Alternative, Bools, Floats, check_share
from neuronclaims.stats.permutation.exchange import LabelStatistic, exchange_test
from neuronclaims.stats.permutation.results import TestResult
from neuronclaims.stats.settings import LEVEL, Exchange, Level, Resampling
from neuronclaims.stats.tails import inverted

_Sided: TypeAlias = "tuple[tuple[float, float], Tails]"
"""The limits of an interval, and the tails that turn it round."""


@dataclass(frozen=True, slots=True)
class WithinUnits:
    """The association within each unit that shows one, in ascending order of unit names.

    ``effects`` [u] are AUROC - 1/2, or Spearman's rho; ``chance`` is what to add for the value on its usual
    scale (1/2, or 0), which lies in [``low``, ``high``]. ``left_out`` counts the units without a number:
    those with one class only, or whose activation never varies (rho).
    """

    name: str
    effects: Floats
    units: tuple[str, ...]
    left_out: int
    chance: float
    low: float
    high: float


def association_test(
    found: WithinUnits,
    *,
    alternative: Alternative,
    resampling: Resampling,
    level: Level = LEVEL,
    unit: str = "unit",
) -> TestResult:
    """Test whether the mean association within units is above (``greater``), below or other than chance.

    Signs of the units' effects are flipped, so a unit counts once however many tokens it has. The null
    hypothesis is that each unit's effect is as likely to lie so far above chance as below it.

    >>> found = WithinUnits("AUROC", np.array([0.1, 0.2, 0.3]), ("a", "b", "c"), 0, 0.5, 0.0, 1.0)
    >>> association_test(found, alternative="greater", resampling=Resampling(seed=0)).p_value
    0.125
    """
    # Equal sums of shares such as 1/3 and 1/6 differ in their last digits; the tolerance keeps them tied.
    effects = found.effects[np.lexsort((found.effects, np.abs(found.effects)))]
    total, n = math.fsum(effects), len(effects)

    def statistic(rows: Bools) -> Floats:
        return np.asarray((total - 2 * (rows.astype(np.float64) @ effects)) / n)

    return exchange_test(
        LabelStatistic(statistic, f"mean within-unit {found.name} less chance", tolerance=1e-12),
        (n, n),
        exchange=Exchange(paired=True, unit=unit),
        alternative=alternative,
        resampling=resampling,
        level=level,
    )


def association_estimate(found: WithinUnits, *, level: float = 0.95, unit: str = "unit") -> Estimate:
    """Return the mean association within units with a score interval over units, within its range.

    Wilson's interval with the number of units divided by the dispersion of their values (their variance over
    the largest that the mean allows), and Student's quantile because that is estimated. In few units the
    dispersion can come out near 0 by luck, hence at least 1/(2u) is taken. Where all u units are at the end of
    the range, so is the estimate, and the other limit is the mean with which that has a chance of at least
    1 - level. Coverage: docs/adr/0011-searching-a-grid.md. The limits of t corrected for skewness are taken where
    they are farther or, where most units are alike, Gaffke's, which the range gives (docs/adr/0045-skewed-values.md).

    >>> found = WithinUnits("AUROC", np.array([0.1, 0.2, 0.3]), ("a", "b", "c"), 0, 0.5, 0.0, 1.0)
    >>> round(association_estimate(found).value, 2)
    0.7
    """
    check_share(level, "The level")
    width = found.high - found.low
    shares = np.clip((np.sort(found.effects) + found.chance - found.low) / width, 0.0, 1.0)
    mean = float(shares.mean())
    value = found.low + width * mean
    effect = EffectSize("within_unit", f"mean within-unit {found.name}")

    caution = caution_of_mean(shares)
    few = caution is not None and caution.key == "rests_on_few"
    farther = "not inside that of Gaffke" if few else "corrected for skewness"
    method = f"score interval over {unit}s, {farther}"

    def scored(level: float) -> Estimate:
        low, high = (found.low + width * limit for limit in _score_limits(shares, mean, level))
        return Estimate(effect, value, min(low, value), max(high, value), level, method)

    made = inverted(scored, level)
    other = _bounded(shares, level) if few else _skewed(SkewedMean.of(shares), level)
    if other is None or made.tails is None or made.low is None or made.high is None:
        return made
    score, (limits, besides) = made.tails, other
    low, high = (found.low + width * min(1.0, max(0.0, limit)) for limit in limits)

    def tails(bound: float) -> tuple[float, float]:
        above, below = zip(score(bound), besides((bound - found.low) / width), strict=True)
        return max(above), max(below)

    return replace(made, low=min(made.low, low), high=max(made.high, high), tails=tails)


def _skewed(mean: SkewedMean, level: float) -> _Sided | None:
    """Return the limits of the mean of shares by t corrected for skewness, with their tails; None without spread."""
    return (mean.limits(level), mean.tails) if mean.error > 0 else None


def _bounded(shares: Floats, level: float) -> _Sided:
    """Return the limits of the mean of shares by Gaffke's bounds, with their tails."""
    return mean_limits(shares, level), lambda bound: (
        mean_above_p(shares, bound),
        mean_below_p(shares, bound),
    )


def _score_limits(shares: Floats, mean: float, level: float) -> tuple[float, float]:
    n, room = len(shares), mean * (1 - mean)
    if room == 0:
        least = (1 - level) ** (1 / n)  # P(all are 1) <= mean^n for values within 0 and 1
        return (least, 1.0) if mean == 1 else (0.0, 1 - least)
    dispersion = max(spread(shares) / room, 1 / (2 * n))
    square = t_quantile(n - 1, level) ** 2 * dispersion / n
    middle, reach = mean + square / 2, math.sqrt(square * room + square**2 / 4)
    return (middle - reach) / (1 + square), (middle + reach) / (1 + square)
