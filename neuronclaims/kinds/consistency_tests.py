"""How often a neuron is among the top K, tested twice: against the share claimed, and against the baseline's prompts.

Some neurons are among the top K of nearly any prompt, so that a share alone says nothing of the set. The claim holds
only if both are so: the share is above the one claimed (exact binomial), and higher than among the baseline's prompts
(labels exchanged between the two; for prompts this is Fisher's exact test). Its p is the larger of the two, which
needs no correction (Berger 1982).

Both sets are measured against the same mean, which stays as it is when labels are exchanged. Taking it anew each time
would test whether *anything* differs: where other neurons do, they crowd this one out of the mixed prompts' top K, and
a neuron that is as often there in both sets would pass. What the baseline's own chance does to the mean, it does to
both shares alike, so that to first order it cancels.

A neuron picked as the best of many has the p of the maximum statistic for the second test. For the first, of all
neurons only K / share can be among the top K in that share of prompts, since a prompt has K places; and as the binomial
tail grows faster than its share, the chance that any neuron gets so far is at most K / share times that of one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.kind import PATIENCE
from neuronclaims.kinds.selection import LEVEL, level_for
from neuronclaims.kinds.subjects import One
from neuronclaims.kinds.token_shares import mean_share, mean_share_test, smallest_share_p

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.kinds.consistency_values import Tops
    from neuronclaims.kinds.kind import Family
    from neuronclaims.kinds.subjects import Bound
    from neuronclaims.kinds.tracing import Floats
    from neuronclaims.stats import Alternative, Estimate, MaxResults, TestResult

SHARE = "share of prompts"


@dataclass(frozen=True, slots=True)
class Judged:
    """One neuron with both of its tests; ``one`` has the larger p. ``specific`` is None where it is not asked."""

    one: One
    above: TestResult
    specific: TestResult | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """What was searched: the columns that are among the top K of any prompt, and their joint test."""

    columns: NDArray[np.intp]
    results: MaxResults
    neurons: int

    def specific(self, column: int) -> TestResult:
        """Return the test of one neuron, corrected for all that were searched."""
        return self.results.one(int(np.flatnonzero(self.columns == column)[0]))


def judged(tops: Tops, column: int, family: Family, search: Search | None = None) -> Judged:
    """Put both tests to one neuron."""
    own, _ = tops.shares(column)
    many = 1.0 if search is None else lucky(tops, search.neurons)
    above = _above(tops, own, many)
    specific = _specific(tops, column, family) if search is None else search.specific(column)
    one = One(tops.columns.neuron(column), _estimate(tops, own, search), _both(above, specific))
    return Judged(one, above, specific)


def absent(tops: Tops, column: int) -> Judged:
    """Test that a neuron's share is below the one claimed."""
    own, _ = tops.shares(column)
    test = _share_test(tops, own, "less")
    return Judged(One(tops.columns.neuron(column), share_of(tops, own), test), test)


def search_for(tops: Tops, family: Family) -> Search:
    """Test all neurons that were searched at once; those in no prompt's top K cannot be the best of any relabelling."""
    asked, picked = tops.asked, tops.picked_from
    seen = (tops.members[0].any(axis=0) | tops.members[1].any(axis=0))[picked]
    named = np.isin(picked, [tops.columns.column(neuron) for neuron in asked.who.neurons])
    kept = picked[seen | named]
    columns = kept if len(kept) else picked[:1]
    first, second = tops.exchanged(columns)
    results = stats.max_statistic_tests(
        first,
        second,
        paired=asked.design.paired,
        statistic="auroc" if asked.design.unit != "group" else "mean",
        alternative="greater",
        seed=asked.seed,
        resamples=asked.resamples,
        alpha=family.alpha,
        family=family.size,
        unit=asked.design.unit,
    )
    return Search(columns, results, len(picked))


def lucky(tops: Tops, neurons: int) -> float:
    """Return how many neurons' luck has to be allowed for, of so many searched (see above)."""
    said = tops.asked.claim.sentence
    return min(float(neurons), said.k / said.share) if tops.asked.units.unit == "prompt" else float(neurons)


