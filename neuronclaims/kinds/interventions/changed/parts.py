"""The parts of a claim about changed neurons: that a prediction changes, that no harm is done; how each is tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuronclaims.kinds.interventions.changed_share import (
    changed_share,
    changed_share_statement,
    changed_share_test,
    planned_changed_share,
)
from neuronclaims.kinds.interventions.controls.random_neurons import with_tail
from neuronclaims.kinds.kind import Sample
from neuronclaims.kinds.shared.subjects.subjects import NeuronStatement, TestedNeuron
from neuronclaims.sentences.numbers import number_text

if TYPE_CHECKING:
    from neuronclaims.kinds.interventions.changed.data import ChangedPredictionData
    from neuronclaims.kinds.interventions.changed.request import ChangedPredictionRequest
    from neuronclaims.kinds.interventions.damage import DamageRequest, DamageTest
    from neuronclaims.kinds.kind import Family
    from neuronclaims.stats import Planning, TestResult


@dataclass(frozen=True, slots=True)
class ClaimedPart:
    """One of the things that a claim says: that a prediction changes, or that no harm is done."""

    one: TestedNeuron
    bound: NeuronStatement
    claimed: str | None
    sample: Sample

    @property
    def ruled(self) -> TestResult:
        """The test that it rests on alone."""
        return self.bound.ruled(self.one).test

    @property
    def rank(self) -> int:
        """How it would come out alone: 0 refuted, 1 inconclusive, 2 supported."""
        return self.bound.rank(self.one)


def planned(request: ChangedPredictionRequest) -> Planning:
    """Return what the texts can show of the change; raise ClaimError for a margin that will not do."""
    said = request.claim.sentence
    of = "of the slopes" if said.trend else "of the changes"
    if request.denied is not None:
        return request.units.planning(request.side, of, request.margin)
    number, share = said.least_change if said.second is None else None, said.share
    if share is not None:
        return planned_changed_share(request.units, share)
    beyond = "" if number is None else f" beyond {number_text(number)}"
    return request.units.planning(request.side, f"{of}{beyond}")


def changed_part(
    request: ChangedPredictionRequest, data: ChangedPredictionData, family: Family
) -> ClaimedPart:
    """Test that the prediction changes as claimed, or by less than the margin."""
    said, side, change = request.claim.sentence, request.side, data.change
    counts = ((said.first, len(request.units.rows)),)
    if request.denied is not None:
        margin = request.margin
        bound = -margin if request.denied == "not less" else margin
        estimate = change.estimate(request.effect)
        return ClaimedPart(
            TestedNeuron(data.neuron, estimate, change.within(estimate, bound, request.denied)),
            NeuronStatement(request.denied, 0.0, bound, family.alpha),
            with_tail(f"{said.direction} it by {number_text(margin)} or more", said.compared),
            Sample(request.units.unit, counts),
        )
    if said.share is not None:
        return _changed_often(request, data, said.share, family)
    least = said.least_change if said.second is None else None
    threshold = None if least is None else -least if side == "less" else least
    return ClaimedPart(
        TestedNeuron(data.neuron, change.estimate(request.effect), change.test(family, threshold or 0.0)),
        NeuronStatement(side, 0.0, threshold, family.alpha),
        None if least is None else with_tail(f"{said.direction} it by at least {said.least}", said.compared),
        Sample(request.units.unit, counts),
    )


def _changed_often(
    request: ChangedPredictionRequest, data: ChangedPredictionData, share: float, family: Family
) -> ClaimedPart:
    """Test in how many texts, or groups by their mean, the prediction changes as claimed."""
    said, change, units = request.claim.sentence, data.change, request.units
    gained = (change.after - change.before) * (-1 if request.side == "less" else 1)
    as_claimed = gained > 0 if said.least_change is None else gained >= said.least_change
    statement = changed_share_statement(share, units)
    estimate = changed_share(as_claimed, units, change.many, data.sweeps.noun)
    return ClaimedPart(
        TestedNeuron(data.neuron, estimate, changed_share_test(as_claimed, share, units, change.many)),
        NeuronStatement("greater", share, share, family.alpha),
        statement.claimed,
        Sample(units.unit, ((said.first, len(units.rows)),)),
    )


def harmed_part(
    request: ChangedPredictionRequest, damage: DamageRequest, harm: DamageTest, family: Family
) -> ClaimedPart:
    """Say what is claimed of the harm."""
    threshold = None if harm.estimate.high is None else harm.at_most
    return ClaimedPart(
        TestedNeuron(request.claim.sentence.change.leading, harm.estimate, harm.test),
        NeuronStatement("less", harm.at_most, threshold, family.alpha),
        f"at most {number_text(harm.at_most)} nats",
        Sample(damage.units.unit, ((damage.name, len(damage.units.rows)),)),
    )
