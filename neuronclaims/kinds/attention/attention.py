"""Attention: how much heads look at tokens, from others, in one set.

    head 9:6 attends to subject from last in ioi with at least 40%
    every head of 9:6, 9:9 does not attend to bos from all of prompt in ioi with more than 50%
    some head of layers 9 to 10 attends to the previous token from all of prompt in prose with at least 80%

A prompt's value is the sum of a head's weights over the tokens looked at, averaged over those that look: a share of its
attention. Prompts are the units, or their groups. "Does not" claims that the mean share lies below the one named, which
stands in for a margin.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Distributions, Row, Table
from neuronclaims.kinds.attention.fields import FIELDS
from neuronclaims.kinds.attention.reading import AttentionReading, between_sets, tokens_in_words, tokens_read
from neuronclaims.kinds.kind import Attainable, ClaimError, Finding, Sample
from neuronclaims.kinds.outliers.token_share import (
    PromptUnits,
    ShareSide,
    check_share,
    mean_share,
    mean_share_test,
    planned_share,
    share_statement,
)
from neuronclaims.kinds.shared.refusals import check_denying, check_subject
from neuronclaims.kinds.shared.requests import in_order, plain
from neuronclaims.kinds.shared.subjects.ranks import (
    RankOptions,
    layers_tested,
    rank_among,
)
from neuronclaims.kinds.shared.subjects.selection import (
    allowing_for_search,
    search_of,
    selection_notes,
    selection_of,
)
from neuronclaims.kinds.shared.subjects.subjects import (
    SHOWN,
    NeuronStatement,
    TestedNeuron,
    check_denied,
    every_note,
    every_table,
    some_note,
    weakest,
)
from neuronclaims.kinds.shared.units import of_one_set
from neuronclaims.measurements import Attention
from neuronclaims.measurements.attention.attention import ATTENTION
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.templates import Template

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.sentences.subjects.heads import HeadSubject
    from neuronclaims.tokens.attended import AttendedTokens
    from neuronclaims.tokens.readings import TokensAsked
    from neuronclaims.tokens.spans import ChangedTokens

OF_ATTENTION = stats.EffectSize("mean_attention", "mean attention", scale="share")


@dataclass(frozen=True, slots=True)
class _AttentionShare:
    """The parts of a sentence about how much heads look at tokens."""

    who: HeadSubject
    to: AttendedTokens
    origin: ChangedTokens
    first: str
    share: float

    def __post_init__(self) -> None:
        check_share(self.share)


@dataclass(frozen=True, slots=True)
class Attending(_AttentionShare):
    """The sentence of heads that look at tokens, in parts."""

    def __str__(self) -> str:
        return ATTENDING_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class NotAttending(_AttentionShare):
    """The sentence of heads that look at tokens little, in parts."""

    verb: Literal["does not attend"] = "does not attend"

    def __post_init__(self) -> None:
        check_share(self.share)
        check_denied(self.who)

    def __str__(self) -> str:
        return NOT_ATTENDING_TEMPLATE.render(self)


ATTENDING_TEMPLATE = Template(
    "{who:heads} attends to {to:attended} from {origin:origin} in {first:set} with at least {share:share}",
    Attending,
    options=RankOptions,
    check=check_subject,
    pooled=False,
    own_site=ATTENTION,
    field_types=FIELDS,
)
NOT_ATTENDING_TEMPLATE = Template(
    "{who:heads} {verb:does not attend} to {to:attended} from {origin:origin} in {first:set} "
    "with more than {share:share}",
    NotAttending,
    options=RankOptions,
    check=check_denying,
    pooled=False,
    own_site=ATTENTION,
    field_types=FIELDS,
)


@dataclass(frozen=True, slots=True)
class AttentionKind:
    """Heads whose mean attention to tokens lies above a share, or below it."""

    name: str
    template: Template
    side: ShareSide

    def attainable(self, claim: Claim[_AttentionShare]) -> Attainable:
        """Return the least p: all attention of every prompt goes to the tokens, or none."""
        units = PromptUnits.of(in_order(claim.sets[claim.sentence.first]))
        return Attainable.of(planned_share(units, claim.sentence.share, self.side, counted=False), units.size)

    def joint_test_key(self, claim: Claim[_AttentionShare]) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone: nothing is exchanged."""
        return None

    def needs(self, claim: Claim[_AttentionShare], facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the layers of the heads, or all that were searched, or are ranked among."""
        self.attainable(claim)
        reading, prompts = between_sets(claim), in_order(claim.sets[claim.sentence.first])
        for head in claim.sentence.who.neurons:
            reading.check(head, facts)
        return tuple(reading.need(layer, prompts) for layer in reading.layers(facts))

    def neurons_read(self, claim: Claim[_AttentionShare]) -> tuple[Neuron, ...] | None:
        """Return the heads that the verdict rests on; None where it was picked from all that are measured."""
        who: HeadSubject = claim.sentence.who
        return None if search_of(claim, who) is not None else who.neurons

    def tokens_read(self, claim: Claim[_AttentionShare]) -> tuple[TokensAsked, ...]:
        """Return the tokens that are looked at, and those that look."""
        return tokens_read(claim)

    def tokens_in_words(self, claim: Claim[_AttentionShare]) -> str:
        """Return from which tokens the heads look, and to which."""
        return tokens_in_words(claim)

    def judge(self, claim: Claim[_AttentionShare], answers: Answers, family: Family) -> Finding:
        """Average the attention over prompts, and test it against the share."""
        said, who = claim.sentence, claim.sentence.who
        prompts = in_order(claim.sets[said.first])
        heads = MeasuredHeads.of(claim, prompts, answers)
        searched = search_of(claim, who) is not None
        picked_from = heads.many if searched else 1
        bound = NeuronStatement(self.side, said.share, None, family.alpha)
        ones = [
            self._one(heads, head, said.share, picked_from)
            for head in ((heads.strongest,) if who.how == "some" else who.neurons)
        ]
        one = weakest(bound, ones) if who.how == "every" else ones[0]
        selection = selection_of(claim, who, picked_from)
        own = heads.values(one.neuron)
        figures, notes = self._others(heads, who.how, ones, one)
        reading = between_sets(claim)
        return Finding(
            estimate=one.estimate,
            statement=share_statement(self.side, said.share),
            test=one.test,
            sample=Sample(heads.units.unit, ((said.first, len(own)),)),
            selection=selection,
            rank=rank_among(
                claim, one.neuron, heads.measured, lambda layer: layer.mean(axis=0), "mean attention"
            ),
            notes=(*selection_notes(selection), *notes),
            figures=(heads.figure(reading, one.neuron, said.first, prompts), *figures),
            units=of_one_set(reading.key(one.neuron), "mean", prompts, heads.units.rows, own),
        )

    def _one(self, heads: MeasuredHeads, head: Neuron, share: float, picked_from: int) -> TestedNeuron:
        own = heads.values(head)
        alone = mean_share_test(own, null=share, alike=True, unit=heads.units.unit, side=self.side)
        estimate, test = allowing_for_search(mean_share(own, OF_ATTENTION), alone, picked_from, "head")
        return TestedNeuron(head, estimate, test)

    def _others(
        self, heads: MeasuredHeads, how: str, ones: list[TestedNeuron], one: TestedNeuron
    ) -> tuple[tuple[Figure, ...], tuple[str, ...]]:
        """Return tables and notes of what stands beside the head that the verdict rests on."""
        if how == "every":
            return (every_table(ones, "head"),), (every_note(len(ones), one, "head"),)
        return (heads.table(),), ((some_note(heads.many, one, "head"),) if how == "some" else ())


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredHeads:
    """The attention of all heads of some layers, per unit: [units, heads] by layer.

    ``layers`` are those that the test is about, ``measured`` also those that only a rank among all of them needs.
    """

    units: PromptUnits
    layers: Mapping[int, NDArray[np.float64]]
    measured: Mapping[int, NDArray[np.float64]]

    @classmethod
    def of(cls, claim: Claim, prompts: tuple[Prompt, ...], answers: Answers) -> MeasuredHeads:
        """Take the answers of a claim; raise ClaimError where there are none."""
        units = PromptUnits.of(prompts)
        found = {
            need.layer: units.means(values) for need, values in answers.items() if isinstance(need, Attention)
        }
        if not found:
            raise ClaimError(f"No attention was measured for {claim.id}.")
        measured = dict(sorted(found.items()))
        return cls(units, layers_tested(claim, claim.sentence.who, measured), measured)

    @property
    def many(self) -> int:
        """How many heads were measured."""
        return sum(values.shape[1] for values in self.layers.values())

    @property
    def means(self) -> dict[Neuron, float]:
        """The mean of each head, the largest first."""
        found = {
            Neuron(layer, head): float(mean)
            for layer, values in self.layers.items()
            for head, mean in enumerate(values.mean(axis=0))
        }
        return dict(sorted(found.items(), key=lambda entry: (-entry[1], entry[0])))

    @property
    def strongest(self) -> Neuron:
        """The head with the largest mean."""
        return next(iter(self.means))

    def values(self, head: Neuron) -> NDArray[np.float64]:
        """Return the attention of one head [units]."""
        return self.layers[head.layer][:, head.index]

    def table(self) -> Table:
        """List the heads with the largest means among those measured."""
        rows = tuple((str(head), f"{mean:.4g}") for head, mean in list(self.means.items())[:SHOWN])
        return Table(f"strongest of {self.many:,} heads", ("head", OF_ATTENTION.name), rows)

    def figure(
        self, reading: AttentionReading, head: Neuron, name: str, prompts: tuple[Prompt, ...]
    ) -> Distributions:
        """Draw one head's attention, one value per unit."""
        row = Row(name, plain(self.values(head)), reading.unit_names(prompts, {}, self.units.rows))
        return Distributions(reading.label(head), (row,))


ATTENDING = AttentionKind("attention", ATTENDING_TEMPLATE, "greater")
NOT_ATTENDING = AttentionKind("no attention", NOT_ATTENDING_TEMPLATE, "less")