def best(tops: Tops, family: Family, search: Search, bound: Bound) -> Judged:
    """Return the neuron that fits a claim of some best: by its verdict, then p, then share, then its place.

    Of neurons with the same share, only the one with the smallest p of the second test can be it.
    """
    shares = tops.exchanged(search.columns)[0].mean(axis=0)
    order = np.lexsort((search.results.p_step_down, -shares))
    firsts = order[np.unique(-shares[order], return_index=True)[1]]
    found = [judged(tops, int(search.columns[place]), family, search) for place in firsts]
    return min(found, key=lambda each: (-bound.rank(each.one), each.one.test.p_value))


def share_of(tops: Tops, shares: Floats, name: str = SHARE, level: float = LEVEL) -> Estimate:
    """Return the share of prompts with its exact interval; of groups their mean share with the score interval."""
    if tops.asked.units.unit == "group":
        return mean_share(shares, name, level)
    return replace(stats.share_estimate(int(shares.sum()), len(shares), level=level), name=name)


def _estimate(tops: Tops, shares: Floats, search: Search | None) -> Estimate:
    if search is None:
        return share_of(tops, shares)
    made = share_of(tops, shares, level=level_for(math.ceil(lucky(tops, search.neurons))))
    return replace(made, method=f"{made.method}, widened for the {search.neurons:,} neurons searched")


def _share_test(tops: Tops, shares: Floats, side: Alternative) -> TestResult:
    null: float = tops.asked.claim.sentence.share
    if tops.asked.units.unit == "prompt":
        return stats.share_test(int(shares.sum()), len(shares), null=null, alternative=side, unit="prompt")
    made = mean_share_test(shares, null=null, alike=True, unit="group")
    if side == "greater":
        return made
    least = smallest_share_p(len(shares), 1 - null, alike=True)
    return replace(made, p_value=made.p_less, alternative="less", smallest_p=least)


def _above(tops: Tops, shares: Floats, many: float) -> TestResult:
    """Test a share against the one claimed, allowing for the luck of so many neurons."""
    alone, said = _share_test(tops, shares, "greater"), tops.asked.claim.sentence
    if many == 1:
        return alone
    hits, n = shares.sum(), len(shares)
    # Below this the binomial tail does not yet grow faster than its share, so the bound does not hold.
    sure = tops.asked.units.unit == "group" or hits - 1 >= said.share * (n - 1)
    p = min(1.0, many * alone.p_value) if sure else 1.0
    method = f"{alone.method}, times {many:.3g} for the neurons searched"
    least = min(1.0, many * alone.smallest_p)
    return replace(alone, p_value=p, p_greater=p, smallest_p=least, method=method)


def _specific(tops: Tops, column: int, family: Family) -> TestResult:
    """Test whether the share is higher than among the baseline's prompts, by exchanging labels."""
    design, asked = tops.asked.design, tops.asked
    first, second = tops.exchanged(np.array([column], dtype=np.intp))
    found = stats.two_sample_test(
        first[:, 0],
        second[:, 0],
        paired=design.paired,
        statistic="mean" if design.unit == "group" else "auroc",
        alternative="greater",
        seed=asked.seed,
        resamples=asked.resamples,
        alpha=family.alpha,
        family=family.size,
        unit=design.unit,
        blocks=design.blocks,
        max_resamples=max(PATIENCE[-1], asked.resamples),
        patience=family.patience,
    )
    return replace(found, method=found.method.replace("AUROC", "difference of shares"))


def _both(above: TestResult, specific: TestResult) -> TestResult:
    """Return the test that both of two things are so: its p is the larger one."""
    larger = max(above, specific, key=lambda test: test.p_value)
    return replace(
        larger,
        statistic=above.statistic,
        p_less=1.0,
        smallest_p=max(above.smallest_p, specific.smallest_p),
        exact=above.exact and specific.exact,
        resolved=above.resolved and specific.resolved,
        degenerate=False,
        method=f"the larger p of two: {above.method}; {specific.method}",
    )
