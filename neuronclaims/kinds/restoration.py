"""Restoration: how much of a prediction returns when neurons get back their values of the clean text.

    restoring mlp_post neuron 31:892 recovers at least 30% of " an" over " a" in tree_fruit
    restoring neurons 11:197, 11:373 recovers at least 50% of " an" over " a" in tree_fruit

The share is sum(restored - corrupted) / sum(clean - corrupted) over pairs of texts, or over their groups, with
Fieller's interval; it is tested by flipping the signs of (restored - corrupted) - share x (clean - corrupted). A pair
whose clean and corrupted predictions hardly differ holds nothing that could be restored: a claim on it is refused.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.asking import resamples_of
from neuronclaims.kinds.kind import Finding, Reach
from neuronclaims.kinds.neurons import rank_of
from neuronclaims.kinds.predictions import draws, place_of, swept, who_of
from neuronclaims.kinds.restoration_shown import figures_of, notes_of, others_of
from neuronclaims.kinds.restoration_values import PHRASE, Asked, Measured
from neuronclaims.kinds.selection import LEVEL, level_for, selection_notes, selection_of, widened

if TYPE_CHECKING:
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.language import Claim, Neuron
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.stats import RatioTest


class RestorationKind:
    """Neurons whose values bring back a share of a prediction."""

    name, phrase = "restoration", PHRASE

    def reach(self, claim: Claim) -> Reach:
        """Say how small p could get with these pairs."""
        units = Asked.of(claim).units
        return Reach(units.smallest_p, units.size)

    def exchange(self, claim: Claim) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None

    def needs(self, claim: Claim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the neurons restored together and, of a single one, for every neuron of its layer."""
        asked = Asked.of(claim)
        return asked.joint, *(asked.sweep(layer) for layer in swept(claim, facts))

    def judge(self, claim: Claim, answers: Answers, family: Family) -> Finding:
        """Bound the share recovered, and test it against the one claimed."""
        asked = Asked.of(claim)
        measured = Measured.of(asked, answers)
        many = measured.searched if asked.searched else 1
        level = level_for(many)
        made = stats.ratio_of_means_estimate(measured.tops, measured.bottoms, level=level)
        estimate = widened(replace(made, name="share recovered"), many)
        share: float = claim.sentence.share
        tested = _tested(asked, measured, family, level)
        selection = selection_of(claim, who_of(claim), many)
        alone = len(claim.sentence.neurons) == 1
        neuron: Neuron = claim.sentence.neurons[0]
        gains = measured.layers[neuron.layer].mean(axis=0) if alone else None
        rank = None if gains is None else rank_of(neuron.index, gains, "share recovered")
        return Finding(
            estimate=estimate,
            others=others_of(measured),
            claimed=f"at least {100 * share:g} %",
            side="greater",
            null=share,
            threshold=None if estimate.low is None else share,
            test=tested.test,
            unit=asked.units.unit,
            paired=False,
            counts=((claim.sentence.pairs, len(asked.units.rows)),),
            needed=_needed(asked, measured, family, many),
            rank=rank,
            selection=selection,
            notes=(*selection_notes(selection), *place_of(rank), *notes_of(asked, measured)),
            figures=figures_of(asked, measured, estimate, gains),
            denominator_positive=tested.denominator_positive,
        )


def _tested(asked: Asked, measured: Measured, family: Family, level: float) -> RatioTest:
    share, resamples = asked.claim.sentence.share, resamples_of(asked.claim.settings)
    alone = stats.ratio_test(
        measured.tops,
        measured.bottoms,
        threshold=share,
        alternative="greater",
        seed=asked.seed,
        level=level,
        resamples=resamples,
        alpha=family.alpha,
        family=family.size,
        max_resamples=draws(resamples, family.patience),
        unit=asked.units.unit,
    )
    if not asked.searched:
        return alone
    gains = np.concatenate(list(measured.layers.values()), axis=1)
    results = stats.max_statistic_tests(
        gains,
        np.broadcast_to(share * measured.bottoms[:, None], gains.shape),
        paired=True,
        statistic="mean",
        alternative="greater",
        seed=asked.seed,
        resamples=resamples,
        alpha=family.alpha,
        family=family.size,
        unit=asked.units.unit,
    )
    return replace(alone, test=results.one(measured.column(asked.claim.sentence.neurons[0])))


def _needed(asked: Asked, measured: Measured, family: Family, many: int) -> tuple[int, ...] | None:
    """Return how many units would probably do, for the test and for the interval, which is two-sided."""
    effect = stats.dz_estimate(measured.tops, asked.claim.sentence.share * measured.bottoms).value
    if effect is None:
        return None
    count = len(asked.units.rows)
    found = stats.units_needed(
        statistic="mean",
        effect=effect,
        threshold=None,
        side="greater",
        counts=(count, count),
        paired=True,
        alpha=min(family.alpha, (1 - LEVEL) / 2),
        family=family.size,
        searched=many,
    )
    return None if found is None else found[:1]


KIND = RestorationKind()
