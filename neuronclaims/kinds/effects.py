"""The effects of two sets on a neuron, as the design asks for them: independent units, pairs, or units in blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.selection import level_for, widened
from neuronclaims.stats.effects.blocked import (
    blocked_auroc_estimate,
    blocked_hedges_g_estimate,
    blocked_mean_difference_estimate,
)
from neuronclaims.stats.effects.within_blocks import block_codes, blocked_auroc_many, blocked_fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.kinds.two_sets import Values
    from neuronclaims.stats import Estimate, TwoSampleDesign

INDEPENDENT = stats.mean_difference_estimate, stats.auroc_estimate, stats.hedges_g_estimate
PAIRED = stats.paired_mean_difference_estimate, stats.paired_auroc_estimate, stats.dz_estimate
BLOCKED = blocked_mean_difference_estimate, blocked_auroc_estimate, blocked_hedges_g_estimate


@dataclass(frozen=True, slots=True)
class Effects:
    """Three views of one difference: in the activation's own unit, as AUROC, in standard deviations."""

    difference: Estimate
    auroc: Estimate
    standardised: Estimate


def effects_of(values: Values, design: TwoSampleDesign) -> Effects:
    """Return the claimed neuron's effects; for one picked on these prompts with intervals wide enough for all."""
    level, neurons = level_for(values.neurons), values.neurons
    if design.blocks is not None:
        made = [way(values.first, values.second, design.blocks, level=level) for way in BLOCKED]
    else:
        ways: tuple[Callable[..., Estimate], ...] = PAIRED if design.paired else INDEPENDENT
        made = [way(values.first, values.second, level=level) for way in ways]
    return Effects(*(widened(estimate, neurons) for estimate in made))


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
