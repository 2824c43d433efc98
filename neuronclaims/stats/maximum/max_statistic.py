"""The max-statistic test: find which of many neurons differ between two sets, corrected for looking at all.

Under each relabelling, shared by all neurons, the largest t over the neurons is taken; a neuron's p is the
share of relabellings in which that maximum reaches its own t. Whatever truly differs and however neurons
hang together, the chance that any neuron without a difference gets p <= alpha is then at most alpha
(Westfall and Young 1993; Ge, Dudoit and Speed 2003, algorithm 4.1; Romano and Wolf 2005).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.inputs import (
    Alternative,
    Bools,
    Floats,
    StatsError,
    check_choice,
    check_sizes,
)
from neuronclaims.stats.maximum.search_columns import Sides, checked
from neuronclaims.stats.maximum.search_design import SearchDesign, search_design
from neuronclaims.stats.maximum.successive_maxima import Counts, Tail, count_maxima
from neuronclaims.stats.permutation.montecarlo import Floors, Tally
from neuronclaims.stats.permutation.relabelling import Statistic
from neuronclaims.stats.permutation.results import TestResult, ways_in_words
from neuronclaims.stats.permutation.running import check_alternative
from neuronclaims.stats.permutation.welch_guard import welch_guard
from neuronclaims.stats.settings import LEVEL, Exchange, Level, Resampling


@dataclass(frozen=True, slots=True)
class MaxResults:
    """The result of the max-statistic test of m neurons; arrays have one entry per neuron [m].

    ``statistic`` is t, Welch's t, the paired t or the standardised rank sum, positive when the first set is
    higher. ``p_value`` is each neuron's own p on the same relabellings, corrected for nothing.
    ``p_single_step`` compares each neuron with the maximum over all, ``p_step_down`` with the maximum over
    those not more extreme than itself: never larger, and just as safe. ``p_greater`` and ``p_less`` are the
    one-sided step-down p; that of a side which was not wanted is not counted and stands at 1. As
    everywhere, two-sided p are twice the smaller one-sided one, at most 1.

    ``standard_error`` is the Monte-Carlo error of ``p_single_step``, 0 when exact, and ``resolved`` tells
    whether it is settled how ``p_single_step`` compares with alpha, alpha/2, ..., alpha/family;
    ``step_down_error`` and ``step_down_resolved`` tell the same of ``p_step_down``. ``smallest_p`` is the
    least corrected p this design could have given. ``degenerate`` neurons never vary; they have p = 1 and
    take no part in any maximum.
    """

    statistic: Floats
    p_value: Floats
    p_single_step: Floats
    p_step_down: Floats
    p_greater: Floats
    p_less: Floats
    standard_error: Floats
    resolved: Bools
    step_down_error: Floats
    step_down_resolved: Bools
    degenerate: Bools
    alternative: Alternative
    exact: bool
    arrangements: int
    smallest_p: float
    method: str

    def one(self, index: int) -> TestResult:
        """Return the test of the neuron in column ``index``, corrected by step-down for all that were searched."""
        statistic = float(self.statistic[index])
        return TestResult(
            statistic=statistic if np.isfinite(statistic) else None,
            p_value=float(self.p_step_down[index]),
            p_greater=float(self.p_greater[index]),
            p_less=float(self.p_less[index]),
            alternative=self.alternative,
            exact=self.exact,
            arrangements=self.arrangements,
            smallest_p=self.smallest_p,
            standard_error=float(self.step_down_error[index]),
            resolved=bool(self.step_down_resolved[index]),
            degenerate=bool(self.degenerate[index]),
            method=f"{self.method}, step-down",
        )


def max_statistic_tests(
    first: ArrayLike,
    second: ArrayLike,
    *,
    exchange: Exchange,
    statistic: Statistic,
    alternative: Alternative,
    resampling: Resampling,
    level: Level = LEVEL,
) -> MaxResults:
    """Test m neurons, [n1, m] against [n2, m], with p corrected for having looked at all of them.

    What is maximised is, with ``statistic="mean"``, the pooled t (n1 = n2), Welch's t (sizes differ) or the
    paired t; with ``"auroc"`` the rank sum of the first set over its standard deviation under relabelling
    of that neuron's ranks, ties included, so that neurons with many ties neither dominate nor vanish. A t
    is infinite where neither set varies: such a neuron ranks first, and others are judged as ever.

    All arrangements are enumerated, or the first random ones drawn, as ``resampling`` says; of these p = (1 +
    k) / (1 + B). The order of neurons, and place and unit of any neuron's values, change nothing. Random
    arrangements mark the i-th unit as it was given, so give units in an order that does not depend on how they
    were found: claims give prompts in the order of their texts. t that agree to about 10 digits count as tied, and
    ties as reached. With m = 1 and all arrangements, p is that of ``two_sample_tests``.

    Beside the input, less than 200 MB are held at a time, however many neurons there are, up to 2,000 units.

    Raises StatsError for NaN, infinity, fewer than two units in a set, unequal lengths of pairs, or no
    neurons.

    >>> from neuronclaims.stats import UNITS
    >>> first, second = [[5, 1], [6, 3], [7, 2], [8, 2]], [[1, 2], [2, 1], [3, 3], [4, 1]]
    >>> found = max_statistic_tests(
    ...     first, second, exchange=UNITS, statistic="mean", alternative="greater", resampling=Resampling(seed=0)
    ... )
    >>> found.p_step_down.round(4).tolist()
    [0.0143, 0.5]
    """
    a, b = checked(first, "The first set"), checked(second, "The second set")
    check_alternative(alternative)
    check_choice(statistic, ("mean", "auroc"), "statistic")
    check_sizes(a, b, paired=exchange.paired)
    if exchange.blocks is not None:
        raise StatsError("Many neurons are not searched within blocks.")
    if not a.shape[1]:
        raise StatsError("There are no neurons to search: both sets have 0 columns.")
    search = _Search(
        Sides(a, b), search_design(a, b, paired=exchange.paired, statistic=statistic), alternative
    )
    return search.results(search.tallies(resampling), level, exchange)


def search_tests(
    first: ArrayLike,
    second: ArrayLike,
    *,
    exchange: Exchange,
    statistic: Statistic,
    resampling: Resampling,
    level: Level = LEVEL,
) -> MaxResults:
    """Test all neurons that a claimed one was picked from, two-sided, with as many draws as ``resampling`` has come to.

    That are ``draws``, or ``stop_after`` where the claim was open still, as far as a search may cost that much
    (``Resampling.for_search``). ``smallest_p`` is the least that the most draws of such a search could give.

    >>> from neuronclaims.stats import UNITS
    >>> noise = np.random.default_rng(0).normal(size=(40, 50))
    >>> first_look = Resampling(seed=0, draws=999, stop_after=0)
    >>> found = search_tests(noise[:20], noise[20:], exchange=UNITS, statistic="mean", resampling=first_look)
    >>> found.arrangements, found.smallest_p
    (999, 2e-06)
    """
    shape = np.shape(first)
    units = shape[0] if exchange.paired else shape[0] + np.shape(second)[0]
    drawn = resampling.for_search(shape[1], units)
    found = max_statistic_tests(
        first,
        second,
        exchange=exchange,
        statistic=statistic,
        alternative="two-sided",
        resampling=drawn,
        level=level,
    )
    return found if found.exact else replace(found, smallest_p=min(1.0, 2 / (1 + drawn.max_draws)))


@dataclass(frozen=True, slots=True)
class _Search:
    """Two samples with the design of the neurons that vary."""

    sides: Sides
    design: SearchDesign
    alternative: Alternative

    def tallies(self, resampling: Resampling) -> tuple[Tally, Tally, Tally]:
        """Count the relabellings that reach each neuron: uncorrected, in a single step, and by step-down."""
        arrangements = self.design.law.arrangements
        exact = arrangements.total <= resampling.exact_limit
        total = arrangements.total if exact else resampling.draws
        blocks = arrangements.every() if exact else arrangements.drawn(resampling.seed, 0, resampling.draws)
        wanted = [side for side in ("greater", "less") if self.alternative in (side, "two-sided")]
        tails: list[Tail] = [
            "upper" if (side == "greater") != self.design.law.swapped else "lower" for side in wanted
        ]
        reached = dict(zip(wanted, count_maxima(self.design, blocks, tails), strict=True))
        return (
            self._tally({side: counts.alone for side, counts in reached.items()}, total, exact),
            self._tally({side: counts.single for side, counts in reached.items()}, total, exact),
            self._tally({side: counts.step for side, counts in reached.items()}, total, exact),
        )

    def results(self, tallies: tuple[Tally, Tally, Tally], level: Level, exchange: Exchange) -> MaxResults:
        alternative, alpha, family = self.alternative, level.alpha, level.family
        alone, single, step = tallies
        floors = self._floors()
        return MaxResults(
            statistic=self._observed(),
            p_value=alone.p_values(alternative, floors),
            p_single_step=single.p_values(alternative, floors),
            p_step_down=step.p_values(alternative, floors),
            p_greater=step.p_values("greater", floors),
            p_less=step.p_values("less", floors),
            standard_error=single.standard_errors(alternative),
            resolved=single.resolved(alternative, alpha, family, floors=floors),
            step_down_error=step.standard_errors(alternative),
            step_down_resolved=step.resolved(alternative, alpha, family, floors=floors),
            degenerate=~self.design.varies,
            alternative=alternative,
            exact=single.exact,
            arrangements=single.total,
            smallest_p=single.smallest_p(alternative, single.total),
            method=self._method(single, exchange),
        )

    def _tally(self, counts: dict[str, Counts], total: int, exact: bool) -> Tally:
        """Return the counts of all neurons from those that vary; on a side not tested, every relabelling counts."""
        above, below = (np.full(self.design.varies.shape, float(total)) for _ in range(2))
        for side, count in counts.items():
            (above if side == "greater" else below)[self.design.varies] = count
        return Tally(above, below, total, exact)

    def _observed(self) -> Floats:
        found = np.zeros(self.design.varies.shape)
        found[self.design.varies] = self.design.statistic
        return found

    def _floors(self) -> Floors | None:
        """Return the least p that Welch's t-test allows, if ``two_sample_tests`` uses this guard too."""
        if not self.design.law.spread:
            return None
        guards = [welch_guard(*self.sides.part(slab), None) for slab in self.sides.slabs()]
        found = [guard[1] for guard in guards if guard is not None]
        return np.concatenate([greater for greater, _ in found]), np.concatenate([less for _, less in found])

    def _method(self, tally: Tally, exchange: Exchange) -> str:
        how = "exact permutation" if tally.exact else "permutation"
        law = self.design.law
        among = "of" if law.marked else "within"
        side = {"greater": "largest", "less": "lowest", "two-sided": "largest and lowest"}[self.alternative]
        return (
            f"{how} {among} {law.units} {exchange.unit}s ({ways_in_words(tally.total, exact=tally.exact)}), "
            f"{side} {law.name()} of {len(self.design.varies):,} {exchange.column}s"
        )
