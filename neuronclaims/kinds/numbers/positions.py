"""Judge that a neuron goes with the position of tokens: within each document, over all of its tokens.

    neuron 11:584 goes with position in prose
    neuron 11:584 falls with position in prose with correlation at least 0.3

Every document gives one number, the rank correlation of the neuron's value and the position over its own tokens; their
mean is what is claimed. What differs between documents cancels, and tokens need not be independent. Signs of the
correlations are flipped over documents, or their groups; a number that is claimed, and "does not", turn the score
interval of the mean round.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neuronclaims import stats
from neuronclaims.claim_files.prompts.numbers import POSITION
from neuronclaims.figures import Distributions, Row
from neuronclaims.kinds.interventions.changed_neurons import TextUnits
from neuronclaims.kinds.kind import Attainable, ClaimError, Finding, Sample
from neuronclaims.kinds.shared.null_figures import null_of
from neuronclaims.kinds.shared.requests import in_order, plain, plural, resamples_of, seed_of, texts_of
from neuronclaims.kinds.shared.subjects.neurons import check_neuron
from neuronclaims.kinds.shared.subjects.parts import attainable_part, family_for, judged_part
from neuronclaims.kinds.shared.subjects.ranks import ranks_in_model
from neuronclaims.kinds.shared.subjects.selection import LEVEL, selection_notes, selection_of
from neuronclaims.kinds.shared.subjects.subjects import (
    NeuronStatement,
    TestedNeuron,
    every_note,
    every_table,
    weakest,
)
from neuronclaims.kinds.shared.unit_names import unit_names
from neuronclaims.kinds.shared.units import of_one_set
from neuronclaims.measurements import PositionCorrelations
from neuronclaims.measurements.documents.positions import UNDEFINED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.figures import Null
    from neuronclaims.kinds.kind import Answers, Family, Statement
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.sentences.subjects.neurons import Neuron

    Floats = NDArray[np.float64]

DRAWN = 1_000
"""How many documents' correlations are drawn at most."""


def counts_positions(claim: Claim[Any, Any]) -> bool:
    """Return whether a claim names the position of tokens, and not a column of that name."""
    said = claim.sentence
    named = any(POSITION in dict(prompt.columns) for prompt in claim.sets[said.first].prompts)
    return bool(said.column == POSITION) and not named


