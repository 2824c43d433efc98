"""Association of a neuron's activation with an outcome, token by token, within documents.

Tokens of one document are alike, and documents differ in both activation and outcome, so pooling tokens
finds associations that no document shows. Here each document (or other unit) gives one number, the AUROC or
Spearman's rank correlation of its own tokens, and the test flips signs of these: whatever differs between
documents cancels, and tokens need not be independent within them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from neuronclaims.stats.distributions.bounded_mean import mean_above_p, mean_below_p, mean_limits
from neuronclaims.stats.effects.effect_size import EffectSize
from neuronclaims.stats.effects.estimate import Estimate
from neuronclaims.stats.inputs import Alternative, Bools, Floats, check_share
from neuronclaims.stats.permutation.exchange import LabelStatistic, exchange_test
from neuronclaims.stats.permutation.results import TestResult
from neuronclaims.stats.settings import LEVEL, Exchange, Level, Resampling


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
    """Return the mean association within units with Gaffke's interval over units, within its range.

    It holds for every law of values between the ends of the range, however few units are unlike the others; for values
    at the ends alone it is Clopper and Pearson's (``distributions.bounded_mean``, docs/adr/0045-skewed-values.md).

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

    def tails(bound: float) -> tuple[float, float]:
        share = (bound - found.low) / width
        return mean_above_p(shares, share), mean_below_p(shares, share)

    low, high = (found.low + width * limit for limit in mean_limits(shares, level))
    method = f"Gaffke interval over {unit}s"
    return Estimate(effect, value, min(low, value), max(high, value), level, method, tails)
