"""Test by exchanging prompts whether sets have top neurons in common.

Neurons that are always high, or only vary much, are shared by any two sets, so chance subsets of neurons are no fair
comparison. Prompts are exchanged instead. Each prompt has one number: how high a third set's top neurons are in it, on
average, each in standard deviations of the prompts exchanged. The claim says that it is higher in one set:

- A overlaps more with B than with C: A's top neurons, in prompts of B and of C;
- A and B share at least N: A's top neurons, in prompts of B and of a held-out half of the baseline, and B's in prompts
  of A and of that half; the larger p counts (Berger 1982). All are measured against the mean of the other half.

Counting what is shared anew for every exchange would find next to nothing: where C has top neurons of its own, any
uneven mixture has those of its majority, so that a third of all exchanges give the number seen. With 7 of 10 shared
against 2, at 8 standard deviations, 10 prompts each, it found none of 60; this, all.

"More" has to hold of the numbers too: p is not below the share of bootstrap resamples of all three sets in which the
one number does not exceed the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.shared.null_figures import null_of
from neuronclaims.kinds.shared.two_samples import exchange_of
from neuronclaims.stats.effects.top_k import contending, highest, profiles
from neuronclaims.stats.resamples import resampled_indices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.figures import Null
    from neuronclaims.kinds.kind import Family
    from neuronclaims.kinds.top_k.set_profiles import OverlapData
    from neuronclaims.kinds.top_k.top_k_scores import Floats
    from neuronclaims.stats import TestResult

RESAMPLES = 1_999
"""How many bootstrap resamples say whether one number exceeds another."""


@dataclass(frozen=True, slots=True)
class HeightTest:
    """An exchange of labels, and how much higher the top neurons of ``fixed`` are in ``near`` than in ``far``.

    ``null`` is what relabelling alone gives that.
    """

    fixed: str
    near: str
    far: str
    height: float
    test: TestResult
    null: tuple[Null, ...] = ()


def height_test(
    data: OverlapData, fixed: str, near: str, far: str, family: Family, over: tuple[int, ...] | None = None
) -> HeightTest:
    """Test whether ``fixed``'s top neurons are higher in ``near`` than in ``far``.

    Where ``far`` is the baseline, its held-out half is meant. Scores are taken over the prompts ``over`` of
    the baseline, or over all of it.
    """
    request = data.request
    design = request.design(near, far)
    top = data.top(fixed, over)
    one, other = (data.scores(name, over)[:, top] for name in (near, far))
    if far == request.baseline:
        other = other[list(request.halves[1])]
    first, second = heights(*design.units(one, other))
    test = stats.two_sample_test(
        first,
        second,
        exchange=exchange_of(design),
        statistic="mean",
        alternative="two-sided",
        resampling=family.resampling(request.seed, request.draws),
        level=family.level,
    )
    null = null_of(
        first,
        second,
        test,
        exchange=exchange_of(design),
        statistic="mean",
        seed=request.seed,
        of=f" of how high the top {request.k} of {fixed} are, {near} over {far}",
    )
    return HeightTest(fixed, near, far, float(first.mean() - second.mean()), test, null)


def heights(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return the mean over neurons of scores [n1, k] and [n2, k], in standard deviations of all units: [n1], [n2].

    Which unit is in which set makes no difference to the scale; a neuron that never varies counts for nothing.

    >>> first, second = heights(np.array([[3.0, 7.0]]), np.array([[1.0, 7.0]]))
    >>> first.tolist(), second.tolist()
    ([1.5], [0.5])
    """
    pooled = np.concatenate([first, second])
    spreads = pooled.std(axis=0)
    scaled = np.divide(pooled, spreads, out=np.zeros_like(pooled), where=np.ptp(pooled, axis=0) > 0)
    means = scaled.sum(axis=1) / max(1, pooled.shape[1])
    return means[: len(first)], means[len(first) :]


def more_in_number(found: HeightTest, drawn: Floats) -> TestResult:
    """Return the test with the larger of two p: that of the heights, and that of the difference of the numbers shared.

    The second is the share of resampled differences ``drawn`` that are not above 0.
    """
    many = len(drawn)
    found = replace(found, test=claimed_side(found.test))
    p = min(1.0, 2 * (1 + int((drawn <= 0).sum())) / (1 + many))
    method = (
        f"the larger p of two: {found.test.method}, of top neurons' heights; bootstrap of the numbers shared"
    )
    least = max(found.test.smallest_p, 2 / (1 + many))
    made = replace(found.test, smallest_p=least, method=f"{method} ({many:,} resamples)")
    if p <= made.p_value:
        return made
    error = 2 * (p / 2 * (1 - p / 2) / many) ** 0.5
    return replace(made, p_value=p, exact=False, arrangements=many, standard_error=error)


def resampled_differences(sets: list[Floats], k: int, seed: int) -> Floats:
    """Resample the units of three sets [n, m] and compare the numbers of shared top neurons: [resamples].

    Each is how many more the first set shares with the second than with the third.
    """
    sides = [contending(profiles(each, k, "mean"), None, k) for each in sets]
    drawn = resampled_indices([len(each) for each in sets], seed, 0, RESAMPLES)
    found = np.zeros(RESAMPLES)
    for number in range(RESAMPLES):
        own, near, far = (
            _members(values[index[number]], kept, k)
            for (values, kept), index in zip(sides, drawn, strict=True)
        )
        found[number] = len(own & near) - len(own & far)
    return found


def _members(values: Floats, kept: NDArray[np.intp], k: int) -> set[int]:
    return set(kept[highest(values.sum(axis=0)[None], k)[0]].tolist())


def against_baseline(data: OverlapData, family: Family) -> tuple[HeightTest, HeightTest]:
    """Test, for each of two sets, whether it has more in common with the other than the baseline's prompts have."""
    request = data.request
    mean, (one, other) = request.halves[0], request.names
    return (
        height_test(data, one, other, request.baseline, family, mean),
        height_test(data, other, one, request.baseline, family, mean),
    )


def larger_p(tests: tuple[HeightTest, HeightTest]) -> TestResult:
    """Return the test that two statements are both true: its p is the larger one."""
    larger = max((claimed_side(found.test) for found in tests), key=lambda test: test.p_value)
    return replace(
        larger,
        smallest_p=max(found.test.smallest_p for found in tests),
        resolved=all(found.test.resolved for found in tests),
        method=f"the larger p of two: {'; '.join(found.test.method for found in tests)}",
    )


def claimed_side(test: TestResult) -> TestResult:
    """Return a two-sided test that only "higher" can pass: sets that are lower do not speak for the claim."""
    return replace(test, p_value=min(1.0, 2 * test.p_greater))
