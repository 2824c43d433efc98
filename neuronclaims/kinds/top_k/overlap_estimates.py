"""Estimate how many top neurons two sets share, with limits, and test that they share no more.

The limits are those of ``stats.overlap_estimate`` over the baseline as it is. Both profiles share the chance in its
mean, though, and so look alike where they are not: with 3 neurons truly shared, 20 noisy ones, and 20 prompts in each
set, that alone took the lower limit of the top 10 to 5 or more in a third of data sets. So the lower limit is not above
those found with each set over its own half of the baseline; this happened in a fiftieth of them.

The upper limit needs no such care: what chance in the baseline lifts is lifted in both sets, and so counted as
possibly shared (docs/adr/0011-searching-a-grid.md).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.shared.subjects.selection import LEVEL
from neuronclaims.stats.tails import inverted

if TYPE_CHECKING:
    from neuronclaims.kinds.top_k.set_profiles import OverlapData
    from neuronclaims.kinds.top_k.top_k_scores import Floats
    from neuronclaims.stats import Estimate, TestResult

FINEST = 1e-3
"""The least one-sided p that the resamples of a number shared can give."""

LEAST, STEPS = 1e-6, 40
"""The least p that is given for an upper limit, and how often the range it lies in is halved at most."""


RANK_BIASED = stats.EffectSize("rank_biased_overlap", "rank-biased overlap")
DIFFERENCE = stats.EffectSize("shared_difference", "difference of the numbers shared", scale="count")


def shared(data: OverlapData, one: str, other: str, level: float = LEVEL) -> Estimate:
    """Return how many top neurons two sets share, the lower limit allowing for the baseline's chance."""
    return inverted(lambda level: _shared(data, one, other, level), level, finest=FINEST, parts=0.02)


def _shared(data: OverlapData, one: str, other: str, level: float) -> Estimate:
    request = data.request
    first, second = (name for name in request.in_content_order if name in (one, other))
    found = _limits(data, (first, None), (second, None), level)
    name = f"number of neurons shared among the top {request.k}"
    effect = stats.EffectSize("neurons_shared", name, scale="count")
    if not request.halved:
        return replace(
            found, effect=effect, low=0.0, method=f"{found.method}; 0, as the baseline cannot be halved"
        )
    mean, held_out = request.halves
    apart = [
        _limits(data, (first, one_half), (second, other_half), level)
        for one_half, other_half in ((mean, held_out), (held_out, mean))
    ]
    low = min(float(each.low or 0) for each in (found, *apart))
    return replace(
        found, effect=effect, low=low, method=f"{found.method}; below, over halves of the baseline too"
    )


def _limits(
    data: OverlapData,
    first: tuple[str, tuple[int, ...] | None],
    second: tuple[str, tuple[int, ...] | None],
    level: float,
) -> Estimate:
    one, other = data.of_units(*first), data.of_units(*second)
    return stats.overlap_estimate(one, other, data.request.k, seed=data.request.seed, level=level)


def difference(near: Estimate, far: Estimate, drawn: Floats) -> Estimate:
    """Return how much one number exceeds the other, from both numbers and from resampled differences.

    Above no less than both numbers' own limits allow, made at level (1 + LEVEL) / 2, since noise hides what is shared.
    """
    value = float(near.value or 0) - float(far.value or 0)
    low = float(np.sort(drawn)[int((1 - LEVEL) / 2 * len(drawn))])
    high = float(near.high or 0) - float(far.low or 0)
    method = f"bootstrap percentile ({len(drawn):,} resamples) below, both numbers' limits above"

    def tails(boundary: float) -> tuple[float, float]:
        above = (1 + int((drawn <= boundary).sum())) / (1 + len(drawn))
        return above, round((1 - LEVEL) / 2, 12) if high < boundary else 1.0

    return stats.Estimate(DIFFERENCE, value, min(low, value), max(high, value), LEVEL, method, tails)


def at_most(data: OverlapData, estimate: Estimate) -> TestResult:
    """Test that no more are shared than claimed: p is the error at which the upper limit equals the claimed number."""
    request = data.request
    bound, (one, other) = request.claim.sentence.shared, (data.of_units(name) for name in request.names)
    p = upper_limit_p(one, other, request.k, bound)
    return stats.TestResult(
        statistic=estimate.value,
        p_value=p,
        p_greater=1.0,
        p_less=p,
        alternative="less",
        exact=True,
        arrangements=0,
        smallest_p=0.0,
        standard_error=0.0,
        resolved=True,
        degenerate=False,
        method=f"simultaneous t bands of all means ({request.unit}s): the error at which they allow {bound} at most",
    )


def upper_limit_p(first: Floats, second: Floats, k: int, bound: int) -> float:
    """Return the least one-sided error at which ``stats.overlap_estimate`` has an upper limit of ``bound`` at most.

    Limits only grow with the level, so the answer is bracketed and halved, on the safe side, to one part in a hundred.
    """

    def fits(error: float) -> bool:
        made = stats.overlap_estimate(first, second, k, seed=0, level=1 - 2 * error, resamples=1)
        return made.high is not None and made.high <= bound

    low, high = LEAST, 0.499
    if not fits(high):
        return 1.0
    for _ in range(STEPS):
        if high <= 1.01 * low:
            break
        middle = (low * high) ** 0.5
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def jaccard(data: OverlapData, found: Estimate, one: str, other: str) -> Estimate:
    """Return the Jaccard index of two tops, of which ``found`` says how many neurons they share.

    With s of K shared it is s / (2 K - s), which only grows with s, so its limits are those of s. Where ties leave
    fewer than K among the top, there are none.
    """
    k = data.request.k
    first, second = data.top(one), data.top(other)
    either = int((first | second).sum())
    value = int((first & second).sum()) / either if either else None
    full = int(first.sum()) == int(second.sum()) == k
    low, high = (s / (2 * k - s) if full and s is not None else None for s in (found.low, found.high))
    effect = stats.EffectSize("jaccard", f"{one} and {other}: Jaccard index of their top {k}")
    return stats.Estimate(effect, value, low, high, found.level, found.method)


def between(data: OverlapData, found: Estimate, one: str, other: str) -> tuple[Estimate, Estimate]:
    """Return the number that two sets share, named by them, and their Jaccard index."""
    name = f"{one} and {other}: neurons shared among the top {data.request.k}"
    effect = stats.EffectSize("neurons_shared", name, scale="count")
    return replace(found, effect=effect), jaccard(data, found, one, other)


def rank_biased(data: OverlapData, one: str, other: str) -> Estimate:
    """Return how far two tops agree where the first places count for more."""
    k = data.request.k
    means = [data.of_units(name).mean(axis=0) for name in (one, other)]
    value = stats.overlap(means[0], means[1], k).rank_biased
    return stats.Estimate(RANK_BIASED, value, None, None, LEVEL, f"counted to place {k}, persistence 0.9")


def noise_ceilings(data: OverlapData) -> tuple[Estimate, ...]:
    """Return how many top neurons two random halves of each set share, on average: its noise ceiling."""
    request = data.request
    return tuple(
        stats.Estimate(
            stats.EffectSize("noise_ceiling", f"{name}: neurons its own halves share", scale="count"),
            stats.noise_ceiling(data.of_units(name), request.k, seed=request.seed_of(name)),
            None,
            None,
            LEVEL,
            "mean over random halves",
        )
        for name in request.names
    )
