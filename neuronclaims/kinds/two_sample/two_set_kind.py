"""The kinds that compare neurons between two prompt sets are alike in all but their sentence and what it says."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.kind import Attainable, Finding, Sample, Statement
from neuronclaims.kinds.outliers.outlier_dimensions import (
    RESIDUAL,
    large_note,
    large_of_layer,
    large_share,
)
from neuronclaims.kinds.shared.effects import auroc_of_layer, effects_of, t_of_layer
from neuronclaims.kinds.shared.neurons import rank_of
from neuronclaims.kinds.shared.null_figures import null_of, null_of_search
from neuronclaims.kinds.shared.selection import selection_notes, selection_of
from neuronclaims.kinds.two_sample.two_set_tests import Asked, Outcome, outcome, smallest_p, together
from neuronclaims.kinds.two_sample.two_sets import TwoSets

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Null
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.kinds.shared.subjects import One
    from neuronclaims.kinds.two_sample.two_set_values import Measured, Values
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import Rank
    from neuronclaims.sentences.templates import Template
    from neuronclaims.stats import Estimate
    from neuronclaims.stats.effects.margins import Scale

CHANCE = 0.5
"""The AUROC of a neuron that tells nothing."""


@dataclass(frozen=True, slots=True)
class TwoSetsKind:
    """A kind whose sentence names a subject ``who`` and two sets, ``first`` and ``second``.

    ``asked`` says what a claim says of their effect; it raises ClaimError where the claim's options do not fit.
    """

    name: str
    template: Template
    asked: Callable[[Claim], Asked]

    def attainable(self, claim: Claim) -> Attainable:
        """Say how small p could get with these prompts."""
        sets = _sets(claim)
        return sets.attainable(smallest_p(sets, self.asked(claim)))

    def joint_test_key(self, claim: Claim) -> Hashable | None:
        """Say which claims this one can be tested jointly with."""
        asked = self.asked(claim)
        return (
            None
            if asked.margin is not None
            else _sets(claim).joint_test_key(asked.statistic, asked.alternative)
        )

    def needs(self, claim: Claim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the neurons' layers on both sets, and for what was searched."""
        self.attainable(claim)
        return _sets(claim).needs(facts)

    def prepare(self, claims: Sequence[tuple[Claim, Answers]], family: Family) -> None:
        """Test all claims on one exchange together, as far as each would be tested at first."""
        groups: dict[Hashable, list[tuple[TwoSets, Measured, Asked]]] = {}
        for claim, answers in claims:
            sets, asked = _sets(claim), self.asked(claim)
            key = (
                None if asked.margin is not None else sets.joint_test_key(asked.statistic, asked.alternative)
            )
            if key is not None:
                key = key, asked.alternative
                groups.setdefault(key, []).append((sets, sets.measured(answers, family), asked))
        for group in groups.values():
            together(group, family)

    def judge(self, claim: Claim, answers: Answers, family: Family) -> Finding:
        """Compare the sets at the claim's neurons, and rank the one the verdict rests on among its layer."""
        sets, asked = _sets(claim), self.asked(claim)
        measured = sets.measured(answers, family)
        result = outcome(sets, measured, asked, family)
        one, values = result.one, measured.of(result.one.neuron)
        effects: dict[Scale, Estimate] = family.shared.get(("effects", claim.id)) or effects_of(
            values, sets.design, one.estimate if asked.margin is None else None, asked.scale
        )
        selection = selection_of(claim, sets.who, values.neurons)
        doubts = stats.doubts(
            values.first, values.second, paired=sets.design.paired, statistic=asked.statistic
        )
        control, warned = _outlier(one, values, sets, family)
        return Finding(
            estimate=one.estimate,
            statement=Statement(asked.side, asked.null, asked.threshold, asked.claimed),
            test=one.test,
            sample=Sample(
                sets.design.unit,
                sets.counts,
                paired=sets.design.paired,
                needed=None if sets.searched else _needed(asked, effects, sets, family),
            ),
            selection=selection,
            others=(*(effect for scale, effect in effects.items() if scale != asked.scale), *control),
            rank=_rank(one, values, sets, asked, family),
            notes=(*selection_notes(selection), *result.notes, *sets.left_out(), *warned, *doubts),
            figures=(
                sets.figure(one.neuron, values, answers),
                *result.figures,
                *_null(sets, measured, asked, result),
            ),
            units=sets.unit_values(one.neuron, values, asked.scale),
            joint=sets.joint(values, statistic=asked.statistic, side=asked.alternative)
            if asked.margin is None
            else None,
        )


def _sets(claim: Claim) -> TwoSets:
    said = claim.sentence
    return TwoSets.of(claim, said.who, said.first, said.second)


def _null(sets: TwoSets, measured: Measured, asked: Asked, found: Outcome) -> tuple[Null, ...]:
    """Draw what relabelling alone gives the neuron whose p it is, or the maximum it was held against."""
    if asked.margin is not None:
        return ()
    neuron, test = found.tested, found.one.test
    paired, statistic, seed = sets.design.paired, asked.statistic, sets.seed
    if sets.searched:
        column = measured.column(neuron)
        return null_of_search(*measured.all, column, test, paired=paired, statistic=statistic, seed=seed)
    values = measured.of(neuron)
    of = "" if sets.who.how == "one" else f" of {neuron}, whose p is the largest"
    return null_of(
        values.first,
        values.second,
        test,
        paired=paired,
        statistic=statistic,
        seed=seed,
        of=of,
        blocks=sets.design.blocks,
    )


def _rank(one: One, values: Values, sets: TwoSets, asked: Asked, family: Family) -> Rank | None:
    index, design = one.neuron.index, sets.design
    where = sets.where(one.neuron.layer)
    if asked.statistic == "auroc":
        aurocs = family.once(("AUROC", *where), partial(auroc_of_layer, values, design))
        return rank_of(index, np.abs(aurocs - CHANCE), "distance of the AUROC from 0.5")
    t = family.once(("t", *where), partial(t_of_layer, values, design))
    return rank_of(index, -t if asked.alternative == "less" else t, "t")


def _outlier(
    one: One, values: Values, sets: TwoSets, family: Family
) -> tuple[tuple[Estimate, ...], tuple[str, ...]]:
    """Return how often the neuron is large, and what is said of one that is an outlier dimension."""
    if sets.claim.settings.site not in RESIDUAL:
        return (), ()
    shares = family.once(("large", *sets.where(one.neuron.layer)), partial(large_of_layer, values))
    return (large_share(shares, one.neuron.index),), large_note(one.neuron, shares)


def _needed(
    asked: Asked, effects: dict[Scale, Estimate], sets: TwoSets, family: Family
) -> tuple[int, int] | None:
    """Say how many prompts would do, if the effect is what it seems.

    Not asked for a neuron picked on these prompts, whose effect is too flattered to tell.
    """
    effect = effects["auroc" if asked.statistic == "auroc" else "sd"].value
    if effect is None:
        return None
    scale = 1.0
    if asked.scale == "difference":
        difference = effects["difference"].value
        if not difference or not effect:
            return None
        scale = abs(effect / difference)  # from the activation's unit to standard deviations
    threshold = None if asked.margin is not None or asked.threshold is None else asked.threshold * scale
    return stats.units_needed(
        stats.PlannedClaim(
            statistic=asked.statistic,
            effect=effect,
            threshold=threshold,
            margin=None if asked.margin is None else asked.margin * scale,
            standardised=asked.scale == "sd",
            side=asked.alternative,
            paired=sets.design.paired,
            level=family.level,
        ),
        sets.design.counts,
    )
