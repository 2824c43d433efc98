"""Consistency: neurons that are among the top K of all neurons of a site in most prompts of a set, or in few.

    neuron 11:365 is among the top 10 neurons for hanoi over baseline in at least 60% of prompts
    some neuron of layer 11 is among the top 10 neurons for hanoi over baseline in at least 60% of prompts
    neuron 11:365 is not among the top 10 neurons for tulip over baseline in more than 20% of prompts

In each prompt all neurons of the site, all layers together, are ranked by how far they lie above their mean over the
baseline's prompts. Claimed is the share of prompts in which the neuron is among the first K; and, where it is claimed
to be high, that it is higher than among the baseline's prompts, each measured against the mean of the others. Ties for
the last place leave all that tie out (``stats.top_k_members``). Prompts are the units, or their groups.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.kind import Attainable, ClaimError, Finding, Sample, Statement
from neuronclaims.kinds.outliers.token_share import smallest_share_p
from neuronclaims.kinds.shared.designs import size_of
from neuronclaims.kinds.shared.neurons import rank_of
from neuronclaims.kinds.shared.requests import percent
from neuronclaims.kinds.shared.selection import selection_notes, selection_of
from neuronclaims.kinds.shared.subjects import NeuronStatement, every_note, every_table, some_note, weakest
from neuronclaims.kinds.shared.units import of_one_set
from neuronclaims.kinds.top_k.consistency_sentences import ABSENT_TEMPLATE, CONSISTENT_TEMPLATE
from neuronclaims.kinds.top_k.consistency_shown import figures_of, notes_of, others_of
from neuronclaims.kinds.top_k.consistency_tests import Judged, absent, best, judged, null_of_shares
from neuronclaims.kinds.top_k.consistency_values import Asked, Tops

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.kinds.top_k.consistency_sentences import Absent, Consistent
    from neuronclaims.kinds.top_k.tracing import RankingOptions
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import Rank, UnitValues
    from neuronclaims.sentences.neurons import Neuron


class _TopKind:
    """What claims that a neuron is, or is not, among the top K share."""

    def joint_test_key(self, claim: Claim[Consistent | Absent, RankingOptions]) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None


class ConsistencyKind(_TopKind):
    """Neurons that are among the top K in many prompts of a set, and more often than among the baseline's."""

    name, template = "consistency", CONSISTENT_TEMPLATE

    def attainable(self, claim: Claim[Consistent | Absent, RankingOptions]) -> Attainable:
        """Say how small p could get: with every prompt of the set, and none of the baseline."""
        asked = Asked.of(claim)
        least = max(_least(asked, claim.sentence.share), asked.design.smallest_p("greater"))
        return Attainable(least, size_of(asked.design))

    def needs(
        self, claim: Claim[Consistent | Absent, RankingOptions], facts: ModelFacts
    ) -> tuple[Measurement, ...]:
        """Ask for all layers of the site on both sets."""
        return Asked.of(claim).needs(facts)

    def judge(
        self, claim: Claim[Consistent | Absent, RankingOptions], answers: Answers, family: Family
    ) -> Finding:
        """Count in how many prompts each neuron is among the top K, and test the share both ways."""
        asked = Asked.of(claim)
        tops = Tops.of(asked, answers)
        bound = NeuronStatement("greater", claim.sentence.share, claim.sentence.share, family.alpha)
        if asked.who.how == "some":
            found = best(tops, family, bound)
            return _finding(tops, found, bound, family, (some_note(len(tops.picked_from), found.one),))
        columns = [tops.columns.column(neuron) for neuron in asked.who.neurons]
        return _of_each(tops, [judged(tops, column, family) for column in columns], bound, family)


class AbsenceKind(_TopKind):
    """Neurons that are among the top K in few prompts of a set at most."""

    name, template = "absence", ABSENT_TEMPLATE

    def attainable(self, claim: Claim[Consistent | Absent, RankingOptions]) -> Attainable:
        """Say how small p could get: with no prompt of the set."""
        asked = Asked.of(claim)
        return Attainable(_least(asked, 1 - claim.sentence.share), asked.units.size)

    def needs(
        self, claim: Claim[Consistent | Absent, RankingOptions], facts: ModelFacts
    ) -> tuple[Measurement, ...]:
        """Ask for all layers of the site on both sets; raise ClaimError for a neuron picked on them."""
        asked = Asked.of(claim)
        if asked.searched:
            raise ClaimError(
                "That a neuron does not do something cannot be tested on the prompts it was picked on ('searched'). "
                "Test it on new prompts ('discovered_on')."
            )
        return asked.needs(facts)

    def judge(
        self, claim: Claim[Consistent | Absent, RankingOptions], answers: Answers, family: Family
    ) -> Finding:
        """Count in how many prompts each neuron is among the top K, and bound the share from above."""
        asked = Asked.of(claim)
        tops = Tops.of(asked, answers)
        bound = NeuronStatement("less", claim.sentence.share, claim.sentence.share, family.alpha)
        ones = [absent(tops, tops.columns.column(neuron)) for neuron in asked.who.neurons]
        return _of_each(tops, ones, bound, family)


