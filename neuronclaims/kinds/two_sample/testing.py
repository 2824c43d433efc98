"""Test what a claim says of two sets: of one neuron, of every one of some, or of some neuron of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.kind import MAX_DRAWS
from neuronclaims.kinds.shared.subjects.parts import PartJudged, family_for, judged_part, members_table
from neuronclaims.kinds.shared.subjects.subjects import (
    NeuronStatement,
    TestedNeuron,
    best_neuron,
    every_note,
    every_table,
    least_clear,
    some_note,
    some_table,
    weakest,
)
from neuronclaims.kinds.shared.two_samples import LayerSamples, effects_together, exchange_of
from neuronclaims.kinds.two_sample.data import SharedTwoSamples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.figures import Figure, Table
    from neuronclaims.kinds.kind import Family
    from neuronclaims.kinds.shared.two_samples import NeuronSamples
    from neuronclaims.kinds.two_sample.data import TwoSampleData
    from neuronclaims.kinds.two_sample.request import TwoSampleRequest
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.stats import MaxResults, TestResult


@dataclass(frozen=True, slots=True)
class TwoSampleOutcome:
    """The neuron behind a verdict, the neuron that gives its p, and figures and notes about the others.

    ``part`` is given for a claim of a part of several neurons, whose effect is a share of them.
    """

    one: TestedNeuron
    tested: Neuron
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    part: PartJudged | None = None


def outcome_of(request: TwoSampleRequest, data: TwoSampleData, family: Family) -> TwoSampleOutcome:
    """Test the claim for all the neurons that it is about."""
    said, who = request.hypothesis, request.who
    bound = NeuronStatement(said.side, said.null, said.threshold, family.alpha)
    results = _searched(request, data, family) if request.searched else None
    if who.how == "some" and results is not None:
        return _some(request, data, bound, results)
    ones = [bound.ruled(_one(request, data, neuron, family, results)) for neuron in who.neurons]
    if (part := judged_part(bound, ones, request.claim)) is not None:
        return TwoSampleOutcome(part.deciding, part.deciding.neuron, part=part)
    if who.how == "one":
        return TwoSampleOutcome(ones[0], ones[0].neuron)
    one = weakest(bound, ones)
    return TwoSampleOutcome(
        one,
        least_clear(ones).neuron,
        (_table(bound, ones, request),),
        (every_note(len(ones), one, who.noun),),
    )


def _table(bound: NeuronStatement, ones: Sequence[TestedNeuron], request: TwoSampleRequest) -> Table:
    """List the neurons of a claim of every one; those of a set with what its file says of each."""
    if request.named_set is None:
        return every_table(ones, request.who.noun)
    return members_table(ones, [bound.on_claimed_side(one) for one in ones], request.named_set)


def take_first_looks(group: Sequence[tuple[TwoSampleRequest, TwoSampleData]], family: Family) -> None:
    """Test single neurons of one exchange together on their first draws, in one matrix product; keep the results.

    Where units are independent, the effects of all of them are found, too.
    """
    request, _ = group[0]
    values = [data.of(each.who.neurons[0]) for each, data in group]
    first, second = (
        np.column_stack([one.first for one in values]),
        np.column_stack([one.second for one in values]),
    )
    shifts = np.array([each.hypothesis.shift for each, _ in group])
    tests = stats.two_sample_first_looks(
        first - shifts,
        second,
        exchange=exchange_of(request.design),
        statistic=request.hypothesis.statistic,
        alternative="two-sided",
        resampling=request.resampling(family),
        level=family.level,
    )
    shared = family.shared(SharedTwoSamples)
    ids = [each.claim.id for each, _ in group]
    shared.first_looks.update(zip(ids, tests, strict=True))
    if not request.design.paired:
        shared.effects.update(zip(ids, effects_together(first, second, request.design.prompts), strict=True))


def _some(
    request: TwoSampleRequest, data: TwoSampleData, bound: NeuronStatement, results: MaxResults
) -> TwoSampleOutcome:
    neurons = data.neurons

    def one_of(column: int) -> TestedNeuron:
        return _searched_one(request, data, neurons[column], results)

    one = best_neuron(bound, results, one_of, _beyond_number(request, data))
    return TwoSampleOutcome(
        one,
        one.neuron,
        (some_table(bound, results, neurons, data.noun),),
        (some_note(len(neurons), one, data.noun),),
    )


def _beyond_number(request: TwoSampleRequest, data: TwoSampleData) -> NDArray[np.intp] | None:
    """Order all columns by t against a difference claimed in the values' own unit; None where none is claimed."""
    said = request.hypothesis
    if said.threshold is None or said.scale != "difference":
        return None
    first, second = data.all
    t = LayerSamples(first - said.shift, second, request.design).t
    return np.argsort(t if said.alternative == "less" else -t, kind="stable")


def _one(
    request: TwoSampleRequest,
    data: TwoSampleData,
    neuron: Neuron,
    family: Family,
    results: MaxResults | None,
) -> TestedNeuron:
    said, values, shared = request.hypothesis, data.of(neuron), family.shared(SharedTwoSamples)
    if results is not None:
        return _searched_one(request, data, neuron, results)
    effects = shared.effects.get(request.claim.id)
    if not said.exchanged:
        effect = values.claimed_effect(said, effects)
        return TestedNeuron(neuron, effect, values.interval_test(said, effect))
    effect = values.effect(said.scale) if effects is None else effects[said.scale]
    known = shared.first_looks.get(request.claim.id)
    # More draws change nothing for a p that was counted exactly.
    if known is not None and (family.max_draws == MAX_DRAWS[0] or known.exact):
        return TestedNeuron(neuron, effect, known)
    level = family_for(family, request.who).level
    test = values.test(said, resampling=request.resampling(family), level=level)
    return TestedNeuron(neuron, effect, test)


def _searched_one(
    request: TwoSampleRequest, data: TwoSampleData, neuron: Neuron, results: MaxResults
) -> TestedNeuron:
    """Test a neuron that was searched for: against no effect by the maximum, against a number by its interval."""
    said, values = request.hypothesis, data.of(neuron)
    at_null = said.threshold is None
    effect = values.effect(said.scale) if at_null else values.claimed_effect(said)
    test = results.one(data.column(neuron)) if at_null else values.interval_test(said, effect)
    if said.exchanged and not request.design.paired:
        test = _guarded(test, values, said.shift, ranks=said.statistic == "auroc")
    return TestedNeuron(neuron, effect, test)


def _guarded(test: TestResult, values: NeuronSamples, shift: float, *, ranks: bool) -> TestResult:
    """Return a searched neuron's test, its p not below what holds where the smaller set varies more (ADR 47)."""
    least = min(
        1.0, values.picked_from * stats.search_guard(values.first - shift, values.second, ranks=ranks)
    )
    if least <= test.p_value:
        return test
    return replace(
        test,
        p_value=least,
        p_greater=max(test.p_greater, least / 2),
        p_less=max(test.p_less, least / 2),
        method=f"{test.method}; p by the smaller set alone, which varies more",
    )


def _searched(request: TwoSampleRequest, data: TwoSampleData, family: Family) -> MaxResults:
    """Test all neurons searched, once for all claims that search them for the same difference."""
    known, resampling = family.shared(SharedTwoSamples).searches, request.resampling(family)
    key = tuple(map(request.place, data.layers)), request.hypothesis.statistic, resampling
    if key not in known:
        known[key] = stats.search_tests(
            *data.all,
            exchange=replace(exchange_of(request.design), column=data.noun),
            statistic=request.hypothesis.statistic,
            resampling=resampling,
            level=family.level,
        )
    return known[key]
