"""Effects of two sets within blocks, with each unit's part in them, for the error of their change.

A unit's part is its influence on the effect: what least squares, or the comparison of pairs of one block, give it, as
a distance from the whole and not from its block's. So a block with a single unit of a set counts too, and an effect
that differs between blocks makes the error larger.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from neuronclaims.stats.effects.within_blocks import block_counts, blocked_auroc_many, blocked_fit

if TYPE_CHECKING:
    from neuronclaims.stats.effects.within_blocks import Codes
    from neuronclaims.stats.inputs import Floats

    Parts = tuple[float, list[Floats]]


def blocked_parts(
    first: Floats, second: Floats, codes: Codes, scale: Literal["difference", "sd", "auroc"]
) -> Parts | None:
    """Return the effect of [n1] and [n2] within blocks less its null, and each unit's part in it, set by set.

    The mean of a set's parts has the variance that the set adds to the effect. None where nothing varies and the
    effect is in standard deviations.
    """
    if scale == "auroc":
        return _auroc(first, second, codes)
    fit = blocked_fit(first[:, None], second[:, None], codes)
    unit = 2.0 ** int(fit.exponent[0])
    value, spread = float(fit.difference[0]) * unit, float(fit.spread[0]) * unit
    x, residuals, leverage = _least_squares(first, second, codes, value)
    parts = x * residuals / fit.size / np.sqrt(1 - leverage)  # HC2, as in ``blocked_fit``
    if scale == "difference":
        return value, _by_sets(parts, len(first))
    df = len(parts) - 1 - block_counts(codes).shape[1]
    if spread <= 0 or df < 2:
        return None
    factor = math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)
    squares = (residuals**2 / (1 - leverage) - spread**2) / df
    standardised = factor * (parts / spread - value / (2 * spread**3) * squares)
    return factor * value / spread, _by_sets(standardised, len(first))


def _by_sets(parts: Floats, n1: int) -> list[Floats]:
    """Turn parts that add up to the effect's error into values whose means do."""
    return [side * len(side) for side in np.split(parts, [n1])]


def _least_squares(
    first: Floats, second: Floats, codes: Codes, difference: float
) -> tuple[Floats, Floats, Floats]:
    """Return three numbers per unit: the set's indicator less its block mean, the residual, and the leverage."""
    counts = block_counts(codes)
    sizes, code = counts.sum(axis=0), np.concatenate(codes)
    indicator = np.concatenate([np.ones(len(first)), np.zeros(len(second))])
    x = indicator - (counts[0] / sizes)[code]
    values = np.concatenate([first, second])
    levels = np.bincount(code, weights=values, minlength=len(sizes)) / sizes
    residuals = values - levels[code] - x * difference
    leverage = 1 / sizes[code] + x**2 / float((x**2).sum())
    return x, residuals, np.minimum(leverage, 1 - 1e-12)


def _auroc(first: Floats, second: Floats, codes: Codes) -> Parts:
    value = float(blocked_auroc_many(first[:, None], second[:, None], codes)[0])
    same = codes[0][:, None] == codes[1][None, :]
    a, b = first[:, None], second[None, :]
    beyond = np.where(same, (a > b) + 0.5 * (a == b) - value, 0.0) / same.sum()
    return value - 0.5, [beyond.sum(axis=1) * len(first), beyond.sum(axis=0) * len(second)]
