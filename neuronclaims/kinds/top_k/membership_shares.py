"""Test how often a neuron is among the top K: against the share claimed, and against the baseline's prompts.

Some neurons are among the top K of nearly any prompt, so that a share alone says nothing of the set. The claim holds
only if both are so: the share is above the one claimed (exact binomial), and higher than among the baseline's prompts
(labels exchanged between the two; for prompts this is Fisher's exact test). Its p is the larger of the two, which
needs no correction (Berger 1982).

Both sets are measured against the same mean, which stays as it is when labels are exchanged. Taking it anew each time
would test whether *anything* differs: where other neurons do, they crowd this one out of the mixed prompts' top K, and
a neuron that is as often there in both sets passed up to 63 % of the time at 5 %. What chance in the baseline does to
the mean, it does to both shares alike, so that to first order it cancels (docs/adr/0020-top-of-many.md).

A neuron picked as the best of many: a prompt has K places, so of all neurons only K / share can truly be among the top
K in that share of prompts. These may fail the second test by luck alone. Of the others, none of which has so high a
share, each may pass the first by luck; the chance of that, a binomial tail, grows faster than the share itself, so
that however the places left are spread, it adds up to no more than if neurons with just that share held them all.
Hence p is multiplied by K / share, and not by the number of neurons, and the chance that any claim made so is false is
at most alpha. (Groups of prompts have no such tail: there p is multiplied by the number of neurons.) The maximum
statistic would not do: it lets the baseline's chance in. Of many neurons some vary too little among the baseline's
prompts, and then stand out in all others; by ``z`` it was wrong up to 37 % of the time at 5 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.outliers.token_share import mean_share_test
from neuronclaims.kinds.shared.null_figures import null_of
from neuronclaims.kinds.shared.subjects.selection import level_for, widened
from neuronclaims.kinds.shared.subjects.subjects import TestedNeuron
from neuronclaims.kinds.shared.two_samples import exchange_of

if TYPE_CHECKING:
    from neuronclaims.figures import Null
    from neuronclaims.kinds.kind import Family
    from neuronclaims.kinds.shared.subjects.subjects import NeuronStatement
    from neuronclaims.kinds.top_k.memberships import ConsistencyData
    from neuronclaims.kinds.top_k.top_k_scores import Floats
    from neuronclaims.stats import Estimate, TestResult
    from neuronclaims.stats.permutation.relabelling import Statistic

OF_BASELINE = stats.EffectSize("share_of_baseline_prompts", "share of baseline prompts", scale="share")


@dataclass(frozen=True, slots=True)
class TestedShare:
    """One neuron with both of its tests; ``one`` has the larger p. ``specific`` is None for a claim of absence."""

    __test__ = False

    one: TestedNeuron
    above: TestResult
    specific: TestResult | None = None


def consistent_share(data: ConsistencyData, column: int, family: Family) -> TestedShare:
    """Run both tests of one neuron, and correct for the number of neurons it was picked from."""
    own, _ = data.shares(column)
    above = _allowing_for_luck(data, _above(data, own))
    specific = _allowing_for_luck(data, _specific(data, column, family))
    one = TestedNeuron(data.columns.neuron(column), _estimate(data, own), _both(above, specific))
    return TestedShare(one, above, specific)


def absent_share(data: ConsistencyData, column: int) -> TestedShare:
    """Test that a neuron's share is below the one claimed."""
    own, _ = data.shares(column)
    test = _share_test(data, own)
    return TestedShare(TestedNeuron(data.columns.neuron(column), data.estimate(own), test), test)


def best_share(data: ConsistencyData, family: Family, bound: NeuronStatement) -> TestedShare:
    """Return the neuron that fits a claim of some neuron best: by verdict, then p, then share, then place.

    Of those searched, only K / share can have been among the top K in more than that share of prompts.
    """
    said, picked = data.request.claim.sentence, data.picked_from
    own, baseline = (shares[:, picked].mean(axis=0) for shares in data.all_shares)
    frequent = picked[np.lexsort((baseline, -own))][: int(said.k / said.share) + 1]
    found = [consistent_share(data, int(column), family) for column in frequent]
    return min(found, key=lambda each: (-bound.rank(each.one), each.one.test.p_value))


def luck(data: ConsistencyData) -> float:
    """Return the factor for a neuron's p if it was picked (see above); 1 if it was not."""
    if not data.request.searched:
        return 1.0
    said, many = data.request.claim.sentence, float(len(data.picked_from))
    return min(many, said.k / said.share) if data.request.units.unit == "prompt" else many


