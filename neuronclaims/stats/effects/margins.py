"""One-sided p-values of an effect against a bound: the duals of the effects' intervals.

Each function here returns ``Tails``: from a bound to (p of "the effect is above it", p of "the effect is below
it"). The second is at most alpha exactly when the interval of level 1 - 2 alpha ends at or below the bound.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import numpy as np

from neuronclaims.stats.distributions.newcombe import paired_variance_factor, variance_excess
from neuronclaims.stats.distributions.skewed_mean import SkewedMean
from neuronclaims.stats.effects.estimate import Tails
from neuronclaims.stats.effects.intervals import (
    mean_difference_estimate,
    paired_t,
    pooled_t,
)
from neuronclaims.stats.effects.points import auroc
from neuronclaims.stats.inputs import Floats
from neuronclaims.stats.tails import auroc_tails, standardised_tails

MarginSide: TypeAlias = Literal["within", "not greater", "not less"]
Scale: TypeAlias = Literal["difference", "sd", "auroc"]


def sample_tails(first: Floats, second: Floats, scale: Scale, *, paired: bool) -> Tails | None:
    """Compare the effect of two samples [n1] and [n2], on ``scale``, with bounds; None where nothing varies."""
    if scale == "difference":
        return mean_tails(first, second, paired=paired)
    if scale == "sd":
        t, size, df = paired_t(first - second) if paired else pooled_t(first, second)
        return None if t is None else standardised_tails(t, size, df)
    pooled = np.concatenate([first, second])
    if np.all(pooled == pooled[0]):
        return None
    if paired:
        factor = paired_variance_factor(first, second)
    else:
        factor = float(variance_excess(first[:, None], second[:, None])[0])
    return auroc_tails(auroc(first, second), len(first), len(second), paired=paired, factor=factor)


def best_tails(n1: int, n2: int, scale: Scale, side: MarginSide, *, paired: bool) -> Tails | None:
    """Return the tails of the best possible values of n1 and n2 units; None where p could come next to 0."""
    if scale == "auroc":
        best = {"within": 0.5, "not greater": 0.0, "not less": 1.0}[side]
        return auroc_tails(best, n1, n2, paired=paired, factor=1 / n1 if paired else 1.0)
    if scale == "difference" or side != "within":
        return None
    size, df = (math.sqrt(n1), n1 - 1) if paired else (math.sqrt(n1 * n2 / (n1 + n2)), n1 + n2 - 2)
    return standardised_tails(0.0, size, df)


def smallest_margin_p(
    n1: int, n2: int, *, margin: float, scale: Scale, paired: bool, side: MarginSide = "within"
) -> float:
    """Return the least p that a claim of an effect smaller than ``margin`` could get from n1 and n2 units.

    That needs no values, so it can be known before any is measured. 0 where it depends on their spread: on the
    scale ``difference``, and in ``sd`` for one side alone.

    >>> round(smallest_margin_p(10, 10, margin=0.2, scale="auroc", paired=False), 3)
    0.047
    """
    best = best_tails(n1, n2, scale, side, paired=paired)
    return 0.0 if best is None else margin_p(best, side, 0.5 if scale == "auroc" else 0.0, margin)


def margin_p(tails: Tails, side: MarginSide, null: float, margin: float) -> float:
    """Return the p of "the effect is on ``side`` of ``null`` by less than ``margin``"."""
    return claimed_p(side, tails(null - margin)[0], tails(null + margin)[1])


def claimed_p(side: MarginSide, above: float, below: float) -> float:
    """Choose the p of "above the lower bound" or of "below the upper bound"; the larger for ``within``."""
    return {"within": max(above, below), "not greater": below, "not less": above}[side]


def mean_tails(first: Floats, second: Floats, *, paired: bool) -> Tails | None:
    """Compare a difference of means [n1] and [n2] with bounds, by t; None where nothing varies."""
    if paired:
        mean = SkewedMean.of(first - second)
        return mean.tails if mean.error > 0 else None
    return mean_difference_estimate(first, second).tails
