"""Rank the neurons of one half, and plan what the other half can show of those in the first places."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from neuronclaims import stats
from neuronclaims.discovery.errors import DiscoveryError
from neuronclaims.discovery.shrinking import expected_effects, ranked
from neuronclaims.discovery.sorts.sort import PlannedAt
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.stats.unit_counts import sizes_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neuronclaims.discovery.sorts.sort import Sort
    from neuronclaims.discovery.values import UnitTable
    from neuronclaims.stats import TwoSampleDesign

STANDS_OUT = 0.2
"""The p, corrected for all neurons that were searched, up to which a neuron stands out."""
HOPELESS = 0.2
"""The chance of support below which no claim is made: it would be left open, and cost the others."""
POWER = 0.8
"""How often the other half is to show a number that is claimed, if the effect to expect is the true one."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A neuron in one of the first places, and what to expect of it on the prompts that had no part in finding it.

    ``place`` is 1 for the first. ``seen`` is its effect on the half that was searched, which luck made too large;
    ``expected`` is what is left without that luck. ``p`` is corrected for all neurons that were searched. ``number`` is
    what its claim says, None where it says none; the other half supports it with probability ``power``, if the effect
    to expect is the true one. ``needed`` are the units of each set that would show its effect, whatever its size, with
    a probability of 0.8; None for more than 100,000. ``claimed`` says whether a claim about it is written.
    """

    neuron: Neuron
    place: int
    score: float
    seen: float
    expected: float
    p: float
    number: float | None
    power: float
    needed: tuple[int, int] | None
    claimed: bool


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is to expect of a neuron: an effect, and how well it can be known.

    ``error`` is the standard error of the effect on the searched half, where the values' shape makes it larger than a
    plan can know; 0 where it does not. ``spread`` is how much units vary, for the kinds whose every claim is
    judged by an interval, with a number or without.
    """

    effect: float
    error: float = 0.0
    spread: float | None = None


@dataclass(frozen=True, slots=True)
class TestPlan:
    """How claims will be tested: by what the other half can exchange, at a level, as a family of ``claims``.

    ``share`` is the part of its units that are expected to tell something.
    """

    __test__ = False

    sort: Sort
    design: TwoSampleDesign
    alpha: float
    claims: int
    share: float = 1.0

    def number(self, prospect: Prospect) -> float | None:
        """Return the largest number that the other half supports with ``POWER``, or the least there is."""
        low, high = -1, len(self.sort.grid)
        while high - low > 1:
            middle = (low + high) // 2
            number = self.sort.grid[middle]
            enough = number < prospect.effect and self._with(prospect, number) >= POWER
            low, high = (middle, high) if enough else (low, middle)
        return self.sort.grid[low] if low >= 0 else self.sort.least

    def chance(self, prospect: Prospect) -> float:
        """Return how often the other half supports the claim that is written, if its effect is the true one."""
        number = self.number(prospect)
        return self._with(prospect, number) if prospect.effect > (number or self.sort.null) else 0.0

    def error(self, table: UnitTable) -> float:
        """Return the standard error of the effect of one neuron of the searched half, 0 where a plan knows it."""
        reach = self.sort.reach(table, 1 - self.alpha / self.claims)
        return reach / self._quantile

    @property
    def _quantile(self) -> float:
        return float(ndtri(1 - self.alpha / self.claims / 2))

    def _with(self, prospect: Prospect, number: float | None) -> float:
        planned = stats.power_of(self._claim(prospect, number), self._counts)
        if prospect.error == 0 or (number is None and prospect.spread is None):
            return planned
        bound = self.sort.null if number is None else number
        return min(planned, float(ndtr((prospect.effect - bound) / prospect.error - self._quantile)))

    def for_claims(self, claims: int) -> TestPlan:
        """Return the plan for another number of claims, at least one."""
        return replace(self, claims=max(1, claims))

    def needed(self, prospect: Prospect) -> tuple[int, int] | None:
        """Return how many units show that there is an effect with ``POWER``."""
        if not math.isfinite(prospect.effect) or prospect.effect <= (self.sort.least or self.sort.null):
            return None
        found = stats.units_needed(self._claim(prospect, self.sort.least), self._counts, power=POWER)
        if found is None:
            return None
        least = self._for_interval(prospect)
        first, second = (math.ceil(max(each, least) / self.share) for each in found)
        return first, second

    def _for_interval(self, prospect: Prospect) -> float:
        """Return how many units let the interval leave out no effect, where every claim is judged by one."""
        if prospect.spread is None:
            return 0.0
        far = prospect.effect - (self.sort.least or self.sort.null)
        times = (self._quantile + float(ndtri(POWER))) * prospect.error / far
        return min(self._counts) * times**2

    def reachable(self) -> bool:
        """Say whether the clearest data would pass."""
        return self.in_reach() is None

    def in_reach(self) -> str | None:
        """Say how many units it would take for the clearest data to pass; None where there are enough."""
        claim = self._claim(Prospect(self.sort.null + 0.4), self.sort.least)
        return stats.Planning(claim, self._counts, self.design.unit).in_reach(claim.level)

    @property
    def _counts(self) -> tuple[int, int]:
        first, second = self.design.counts
        return math.floor(first * self.share), math.floor(second * self.share)

    def _claim(self, prospect: Prospect, number: float | None) -> stats.PlannedClaim:
        planning = PlannedAt(self.design.paired, stats.Level(self.alpha, self.claims), prospect.spread or 1.0)
        planned = self.sort.planned(prospect.effect, number, planning)
        each = self.design.prompts / min(self.design.counts)
        return replace(planned, each=each) if planned.statistic == "mean" else planned


