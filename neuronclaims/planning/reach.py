"""Reach: what the prompts of a claim and its family allow, before any model runs.

The clearest data there could be are put through the rule of inference, for a claim and against it (``stats.power``).
What even these cannot show is said beforehand, with how many prompts would be enough, and so is what can be expected
of effects that are stated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from neuronclaims import stats
from neuronclaims.corrections import JOINT, family_of, joint_groups, joint_test_key, least_of_each
from neuronclaims.kinds import Attainable
from neuronclaims.kinds.shared.memoize import memoize
from neuronclaims.kinds.shared.subjects.selection import neurons_searched, noun_searched, searches

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, ClaimFile
    from neuronclaims.measurements import ModelFacts


@dataclass(frozen=True, slots=True)
class Reach:
    """What a claim's prompts and its family allow: the least corrected p of data for the claim, and against it.

    ``least`` is what its kind says of its prompts alone, ``level`` that at which its p is sure to count, whatever the
    other claims come to. ``searched`` is how many neurons the claimed one was picked from, where that is known;
    ``noun`` is what one of them is called.
    """

    least: Attainable
    p_for: float
    p_against: float
    level: stats.Level
    searched: int = 1
    noun: str = "neuron"

    @property
    def planning(self) -> stats.Planning | None:
        """What its prompts can show; None where its kind does not know."""
        return self.least.planning

    @property
    def enough(self) -> str:
        """How many prompts would do for the clearest data to count, in words; empty where that is not known."""
        # Where something else has the larger p, as prompts on which harm is looked for, more of these would not do.
        if self.planning is None or self.planning.smallest_p < self.least.smallest_p:
            return ""
        return self.planning.in_reach(self.level) or ""


def searched_in(file: ClaimFile, facts: ModelFacts) -> dict[str, int]:
    """Return by id, of the claims whose neuron was searched for, how many neurons of a model it was picked from."""
    return {claim.id: neurons_searched(claim, facts) for claim in file.claims if searches(claim)}


def _after_search(least: Attainable, neurons: int) -> Attainable:
    """Return what prompts allow where the interval has to hold for all ``neurons`` searched."""
    known = least.planning
    # A kind with a correction of its own for the search has put it into its plan.
    if known is None or neurons == 1 or known.claim.searched > 1 or known.claim.compared:
        return least
    wide = replace(known, claim=replace(known.claim, searched=neurons))
    return replace(
        least,
        smallest_p=max(least.smallest_p, wide.smallest_p),
        against=max(least.against, wide.smallest_p_against),
        planning=wide,
    )


@memoize
def reach_of(file: ClaimFile, searched: Mapping[str, int] | None = None) -> Mapping[str, Reach]:
    """Return what the prompts and the family allow each claim, by the claim's id.

    ``searched`` says of claims, by id, how many neurons theirs were picked from; None where no model is known yet.

    Claims in error and facts are left out. All other claims are taken to come out as clearly as they can, either way.
    The maximum statistic costs no claim anything here: the clearest of a group can have the p it would have alone.
    """
    many, level = searched or {}, _level(file)
    pairs = [
        (claim, least and _after_search(least, many.get(claim.id, 1))) for claim, least in least_of_each(file)
    ]
    both = [None if least is None else _both(file, claim, least) for claim, least in pairs]
    clearest = [None if p is None else min(p) for p in both]
    known: dict[tuple[float, float], float] = {}

    def adjusted(place: int, p: float) -> float:
        if file.correction == JOINT:
            return min(1.0, len(joint_groups(file)) * p)
        key = cast("float", clearest[place]), p
        if key not in known:
            others = [*clearest[:place], p, *clearest[place + 1 :]]
            known[key] = stats.adjust(others, cast("stats.Correction", file.correction))[place] or 0.0
        return known[key]

    return {
        claim.id: Reach(
            least,
            adjusted(place, p[0]),
            adjusted(place, p[1]),
            level,
            many.get(claim.id, 1),
            noun_searched(claim),
        )
        for place, ((claim, least), p) in enumerate(zip(pairs, both, strict=True))
        if least is not None and p is not None
    }


def _both(file: ClaimFile, claim: Claim, least: Attainable) -> tuple[float, float]:
    times = _times_of_series(file, claim)
    return min(1.0, times * least.smallest_p), min(1.0, times * least.against)


def _times_of_series(file: ClaimFile, claim: Claim) -> int:
    """Return by what a series multiplies the least p: at the first look of an open one, and without a joint test."""
    if file.series == "open":
        return round(1 / stats.own_share(1))
    return len(file.models) if file.series == "closed" and joint_test_key(claim) is None else 1


def _level(file: ClaimFile) -> stats.Level:
    """Return the level at which a p is sure to count: in its family, and at the looks of a series (if open, at one)."""
    looks = {"open": round(1 / stats.own_share(1)), "closed": len(file.models)}.get(file.series or "", 1)
    size = family_of(file).size
    if file.correction == "none":
        size = 1
    elif file.correction == JOINT:
        size = len(joint_groups(file))
    elif file.correction == "benjamini-yekutieli":
        size = math.ceil(sum(size / place for place in range(1, size + 1)))
    return stats.Level(file.alpha, max(1, size * looks))
