"""Judge claims that compare neurons between two prompt sets; contrast and separation differ only in the sentence."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.kind import Finding
from neuronclaims.kinds.outliers.outlier_dimensions import RESIDUAL, LargeValues
from neuronclaims.kinds.shared.designs import left_out
from neuronclaims.kinds.shared.margins import CHANCE
from neuronclaims.kinds.shared.null_figures import null_of, null_of_search
from neuronclaims.kinds.shared.subjects.ranks import rank_among
from neuronclaims.kinds.shared.subjects.selection import selection_notes, selection_of
from neuronclaims.kinds.shared.two_samples import exchange_of
from neuronclaims.kinds.two_sample.data import SharedTwoSamples
from neuronclaims.kinds.two_sample.reading import ActivationsReading
from neuronclaims.kinds.two_sample.request import TwoSampleRequest
from neuronclaims.kinds.two_sample.testing import outcome_of, take_first_looks

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Null
    from neuronclaims.kinds.kind import Answers, Attainable, Family
    from neuronclaims.kinds.shared.hypotheses import TwoSampleHypothesis
    from neuronclaims.kinds.shared.two_samples import Floats, LayerSamples, NeuronSamples
    from neuronclaims.kinds.two_sample.data import TwoSampleData
    from neuronclaims.kinds.two_sample.reading import SetsReading
    from neuronclaims.kinds.two_sample.testing import TwoSampleOutcome
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import Rank
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.sentences.templates import Template
    from neuronclaims.stats import Estimate

"""The AUROC of a neuron that tells nothing."""


@dataclass(frozen=True, slots=True)
class TwoSampleKind:
    """A kind whose sentence names a subject ``who`` and two sets, ``first`` and ``second``.

    ``hypothesis`` says what a claim states of their effect; it raises ClaimError where the claim's options do not fit.
    ``reading`` says what is read of which prompts.
    """

    name: str
    template: Template
    hypothesis: Callable[[Claim], TwoSampleHypothesis]
    reading: Callable[[Claim], SetsReading] = ActivationsReading

    def attainable(self, claim: Claim) -> Attainable:
        """Return the least p-value that these prompts allow."""
        return self._request(claim).attainable()

    def joint_test_key(self, claim: Claim) -> Hashable | None:
        """Return a key that is equal for claims that can be tested jointly."""
        return self._request(claim).joint_test_key()

    def needs(self, claim: Claim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the neurons' layers on both sets, and for what was searched."""
        request = self._request(claim)
        request.attainable()
        return request.needs(facts)

    def neurons_read(self, claim: Claim) -> tuple[Neuron, ...] | None:
        """Return the neurons that the verdict rests on; None where it was picked from all that are measured."""
        request = self._request(claim)
        return None if request.searched else request.who.neurons

    def prepare(self, claims: Sequence[tuple[Claim, Answers]], family: Family) -> None:
        """Test all claims of one exchange together on their first draws, as each would be tested first."""
        groups: dict[Hashable, list[tuple[TwoSampleRequest, TwoSampleData]]] = {}
        for claim, answers in claims:
            request = self._request(claim)
            key = request.joint_test_key()
            if key is not None:
                group = groups.setdefault(key, [])
                group.append((request, request.data(answers, family)))
        for group in groups.values():
            take_first_looks(group, family)

    def judge(self, claim: Claim, answers: Answers, family: Family) -> Finding:
        """Compare the sets at the claim's neurons, and rank the one the verdict rests on among others."""
        request = self._request(claim)
        data = request.data(answers, family)
        result = outcome_of(request, data, family)
        said, design, one = request.hypothesis, request.design, result.one
        values = data.of(one.neuron)
        effects = family.shared(SharedTwoSamples).effects.get(claim.id) or values.effects(
            {said.scale: one.estimate}
        )
        selection = selection_of(claim, request.who, values.picked_from)
        large, warning = _large(request, one.neuron, values, family)
        warned = stats.assumption_warnings(
            values.first, values.second, paired=design.paired, statistic=said.statistic
        )
        found = Finding(
            estimate=one.estimate,
            statement=said.statement,
            test=one.test,
            sample=request.sample,
            selection=selection,
            others=(*(effect for scale, effect in effects.items() if scale != said.scale), *large),
            rank=_rank(request, one.neuron, data),
            notes=(*selection_notes(selection), *result.notes, *left_out(design), *warning, *warned),
            figures=(
                request.figure(one.neuron, values, answers),
                *result.figures,
                *(() if result.part is not None else _null(request, data, result)),
            ),
            units=request.unit_values(one.neuron, values),
            joint=request.joint(values, family),
        )
        return found if result.part is None else result.part.finding(found)

    def _request(self, claim: Claim) -> TwoSampleRequest:
        return TwoSampleRequest.of(claim, self.hypothesis, self.reading)


def _null(request: TwoSampleRequest, data: TwoSampleData, result: TwoSampleOutcome) -> tuple[Null, ...]:
    """Draw the null distribution of the neuron that gives the p, or of the maximum for a searched neuron."""
    said, design, test = request.hypothesis, request.design, result.one.test
    if not said.exchanged or (request.searched and said.threshold is not None):
        return ()
    paired, statistic, seed = design.paired, said.statistic, request.seed
    if request.searched:
        column = data.column(result.tested)
        return null_of_search(
            *data.all, column, test, paired=paired, statistic=statistic, seed=seed, noun=data.noun
        )
    values = data.of(result.tested)
    of = "" if request.who.how == "one" else f" of {result.tested}, whose p is the largest"
    return null_of(
        values.first - said.shift,
        values.second,
        test,
        exchange=exchange_of(design),
        statistic=statistic,
        seed=seed,
        of=of,
    )


def _rank(request: TwoSampleRequest, neuron: Neuron, data: TwoSampleData) -> Rank | None:
    said, sign = request.hypothesis, -1.0 if request.hypothesis.alternative == "less" else 1.0

    def strengths(layer: LayerSamples) -> Floats:
        return np.abs(layer.aurocs - CHANCE) if said.statistic == "auroc" else sign * layer.t

    by = "distance of the AUROC from 0.5" if said.statistic == "auroc" else "t"
    return rank_among(request.claim, neuron, data.measured, strengths, by)


def _large(
    request: TwoSampleRequest, neuron: Neuron, values: NeuronSamples, family: Family
) -> tuple[tuple[Estimate, ...], tuple[str, ...]]:
    """Return how often the neuron is large, and a note if it is an outlier dimension."""
    if request.claim.settings.site not in RESIDUAL:
        return (), ()
    known, place = family.shared(SharedTwoSamples).large, request.place(neuron.layer)
    if place not in known:
        known[place] = LargeValues.of(values.layer)
    return (known[place].estimate(neuron.index),), known[place].notes(neuron)