def compare_with_baseline(data: ConsistencyData, column: int) -> tuple[Estimate, ...]:
    """Return the share among the baseline's prompts, and how much higher the share of the set is."""
    made = data.estimate(data.shares(column)[1], OF_BASELINE)
    raw = data.request.by == "raw"
    there = (
        made if raw else replace(made, method=f"{made.method}, each prompt against the mean of the others")
    )
    design = data.request.design
    if design.unit == "group" or design.blocks is not None:
        return (there,)
    return there, stats.share_difference_estimate(*data.exchanged(column), paired=design.paired)


def null_of_shares(data: ConsistencyData, column: int, specific: TestResult | None) -> tuple[Null, ...]:
    """Draw the null distribution of a neuron's share minus that among the baseline's prompts."""
    if specific is None:
        return ()
    said, neuron = data.request.claim.sentence, data.columns.neuron(column)
    ranked = _statistic(data) == "auroc"
    found = null_of(
        *data.exchanged(column),
        specific,
        exchange=exchange_of(data.request.design),
        statistic=_statistic(data),
        seed=data.request.seed,
        name="difference of shares" if ranked else "",
        of=f" of how often {neuron} is among the top {said.k}, {said.first} over {said.second}",
    )
    return tuple(map(_as_difference, found)) if ranked else found


def _as_difference(null: Null) -> Null:
    """Turn an AUROC of zeros and ones into the difference of their shares: twice its distance above 1/2."""
    low, high, seen = (2 * value - 1 for value in (null.low, null.high, null.observed))
    return replace(null, low=low, high=high, observed=seen)


def _estimate(data: ConsistencyData, shares: Floats) -> Estimate:
    if not data.request.searched:
        return data.estimate(shares)
    many = math.ceil(luck(data))
    made = widened(data.estimate(shares, level=level_for(many)), many)
    return replace(
        made,
        method=f"{made.method.partition(',')[0]}, widened for the {len(data.picked_from):,} neurons searched",
    )


def _share_test(data: ConsistencyData, shares: Floats) -> TestResult:
    null = data.request.claim.sentence.share
    if data.request.units.unit == "prompt":
        count = int(shares.sum())
        return stats.share_test(count, len(shares), null=null, alternative="two-sided", unit="prompt")
    return stats.two_sided(mean_share_test(shares, null=null, alike=True, unit="group"))


def _above(data: ConsistencyData, shares: Floats) -> TestResult:
    """Test a share against the one claimed."""
    test, null = _share_test(data, shares), data.request.claim.sentence.share
    if data.request.searched and shares.sum() - 1 < null * (len(shares) - 1):
        # Only from there on does the binomial tail grow faster than its share; here p is large anyhow.
        return replace(test, p_value=min(1.0, 2 * test.p_less), p_greater=1.0)
    return test


def _allowing_for_luck(data: ConsistencyData, test: TestResult) -> TestResult:
    many = luck(data)
    if many == 1:
        return test
    # The factor holds for the upper tail; for the lower one all neurons that were looked at count.
    greater, less = min(1.0, many * test.p_greater), min(1.0, len(data.picked_from) * test.p_less)
    return replace(
        test,
        p_value=min(1.0, 2 * min(greater, less)),
        p_greater=greater,
        p_less=less,
        smallest_p=min(1.0, many * test.smallest_p),
        standard_error=many * test.standard_error,
        method=f"{test.method}, times {many:.3g} for the neurons searched",
    )


def _specific(data: ConsistencyData, column: int, family: Family) -> TestResult:
    """Test whether the share is higher than among the baseline's prompts, by exchanging labels."""
    within = "" if data.request.design.blocks is None else " within blocks"
    return stats.two_sample_test(
        *data.exchanged(column),
        exchange=exchange_of(data.request.design),
        statistic=_statistic(data),
        alternative="two-sided",
        resampling=family.resampling(data.request.seed, data.request.draws),
        level=stats.Level(alpha=family.alpha, family=math.ceil(family.size * luck(data))),
        named=f"difference of shares{within}" if _statistic(data) == "auroc" else None,
    )


def _statistic(data: ConsistencyData) -> Statistic:
    return "mean" if data.request.design.unit == "group" else "auroc"


def _both(above: TestResult, specific: TestResult) -> TestResult:
    """Return the test that two statements are both true: its p is the larger one.

    A share shown to be below the one claimed refutes both alone. That it is lower than among the baseline's prompts
    does not speak for the claim, so of that test only the side claimed counts.
    """
    if above.p_less < above.p_greater:
        return above
    specific = replace(specific, p_value=min(1.0, 2 * specific.p_greater))
    larger = max(above, specific, key=lambda test: test.p_value)
    drawn = specific if not specific.exact else larger
    return replace(
        larger,
        statistic=above.statistic,
        smallest_p=max(above.smallest_p, specific.smallest_p),
        exact=drawn.exact,
        arrangements=drawn.arrangements,
        standard_error=drawn.standard_error,
        resolved=above.resolved and specific.resolved,
        degenerate=False,
        method=f"the larger p of two: {above.method}; {specific.method}",
    )
