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
from neuronclaims.discovery.sorts import resolved
from neuronclaims.sentences.subjects.neurons import Neuron

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neuronclaims.discovery.sorts import Sort
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
class TestPlan:
    """How claims will be tested: by what the other half can exchange, at a level, as a family of ``claims``."""

    __test__ = False

    sort: Sort
    design: TwoSampleDesign
    alpha: float
    claims: int

    def power(self, effect: float, number: float | None) -> float:
        """Return how often the other half supports a claim with a number, if ``effect`` is the true one."""
        return stats.power_of(self._claim(effect, number), self._counts)

    def number(self, effect: float, error: float) -> float | None:
        """Return the largest number that the other half supports with ``POWER``, or the least there is.

        ``error`` is the standard error of the effect on the searched half, where the values' shape makes it larger
        than a plan can know; 0 where it does not.
        """
        low, high = -1, len(self.sort.grid)
        while high - low > 1:
            middle = (low + high) // 2
            number = self.sort.grid[middle]
            enough = number < effect and self._with(effect, number, error) >= POWER
            low, high = (middle, high) if enough else (low, middle)
        return self.sort.grid[low] if low >= 0 else self.sort.least

    def chance(self, effect: float, error: float) -> float:
        """Return how often the other half supports the claim that is written, if ``effect`` is the true one."""
        number = self.number(effect, error)
        return self._with(effect, number, error) if effect > (number or self.sort.null) else 0.0

    def error(self, table: UnitTable) -> float:
        """Return the standard error of the effect of one neuron of the searched half, 0 where a plan knows it."""
        reach = self.sort.reach(table, 1 - self.alpha / self.claims)
        return reach / self._quantile

    @property
    def _quantile(self) -> float:
        return float(ndtri(1 - self.alpha / self.claims / 2))

    def _with(self, effect: float, number: float | None, error: float) -> float:
        planned = self.power(effect, number)
        if number is None or error == 0:
            return planned
        return min(planned, float(ndtr((effect - number) / error - self._quantile)))

    def for_claims(self, claims: int) -> TestPlan:
        """Return the plan for another number of claims, at least one."""
        return replace(self, claims=max(1, claims))

    def needed(self, effect: float) -> tuple[int, int] | None:
        """Return how many units show that there is an effect with ``POWER``."""
        if not math.isfinite(effect) or effect <= (self.sort.least or self.sort.null):
            return None
        return stats.units_needed(self._claim(effect, self.sort.least), self._counts, power=POWER)

    def reachable(self) -> bool:
        """Say whether the clearest data would pass."""
        return self.in_reach() is None

    def in_reach(self) -> str | None:
        """Say how many units it would take for the clearest data to pass; None where there are enough."""
        claim = self._claim(self.sort.null + 0.4, self.sort.least)
        return stats.Planning(claim, self._counts, self.design.unit).in_reach(claim.level)

    @property
    def _counts(self) -> tuple[int, int]:
        return self.design.counts

    def _claim(self, effect: float, number: float | None) -> stats.PlannedClaim:
        level = stats.Level(self.alpha, self.claims)
        planned = self.sort.planned(effect, number, self.design.paired, level)
        each = self.design.prompts / min(self.design.counts)
        return replace(planned, each=each) if planned.statistic == "mean" else planned


def plan_for(sort: Sort, design: TwoSampleDesign, alpha: float, most: int) -> TestPlan:
    """Return the plan for as many claims as the other half can show, ``most`` of them at most.

    Raises DiscoveryError where it can show none.
    """
    for claims in range(most, 0, -1):
        plan = TestPlan(sort, design, alpha, claims)
        if plan.reachable():
            return plan
    first, second = design.counts
    there = f"{first} {design.unit}s per set" if first == second else f"{first} and {second} {design.unit}s"
    raise DiscoveryError(
        f"There are too few prompts to split: the half that tests has {there}, and even the clearest data need "
        f"{TestPlan(sort, design, alpha, 1).in_reach()}. Give more than twice as many."
    )


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
    tested = resolved(sort, table, stats.Resampling(seed))
    columns = ranked(sort.score(table), plan.claims)
    effects = expected_effects(sort, table, plan.claims, seed)
    seen = np.array([sort.seen(table.neurons(np.array([column]))) for column in columns])
    expected = _no_more_than(seen, effects, sort.null)
    errors = _errors(plan, table, columns)
    p = tested.p_step_down[columns]
    out = np.full(len(columns), anyway) | ((p <= STANDS_OUT) & (expected > sort.null))
    if not anyway:
        some = plan.for_claims(int(out.sum()))
        chances = [some.chance(float(effect), error) for effect, error in zip(expected, errors, strict=True)]
        out &= np.array(chances) >= HOPELESS
    family = plan.for_claims(int(out.sum()))
    numbers = [family.number(float(effect), error) for effect, error in zip(expected, errors, strict=True)]
    return tuple(
        Candidate(
            neuron=neurons[column],
            place=place + 1,
            score=float(tested.statistic[column]),
            seen=float(seen[place]),
            expected=float(expected[place]),
            p=float(p[place]),
            number=numbers[place],
            power=family.chance(float(expected[place]), errors[place]),
            needed=family.needed(float(expected[place])),
            claimed=bool(out[place]),
        )
        for place, column in enumerate(columns.tolist())
    )


def _errors(plan: TestPlan, table: UnitTable, columns: NDArray[np.intp]) -> list[float]:
    """Return the standard error of each effect, at least their median: little spread, too, brings neurons first."""
    own = [plan.error(table.neurons(np.array([column]))) for column in columns]
    return [max(each, float(np.median(own))) for each in own]


def _no_more_than(
    seen: NDArray[np.float64], expected: NDArray[np.float64], null: float
) -> NDArray[np.float64]:
    """Return the effects to expect; none is farther from none than what was seen."""
    sizes = np.abs(np.nan_to_num(seen, posinf=1e6) - null)
    return np.asarray(null + np.clip(expected - null, -sizes, sizes))
