"""The effects of two sets on a neuron, as the design asks for them: independent units, pairs, or units in blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.shared.selection import level_for, widened
from neuronclaims.stats.effects.within_blocks import block_codes, blocked_auroc_many, blocked_fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.kinds.two_sample.two_set_values import Values
    from neuronclaims.stats import Estimate, TwoSampleDesign
    from neuronclaims.stats.effects.margins import Scale

WAYS: dict[Scale, tuple[Callable[..., Estimate], Callable[..., Estimate], Callable[..., Estimate]]] = {
    "difference": (
        stats.mean_difference_estimate,
        stats.paired_mean_difference_estimate,
        stats.blocked_mean_difference_estimate,
    ),
    "auroc": (stats.auroc_estimate, stats.paired_auroc_estimate, stats.blocked_auroc_estimate),
    "sd": (stats.hedges_g_estimate, stats.dz_estimate, stats.blocked_hedges_g_estimate),
}
"""Per scale the estimate for independent units, for pairs, and for units in blocks."""


def effect_of(values: Values, design: TwoSampleDesign, scale: Scale, level: float | None = None) -> Estimate:
    """Return a neuron's effect on one scale, in the activation's own unit, as AUROC or in standard deviations.

    The interval of one picked on these prompts is wide enough for all it was picked from, unless a level is given.
    """
    independent, paired, blocked = WAYS[scale]
    wide = level_for(values.neurons) if level is None else level
    if design.blocks is not None:
        made = blocked(values.first, values.second, design.blocks, level=wide)
    else:
        made = (paired if design.paired else independent)(values.first, values.second, level=wide)
    return widened(made, values.neurons) if level is None else made


def effects_together(first: NDArray[np.float64], second: NDArray[np.float64]) -> list[dict[Scale, Estimate]]:
    """Return the effects on all scales of neurons chosen beforehand, [n1, m] against [n2, m], of independent units."""
    by_scale: dict[Scale, tuple[Estimate, ...]] = {
        "difference": stats.mean_difference_estimates(first, second),
        "auroc": stats.auroc_estimates(first, second),
        "sd": stats.hedges_g_estimates(first, second),
    }
    return [{scale: made[column] for scale, made in by_scale.items()} for column in range(first.shape[1])]


def effects_of(
    values: Values, design: TwoSampleDesign, known: Estimate | None = None, of: Scale | None = None
) -> dict[Scale, Estimate]:
    """Return a neuron's effects on all scales; ``known`` is the one on scale ``of``, where it was made before."""
    return {
        scale: known if known is not None and scale == of else effect_of(values, design, scale)
        for scale in WAYS
    }


def t_of_layer(values: Values, design: TwoSampleDesign) -> NDArray[np.float64]:
    """Return t of every neuron of the claimed one's layer, [width]."""
    first, second = values.first_layer, values.second_layer
    codes = None if design.blocks is None else block_codes(design.blocks, design.counts)
    if codes is None:
        return (stats.paired_t_many if design.paired else stats.welch_t_many)(first, second)
    fit = blocked_fit(first, second, codes)
    certain = np.where(fit.difference == 0, 0.0, np.copysign(np.inf, fit.difference))
    return np.divide(fit.difference, fit.error, out=certain, where=fit.error > 0)


def auroc_of_layer(values: Values, design: TwoSampleDesign) -> NDArray[np.float64]:
    """Return the AUROC of every neuron of the claimed one's layer, [width]."""
    codes = None if design.blocks is None else block_codes(design.blocks, design.counts)
    if codes is None:
        return stats.auroc_many(values.first_layer, values.second_layer)
    return blocked_auroc_many(values.first_layer, values.second_layer, codes)


def counted(key: str, name: str, value: float | None) -> Estimate:
    """Return a number that was counted, without an interval.

    >>> counted("share_of_layers", "share of layers", 0.25).value
    0.25
    """
    return stats.Estimate(stats.EffectSize(key, name), value, None, None, 0.95, "counted on these prompts")
