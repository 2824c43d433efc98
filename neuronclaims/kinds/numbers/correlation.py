"""Correlation: a neuron's value goes with a number that each prompt comes with, or does not.

    neuron 2:340 goes with magnitude in sums
    neuron 2:340 rises with magnitude in sums with correlation at least 0.5
    every neuron of 2:340, 2:17 does not go with magnitude in sums                     (margin: 0.3)

The number stands in a column of the prompt file, or under ``numbers`` beside a text. The claim is about Spearman's rank
correlation over prompts, or over groups: above 0 (``rises``), below 0 (``falls``), or either (``goes``). Numbers are
permuted among the units, within blocks where there are any. A number that is claimed, and "does not", are tested by
turning the interval round. ``position`` without such a column is that of tokens within documents (see ``positions``).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.kind import Attainable, Finding, Sample, Statement
from neuronclaims.kinds.numbers.positions import PositionRequest, counts_positions
from neuronclaims.kinds.numbers.request import NumbersRequest
from neuronclaims.kinds.shared.margins import plain_margin_of
from neuronclaims.kinds.shared.null_figures import null_figure
from neuronclaims.kinds.shared.refusals import subject_check
from neuronclaims.kinds.shared.subjects.parts import attainable_part, family_for, judged_part
from neuronclaims.kinds.shared.subjects.ranks import RankedMarginOptions, layers_tested, rank_among
from neuronclaims.kinds.shared.subjects.selection import allowing_for_search, selection_notes, selection_of
from neuronclaims.kinds.shared.subjects.subjects import (
    NeuronStatement,
    TestedNeuron,
    check_denied,
    every_note,
    every_table,
    some_note,
    weakest,
)
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.sentences.templates import FieldError, Template
from neuronclaims.stats.numbers.rank_correlation import (
    Ranked,
    correlation_test,
    correlations_many,
    estimate_of,
    least_correlation_p,
    least_margin_p,
)
from neuronclaims.stats.permutation.nulls import histogram

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Null
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.kinds.numbers.request import Floats
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import Rank
    from neuronclaims.stats import Side

NOT = "does not go with"
MATTERS = "the rank correlation that would matter"
SIDES: dict[str, Side] = {
    "goes with": "two-sided",
    "rises with": "greater",
    "falls with": "less",
    NOT: "within",
}


@dataclass(frozen=True, slots=True)
class Correlates:
    """The sentence of a neuron that goes with a number, in parts."""

    who: Subject
    verb: Literal["goes with", "rises with", "falls with", "does not go with"]
    column: str
    first: str
    least: float | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        if self.verb == NOT:
            check_denied(self.who)
            if self.least is not None:
                message = (
                    "a claim of 'does not' names no number; the correlation that would matter is its margin"
                )
                raise FieldError("least", message, f"margin: {self.least:g}")
        if self.least is not None and not 0 < self.least < 1:
            message = "the correlation claimed must lie between 0 and 1; what goes down 'falls with' a number"
            raise FieldError("least", message, f"{-self.least:g}" if -1 < self.least < 0 else None)

    def __str__(self) -> str:
        return TEMPLATE.render(self)


TEMPLATE = Template(
    "[{site:site}] {who:subject} {verb:goes with|rises with|falls with|does not go with} {column:column} in "
    "{first:set} [with correlation at least {least:number}]",
    Correlates,
    options=RankedMarginOptions,
    check=subject_check(NOT),
    margin=f"'margin: 0.3', {MATTERS}",
)


@dataclass(frozen=True, slots=True, eq=False)
class Correlations:
    """A claim put to the values measured: those of all layers measured [units, width], by layer."""

    request: NumbersRequest
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

    def ranked(self, neuron: Neuron) -> Ranked:
        """Return one neuron's values and the numbers as ranks."""
        return Ranked.of(self.values(neuron), self.request.numbers, self.request.blocks)

    def values(self, neuron: Neuron) -> Floats:
        """Return one neuron's values [units]."""
        return self.measured[neuron.layer][:, neuron.index]

    def fits(self, values: Floats) -> Floats:
        """Return the correlation of each neuron of a layer, larger where it fits the claim better."""
        ranked = Ranked.of(values[:, 0], self.request.numbers, self.request.blocks)
        found = correlations_many(values, ranked)
        side = self.statement.side
        return found if side == "greater" else -found if side == "less" else np.abs(found)

    def best(self) -> Neuron:
        """Return the neuron that fits the claim best of all that were searched."""
        found = {layer: self.fits(values) for layer, values in self.layers.items()}
        layer = max(found, key=lambda each: (float(found[each].max()), -each))
        return Neuron(layer, int(found[layer].argmax()))

    def tested(self, neuron: Neuron) -> TestedNeuron:
        """Test one neuron: by permutation against no correlation, by the interval against a number or a margin."""
        ranked, said, many = self.ranked(neuron), self.statement, self.picked_from
        estimate = estimate_of(ranked)
        if said.threshold is not None:
            test = stats.interval_test(estimate, said.side, said.null, said.threshold)
        else:
            level = stats.Level(self.family.alpha, self.family.level.family * many)
            test = correlation_test(ranked, self.request.units.unit).test(
                self.request.resampling(self.family), level
            )
        return TestedNeuron(neuron, *allowing_for_search(estimate, test, many))

    def null(self, one: TestedNeuron) -> tuple[Null, ...]:
        """Draw what permuting numbers gives the correlation of one neuron, where that is its test."""
        if self.statement.threshold is not None or one.test.statistic is None or one.test.degenerate:
            return ()
        asked = correlation_test(self.ranked(one.neuron), self.request.units.unit)
        found, every = asked.looked_at(self.request.seed)
        return null_figure(histogram(found, every), asked.name, one.test.statistic)

    def rank(self, neuron: Neuron) -> Rank | None:
        """Return the neuron's place in its layer, or among all layers."""
        by = {"greater": "correlation", "less": "correlation, lowest first"}.get(
            self.statement.side, "size of the correlation"
        )
        return rank_among(self.request.claim, neuron, self.measured, self.fits, by)


