"""Consistency: neurons that are among the top K of all neurons of a site in most prompts of a set, or in few.

    neuron 11:365 is among the top 10 neurons for hanoi over baseline in at least 60% of prompts
    some neuron of layer 11 is among the top 10 neurons for hanoi over baseline in at least 60% of prompts
    neuron 11:365 is not among the top 10 neurons for tulip over baseline in more than 20% of prompts

In each prompt all neurons of the site, all layers together, are ranked by how far they lie above their mean over the
baseline's prompts. The claim is about the share of prompts in which the neuron is among the first K; and, where it is
claimed to be high, that it is higher than among the baseline's prompts, each measured against the mean of the others
(see ``membership_shares``). Ties for the last place leave all that tie out (``stats.top_k_members``). Prompts are the
units, or their groups.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from neuronclaims.kinds.kind import Attainable, Finding, Sample
from neuronclaims.kinds.outliers.token_share import ShareSide, check_share, share_statement
from neuronclaims.kinds.shared.designs import left_out, size_of
from neuronclaims.kinds.shared.refusals import check_denied_unsearched
from neuronclaims.kinds.shared.requests import plural
from neuronclaims.kinds.shared.subjects.parts import attainable_part, family_for, judged_part
from neuronclaims.kinds.shared.subjects.selection import selection_notes, selection_of
from neuronclaims.kinds.shared.subjects.subjects import (
    NeuronStatement,
    check_denied,
    every_note,
    every_table,
    some_note,
    weakest,
)
from neuronclaims.kinds.top_k.membership_shares import (
    TestedShare,
    absent_share,
    best_share,
    compare_with_baseline,
    consistent_share,
    luck,
    null_of_shares,
)
from neuronclaims.kinds.top_k.memberships import ConsistencyRequest
from neuronclaims.kinds.top_k.top_k_scores import RankingOptions, check_ranking, weighting_notes
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.sentences.templates import FieldError, Template

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.kinds.top_k.memberships import ConsistencyData
    from neuronclaims.measurements import Measurement, ModelFacts

    TopKClaim: TypeAlias = "Claim[Consistent | Absent, RankingOptions]"

NOT_SPECIFIC = 0.05
"""The p of the comparison with the baseline above which a neuron is not called specific to a set."""


@dataclass(frozen=True, slots=True)
class Consistent:
    """The sentence of neurons that are among the top K, in parts."""

    who: Subject
    k: int
    first: str
    second: str
    share: float
    site: str | None = None

    def __post_init__(self) -> None:
        _check(self)

    def __str__(self) -> str:
        return CONSISTENT_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class Absent:
    """The sentence of neurons that are seldom among the top K, in parts."""

    who: Subject
    k: int
    first: str
    second: str
    share: float
    site: str | None = None

    def __post_init__(self) -> None:
        check_denied(self.who)
        _check(self)

    def __str__(self) -> str:
        return ABSENT_TEMPLATE.render(self)


def _check(said: Consistent | Absent) -> None:
    if said.k < 1:
        raise FieldError("k", "at least the top 1 must be asked for", "1")
    if said.first == said.second:
        raise FieldError("second", "a set cannot be its own baseline: name another")
    check_share(said.share, lowest="5%", highest="95%")


def _check_absent(claim: Claim[Any, Any]) -> None:
    """Raise FieldError for settings that the sentence cannot have."""
    check_ranking(claim)
    check_denied_unsearched(claim, claim.sentence.who.noun)


CONSISTENT_TEMPLATE = Template(
    "[{site:site}] {who:subject} is among the top {k:count} neurons for {first:set} over {second:set} "
    "in at least {share:share} of prompts",
    Consistent,
    options=RankingOptions,
    check=check_ranking,
)
ABSENT_TEMPLATE = Template(
    "[{site:site}] {who:subject} is not among the top {k:count} neurons for {first:set} over {second:set} "
    "in more than {share:share} of prompts",
    Absent,
    options=RankingOptions,
    check=_check_absent,
)


class ConsistencyKind:
    """Neurons that are among the top K in many prompts of a set, and more often than among the baseline's."""

    name, template = "consistency", CONSISTENT_TEMPLATE

    def attainable(self, claim: TopKClaim) -> Attainable:
        """Return the least p: the neuron is among the top K in every prompt of the set and in none of the baseline."""
        request = ConsistencyRequest.of(claim)
        found = Attainable.of(request.planning("greater"), size_of(request.design))
        least = max(found.smallest_p, request.design.smallest_p("two-sided"))
        known = request.design.blocks is None
        found = replace(found, smallest_p=least, planning=found.planning if known else None)
        return attainable_part(found, request.who)

    def joint_test_key(self, claim: TopKClaim) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None

    def needs(self, claim: TopKClaim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for all layers of the site on both sets."""
        return ConsistencyRequest.of(claim).needs(facts)

    def judge(self, claim: TopKClaim, answers: Answers, family: Family) -> Finding:
        """Count in how many prompts each neuron is among the top K, and test the share both ways."""
        data, who = ConsistencyRequest.of(claim).data(answers), claim.sentence.who
        bound = NeuronStatement("greater", claim.sentence.share, claim.sentence.share, family.alpha)
        if who.how == "some":
            best = best_share(data, family, bound)
            return _finding(data, best, bound, notes=(some_note(len(data.picked_from), best.one),))
        columns = [data.columns.column(neuron) for neuron in who.neurons]
        return _of_each(
            data, [consistent_share(data, column, family_for(family, who)) for column in columns], bound
        )


class AbsenceKind:
    """Neurons that are among the top K in few prompts of a set at most."""

    name, template = "absence", ABSENT_TEMPLATE

    def attainable(self, claim: TopKClaim) -> Attainable:
        """Return the least p: the neuron is among the top K in no prompt of the set."""
        request = ConsistencyRequest.of(claim)
        return attainable_part(Attainable.of(request.planning("less"), request.units.size), request.who)

    def joint_test_key(self, claim: TopKClaim) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None

    def needs(self, claim: TopKClaim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for all layers of the site on both sets."""
        return ConsistencyRequest.of(claim).needs(facts)

    def judge(self, claim: TopKClaim, answers: Answers, family: Family) -> Finding:
        """Count in how many prompts each neuron is among the top K, and bound the share from above."""
        data = ConsistencyRequest.of(claim).data(answers)
        bound = NeuronStatement("less", claim.sentence.share, claim.sentence.share, family.alpha)
        columns = [data.columns.column(neuron) for neuron in claim.sentence.who.neurons]
        return _of_each(data, [absent_share(data, column) for column in columns], bound)


def _of_each(data: ConsistencyData, each: list[TestedShare], bound: NeuronStatement) -> Finding:
    """Judge a claim of every neuron by the one that fits it least, that of a part of them by the one that decides."""
    ones = [tested.one for tested in each]
    if (part := judged_part(bound, ones, data.request.claim)) is not None:
        deciding = next(tested for tested in each if tested.one.neuron == part.deciding.neuron)
        return part.finding(_finding(data, deciding, bound))
    if len(each) == 1:
        return _finding(data, each[0], bound)
    least = weakest(bound, ones)
    own = next(tested for tested in each if tested.one.neuron == least.neuron)
    tested = TestedShare(least, own.above, own.specific)
    note, table = every_note(len(ones), least), every_table(ones)
    return _finding(data, tested, bound, notes=(note,), figures=(table,))


def _finding(
    data: ConsistencyData,
    tested: TestedShare,
    bound: NeuronStatement,
    *,
    notes: tuple[str, ...] = (),
    figures: tuple[Figure, ...] = (),
) -> Finding:
    """Assemble the finding about one neuron; ``notes`` and ``figures`` compare it with others."""
    request, neuron = data.request, tested.one.neuron
    column = data.columns.column(neuron)
    selection = selection_of(request.claim, request.who, len(data.picked_from) if request.searched else 1)
    side: ShareSide = "greater" if bound.side == "greater" else "less"
    return Finding(
        estimate=tested.one.estimate,
        statement=share_statement(side, bound.null, bound.threshold),
        test=tested.one.test,
        sample=Sample(request.units.unit, request.counts),
        planning=None if request.design.blocks is not None else request.planning(side, luck(data)),
        selection=selection,
        others=compare_with_baseline(data, column),
        rank=data.rank(column),
        notes=(*selection_notes(selection), *notes, *_notes(data, tested)),
        figures=(
            data.table(neuron),
            data.ranks(neuron),
            data.figure(neuron),
            *null_of_shares(data, column, tested.specific),
            *figures,
        ),
        units=data.unit_values(neuron),
    )


def _notes(data: ConsistencyData, tested: TestedShare) -> tuple[str, ...]:
    """Say what both tests gave, whether the neuron is high in the baseline too, and how ties were counted."""
    request, both = data.request, tuple[str, ...]()
    if tested.specific is not None:
        both = (
            f"Two things must be so: the share exceeds the one claimed (p = {tested.above.p_value:.3g}), and that "
            f"among baseline prompts (p = {tested.specific.p_value:.3g}). The larger p counts.",
        )
    many = plural(len(request.second), "prompt")
    over = f"The share is that over this baseline: its mean, of {many}, is taken as it is."
    if request.by == "raw":
        over = "Ranked by activation itself: the baseline is there to compare shares with, and nothing is taken away."
    return (
        *both,
        *_in_baseline(data, tested),
        over,
        *weighting_notes(request.claim.settings.options),
        *data.tie_notes,
        *left_out(request.design),
    )


def _in_baseline(data: ConsistencyData, tested: TestedShare) -> tuple[str, ...]:
    neuron, said = tested.one.neuron, data.request.claim.sentence
    there = int(data.members[1][:, data.columns.column(neuron)].sum())
    if not there:
        return ()
    many = len(data.request.second)
    text = f"Neuron {neuron} is among the top {said.k} of {there} of {many} baseline prompts too"
    if tested.specific is not None and tested.specific.p_value > NOT_SPECIFIC:
        return (f"{text}, as outlier dimensions are: nothing here shows that it is special to {said.first}.",)
    return (f"{text}.",)


CONSISTENCY, ABSENCE = ConsistencyKind(), AbsenceKind()
