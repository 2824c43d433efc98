"""Period: a neuron's value rises and falls with a number in waves of one period, or does not.

    neuron 2:340 goes with magnitude in sums with period 10
    neuron 2:340 goes with magnitude in sums with period 2 explaining at least 30%
    neuron 2:340 does not go with magnitude in sums with period 5                      (margin: 0.3)

A straight line in the number is taken away first, so that what only grows has no period. The claim is about the share
of what is left that waves of this period explain, values taken as ranks. Numbers are permuted among prompts, or groups,
within blocks where there are any.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Point, Points
from neuronclaims.kinds.kind import Attainable, ClaimError, Finding, Sample, Statement
from neuronclaims.kinds.numbers.request import NumbersRequest
from neuronclaims.kinds.shared.margins import plain_margin_of
from neuronclaims.kinds.shared.null_figures import null_figure
from neuronclaims.kinds.shared.refusals import subject_check
from neuronclaims.kinds.shared.requests import percent
from neuronclaims.kinds.shared.subjects.ranks import RankedMarginOptions, layers_tested, rank_among
from neuronclaims.kinds.shared.subjects.selection import allowing_for_search, selection_notes, selection_of
from neuronclaims.kinds.shared.subjects.subjects import (
    NeuronStatement,
    TestedNeuron,
    check_denied,
    check_whole,
    every_note,
    every_table,
    some_note,
    weakest,
)
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.sentences.templates import FieldError, Template
from neuronclaims.stats.numbers.periodicity import Waves
from neuronclaims.stats.permutation.nulls import histogram

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Null
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.kinds.numbers.request import Floats
    from neuronclaims.measurements import Measurement, ModelFacts

NOT = "does not go with"
MATTERS = "the share of the ranks' variance that would matter"
OTHERS = tuple(map(float, range(2, 21)))
"""The periods that are drawn beside the one claimed."""


@dataclass(frozen=True, slots=True)
class Periodic:
    """The sentence of a neuron that goes with a number in waves, in parts."""

    who: Subject
    verb: Literal["goes with", "does not go with"]
    column: str
    first: str
    period: float
    least: float | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        check_whole(self.who)
        if self.period <= 0:
            raise FieldError("period", "a period must be above 0", "2")
        if self.verb == NOT:
            check_denied(self.who)
            if self.least is not None:
                message = "a claim of 'does not' names no number; the share that would matter is its margin"
                raise FieldError("least", message, f"margin: {self.least:g}")
        if self.least is not None and not 0 < self.least < 1:
            raise FieldError("least", "the share explained must lie between 0% and 100%", "30%")

    def __str__(self) -> str:
        return TEMPLATE.render(self)


TEMPLATE = Template(
    "[{site:site}] {who:subject} {verb:goes with|does not go with} {column:column} in {first:set} "
    "with period {period:number} [explaining at least {least:share}]",
    Periodic,
    options=RankedMarginOptions,
    check=subject_check(NOT),
    margin=f"'margin: 0.3', {MATTERS}",
)


@dataclass(frozen=True, slots=True, eq=False)
class PeriodData:
    """A claim put to the values measured: those of all layers measured [units, width], by layer."""

    request: NumbersRequest
    waves: Waves
    statement: Statement
    measured: Mapping[int, Floats]
    family: Family

    @property
    def layers(self) -> Mapping[int, Floats]:
        """The layers that the test is about."""
        return layers_tested(self.request.claim, self.request.who, self.measured)

    @property
    def picked_from(self) -> int:
        """From how many neurons the claimed one was picked, itself included."""
        return sum(values.shape[1] for values in self.layers.values()) if self.request.searched else 1

    def values(self, neuron: Neuron) -> Floats:
        """Return one neuron's values [units]."""
        return self.measured[neuron.layer][:, neuron.index]

    def best(self) -> Neuron:
        """Return the neuron with the largest share of all that were searched."""
        found = {layer: self.waves.explained(values) for layer, values in self.layers.items()}
        layer = max(found, key=lambda each: (float(found[each].max()), -each))
        return Neuron(layer, int(found[layer].argmax()))

    def tested(self, neuron: Neuron) -> TestedNeuron:
        """Test one neuron: by permutation that the share is above 0, by the interval against a number or a margin."""
        values, said, many = self.values(neuron), self.statement, self.picked_from
        estimate = self.waves.estimate(values)
        if said.threshold is not None:
            test = stats.interval_test(estimate, said.side, said.null, said.threshold)
        else:
            level = stats.Level(self.family.alpha, self.family.level.family * many)
            asked = self.waves.test(values, self.request.units.unit)
            test = asked.test(self.request.resampling(self.family), level)
            if (
                estimate.value is not None
            ):  # a share is never below 0: that it is small speaks against nothing
                test = replace(test, p_value=min(1.0, 2 * test.p_greater), p_less=1.0)
        return TestedNeuron(neuron, *allowing_for_search(estimate, test, many))

    def null(self, one: TestedNeuron) -> tuple[Null, ...]:
        """Draw what permuting numbers gives the share of one neuron, where that is its test."""
        if self.statement.threshold is not None or one.test.statistic is None or one.test.degenerate:
            return ()
        asked = self.waves.test(self.values(one.neuron), self.request.units.unit)
        found, every = asked.looked_at(self.request.seed)
        return null_figure(histogram(found, every), asked.name, one.test.statistic)

    def spectrum(self, neuron: Neuron) -> Points:
        """Draw the share that waves of each period from 2 to 20 explain, the one claimed marked."""
        own, points = self.waves.period, list[Point]()
        for period in sorted({*OTHERS, own}):
            try:
                waves = Waves.of(self.request.numbers, period, self.request.blocks)
            except stats.StatsError:
                continue
            share = float(waves.explained(self.values(neuron))[0])
            points.append(Point(period, share, f"period {period:g}", marked=period == own))
        return Points(
            f"period in {self.request.claim.sentence.column}", "share of ranks explained", tuple(points)
        )