class CorrelationKind:
    """Neurons whose values go with a number of each prompt, or do not."""

    name, template = "correlation", TEMPLATE

    def attainable(self, claim: Claim[Correlates, RankedMarginOptions]) -> Attainable:
        """Return the least p: the values stand in the very order of the numbers."""
        if counts_positions(claim):
            return PositionRequest.of(claim, _statement(claim)).attainable
        request, said = NumbersRequest.of(claim), _statement(claim)
        units = len(request.units.rows) - (len(set(request.blocks)) - 1 if request.blocks is not None else 0)
        if said.side == "within":
            assert said.threshold is not None
            return attainable_part(
                Attainable(least_margin_p(units, said.threshold), request.units.size), request.who
            )
        least = least_correlation_p(request.numbers, request.blocks, abs(said.threshold or 0.0))
        against = 1.0 if said.side == "two-sided" and said.threshold is None else 0.0
        return attainable_part(Attainable(least, request.units.size, against=against), request.who)

    def joint_test_key(self, claim: Claim[Correlates, RankedMarginOptions]) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None

    def tokens_in_words(self, claim: Claim[Correlates, RankedMarginOptions]) -> str | None:
        """Return the tokens that are read where they stand beside their positions; None where the claim's own are."""
        return "all" if counts_positions(claim) else None

    def needs(
        self, claim: Claim[Correlates, RankedMarginOptions], facts: ModelFacts
    ) -> tuple[Measurement, ...]:
        """Ask for the neurons' layers, and for what was searched."""
        self.attainable(claim)
        if counts_positions(claim):
            return PositionRequest.of(claim, _statement(claim)).needs(facts)
        return NumbersRequest.of(claim).needs(facts)

    def neurons_read(self, claim: Claim[Correlates, RankedMarginOptions]) -> tuple[Neuron, ...] | None:
        """Return the neurons that the verdict rests on; None where it was picked from all that are measured."""
        if counts_positions(claim):
            return claim.sentence.who.neurons
        request = NumbersRequest.of(claim)
        return None if request.searched else request.who.neurons

    def judge(
        self, claim: Claim[Correlates, RankedMarginOptions], answers: Answers, family: Family
    ) -> Finding:
        """Correlate the neurons' values with the numbers, and rank the one the verdict rests on."""
        if counts_positions(claim):
            return PositionRequest.of(claim, _statement(claim)).judged(answers, family)
        request, said = NumbersRequest.of(claim), _statement(claim)
        who = request.who
        data = Correlations(request, said, request.layers(answers), family_for(family, who))
        neurons = (data.best(),) if who.how == "some" else who.neurons
        ones = [data.tested(neuron) for neuron in neurons]
        bound = NeuronStatement(said.side, said.null, said.threshold, family.alpha)
        part = judged_part(bound, ones, claim)
        one = part.deciding if part else weakest(bound, ones) if who.how == "every" else ones[0]
        several: tuple[str, ...] = ()
        if who.how in ("every", "some"):
            several = (
                every_note(len(ones), one) if who.how == "every" else some_note(data.picked_from, one),
            )
        selection = selection_of(claim, who, data.picked_from)
        found = Finding(
            estimate=one.estimate,
            statement=said,
            test=one.test,
            sample=Sample(request.units.unit, ((claim.sentence.first, len(request.units.rows)),)),
            selection=selection,
            rank=data.rank(one.neuron),
            notes=(*selection_notes(selection), *several, *request.notes),
            figures=(
                request.figure(one.neuron, data.values(one.neuron), answers),
                *data.null(one),
                *((every_table(ones),) if who.how == "every" else ()),
            ),
            units=request.unit_values(one.neuron, data.values(one.neuron)),
        )
        return part.finding(found) if part else found


def _statement(claim: Claim[Correlates, RankedMarginOptions]) -> Statement:
    said = claim.sentence
    if said.verb == NOT:
        margin = plain_margin_of(claim, "0.3", MATTERS, below=1.0)
        return Statement("within", 0.0, margin, f"a rank correlation between {-margin:g} and {margin:g}")
    side = SIDES[said.verb]
    if said.least is None:
        return Statement(side, 0.0)
    sign, either = (-1.0 if side == "less" else 1.0), (" either way" if side == "two-sided" else "")
    bound = f"{-said.least:g} or less" if side == "less" else f"at least {said.least:g}{either}"
    return Statement(side, 0.0, sign * said.least, f"a rank correlation of {bound}")


KIND = CorrelationKind()
