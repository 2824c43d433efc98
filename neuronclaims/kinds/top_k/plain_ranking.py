"""Plain ranking: neurons that are among the top K of a set's prompts by their activation itself, and of no other set.

    neuron 11:365 is among the top 10 neurons for hanoi in at least 60% of prompts
    neuron 11:365 is not among the top 10 neurons for tulip in more than 20% of prompts
    neuron 11:365 is among the top 10 neurons for hanoi and for none of tulip, violent in at least 60% of prompts
    neuron 11:365 is among the top 10 neurons for hanoi over base and for none of tulip in at least 60% of prompts

In each prompt all neurons of the site, all layers together, are ranked by activation; ``over`` a baseline by how far
they lie above its mean. ``for none of`` claims of each set named that the neuron is among the top K in fewer of its
prompts than the share said.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from neuronclaims import stats
from neuronclaims.kinds.kind import Attainable, Finding, Sample
from neuronclaims.kinds.outliers.token_share import ShareSide, check_share
from neuronclaims.kinds.shared.refusals import NEW_PROMPTS, check_unsearched
from neuronclaims.kinds.shared.subjects.selection import selection_notes, selection_of
from neuronclaims.kinds.shared.subjects.subjects import check_whole
from neuronclaims.kinds.top_k.plain_shares import PlainRequest, PlainShares, SharePart, least_clear_part
from neuronclaims.kinds.top_k.top_k_scores import RankingOptions, check_ranking, weighting_notes
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.sentences.templates import FieldError, Template

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.stats import Estimate


@dataclass(frozen=True, slots=True)
class Among:
    """The sentence of neurons that are among the top K of a set, in parts."""

    who: Subject
    k: int
    first: str
    share: float
    site: str | None = None

    def __post_init__(self) -> None:
        _check(self.who, self.k, self.share)

    def __str__(self) -> str:
        return AMONG_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class NotAmong:
    """The sentence of neurons that are seldom among the top K of a set, in parts."""

    who: Subject
    k: int
    first: str
    share: float
    site: str | None = None

    def __post_init__(self) -> None:
        _check(self.who, self.k, self.share)

    def __str__(self) -> str:
        return NOT_AMONG_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class AmongOnly:
    """The sentence of neurons that are among the top K of one set and of no other, in parts."""

    who: Subject
    k: int
    first: str
    others: tuple[str, ...]
    share: float
    second: str | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        _check(self.who, self.k, self.share)
        if self.first in self.others:
            raise FieldError("others", f"{self.first!r} cannot be a set that it is not among the top of")
        if self.second is not None and self.second in (self.first, *self.others):
            raise FieldError("second", "a set cannot be its own baseline: name another")

    def __str__(self) -> str:
        return ONLY_TEMPLATE.render(self)


def _check(who: Subject, k: int, share: float) -> None:
    check_whole(who)
    if who.how == "some":
        message = "which neuron is best among all cannot be tested so: name neurons, or claim it 'over' one set alone"
        raise FieldError("who", message, "every neuron of")
    if k < 1:
        raise FieldError("k", "at least the top 1 must be asked for", "1")
    check_share(share, lowest="5%", highest="95%")


def _check_plain(claim: Claim[Any, Any]) -> None:
    """Raise FieldError for settings that the sentence cannot have."""
    check_ranking(claim)
    check_unsearched(
        claim,
        "how often the best of all that were searched is among the top cannot be tested so: claim it 'over' one set "
        f"alone, or {NEW_PROMPTS}",
    )


AMONG_TEMPLATE = Template(
    "[{site:site}] {who:subject} is among the top {k:count} neurons for {first:set} "
    "in at least {share:share} of prompts",
    Among,
    options=RankingOptions,
    check=_check_plain,
)
NOT_AMONG_TEMPLATE = Template(
    "[{site:site}] {who:subject} is not among the top {k:count} neurons for {first:set} "
    "in more than {share:share} of prompts",
    NotAmong,
    options=RankingOptions,
    check=_check_plain,
)
ONLY_TEMPLATE = Template(
    "[{site:site}] {who:subject} is among the top {k:count} neurons for {first:set} [over {second:set}] "
    "and for none of {others:sets} in at least {share:share} of prompts",
    AmongOnly,
    options=RankingOptions,
    check=_check_plain,
)


@dataclass(frozen=True, slots=True)
class PlainRankingKind:
    """Neurons among the top K in many prompts of a set (``greater``) or in few, and in few of other sets."""

    name: str
    template: Template
    side: ShareSide

    def attainable(self, claim: Claim[Any, RankingOptions]) -> Attainable:
        """Return the least p: the neuron is among the top K in every prompt, and in none where that is claimed."""
        request = self._request(claim)
        first, *others = (request.planning(name) for name in request.sides)
        found = Attainable.of(first, " and ".join(request.units[name].size for name in request.sides))
        return replace(
            found,
            smallest_p=max(found.smallest_p, *(each.smallest_p for each in others), 0.0),
            against=min(found.against, *(each.smallest_p_against for each in others), 1.0),
            planning=found.planning if not others else None,
        )

    def joint_test_key(self, claim: Claim[Any, RankingOptions]) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None

    def needs(self, claim: Claim[Any, RankingOptions], facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for all layers of the site on all sets; raise ClaimError for a neuron picked on them."""
        return self._request(claim).needs(facts)

    def judge(self, claim: Claim[Any, RankingOptions], answers: Answers, family: Family) -> Finding:  # noqa: ARG002
        """Count in how many prompts of each set the neurons are among the top K, and test the shares."""
        request = self._request(claim)
        data, said = request.data(answers), claim.sentence
        parts = data.parts()
        part = least_clear_part(parts, said.share)
        neuron, selection = part.one.neuron, selection_of(claim, said.who, 1)
        counts = tuple((name, len(request.units[name].rows)) for name in request.sides)
        several = request.sides if len(request.sides) > 1 else {}
        return Finding(
            estimate=part.one.estimate,
            statement=data.statement(part),
            test=part.one.test,
            sample=Sample(request.units[said.first].unit, counts),
            planning=request.planning(said.first) if len(parts) == 1 else None,
            selection=selection,
            others=tuple(_in_set(each) for each in parts if each.one.neuron == neuron and several),
            notes=(*selection_notes(selection), *_notes(data, part, len(parts))),
            figures=(
                data.table(said.who.neurons),
                data.ranks(neuron),
                data.figure(neuron),
                *((data.matrix(),) if several else ()),
            ),
            units=data.unit_values(part),
        )

    def _request(self, claim: Claim[Any, RankingOptions]) -> PlainRequest:
        said, fewer = claim.sentence, dict[str, ShareSide]()
        if isinstance(said, AmongOnly):
            fewer = dict.fromkeys(said.others, "less")
        baseline = said.second if isinstance(said, AmongOnly) else None
        return PlainRequest.of(claim, {said.first: self.side, **fewer}, baseline)


def _in_set(part: SharePart) -> Estimate:
    name = f"share of prompts of {part.name}"
    return replace(part.one.estimate, effect=stats.EffectSize(f"share_in_{part.name}", name, scale="share"))


def _notes(data: PlainShares, part: SharePart, parts: int) -> tuple[str, ...]:
    """Say which part decides, and what a ranking without a baseline leaves open."""
    request, one = data.request, part.one
    decides = (
        f"The claim has {parts} shares of prompts: the one that fits least is that of neuron {one.neuron} in "
    )
    alone = (
        "Some neurons are among the top of nearly any text: nothing here shows that the neuron is special to "
        f"{request.claim.sentence.first!r}. Say 'over' a baseline, or 'and for none of' other sets."
    )
    return (
        *((f"{decides}{part.name!r}.",) if parts > 1 else ()),
        *((alone,) if len(request.sides) == 1 and part.side == "greater" else ()),
        *weighting_notes(request.claim.settings.options),
    )


AMONG = PlainRankingKind("plain ranking", AMONG_TEMPLATE, "greater")
NOT_AMONG = PlainRankingKind("plain absence", NOT_AMONG_TEMPLATE, "less")
ONLY = PlainRankingKind("exclusive ranking", ONLY_TEMPLATE, "greater")
