"""Whether a change lowers or raises an outcome more in one set than in another: a difference of differences.

    ablating german_neurons raises loss of german more than of english by at least 0.1

The claim has two parts: the outcome goes that way in the first set, and it goes farther there than in the second. So it
is an intersection-union test (Berger 1982): p is the larger of the two. The changes of two sets are compared as the
values of a neuron in two sets are: labels of prompts, groups or pairs are exchanged. But the least p of few prompts
holds without a number, too, as it does of the change in one set (docs/adr/0045-skewed-values.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.figures import Distributions, Row
from neuronclaims.kinds.interventions.changed.parts import ClaimedPart
from neuronclaims.kinds.interventions.changed.request import ChangedPredictionRequest
from neuronclaims.kinds.kind import Sample
from neuronclaims.kinds.shared.designs import design_of, left_out, size_of
from neuronclaims.kinds.shared.hypotheses import TwoSampleHypothesis
from neuronclaims.kinds.shared.null_figures import null_of
from neuronclaims.kinds.shared.requests import plain, seed_of
from neuronclaims.kinds.shared.subjects.subjects import NeuronStatement, TestedNeuron
from neuronclaims.kinds.shared.two_samples import LayerSamples, exchange_of
from neuronclaims.kinds.shared.unit_names import unit_names
from neuronclaims.kinds.shared.units import of_two_sets
from neuronclaims.stats import EffectSize, assumption_warnings

if TYPE_CHECKING:
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.interventions.changed.request import ChangedClaim
    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.kinds.kind import Answers, Attainable, Family
    from neuronclaims.kinds.shared.two_samples import NeuronSamples
    from neuronclaims.measurements import Measurement
    from neuronclaims.results import UnitValues
    from neuronclaims.stats import Estimate, TestResult, TwoSampleDesign

BOTH = (
    "The claim has two parts: the change goes that way in {first!r}, and it goes farther there than in {second!r}. p "
    "is the larger of the two tests, and the effect is that of the part that fits least."
)


@dataclass(frozen=True, slots=True)
class ComparedRequest:
    """A claim that names two sets: what is asked in each of them, and what is exchanged between them."""

    first: ChangedPredictionRequest
    second: ChangedPredictionRequest
    design: TwoSampleDesign

    @classmethod
    def of(cls, claim: ChangedClaim) -> ComparedRequest | None:
        """Look up the sets; return None for a sentence that names one."""
        if claim.sentence.second is None:
            return None
        first, second = (
            ChangedPredictionRequest.on_set(claim, name)
            for name in (claim.sentence.first, claim.sentence.second)
        )
        return cls(first, second, design_of(first.prompts, second.prompts))

    @property
    def needs(self) -> tuple[Measurement, ...]:
        """Ask for the neurons together on the second set; the first is asked for in any case."""
        return self.second.together, *self.second.written

    @property
    def hypothesis(self) -> TwoSampleHypothesis:
        """What is claimed of the difference of the changes; raise ClaimError for a margin that will not do."""
        said, sign = self.first.claim.sentence, -1.0 if self.first.side == "less" else 1.0
        margin = None if self.first.denied is None else self.first.margin
        number = said.least_change if margin is None else margin
        return TwoSampleHypothesis(
            statistic="mean",
            scale="difference",
            alternative=self.first.side,
            threshold=None if number is None else sign * number,
            claimed=None if number is None else self._claimed(margin),
            margin=margin,
            of_changes=True,
        )

    def _claimed(self, margin: float | None) -> str:
        said = self.first.claim.sentence
        words = "more by at least" if margin is None else "not more by"
        number = said.least if margin is None else f"{margin:g} or more"
        return f"{said.direction.removeprefix('does not ')} it {words} {number}"

    @property
    def attainable(self) -> Attainable:
        """Say how small p could get for the difference."""
        return self.hypothesis.attainable(self.design, size_of(self.design))

    def data(self, answers: Answers) -> ComparedChanges:
        """Read the answers."""
        first, second = (_changes(request, answers) for request in (self.first, self.second))
        return ComparedChanges(
            self, LayerSamples(*self.design.units(first[:, None], second[:, None]), self.design)
        )


@dataclass(frozen=True, slots=True, eq=False)
class ComparedChanges:
    """What was measured: the change in each unit of both sets."""

    request: ComparedRequest
    changes: LayerSamples

    @property
    def values(self) -> NeuronSamples:
        """The changes of both sets, per exchanged unit."""
        return self.changes.neuron(0)

    @property
    def seed(self) -> int:
        """A seed that comes from the prompts."""
        request = self.request
        prompts = request.first.prompts, request.second.prompts
        return seed_of(request.first.claim.settings, prompts, "two changes")

    def part(self, draws: int, family: Family) -> ClaimedPart:
        """Test that the change is farther in the first set."""
        request, values = self.request, self.values
        said, hypothesis, design = request.first.claim.sentence, request.hypothesis, request.design
        made = _careful(values.effect("difference"))
        effect = request.first.outcome.effect
        key = f"difference_of_{effect.key}"
        estimate = replace(made, effect=EffectSize(key, f"difference of changes: {effect.name}"))
        test = values.test(hypothesis, resampling=family.resampling(self.seed, draws), level=family.level)
        counts = tuple(zip((said.first, str(said.second)), design.counts, strict=True))
        return ClaimedPart(
            TestedNeuron(said.change.leading, estimate, test),
            NeuronStatement(hypothesis.side, hypothesis.null, hypothesis.threshold, family.alpha),
            hypothesis.claimed,
            Sample(design.unit, counts, paired=design.paired),
        )

    @property
    def kept(self) -> UnitValues:
        """The changes, for baselines."""
        request, values = self.request, self.values
        of = f"change of {request.first.values_key}"
        prompts = request.first.prompts, request.second.prompts
        return of_two_sets(of, "difference", request.design, prompts, (values.first, values.second))

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what is claimed, and what makes the test doubtful."""
        request, values = self.request, self.values
        said = request.first.claim.sentence
        both = BOTH.format(first=said.first, second=said.second)
        warned = assumption_warnings(
            values.first, values.second, paired=request.design.paired, statistic="mean"
        )
        return (*((both,) if request.first.denied is None else ()), *left_out(request.design), *warned)

    def figures(self, test: TestResult) -> tuple[Figure, ...]:
        """Draw the changes in both sets, and what chance makes of their difference."""
        request, values = self.request, self.values
        said, design = request.first.claim.sentence, request.design
        rows = (
            Row(said.first, plain(values.first), unit_names(request.first.prompts, design.first_rows)),
            Row(
                str(said.second), plain(values.second), unit_names(request.second.prompts, design.second_rows)
            ),
        )
        drawn = Distributions(f"change of {request.first.predicted}", rows)
        if not request.hypothesis.exchanged:
            return (drawn,)
        shifted, exchange = values.first - request.hypothesis.shift, exchange_of(design)
        null = null_of(shifted, values.second, test, exchange=exchange, statistic="mean", seed=self.seed)
        return (drawn, *null)


def _careful(made: Estimate) -> Estimate:
    """Return a difference of changes whose least p of few prompts holds without a number, too, as that of changes."""
    few = made.caution
    if few is None or not few.least_p_of_number:
        return made
    return replace(made, caution=replace(few, least_p=max(few.least_p, few.least_p_of_number)))


def _changes(request: ChangedPredictionRequest, answers: Answers) -> Floats:
    """Return the change of the outcome in each prompt, in the order of the request: [prompts]."""
    after, before = request.outcome.read(request.together.columns(request.rows(request.together, answers)))
    found: Floats = np.asarray(after - before, dtype=np.float64)
    return found
