"""Concept matrix: of several sets of prompts, two share more of their top neurons than any other two, or fewer.

    hanoi and vietnam share more of their top 10 neurons over baseline than any other two of them and tulip, violent
    hanoi and violent share fewer of their top 10 neurons over baseline than any other two of them and tulip, vietnam

In each prompt the neurons of a site, all layers together, are ranked by how far they lie above the baseline's mean. How
many of their top K a prompt of one set and a prompt of another have in common, on average, is the number of two sets
(see ``pair_margins``). The pair named must lie beyond every other pair: an intersection-union test. Reports show the
numbers of all pairs, how many neurons their lists of the most frequent share, and which.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.concepts.matrix_figures import ConceptMatrix
from neuronclaims.kinds.concepts.pair_margins import PairMeans
from neuronclaims.kinds.kind import Attainable, ClaimError, Finding, Sample, Statement
from neuronclaims.kinds.shared.requests import plural
from neuronclaims.kinds.shared.subjects.selection import LEVEL, chosen_before, selection_notes
from neuronclaims.kinds.top_k.occurrence_lists import unit_numbers
from neuronclaims.kinds.top_k.overlap import check_settings
from neuronclaims.kinds.top_k.set_profiles import OverlapRequest
from neuronclaims.kinds.top_k.top_k_scores import RankingOptions
from neuronclaims.sentences.templates import FieldError, Template
from neuronclaims.stats.inputs import StatsError

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.kinds.top_k.set_profiles import OverlapData
    from neuronclaims.measurements import Measurement, ModelFacts

MANY = 40
"""From so many units on the least p is that of the number of draws."""


@dataclass(frozen=True, slots=True)
class SharesMost:
    """The sentence that two sets share more of their top neurons than any other two, or fewer, in parts."""

    first: str
    second: str
    which: Literal["more", "fewer"]
    k: int
    baseline: str
    others: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.k < 1:
            raise FieldError("k", "at least the top 1 must be asked for", "1")
        if self.first == self.second:
            raise FieldError("second", f"{self.first!r} stands against itself: name two sets")
        if self.baseline in self.concepts:
            raise FieldError("baseline", f"{self.baseline!r} cannot be a concept and the baseline")
        named = [name for name in self.others if name in (self.first, self.second)]
        if named:
            rest = [name for name in self.others if name not in named]
            message = f"{' and '.join(map(repr, named))} is one of the two already: name other sets alone"
            raise FieldError("others", message, ", ".join(rest) or None)

    @property
    def concepts(self) -> tuple[str, ...]:
        """All sets whose pairs are compared."""
        return self.first, self.second, *self.others

    def __str__(self) -> str:
        return TEMPLATE.render(self)


TEMPLATE = Template(
    "{first:set} and {second:set} share {which:more|fewer} of their top {k:count} neurons over {baseline:set} "
    "than any other two of them and {others:sets}",
    SharesMost,
    options=RankingOptions,
    check=check_settings,
)


class ConceptMatrixKind:
    """Two of several sets that share more, or fewer, of their top neurons than any other two."""

    name, template = "concept matrix", TEMPLATE

    def attainable(self, claim: Claim[SharesMost, RankingOptions]) -> Attainable:
        """Return the least p: the pair shares all of its top neurons and no other two any, or the other way round."""
        request, said = _request(claim), claim.sentence
        pair = tuple(len(request.units[name].rows) for name in (said.first, said.second))
        others = tuple(count for name, count in request.counts if name not in (said.first, said.second))
        for_it, against = _least(
            (*(min(count, MANY) for count in (*pair, *others)),), most=said.which == "more"
        )
        size = " and ".join(plural(count, request.unit) for _, count in request.counts)
        return Attainable(for_it, size, against=against)

    def joint_test_key(self, claim: Claim[SharesMost, RankingOptions]) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone: it is about all neurons together."""
        return None

    def needs(self, claim: Claim[SharesMost, RankingOptions], facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for all layers of the site on all sets and the baseline."""
        return _request(claim).needs(facts)

    def judge(self, claim: Claim[SharesMost, RankingOptions], answers: Answers, family: Family) -> Finding:  # noqa: ARG002
        """Count what prompts of every two sets share, and compare the pair with every other."""
        request, said = _request(claim), claim.sentence
        data, names = request.data(answers), request.in_content_order
        means = _means(data, names)
        one, two = sorted((names.index(said.first), names.index(said.second)))
        most, statement = said.which == "more", Statement("greater", 0.0)
        estimate = means.least_margin((one, two), most=most, level=LEVEL)
        closest = means.closest((one, two), most=most)
        matrix = ConceptMatrix(data, means, names)
        test = stats.interval_test(
            estimate, statement.side, statement.null, None, self.attainable(claim).smallest_p
        )
        selection = chosen_before(claim, "sets" if claim.discovered else "")
        return Finding(
            estimate=estimate,
            statement=statement,
            test=test,
            sample=Sample(request.unit, request.counts),
            selection=selection,
            others=(matrix.shared((one, two)), matrix.shared(closest)),
            notes=(
                *selection_notes(selection),
                *matrix.notes((one, two), closest, most=most),
                *request.notes,
            ),
            figures=(matrix.by_prompts, matrix.pairs, matrix.by_lists, matrix.neurons),
        )


def _request(claim: Claim[SharesMost, RankingOptions]) -> OverlapRequest:
    return OverlapRequest.of(claim, claim.sentence.concepts)


def _means(data: OverlapData, names: tuple[str, ...]) -> PairMeans:
    request = data.request
    sets = [data.memberships(name) for name in names]
    try:
        return PairMeans.of(sets, unit_numbers(request, names), request.k, seed=request.seed)
    except StatsError as error:
        raise ClaimError(f"{error} Give the sets prompts of different groups.") from None


@lru_cache(maxsize=64)
def _least(counts: tuple[int, ...], *, most: bool) -> tuple[float, float]:
    """Return the least p for the claim and against it, from the clearest sets of so many units; the pair's are first.

    Where the pair shares nothing, each other set has half of the one's top neurons and half of the other's.
    """
    apart = [np.array(row) for row in ((1.0, 0.0), (0.0, 1.0), *([(0.5, 0.5)] * (len(counts) - 2)))]
    alike = list(np.eye(len(counts))[[0, 0, *range(1, len(counts) - 1)]])
    found = []
    for rows in (alike, apart) if most else (apart, alike):
        sets = [np.tile(row, (count, 1)) for row, count in zip(rows, counts, strict=True)]
        ends = np.cumsum((0, *counts)).tolist()
        numbers = [range(start, end) for start, end in pairwise(ends)]
        tails = PairMeans.of(sets, numbers, 1, seed=0).least_margin((0, 1), most=most, level=LEVEL).tails
        assert tails is not None
        found.append(tails(0.0))
    (above, _), (_, below) = found
    return min(1.0, 2 * above), min(1.0, 2 * below)


KIND = ConceptMatrixKind()
