"""How a prediction changes while neurons are ablated, steered, scaled or clamped: lower, higher, or not at all.

    ablating mlp_post neuron 31:892 lowers " an" over " a" in tree_fruit
    ablating neurons 11:197, 11:373 raises " dog" in animals by at least 0.5
    adding 4 to neuron 3:17 raises " an" in texts for at least 80% of prompts
    scaling neuron 3:17 by 0, 0.5, 2 raises " an" in texts by at least 0.1 per unit
    clamping neurons 11:197, 11:373 to 0 does not change " fight" in violent                  (margin: 0.5)

What changes is the token's logit, the difference of two logits or, with ``outcome: probability``, the token's
probability: after less before, per prompt or group, tested by flipping signs. "Does not" is tested against a margin
in that unit: two-sided for "change", to one side for "lower" and "raise". With "for at least 80% of prompts" the
share of prompts or groups in which the change goes as claimed is tested (``changed_share``), not the mean. A sentence
with several amounts is about the slope over them (``doses``). The sentence names a prompt set, or pairs: of these,
neurons are changed in the clean texts, each once. Several neurons are changed together. Their controls are random
neurons of about the same size, drawn for each prompt anew; with "more than random neurons do" the claim is of the
change beyond theirs.

A model can be broken so that everything falls. ``damage`` names prompts on which the Kullback-Leibler divergence is
measured; with ``at_most`` the claim is of both, the change and a mean divergence of no more than that: an
intersection-union test (Berger 1982), so p is the larger of the two, and the effect that of the part which fits the
claim least.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.interventions.before_after import mean_change
from neuronclaims.kinds.interventions.changed.data import ChangedPredictionData
from neuronclaims.kinds.interventions.changed.doses import slope_effect
from neuronclaims.kinds.interventions.changed.parts import ClaimedPart, changed_part, harmed_part, planned
from neuronclaims.kinds.interventions.changed.request import ChangedPredictionRequest
from neuronclaims.kinds.interventions.changed.sentence import (
    Ablating,
    AblationOptions,
    Adding,
    Clamping,
    Scaling,
    template_of,
)
from neuronclaims.kinds.interventions.changed.shown import figures_of, notes_of, null_of_change, written_table
from neuronclaims.kinds.interventions.controls.random_neurons import beyond_controls
from neuronclaims.kinds.interventions.controls.standing import Standing
from neuronclaims.kinds.interventions.damage import DamageRequest, divergence_of
from neuronclaims.kinds.interventions.outcomes.compared import ComparedChanges, ComparedRequest
from neuronclaims.kinds.interventions.outcomes.continuations import CountedContinuations
from neuronclaims.kinds.kind import Attainable, Finding, Statement
from neuronclaims.kinds.shared.subjects.neurons import rank_of
from neuronclaims.kinds.shared.subjects.parts import set_tables
from neuronclaims.kinds.shared.subjects.subjects import RANKS, some_note, times

if TYPE_CHECKING:
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.interventions.changed.request import ChangedClaim
    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import UnitValues
    from neuronclaims.sentences.templates import Template
    from neuronclaims.stats import Estimate, TestResult


@dataclass(frozen=True, slots=True)
class ChangedPredictionKind:
    """Judge claims that a prediction is lower, or higher, once neurons hold other values.

    ``name`` is that of the kind, ``template`` its sentence.
    """

    name: str
    template: Template[Any]

    def attainable(self, claim: ChangedClaim) -> Attainable:
        """Say how small p could get with these prompts, and with those on which harm is looked for."""
        request = ChangedPredictionRequest.of(claim)
        CountedContinuations.of(claim)
        damage, found = request.damage, Attainable.of(planned(request), request.units.size)
        compared = ComparedRequest.of(claim)
        if compared is not None:
            difference = compared.attainable
            found = max(difference, found, key=lambda each: each.smallest_p)
        if damage is None or damage.at_most is None:
            return found
        return replace(
            found,
            smallest_p=max(found.smallest_p, damage.units.smallest_p),
            size=f"{found.size}, and {damage.units.size} for the damage,",
        )

    def joint_test_key(self, claim: ChangedClaim) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None

    def needs(self, claim: ChangedClaim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the neurons ablated together, there and where harm is looked for, and for others as controls."""
        self.attainable(claim)
        request = ChangedPredictionRequest.of(claim)
        damage = request.damage
        if counted := CountedContinuations.of(claim):
            counted.check()
        elsewhere = () if damage is None else (damage.need,)
        compared = ComparedRequest.of(claim)
        there = () if compared is None else compared.needs
        return *request.series, *request.written, *there, *elsewhere, *request.controls(facts)

    def judge(self, claim: ChangedClaim, answers: Answers, family: Family) -> Finding:
        """Compare the prediction before and after, and look at the harm done."""
        request = ChangedPredictionRequest.of(claim)
        data, damage = ChangedPredictionData.of(request, answers), request.damage
        changed = changed_part(request, data, family)
        harm = None if damage is None else damage.test(answers, data.change.draws, family)
        harmed = None if damage is None or harm is None else harmed_part(request, damage, harm, family)
        asked = ComparedRequest.of(claim)
        both = None if asked is None else asked.data(answers)
        compared = None if both is None else both.part(data.change.draws, family)
        alone = changed if compared is None or request.denied is None else None
        parts = tuple(part for part in (compared, alone, harmed) if part is not None)
        told, ruled = _together(parts)
        layer = data.changes(data.neuron.layer)
        rank = None if layer is None else rank_of(data.neuron.index, *_strength(request, layer))
        picked = data.picked
        standing = Standing.of(claim, answers, data.controls, rank, searched=data.own.many)
        if data.curve is not None or claim.sentence.outcome.writes:
            standing = replace(standing, how=None)
        return Finding(
            estimate=told.one.estimate,
            statement=Statement(told.bound.side, told.bound.null, told.bound.threshold, told.claimed),
            test=replace(ruled, degenerate=told.one.test.degenerate),
            sample=told.sample,
            selection=standing.selection,
            others=(
                *(part.one.estimate for part in parts if part is not told),
                *_divergence_elsewhere(request, damage, harmed, answers),
                *(() if damage is None else damage.harmless_share(answers)),
                *_beside(request, data),
                *standing.others,
            ),
            rank=rank,
            notes=(
                *standing.notes,
                *(() if picked is None else (some_note(data.own.many, told.one, picked.sweeps.noun),)),
                *notes_of(request, data, damage),
                *(() if harm is None else harm.warnings),
                *(() if both is None else both.notes),
            ),
            figures=(
                *(() if both is None or compared is None else both.figures(compared.one.test)),
                *_clearest(request, data),
                *figures_of(request, data, data.own.estimate(request.outcome.effect), layer),
                *written_table(request, answers),
                *null_of_change(request, data, changed),
                *(() if harm is None else harm.nulls),
                *standing.figures,
                *set_tables(claim),
            ),
            units=_kept(told, changed, request, data, both),
        )


