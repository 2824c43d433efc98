"""Ablation: a prediction is lower, or higher, once neurons hold nothing, their mean, or values of other texts.

    ablating mlp_post neuron 31:892 lowers " an" over " a" in tree_fruit
    ablating neurons 11:197, 11:373 raises " dog" in animals by at least 0.5
    ablating neurons 11:197, 11:373 does not change " fight" in violent                  (margin: 0.5)

What changes is the token's logit, the difference of two logits or, with ``outcome: probability``, the token's
probability: after less before, per prompt or group, tested by flipping signs. "Does not" is tested against a margin
in that unit: two-sided for "change", to one side for "lower" and "raise". The sentence names a prompt set, or pairs:
of these, neurons are ablated in the clean texts, each once. Several neurons are ablated together; their controls are
lists of other neurons drawn at random, as those of a single one are the others of its layer.

A model can be broken so that everything falls. ``damage`` names prompts on which the Kullback-Leibler divergence is
measured; with ``at_most`` the claim is of both, the change and a mean divergence of no more than that: an
intersection-union test (Berger 1982), so p is the larger of the two, and the effect that of the part which fits the
claim least.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.interventions.ablation_sentences import TEMPLATE
from neuronclaims.kinds.interventions.ablation_shown import (
    change_of_outcome,
    controls_of,
    divergence_of,
    figures_of,
    harmless_share,
    notes_of,
    others_of,
    predicted,
    strength,
)
from neuronclaims.kinds.interventions.ablation_tests import change_of, harmless
from neuronclaims.kinds.interventions.ablation_values import Asked, Harmed, Measured, check_outcome
from neuronclaims.kinds.interventions.predictions import place_of, swept, who_of
from neuronclaims.kinds.kind import Attainable, Finding, Sample, Statement
from neuronclaims.kinds.outliers.outlier_dimensions import (
    largest_share,
    outlier_note,
    shares_of,
    sizes_asked,
)
from neuronclaims.kinds.shared.margins import check_not_searched
from neuronclaims.kinds.shared.neurons import rank_of
from neuronclaims.kinds.shared.null_figures import null_of, null_of_search
from neuronclaims.kinds.shared.selection import selection_notes, selection_of
from neuronclaims.kinds.shared.units import of_changes

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Null
    from neuronclaims.kinds.interventions.ablation_sentences import Ablating, AblationOptions
    from neuronclaims.kinds.interventions.ablation_tests import Part
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import UnitValues
    from neuronclaims.stats import Estimate, TestResult


class AblationKind:
    """Neurons without whose values a prediction is lower, or higher."""

    name, template = "ablation", TEMPLATE

    def attainable(self, claim: Claim[Ablating, AblationOptions]) -> Attainable:
        """Say how small p could get with these prompts, and with those on which harm is looked for."""
        asked = Asked.of(claim)
        harmed = asked.harmed
        least = _least(asked)
        if harmed is None or harmed.at_most is None:
            return Attainable(least, asked.units.size)
        least = max(least, harmed.units.smallest_p)
        return Attainable(least, f"{asked.units.size}, and {harmed.units.size} for the damage,")

    def joint_test_key(self, claim: Claim[Ablating, AblationOptions]) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None

    def needs(self, claim: Claim[Ablating, AblationOptions], facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the neurons ablated together, there and where harm is looked for, and for others as controls."""
        self.attainable(claim)
        asked = Asked.of(claim)
        layers = swept(claim, facts)
        check_outcome(asked)
        harmed = asked.harmed
        elsewhere = () if harmed is None else (harmed.need,)
        sizes = sizes_asked(claim.sentence.neurons, claim.settings, asked.joint.prompts)
        return asked.joint, *elsewhere, *sizes, *asked.lists(facts), *(asked.sweep(layer) for layer in layers)

    def judge(self, claim: Claim[Ablating, AblationOptions], answers: Answers, family: Family) -> Finding:
        """Compare the prediction before and after, and look at the harm done."""
        asked = Asked.of(claim)
        measured = Measured.of(asked, answers)
        harmed = asked.harmed
        change = change_of(asked, measured, family)
        parts = (change, *harmless(asked, harmed, answers, family))
        largest = max((part.one.test for part in parts), key=lambda test: test.p_value)
        told = min(parts, key=lambda part: part.rank)
        neuron = claim.sentence.neurons[0]
        changes = measured.changes(neuron.layer) if measured.layers else None
        rank = None if changes is None else rank_of(neuron.index, *strength(asked, changes))
        controls, sizes = controls_of(asked, measured), shares_of(claim.sentence.neurons, answers)
        selection = selection_of(claim, who_of(claim), measured.searched if asked.searched else 1)
        return Finding(
            estimate=told.one.estimate,
            statement=Statement(told.bound.side, told.bound.null, told.bound.threshold, told.claimed),
            test=replace(largest, degenerate=told.one.test.degenerate),
            sample=Sample(told.unit, told.counts, needed=told.needed),
            selection=selection,
            others=(
                *_beside(asked, harmed, answers, parts, told),
                *harmless_share(harmed, answers),
                *others_of(asked, measured),
                *controls.others,
                largest_share(sizes),
            ),
            rank=rank,
            notes=(
                *selection_notes(selection),
                *place_of(rank),
                *controls.notes(len(claim.sentence.neurons)),
                *outlier_note(sizes),
                *notes_of(asked, measured, harmed),
                *(doubt for part in parts for doubt in part.doubts),
            ),
            figures=(
                *figures_of(asked, measured, change.one.estimate, changes),
                *_null(asked, measured, change.one.test),
                *(null for part in parts for null in part.nulls),
                *controls.figures,
            ),
            units=_units(asked, measured) if told is change else None,
        )


def _units(asked: Asked, measured: Measured) -> UnitValues:
    rows = asked.units.rows
    return of_changes(predicted(asked), asked.prompts, rows, measured.after, measured.before)


def _null(asked: Asked, measured: Measured, test: TestResult) -> tuple[Null, ...]:
    if asked.denied is not None:
        return ()
    seed = asked.seed(asked.prompts)
    name = change_of_outcome(asked).name
    if asked.searched:
        after, column = measured.all_after, measured.column(asked.claim.sentence.neurons[0])
        before = np.broadcast_to(measured.before[:, None], after.shape)
        return null_of_search(after, before, column, test, paired=True, statistic="mean", seed=seed)
    return null_of(measured.after, measured.before, test, paired=True, statistic="mean", seed=seed, name=name)


def _least(asked: Asked) -> float:
    """Return the least p that the claim's prompts allow; 0 for "does not", where that depends on the values.

    Raises ClaimError for a claim of "does not" with a margin that will not do, or about a neuron that was searched.
    """
    if asked.denied is None:
        return asked.units.smallest_p
    check_not_searched(asked.claim, who_of(asked.claim))
    size = len(asked.units.rows)
    return stats.smallest_margin_p(
        size, size, margin=asked.margin, scale="difference", paired=True, side=asked.denied
    )


def _beside(
    asked: Asked, harmed: Harmed | None, answers: Answers, parts: tuple[Part, ...], told: Part
) -> tuple[Estimate, ...]:
    """Return the effect of the part that the verdict does not rest on, or the harm that is only reported."""
    beside = tuple(part.one.estimate for part in parts if part is not told)
    if harmed is None or beside or harmed.name == asked.claim.sentence.first:
        return beside
    return (divergence_of(harmed.divergences(answers), harmed.name),)


KIND = AblationKind()
