"""Overlap: two sets of prompts share so many of their top neurons, or one shares more with this set than with that.

    hanoi and vietnam share at least 5 of their top 10 neurons over baseline
    hanoi and violent share at most 2 of their top 10 neurons over baseline
    hanoi overlaps more with vietnam than with violent                      (the top 10, over the set called baseline)

The neurons of a site, all layers together, are ranked in each prompt by how far they lie above the baseline's mean; a
set's top neurons are those that are most often among the top of its prompts. With ``top_by: mean`` they are those of
the highest mean, where ties for the last place leave all that tie out; with ``top_by: prompts`` the tops of single
prompts are compared. That some are shared says nothing by itself: neurons that are always high, or vary much, are
shared by any two sets. So prompts are exchanged: see ``overlap_exchange``. Prompts are the units, or
their groups; pairs, and groups that both of the exchanged sets have, are compared within, and so are blocks.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from neuronclaims import stats
from neuronclaims.kinds.kind import Attainable, Finding, Sample, Statement
from neuronclaims.kinds.shared.designs import size_of
from neuronclaims.kinds.shared.refusals import check_unsearched
from neuronclaims.kinds.shared.requests import plural
from neuronclaims.kinds.shared.subjects.selection import LEVEL, chosen_before, selection_notes
from neuronclaims.kinds.top_k.occurrence_lists import own_prompts, shared_by_occurrence, shared_by_prompts
from neuronclaims.kinds.top_k.overlap_estimates import (
    at_most,
    between,
    difference,
    jaccard,
    noise_ceilings,
    rank_biased,
    shared,
)
from neuronclaims.kinds.top_k.overlap_exchange import (
    RESAMPLES,
    against_baseline,
    height_test,
    larger_p,
    more_in_number,
    resampled_differences,
)
from neuronclaims.kinds.top_k.overlap_figures import shared_matrix, shared_table
from neuronclaims.kinds.top_k.overlap_notes import exchange_notes, hidden_notes, sharing_notes
from neuronclaims.kinds.top_k.pair_overlap import LEAST_P
from neuronclaims.kinds.top_k.set_profiles import OverlapRequest
from neuronclaims.kinds.top_k.top_k_scores import OverlapOptions, RankingOptions, check_ranking
from neuronclaims.sentences.templates import FieldError, Template

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import Selection
    from neuronclaims.stats import Estimate

    SharingClaim: TypeAlias = "Claim[Sharing, OverlapOptions]"
    NearerClaim: TypeAlias = "Claim[Nearer, RankingOptions]"

TOP, BASELINE = 10, "baseline"
"""How many neurons are the top ones, and which set is the baseline, where a comparison does not say."""


def _check(k: int, baseline: str, concepts: tuple[str, ...]) -> None:
    if k < 1:
        raise FieldError("k", "at least the top 1 must be asked for", "1")
    for name in concepts:
        if concepts.count(name) > 1 or name == baseline:
            own = f"the baseline is {baseline!r} unless the sentence ends in 'over NAME'"
            raise FieldError("baseline", f"{name!r} stands against itself; {own}")


@dataclass(frozen=True, slots=True)
class Sharing:
    """The sentence that two sets share a number of top neurons, in parts."""

    first: str
    second: str
    bound: Literal["at least", "at most"]
    shared: int
    k: int
    baseline: str

    def __post_init__(self) -> None:
        _check(self.k, self.baseline, (self.first, self.second))
        if self.bound == "at least" and not 1 <= self.shared <= self.k:
            raise FieldError("shared", f"of the top {self.k}, at least 1 and at most {self.k} can be shared")
        if self.bound == "at most" and self.shared >= self.k:
            raise FieldError("shared", f"no two sets share more than {self.k} of their top {self.k}")

    def __str__(self) -> str:
        return SHARING_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class Nearer:
    """The sentence that a set shares more with one set than with another, in parts.

    Where the sentence names neither, the top ``TOP`` are meant and the set called ``BASELINE``.
    """

    first: str
    near: str
    far: str
    k: int | None = None
    baseline: str | None = None

    def __post_init__(self) -> None:
        if self.k is None:
            object.__setattr__(self, "k", TOP)
        if self.baseline is None:
            object.__setattr__(self, "baseline", BASELINE)
        _check(int(self.k or 0), str(self.baseline), (self.first, self.near, self.far))

    def __str__(self) -> str:
        return NEARER_TEMPLATE.render(self)


def check_settings(claim: Claim[Any, Any]) -> None:
    """Raise FieldError for settings that the sentence cannot have."""
    check_ranking(claim)
    message = (
        "this claim names no neuron that could have been picked: its top neurons are found anew in every test; put "
        "'searched' beside the claims about neurons"
    )
    check_unsearched(claim, message)


SHARING_TEMPLATE = Template(
    "{first:set} and {second:set} share {bound:at least|at most} {shared:count} of their top {k:count} neurons "
    "over {baseline:set}",
    Sharing,
    options=OverlapOptions,
    check=check_settings,
)
NEARER_TEMPLATE = Template(
    "{first:set} overlaps more with {near:set} than with {far:set} [in their top {k:count} neurons] "
    "[over {baseline:set}]",
    Nearer,
    options=RankingOptions,
    check=check_settings,
)


class SharingKind:
    """Two sets that share at least, or at most, a number of their top neurons."""

    name, template = "overlap", SHARING_TEMPLATE

    def attainable(self, claim: SharingClaim) -> Attainable:
        """Return the least p: the larger one of two exchanges with the held-out half of the baseline."""
        request = self._request(claim)
        if claim.sentence.bound == "at most":
            least_p = LEAST_P if request.top_by == "prompts" else 0.0
            return Attainable(
                least_p, " and ".join(plural(count, request.unit) for _, count in request.counts)
            )
        designs = [request.design(name, request.baseline) for name in request.names]
        least = max(designs, key=lambda design: design.smallest_p("two-sided"))
        p = max(least.smallest_p("two-sided"), LEAST_P if request.top_by == "prompts" else 0.0)
        return Attainable(p, f"{size_of(least)} held out of the baseline")

    def joint_test_key(self, claim: SharingClaim) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone: it is about all neurons together."""
        return None

    def needs(self, claim: SharingClaim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for all layers of the site on both sets and the baseline."""
        return self._request(claim).needs(facts)

    def judge(self, claim: SharingClaim, answers: Answers, family: Family) -> Finding:
        """Count what is shared, and test it against the held-out baseline, or from above."""
        said, request = claim.sentence, self._request(claim)
        data, selection = request.data(answers), _selection(claim)
        estimate = _COUNTS[request.top_by](data, said.first, said.second, LEVEL)
        lists = request.top_by != "prompts"
        ceilings = noise_ceilings(data) if lists else own_prompts(data)
        tests = against_baseline(data, family) if said.bound == "at least" else ()
        baseline = said.baseline, len(request.units[said.baseline].rows)
        statement = _at_least_or_most(said, whole=lists)
        fewer = statement.threshold is not None and float(estimate.value or 0) < statement.threshold
        test = larger_p(tests) if tests else at_most(data, estimate)
        # That fewer are shared than claimed, or more, is for the interval alone to show.
        if fewer == bool(tests) or (request.top_by != "mean" and not tests):
            test = stats.interval_test(estimate, statement.side, statement.null, statement.threshold)
        return Finding(
            estimate=estimate,
            statement=statement,
            test=test,
            sample=Sample(request.unit, (*request.counts, baseline)),
            selection=selection,
            others=(
                *((jaccard(data, estimate, said.first, said.second),) if lists else ()),
                rank_biased(data, said.first, said.second),
                *ceilings,
            ),
            notes=(
                *selection_notes(selection),
                *exchange_notes(data, tests),
                *sharing_notes(said, ceilings, lists=lists, unclear=_unclear(request, estimate)),
                *request.notes,
                *data.tie_notes,
            ),
            figures=(
                shared_matrix(data, ceilings, None if lists else estimate),
                shared_table(data),
                *(null for each in tests for null in each.null),
            ),
        )

    def _request(self, claim: SharingClaim) -> OverlapRequest:
        request = OverlapRequest.of(claim, (claim.sentence.first, claim.sentence.second))
        request.check_baseline(parts=2)
        return request


class NearerKind:
    """A set that shares more of its top neurons with one set than with another."""

    name, template = "nearer overlap", NEARER_TEMPLATE

    def attainable(self, claim: NearerClaim) -> Attainable:
        """Return the least p: one of all ways to exchange the prompts of the two sets that are compared."""
        design = self._request(claim).design(claim.sentence.near, claim.sentence.far)
        return Attainable(max(design.smallest_p("two-sided"), 2 / (1 + RESAMPLES)), size_of(design))

    def joint_test_key(self, claim: NearerClaim) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone: it is about all neurons together."""
        return None

    def needs(self, claim: NearerClaim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for all layers of the site on the three sets and the baseline."""
        return self._request(claim).needs(facts)

    def judge(self, claim: NearerClaim, answers: Answers, family: Family) -> Finding:
        """Compare what the set shares with each of the two, and exchange the prompts of these."""
        said, request = claim.sentence, self._request(claim)
        data, selection = request.data(answers), _selection(claim)
        test, ceilings = height_test(data, said.first, said.near, said.far, family), noise_ceilings(data)
        drawn = resampled_differences(
            [data.of_units(name) for name in request.names], request.k, request.seed
        )
        level = (1 + LEVEL) / 2  # at this level both limits hold together
        near, far = (shared(data, said.first, name, level) for name in (said.near, said.far))
        estimate, statement = difference(near, far, drawn), Statement("greater", 0.0)
        fewer = float(estimate.value or 0) < 0
        return Finding(
            estimate=estimate,
            statement=statement,
            test=stats.interval_test(estimate, "greater", 0.0, None)
            if fewer
            else more_in_number(test, drawn),
            sample=Sample(request.unit, request.counts),
            selection=selection,
            others=(
                *between(data, near, said.first, said.near),
                *between(data, far, said.first, said.far),
                *ceilings,
            ),
            notes=(
                *selection_notes(selection),
                *exchange_notes(data, (test,)),
                *hidden_notes(said, ceilings[2], near),
                *request.notes,
                *data.tie_notes,
            ),
            figures=(shared_matrix(data, ceilings), shared_table(data), *test.null),
        )

    def _request(self, claim: NearerClaim) -> OverlapRequest:
        said = claim.sentence
        return OverlapRequest.of(claim, (said.first, said.near, said.far))


def _selection(claim: SharingClaim | NearerClaim) -> Selection:
    return chosen_before(claim, "sets" if claim.discovered else "")


def _unclear(request: OverlapRequest, estimate: Estimate) -> bool:
    return request.top_by == "occurrence" and (estimate.low, estimate.high) == (0.0, float(request.k))


def _at_least_or_most(said: Sharing, *, whole: bool) -> Statement:
    words, number = f"{said.bound} {said.shared}", float(said.shared)
    # Where the number of neurons is whole, the boundary of "at least 5" lies between 4 and 5.
    half = 0.5 if whole else 0.0
    if said.bound == "at most":
        return Statement("less", said.shared + 1.0, number + half, words)
    return Statement("greater", -1.0, number - half, words)


_COUNTS = {"occurrence": shared_by_occurrence, "mean": shared, "prompts": shared_by_prompts}

SHARING, NEARER = SharingKind(), NearerKind()
