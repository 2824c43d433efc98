"""What claims of changed neurons get: what was measured, per unit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.kinds.interventions.before_after import BeforeAfter
from neuronclaims.kinds.interventions.changed.compared import random_neurons
from neuronclaims.kinds.interventions.changed.doses import DoseCurve
from neuronclaims.kinds.interventions.changed_neurons import is_searched
from neuronclaims.kinds.interventions.controls.sweeps import LayerSweeps
from neuronclaims.kinds.interventions.outcomes.outcome import Outcome
from neuronclaims.kinds.interventions.picked import Picked
from neuronclaims.kinds.shared.requests import resamples_of
from neuronclaims.measurements import AblationSweep
from neuronclaims.measurements.views.view import noun_of

if TYPE_CHECKING:
    from neuronclaims.kinds.interventions.changed.request import ChangedPredictionRequest
    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.kinds.interventions.controls.random_neurons import RandomNeurons
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.sentences.subjects.neurons import Neuron


@dataclass(frozen=True, slots=True)
class ChangedPredictionData:
    """What was measured, per unit: what the claim is about, before and after; the other outcome; the divergence.

    ``sweeps`` hold the prediction after ablating each neuron of a layer alone, ``logits_before`` what it is compared
    with; ``controls`` are the random neurons drawn for each text, if any. Over several amounts ``own`` has slopes,
    less 0, and ``curve`` what they were made of; all else is of the largest amount. Of a neuron that was ``picked``
    from all that were changed alone, no other outcome and no divergence is known.
    """

    own: BeforeAfter
    other: tuple[Floats, Floats] | None
    divergences: Floats | None
    sweeps: LayerSweeps
    logits_before: Floats
    controls: RandomNeurons | None
    curve: DoseCurve | None = None
    picked: Picked | None = None

    @classmethod
    def of(cls, request: ChangedPredictionRequest, answers: Answers) -> ChangedPredictionData:
        """Read the answers."""
        joint, units, claim = request.together, request.units, request.claim
        outcome, other = request.outcome, request.other_outcome
        sweeps = LayerSweeps.of(
            answers,
            AblationSweep,
            lambda need, answer: units.means(need.columns(answer).after),
            noun_of(claim.settings.site),
        )
        if request.picks:
            return cls._picked(request, answers, sweeps)
        found = joint.columns(units.means(request.rows(joint, answers)))
        seed, draws = request.seed(request.prompts), resamples_of(claim.settings)
        if claim.sentence.trend:
            return cls._over_amounts(request, answers, seed, draws)
        searched = sweeps if is_searched(claim) else None
        own = BeforeAfter(
            *outcome.read(found),
            units,
            seed,
            draws,
            searched,
            claim.sentence.change.leading,
            outcome.bounds,
        )
        controls = random_neurons(request, answers)
        return cls(own, other.read(found), found.divergence, sweeps, found.before, controls)

    @classmethod
    def _picked(
        cls, request: ChangedPredictionRequest, answers: Answers, sweeps: LayerSweeps
    ) -> ChangedPredictionData:
        """Read what each neuron alone changes, and take the one that does most of what is claimed."""
        units, claim, said = request.units, request.claim, request.claim.sentence
        swept = next(need for need in answers if isinstance(need, AblationSweep))
        before = units.means(swept.columns(answers[swept]).before)
        gained = (sweeps.all - before[:, None]) * (-1 if request.side == "less" else 1)
        beyond = gained - (said.least_change or 0.0)
        often = None
        if said.share is not None:
            often = gained > 0 if said.least_change is None else beyond >= 0
        picked = Picked(sweeps, beyond, often)
        own = BeforeAfter(
            sweeps.all[:, sweeps.column(picked.neuron)],
            before,
            units,
            request.seed(request.prompts),
            resamples_of(claim.settings),
            sweeps,
            picked.neuron,
            request.outcome.bounds,
        )
        return cls(own, None, None, sweeps, before, None, picked=picked)

    @classmethod
    def _over_amounts(
        cls, request: ChangedPredictionRequest, answers: Answers, seed: int, draws: int
    ) -> ChangedPredictionData:
        """Read the answers at each amount, and turn them into one slope per unit."""
        units, change = request.units, request.claim.sentence.change
        found = [need.columns(units.means(request.rows(need, answers))) for need in request.series]
        joint = request.together
        largest = joint.columns(units.means(request.rows(joint, answers)))

        def curve_of(outcome: Outcome) -> DoseCurve:
            after = {
                float(made.amount or 0.0): outcome.read(each)[0]
                for made, each in zip(request.all_made, found, strict=True)
            }
            return DoseCurve.of(change, outcome.read(largest)[1], after)

        curve, other = curve_of(request.outcome), curve_of(request.other_outcome).slopes
        still, neuron = np.zeros_like(other), change.leading
        slopes = BeforeAfter(curve.slopes, still, units, seed, draws, None, neuron)
        sweeps = LayerSweeps({})
        return cls(slopes, (other, still), largest.divergence, sweeps, largest.before, None, curve)

    @property
    def change(self) -> BeforeAfter:
        """What is claimed: the change by the claim's neurons, or that beyond the mean change by their controls."""
        if self.controls is None or not self.controls.claimed:
            return self.own
        low, high = self.own.bounds
        return replace(
            self.own,
            after=self.own.after - self.own.before,
            before=self.controls.mean,
            bounds=(low - high, high - low),
        )

    @property
    def neuron(self) -> Neuron:
        """The neuron that the verdict is about: the first that is named, or the one picked."""
        assert self.own.neuron is not None
        return self.own.neuron

    def changes(self, layer: int) -> Floats | None:
        """Return the mean change of the prediction (logits) by each neuron of a layer [width], if it was swept."""
        if layer not in self.sweeps.layers:
            return None
        mean: Floats = (self.sweeps.layers[layer] - self.logits_before[:, None]).mean(axis=0)
        return mean
