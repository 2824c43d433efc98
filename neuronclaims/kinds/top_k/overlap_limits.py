"""How many top neurons two sets share, within which limits, and the test that they are no more.

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
from neuronclaims.kinds.shared.selection import LEVEL

if TYPE_CHECKING:
    from neuronclaims.kinds.top_k.overlap_values import Measured
    from neuronclaims.kinds.top_k.top_k_scores import Floats
    from neuronclaims.stats import Estimate, TestResult

LEAST, STEPS = 1e-6, 40
"""The least p of an upper limit that is told apart from 0, and how often the range it lies in is halved at most."""


DIFFERENCE = stats.EffectSize("shared_difference", "difference of the numbers shared", scale="count")


def shared(measured: Measured, one: str, other: str, level: float = LEVEL) -> Estimate:
    """Return how many top neurons two sets share, the lower limit allowing for the baseline's chance."""
    asked = measured.asked
    first, second = (name for name in asked.in_content_order if name in (one, other))
    found = _limits(measured, (first, None), (second, None), level)
    name = f"number of neurons shared among the top {asked.k}"
    effect = stats.EffectSize("neurons_shared", name, scale="count")
    if not asked.halved:
        return replace(
            found, effect=effect, low=0.0, method=f"{found.method}; 0, as the baseline cannot be halved"
        )
    mean, held_out = asked.halves
    apart = [
        _limits(measured, (first, one_half), (second, other_half), level)
        for one_half, other_half in ((mean, held_out), (held_out, mean))
    ]
    low = min(float(each.low or 0) for each in (found, *apart))
    return replace(
        found, effect=effect, low=low, method=f"{found.method}; below, over halves of the baseline too"
    )


def _limits(
    measured: Measured,
    first: tuple[str, tuple[int, ...] | None],
    second: tuple[str, tuple[int, ...] | None],
    level: float,
) -> Estimate:
    one, other = measured.of_units(*first), measured.of_units(*second)
    return stats.overlap_estimate(one, other, measured.asked.k, seed=measured.asked.seed, level=level)


def difference(near: Estimate, far: Estimate, drawn: Floats) -> Estimate:
    """Return by how many more the one number exceeds the other, from both and from resampled differences.

    Above no less than both numbers' own limits allow, made at level (1 + LEVEL) / 2, since noise hides what is shared.
    """
    value = float(near.value or 0) - float(far.value or 0)
    low = float(np.sort(drawn)[int((1 - LEVEL) / 2 * len(drawn))])
    high = float(near.high or 0) - float(far.low or 0)
    method = f"bootstrap percentile ({len(drawn):,} resamples) below, both numbers' limits above"
    return stats.Estimate(DIFFERENCE, value, min(low, value), max(high, value), LEVEL, method)


def at_most(measured: Measured, estimate: Estimate) -> TestResult:
    """Test that no more are shared than claimed: p is the error at which the upper limit comes down to that."""
    asked = measured.asked
    bound, (one, other) = asked.claim.sentence.shared, (measured.of_units(name) for name in asked.names)
    p = upper_limit_p(one, other, asked.k, bound)
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
        method=f"simultaneous t bands of all means ({asked.unit}s): the error at which they allow {bound} at most",
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