class PeriodKind:
    """Neurons whose values go with a number of each prompt in waves of one period, or do not."""

    name, template = "period", TEMPLATE

    def attainable(self, claim: Claim[Periodic, RankedMarginOptions]) -> Attainable:
        """Return the least p: a wave of this period explains all ranks that it can, or nothing of them."""
        request, said = NumbersRequest.of(claim), _statement(claim)
        waves = _waves(claim, request)
        ways = stats.interval_test(_clearest(waves, said), said.side, said.null, said.threshold).p_value
        return Attainable(ways, request.units.size, against=0.0 if said.threshold is not None else 1.0)

    def joint_test_key(self, claim: Claim[Periodic, RankedMarginOptions]) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None

    def needs(
        self, claim: Claim[Periodic, RankedMarginOptions], facts: ModelFacts
    ) -> tuple[Measurement, ...]:
        """Ask for the neurons' layers, and for what was searched."""
        self.attainable(claim)
        return NumbersRequest.of(claim).needs(facts)

    def neurons_read(self, claim: Claim[Periodic, RankedMarginOptions]) -> tuple[Neuron, ...] | None:
        """Return the neurons that the verdict rests on; None where it was picked from all that are measured."""
        request = NumbersRequest.of(claim)
        return None if request.searched else request.who.neurons

    def judge(self, claim: Claim[Periodic, RankedMarginOptions], answers: Answers, family: Family) -> Finding:
        """Take from the neurons' ranks what the waves explain, and rank the one the verdict rests on."""
        request, said = NumbersRequest.of(claim), _statement(claim)
        data = PeriodData(request, _waves(claim, request), said, request.layers(answers), family)
        who = request.who
        neurons = (data.best(),) if who.how == "some" else who.neurons
        ones = [data.tested(neuron) for neuron in neurons]
        bound = NeuronStatement(said.side, said.null, said.threshold, family.alpha)
        one = weakest(bound, ones) if who.how == "every" else ones[0]
        several: tuple[str, ...] = ()
        if who.how != "one":
            several = (
                every_note(len(ones), one) if who.how == "every" else some_note(data.picked_from, one),
            )
        selection = selection_of(claim, who, data.picked_from)
        return Finding(
            estimate=one.estimate,
            statement=said,
            test=one.test,
            sample=Sample(request.units.unit, ((claim.sentence.first, len(request.units.rows)),)),
            selection=selection,
            rank=rank_among(
                claim, one.neuron, data.measured, data.waves.explained, "share of ranks with this period"
            ),
            notes=(
                *selection_notes(selection),
                *several,
                "A straight line in the number is taken away first. Periods near this one may do as well: see them.",
                *request.notes,
            ),
            figures=(
                request.figure(one.neuron, data.values(one.neuron), answers),
                data.spectrum(one.neuron),
                *data.null(one),
                *((every_table(ones),) if who.how == "every" else ()),
            ),
        )


def _waves(claim: Claim[Periodic, RankedMarginOptions], request: NumbersRequest) -> Waves:
    try:
        return Waves.of(request.numbers, claim.sentence.period, request.blocks)
    except stats.StatsError as error:
        raise ClaimError(
            f"{str(error).rstrip('.')}: {claim.sentence.column!r} of {claim.sentence.first!r}."
        ) from None


def _clearest(waves: Waves, said: Statement) -> stats.Estimate:
    """Return the estimate of the clearest values there could be: one wave, or a straight line."""
    wave = waves.waves[:, 0] if said.side == "greater" else waves.plain[:, -1]
    values = np.empty(len(wave))
    values[waves.order] = wave
    return waves.estimate(values)


def _statement(claim: Claim[Periodic, RankedMarginOptions]) -> Statement:
    said = claim.sentence
    if said.verb == NOT:
        margin = plain_margin_of(claim, "0.3", MATTERS, below=1.0)
        return Statement("not greater", 0.0, margin, f"less than {percent(margin)} with this period")
    claimed = None if said.least is None else f"at least {percent(said.least)} with this period"
    return Statement("greater", 0.0, said.least, claimed)


KIND = PeriodKind()
