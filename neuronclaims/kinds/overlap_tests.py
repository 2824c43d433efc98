"""How shared top neurons are judged: how many, within which limits, and whether labels matter.

Neurons that are always high, or only vary much, are shared by any two sets, so chance subsets of neurons are no fair
comparison. Prompts are exchanged instead. Each prompt has one number: how high a third set's top neurons are in it, on
average, each in standard deviations of the prompts exchanged. Claimed is that it is higher in one set:

- A overlaps more with B than with C: A's top neurons, in prompts of B and of C;
- A and B share at least N: A's top neurons, in prompts of B and of a held-out half of the baseline, and B's in prompts
  of A and of that half; the larger p counts (Berger 1982). All are measured against the mean of the other half.

Counting what is shared anew for every exchange (``stats.overlap_specificity_test``) would find next to nothing: where
C has top neurons of its own, any uneven mixture has those of its majority, so that a third of all exchanges give the
number seen. With 7 of 10 shared against 2, at 8 standard deviations, 10 prompts each, it found none of 60; this, all.

"More" has to hold of the numbers too: p is not below the share of bootstrap resamples of all three sets in which the
one number does not exceed the other.

The limits are those of ``stats.overlap_estimate`` over the baseline as it is. Both profiles share the chance in its
mean, though, and so look alike where they are not: with 3 neurons truly shared, 20 noisy ones, and 20 prompts in each
set, that alone took the lower limit of the top 10 to 5 or more in a third of data sets. So the lower limit is not above
those found with each set over its own half of the baseline; this happened in a fiftieth of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.kind import PATIENCE
from neuronclaims.kinds.null_figures import null_of
from neuronclaims.kinds.selection import LEVEL
from neuronclaims.stats.effects.bootstrap import resampled_indices
from neuronclaims.stats.effects.top_k import contending, highest, profiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.figures import Null
    from neuronclaims.kinds.kind import Family
    from neuronclaims.kinds.overlap_values import Measured
    from neuronclaims.kinds.tracing import Floats
    from neuronclaims.stats import Estimate, TestResult
    from neuronclaims.stats.inputs import Bools

RESAMPLES = 1_999
"""How many bootstrap resamples say whether one number exceeds another."""

LEAST, STEPS = 1e-6, 40
"""The least p of an upper limit that is told apart from 0, and how often the range it lies in is halved at most."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One exchange of labels, and by how much higher the top neurons of ``fixed`` are in ``near`` than in ``far``.

    ``null`` is what relabelling alone gives that.
    """

    fixed: str
    near: str
    far: str
    height: float
    test: TestResult
    null: tuple[Null, ...] = ()


def top_of(scores: Floats, k: int) -> Bools:
    """Tell which columns [m] are among the top ``k`` of the mean of scores [n, m], as the tests count them."""
    return np.asarray(highest(profiles(scores, k, "mean").sum(axis=0)[None], k)[0], dtype=np.bool_)


def shared(measured: Measured, one: str, other: str, level: float = LEVEL) -> Estimate:
    """Return how many top neurons two sets share, the lower limit allowing for the baseline's chance."""
    asked = measured.asked
    first, second = (name for name in asked.in_content_order if name in (one, other))
    found = _limits(measured, (first, None), (second, None), level)
    name = f"number of neurons shared among the top {asked.k}"
    if not asked.halved:
        return replace(
            found, name=name, low=0.0, method=f"{found.method}; 0, as the baseline cannot be halved"
        )
    mean, held_out = asked.halves
    apart = [
        _limits(measured, (first, one_half), (second, other_half), level)
        for one_half, other_half in ((mean, held_out), (held_out, mean))
    ]
    low = min(float(each.low or 0) for each in (found, *apart))
    return replace(
        found, name=name, low=low, method=f"{found.method}; below, over halves of the baseline too"
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
    method = f"bootstrap percentile ({RESAMPLES:,} resamples) below, both numbers' limits above"
    return stats.Estimate(
        "difference of the numbers shared", value, min(low, value), max(high, value), LEVEL, method
    )


def exchanged(
    measured: Measured, fixed: str, near: str, far: str, family: Family, over: tuple[int, ...] | None = None
) -> Exchanged:
    """Test whether ``fixed``'s top neurons are higher in ``near`` than in ``far``, of a baseline its held-out half."""
    asked = measured.asked
    design = asked.design(near, far)
    top = top_of(measured.of_units(fixed, over), asked.k)
    one, other = (measured.scores(name, over)[:, top] for name in (near, far))
    if far == asked.baseline:
        other = other[list(asked.halves[1])]
    first, second = heights(*design.units(one, other))
    test = stats.two_sample_test(
        first,
        second,
        paired=design.paired,
        statistic="mean",
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
    null = null_of(
        first,
        second,
        test,
        paired=design.paired,
        statistic="mean",
        seed=asked.seed,
        of=f" of how high the top {asked.k} of {fixed} are, {near} over {far}",
        blocks=design.blocks,
    )
    return Exchanged(fixed, near, far, float(first.mean() - second.mean()), test, null)


def heights(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return the mean over neurons of scores [n1, k] and [n2, k], in standard deviations of all units: [n1], [n2].

    Which unit is in which set makes no difference to the scale; a neuron that never varies counts for nothing.
    """
    pooled = np.concatenate([first, second])
    spreads = pooled.std(axis=0)
    scaled = np.divide(pooled, spreads, out=np.zeros_like(pooled), where=np.ptp(pooled, axis=0) > 0)
    means = scaled.sum(axis=1) / max(1, pooled.shape[1])
    return means[: len(first)], means[len(first) :]


def more_in_number(found: Exchanged, drawn: Floats) -> TestResult:
    """Return an exchange's test, its p not below that of resampled differences being no more than 0."""
    many = len(drawn)
    p = (1 + int((drawn <= 0).sum())) / (1 + many)
    method = (
        f"the larger p of two: {found.test.method}, of top neurons' heights; bootstrap of the numbers shared"
    )
    least = max(found.test.smallest_p, 1 / (1 + many))
    made = replace(found.test, smallest_p=least, method=f"{method} ({many:,} resamples)")
    if p <= made.p_value:
        return made
    error = (p * (1 - p) / many) ** 0.5
    return replace(made, p_value=p, p_greater=p, exact=False, arrangements=many, standard_error=error)


def resampled_differences(sets: list[Floats], k: int, seed: int) -> Floats:
    """Resample the units of three sets [n, m]: how many more the first shares with the second than with the third."""
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


def against_baseline(measured: Measured, family: Family) -> tuple[Exchanged, Exchanged]:
    """Test of each of two sets whether it has more in common with the other than the baseline's prompts have."""
    asked = measured.asked
    mean, (one, other) = asked.halves[0], asked.names
    return (
        exchanged(measured, one, other, asked.baseline, family, mean),
        exchanged(measured, other, one, asked.baseline, family, mean),
    )


def both(tests: tuple[Exchanged, Exchanged]) -> TestResult:
    """Return the test that both are so: its p is the larger one."""
    larger = max((found.test for found in tests), key=lambda test: test.p_value)
    return replace(
        larger,
        smallest_p=max(found.test.smallest_p for found in tests),
        resolved=all(found.test.resolved for found in tests),
        method=f"the larger p of two: {'; '.join(found.test.method for found in tests)}",
    )


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