def _least(asked: Asked, null: float) -> float:
    units = len(asked.units.rows)
    return null**units if asked.units.unit == "prompt" else smallest_share_p(units, null, alike=True)


def _of_each(tops: Tops, each: list[Judged], bound: NeuronStatement, family: Family) -> Finding:
    if len(each) == 1:
        return _finding(tops, each[0], bound, family)
    ones = [found.one for found in each]
    least = weakest(bound, ones)
    shown = next(found for found in each if found.one.neuron == least.neuron)
    made = Judged(least, shown.above, shown.specific)
    return _finding(tops, made, bound, family, (every_note(len(ones), least),), (every_table(ones),))


def _finding(
    tops: Tops,
    found: Judged,
    bound: NeuronStatement,
    family: Family,
    told: tuple[str, ...] = (),
    drawn: tuple[Figure, ...] = (),
) -> Finding:
    asked, neuron = tops.asked, found.one.neuron
    claim, many = asked.claim, len(tops.picked_from) if asked.searched else 1
    selection = selection_of(claim, asked.who, many)
    column = tops.columns.column(neuron)
    return Finding(
        estimate=found.one.estimate,
        statement=Statement(
            bound.side,
            bound.null,
            bound.threshold,
            f"{'at least' if bound.side == 'greater' else 'at most'} {percent(bound.null)}",
        ),
        test=found.one.test,
        sample=Sample(
            asked.units.unit,
            asked.counts,
            needed=None if asked.searched else _needed(tops, column, found, bound, family),
        ),
        selection=selection,
        others=others_of(tops, column),
        rank=_rank(tops, column),
        notes=(*selection_notes(selection), *told, *notes_of(tops, found)),
        units=_units(tops, column, neuron),
        figures=(*figures_of(tops, neuron), *null_of_shares(tops, column, found.specific), *drawn),
    )


def _units(tops: Tops, column: int, neuron: Neuron) -> UnitValues:
    asked = tops.asked
    settings, (shares, _) = asked.claim.settings, tops.shares(column)
    of = f"{settings.site} {neuron}, {settings.tokens}: among the top {asked.claim.sentence.k}"
    return of_one_set(of, "share", asked.first, asked.units.rows, shares)


def _rank(tops: Tops, column: int) -> Rank | None:
    index, width = column % tops.columns.width, tops.columns.width
    layer = tops.occurrences[column - index : column - index + width]
    return rank_of(index, layer.astype(np.float64), "prompts in which it is among the top")


def _needed(
    tops: Tops, column: int, found: Judged, bound: NeuronStatement, family: Family
) -> tuple[int, int] | None:
    """Say how many prompts would do for both tests, if the shares are what they seem; not for groups."""
    design, (own, baseline) = tops.asked.design, tops.shares(column)
    if tops.asked.units.unit == "group" or design.blocks is not None:
        return None
    alone = stats.units_needed(
        stats.PlannedClaim(
            statistic="share",
            effect=float(own.mean()),
            threshold=bound.null,
            side="greater" if bound.side == "greater" else "less",
            paired=False,
            level=family.level,
        ),
        (len(own), len(own)),
    )
    if alone is None or found.specific is None:
        return None if alone is None else (alone[0], len(baseline))
    both = stats.units_needed(
        stats.PlannedClaim(
            statistic="auroc",
            effect=0.5 + (float(own.mean()) - float(baseline.mean())) / 2,
            side="greater",
            paired=design.paired,
            level=family.level,
        ),
        design.counts,
    )
    return None if both is None else (max(alone[0], both[0]), both[1])


CONSISTENCY, ABSENCE = ConsistencyKind(), AbsenceKind()
"""How claims of consistent neurons read: that they are among the top K, and that they are not."""