def _together(parts: Sequence[ClaimedPart]) -> tuple[ClaimedPart, TestResult]:
    """Return the part that fits the claim least, and the test of all parts together."""
    told = min(parts, key=lambda part: part.rank)
    if told.rank == RANKS["refuted"]:
        return told, times(told.ruled, len(parts))
    return told, max((part.ruled for part in parts), key=lambda test: test.p_value)


def _clearest(request: ChangedPredictionRequest, data: ChangedPredictionData) -> tuple[Figure, ...]:
    """List the clearest of all from which a neuron is picked; nothing where the sentence names what is changed."""
    if data.picked is None:
        return ()
    changes = data.sweeps.all - data.logits_before[:, None]
    return (data.picked.table(changes, request.outcome.effect.name),)


def _kept(
    told: ClaimedPart,
    changed: ClaimedPart,
    request: ChangedPredictionRequest,
    data: ChangedPredictionData,
    compared: ComparedChanges | None,
) -> UnitValues | None:
    """Return the values for baselines, those that the effect told is made of; none of harm elsewhere."""
    if told is changed:
        which = "" if data.picked is None else f" by {data.picked.sweeps.noun} {data.neuron}"
        return data.change.kept(f"{request.values_key}{which}", request.prompts)
    if compared is not None and told.sample.counts[1:]:
        return compared.kept
    return None


def _divergence_elsewhere(
    request: ChangedPredictionRequest,
    damage: DamageRequest | None,
    tested: ClaimedPart | None,
    answers: Answers,
) -> tuple[Estimate, ...]:
    """Return the harm that is only reported: on other prompts than the claim's own, and not tested."""
    if damage is None or tested is not None or damage.name == request.claim.sentence.first:
        return ()
    return (damage.estimate(answers),)


def _beside(request: ChangedPredictionRequest, data: ChangedPredictionData) -> tuple[Estimate, ...]:
    """Return the change in standard deviations, that of the other outcome, and the harm done on the same prompts."""
    change, said = data.change, request.claim.sentence
    return (
        *(() if said.share is None else (change.estimate(request.effect),)),
        *(() if said.trend else request.outcome.also(change.estimate(request.effect))),
        *_beside_controls(request, data),
        stats.dz_estimate(change.after, change.before),
        *_other(request, data),
        *(() if data.curve is None else (data.curve.steady(request.side, request.units.unit),)),
        *(() if data.divergences is None else (divergence_of(data.divergences, said.first),)),
    )


def _other(request: ChangedPredictionRequest, data: ChangedPredictionData) -> tuple[Estimate, ...]:
    """Return the change of the other outcome, where that was measured."""
    if data.other is None:
        return ()
    other = request.other_outcome
    if request.claim.sentence.trend:
        return (mean_change(*data.other, slope_effect(other)),)
    return (mean_change(*data.other, other.effect).within_bounds(*other.bounds),)


def _beside_controls(request: ChangedPredictionRequest, data: ChangedPredictionData) -> tuple[Estimate, ...]:
    """Return the change beyond that by the controls or, where that is claimed, the change itself."""
    own, controls, effect = data.own, data.controls, request.outcome.effect
    if controls is None:
        return ()
    if controls.claimed:
        return (own.estimate(effect),)
    return (mean_change(own.after - own.before, controls.mean, beyond_controls(effect, controls.noun)),)


def _strength(request: ChangedPredictionRequest, changes: Floats) -> tuple[Floats, str]:
    """Return what neurons of a layer are ranked by, the largest the strongest, and its name."""
    if request.side == "two-sided":
        return np.abs(changes), "size of the change of the prediction"
    return changes if request.side == "greater" else -changes, "change of the prediction"


ABLATION = ChangedPredictionKind("ablation", template_of("ablating", Ablating, AblationOptions))
STEERING = ChangedPredictionKind("steering", template_of("adding", Adding))
SCALING = ChangedPredictionKind("scaling", template_of("scaling", Scaling))
CLAMPING = ChangedPredictionKind("clamping", template_of("clamping", Clamping))