def plan_for(sort: Sort, design: TwoSampleDesign, alpha: float, most: int, share: float = 1.0) -> TestPlan:
    """Return the plan for as many claims as the other half can show, ``most`` of them at most.

    ``share`` is the part of its units that are expected to tell something. Raises DiscoveryError where it can show
    none.
    """
    for claims in range(most, 0, -1):
        plan = TestPlan(sort, design, alpha, claims, share)
        if plan.reachable():
            return plan
    few = "" if share == 1 else f", of which {share:.0%} are expected to tell something"
    raise DiscoveryError(
        f"There are too few {design.unit if sort.sets == 1 else 'prompt'}s to split: the half that tests has "
        f"{sizes(sort, design)}{few}, and even the clearest data need {plan.in_reach()}. Give more than twice as many."
    )


def sizes(sort: Sort, design: TwoSampleDesign) -> str:
    """Say how many units a half has."""
    return sizes_in_words(design.counts[: sort.sets], design.unit)


def candidates(
    sort: Sort,
    table: UnitTable,
    neurons: Sequence[Neuron],
    plan: TestPlan,
    *,
    seed: int,
    anyway: bool = False,
) -> tuple[Candidate, ...]:
    """Rank all neurons of a table, and return those in as many places as claims are planned for.

    A claim is planned for those that stand out; with ``anyway`` for all. The fewer they are, the less they are
    corrected for one another.
    """
    scores = sort.score(table)
    columns = ranked(scores, min(plan.claims, int((scores > -np.inf).sum())))
    effects = expected_effects(sort, table, len(columns), seed)
    seen = np.array([sort.seen(table.neurons(np.array([column]))) for column in columns])
    expected = _no_more_than(seen, effects, sort.null)
    prospects = _prospects(plan, table, columns, expected)
    p = sort.corrected(table, columns, seed)
    out = np.full(len(columns), anyway) | ((p <= STANDS_OUT) & (expected > sort.null))
    if not anyway:
        some = plan.for_claims(int(out.sum()))
        out &= np.array([some.chance(each) for each in prospects]) >= HOPELESS
    family = plan.for_claims(int(out.sum()))
    return tuple(
        Candidate(
            neuron=neurons[column],
            place=place + 1,
            score=float(scores[column]),
            seen=float(seen[place]),
            expected=float(expected[place]),
            p=float(p[place]),
            number=family.number(prospects[place]),
            power=family.chance(prospects[place]),
            needed=family.needed(prospects[place]),
            claimed=bool(out[place]),
        )
        for place, column in enumerate(columns.tolist())
    )


def _prospects(
    plan: TestPlan, table: UnitTable, columns: NDArray[np.intp], expected: NDArray[np.float64]
) -> list[Prospect]:
    """Return what to expect; no error is less than their median: little spread, too, brings neurons first."""
    own = [table.neurons(np.array([column])) for column in columns]
    errors = [plan.error(each) for each in own]
    least = float(np.median(errors))
    return [
        Prospect(float(effect), max(error, least), plan.sort.spread(each))
        for effect, error, each in zip(expected, errors, own, strict=True)
    ]


def _no_more_than(
    seen: NDArray[np.float64], expected: NDArray[np.float64], null: float
) -> NDArray[np.float64]:
    """Return the effects to expect; none is farther from none than what was seen."""
    sizes = np.abs(np.nan_to_num(seen, posinf=1e6) - null)
    return np.asarray(null + np.clip(expected - null, -sizes, sizes))