@dataclass(frozen=True, slots=True, eq=False)
class WithinDocuments:
    """The correlations of one neuron [units], the documents of each unit that has one, and the tokens read."""

    neuron: Neuron
    within: stats.WithinUnits
    rows: tuple[tuple[int, ...], ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class PositionRequest:
    """The question of a claim, in documents in the order of their texts; ``units`` are documents or their groups."""

    claim: Claim[Any, Any]
    statement: Statement
    prompts: tuple[Prompt, ...]
    units: TextUnits

    @classmethod
    def of(cls, claim: Claim[Any, Any], statement: Statement) -> PositionRequest:
        """Look up the documents; raise ClaimError for fewer than two units, and for a neuron that was searched."""
        if claim.settings.searched is not None or claim.sentence.who.how == "some":
            raise ClaimError(
                "That a neuron goes with the position of tokens is tested of neurons that were chosen on other texts: "
                "only those named are read. Name them, and test them on new documents ('discovered_on')."
            )
        if ranks_in_model(claim):
            raise ClaimError(
                "'rank_among: model' ranks a neuron among all that are read, and of the position of tokens only those "
                "named are. Leave it out, or write 'rank_among: layer'."
            )
        prompts = in_order(claim.sets[claim.sentence.first])
        return cls(claim, statement, prompts, TextUnits.of([prompt.group for prompt in prompts], "document"))

    @property
    def attainable(self) -> Attainable:
        """The least p: every document has the clearest correlation that there is."""
        said, count = self.statement, len(self.units.rows)
        best = 0.0 if said.side == "within" else -1.0 if said.side == "less" else 1.0
        clearest = self._estimate(_within(np.full(count, best), 0))
        least = stats.interval_test(clearest, said.side, said.null, said.threshold).p_value
        if said.threshold is None:
            least = max(least, 2.0 ** (1 - count))
        against = 1.0 if said.side == "two-sided" and said.threshold is None else 0.0
        return attainable_part(Attainable(least, self.units.size, against=against), self.claim.sentence.who)

    def need(self, neuron: Neuron) -> PositionCorrelations:
        """Ask for one neuron beside the position of every token."""
        return PositionCorrelations(
            self.claim.settings.site, neuron.layer, neuron.index, texts_of(self.prompts)
        )

    def needs(self, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for each neuron; raise ClaimError where the model lacks one."""
        for neuron in self.claim.sentence.who.neurons:
            check_neuron(neuron, self.claim.settings.site, facts)
        return tuple(self.need(neuron) for neuron in self.claim.sentence.who.neurons)

    def data(self, answers: Answers, neuron: Neuron) -> WithinDocuments:
        """Average correlations within units; raise ClaimError where fewer than two units have one."""
        tokens, found = answers[self.need(neuron)].astype(np.float64).T
        told = [tuple(row for row in rows if found[row] != UNDEFINED) for rows in self.units.rows]
        rows = tuple(row for row in told if row)
        if len(rows) < 2:
            raise ClaimError(
                f"{len(rows)} of {self.units.size} in {self.claim.sentence.first!r} "
                f"{'has' if len(rows) == 1 else 'have'} at least 3 tokens at which neuron {neuron} has different "
                "values; at least 2 are needed, and more to show anything. Take longer or other documents."
            )
        values = np.array([found[list(row)].mean() for row in rows])
        return WithinDocuments(neuron, _within(values, len(told) - len(rows)), rows, int(tokens.sum()))

    def tested(self, data: WithinDocuments, family: Family) -> TestedNeuron:
        """Test one neuron: by flipping signs against 0, by the interval against a number or a margin."""
        said, estimate = self.statement, self._estimate(data.within)
        if said.threshold is not None:
            test = stats.interval_test(estimate, said.side, said.null, said.threshold)
            return TestedNeuron(data.neuron, estimate, test)
        drawn = family.resampling(self.seed, resamples_of(self.claim.settings))
        test = stats.association_test(
            data.within, alternative="two-sided", unit=self.units.unit, resampling=drawn, level=family.level
        )
        return TestedNeuron(data.neuron, estimate, test)

    @property
    def seed(self) -> int:
        """A seed that comes from the documents."""
        return seed_of(self.claim.settings, (self.prompts,), "positions")

    def judged(self, answers: Answers, family: Family) -> Finding:
        """Average the correlations within documents, and test their mean."""
        claim, said = self.claim, self.statement
        who = claim.sentence.who
        data = {neuron: self.data(answers, neuron) for neuron in who.neurons}
        ones = [self.tested(each, family_for(family, who)) for each in data.values()]
        bound, every = NeuronStatement(said.side, said.null, said.threshold, family.alpha), who.how == "every"
        part = judged_part(bound, ones, claim)
        one = part.deciding if part else weakest(bound, ones) if every else ones[0]
        own, selection = data[one.neuron], selection_of(claim, who, 1)
        found = Finding(
            estimate=one.estimate,
            statement=said,
            test=one.test,
            sample=Sample(self.units.unit, ((claim.sentence.first, len(own.rows)),)),
            selection=selection,
            notes=(
                *selection_notes(selection),
                *((every_note(len(ones), one),) if every else ()),
                *self._notes(own),
            ),
            figures=(self._figure(own), *self._null(own, one), *((every_table(ones),) if every else ())),
            units=of_one_set(
                f"{claim.settings.site} {one.neuron}, beside the position of tokens",
                "mean",
                self.prompts,
                own.rows,
                own.within.effects,
            ),
        )
        return part.finding(found) if part else found

    def _estimate(self, within: stats.WithinUnits) -> stats.Estimate:
        made = stats.association_estimate(within, level=LEVEL, unit=self.units.unit)
        name = "mean rank correlation within documents" + (
            ", by groups" if self.units.unit == "group" else ""
        )
        effect = stats.EffectSize(
            "mean_correlation_within", name, "mean rank corr.", True, scale=made.effect.scale
        )
        return replace(made, effect=effect)

    def _notes(self, data: WithinDocuments) -> tuple[str, ...]:
        silent = data.within.left_out
        return (
            f"Read at all {data.tokens:,} tokens of text in {plural(len(self.prompts), 'document')}, whatever the "
            "file's token rule; a document longer than the model's context is read in pieces, each from position 0 on.",
            *(
                (
                    f"{plural(silent, self.units.unit)} of {len(self.units.rows):,} "
                    f"{'tells' if silent == 1 else 'tell'} nothing: fewer than 3 tokens, or equal values.",
                )
                if silent
                else ()
            ),
            "The rest of the layer was not read, so its place in it is not known.",
        )

    def _figure(self, data: WithinDocuments) -> Distributions:
        values = data.within.effects
        order = np.argsort(values, kind="stable")
        drawn = order[np.unique(np.linspace(0, len(order) - 1, DRAWN).round().astype(int))]
        names = unit_names(self.prompts, [data.rows[place] for place in drawn])
        label = f"rank correlation with the position, by {self.units.unit}"
        return Distributions(label, (Row(self.claim.sentence.first, plain(values[drawn]), names),))

    def _null(self, data: WithinDocuments, one: TestedNeuron) -> tuple[Null, ...]:
        if self.statement.threshold is not None:
            return ()
        values, name = data.within.effects, "mean rank correlation within documents"
        exchange = stats.Exchange(paired=True)
        return null_of(
            values,
            np.zeros_like(values),
            one.test,
            exchange=exchange,
            statistic="mean",
            seed=self.seed,
            name=name,
        )


def _within(values: Floats, silent: int) -> stats.WithinUnits:
    names = tuple(str(place) for place in range(len(values)))
    return stats.WithinUnits("rank correlation", values, names, silent, 0.0, -1.0, 1.0)
