"""Warn, in plain sentences, of values that make a test less trustworthy.

None of this changes a number. Each rule was chosen for how often it fires where it should and where it
should not; docs/adr/0009-unequal-spreads.md has the rates.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.inputs import Floats, check_choice, check_sizes, to_unit, vector

_TIED_SHARE = 0.5
_FEW_VALUES = 5
_FAR_OUT = 8.0
"""Standard deviations of the other values of its set beyond which one value is an outlier."""


def assumption_warnings(
    first: ArrayLike, second: ArrayLike, *, paired: bool, statistic: str
) -> tuple[str, ...]:
    """Return warnings, as sentences, about values [n1] and [n2] that make their test less trustworthy.

    For one sample give its null value, repeated, as the second, and ``paired``. Looked at are: spreads that
    differ the bad way between sets of unequal size; ties; differences within pairs that are lopsided; and
    one value that carries the difference of means. Values that never vary get no warning: their test says
    so itself.

    Raises StatsError for the input a test refuses.

    >>> for sentence in assumption_warnings([1, 1, 1, 2], [1, 1, 1, 1], paired=False, statistic="auroc"):
    ...     print(sentence)
    88% of the values are the same; the test is right but has little to go on.
    """
    check_choice(statistic, ("mean", "auroc"), "statistic")
    a, b = vector(first, "The first set"), vector(second, "The second set")
    check_sizes(a, b, paired=paired)
    samples = (a - b,) if paired else (a, b)
    pooled = np.concatenate(samples)
    if (pooled == pooled[0]).all():
        return ()
    parts = np.split(to_unit(pooled), [len(a)]) if not paired else [to_unit(pooled)]
    found = [_ties(pooled, paired)]
    if not paired:
        found.append(_spread(parts[0], parts[1], statistic))
    if statistic == "mean":
        found.append(_lopsided(parts[0]) if paired else None)
        found.append(_carried(samples, parts))
    return tuple(sentence for sentence in found if sentence)


def _ties(values: Floats, paired: bool) -> str | None:
    what = "differences" if paired else "values"
    distinct, times = np.unique(values, return_counts=True)
    share = times.max() / len(values)
    if share > _TIED_SHARE:
        return f"{share:.0%} of the {what} are the same; the test is right but has little to go on."
    if len(distinct) < min(_FEW_VALUES, len(values)):
        return f"There are only {len(distinct)} distinct {what}; the test is right but has little to go on."
    return None


def _spread(a: Floats, b: Floats, statistic: str) -> str | None:
    if len(a) == len(b):
        return None
    small, large = sorted((a, b), key=len)
    factor = 2.0 if len(small) < 10 else 3.0  # fewer units need a lower bar to notice a threefold spread
    if np.var(small, ddof=1) <= factor * np.var(large, ddof=1):
        return None
    spread = np.std(large, ddof=1)
    how = (
        f"{np.std(small, ddof=1) / spread:.2g} times as much as" if spread > 0 else "while nothing varies in"
    )
    effect = (
        "which can make a difference of means look surer than it is, above all when values are skewed"
        if statistic == "mean"
        else "so a small p may come from the spread and not from the level"
    )
    return (
        f"The smaller set ({len(small)}) varies {how} the larger one ({len(large)}), {effect}. "
        "Sets of the same size would not have this weakness."
    )


def _lopsided(d: Floats) -> str | None:
    n, centred = len(d), d - d.mean()
    # Skewness in its standard errors under a normal law, and the distance of mean and median (Miao, Gel and
    # Gastwirth 2006): the first alone fires on heavy tails, the second on two clumps.
    error = math.sqrt(6 * (n - 2) / ((n + 1) * (n + 3)))
    skewness = float((centred**3).mean()) / float((centred**2).mean()) ** 1.5
    median = float(np.median(d))
    offset = math.sqrt(n) * float(d.mean() - median) / float(np.abs(d - median).mean())
    if n < 3 or abs(skewness) <= 1.645 * error or offset * math.copysign(1.0, skewness) <= 1.0:
        return None
    return (
        "The differences have a longer tail on one side. Where the two members of a pair could have been "
        "exchanged the test is right all the same; as a statement about the mean difference alone its p can "
        "be too small."
    )


def _carried(samples: tuple[Floats, ...], parts: list[Floats]) -> str | None:
    signs = (1.0, -1.0)
    difference = sum(sign * part.mean() for sign, part in zip(signs, parts, strict=False))
    for sign, sample, part in zip(signs, samples, parts, strict=False):
        n = len(part)
        if n < 3 or not _may_have_one_far_out(part):
            continue
        place = int(np.argmax(np.abs(part - np.median(part))))
        others = np.delete(part, place)
        if abs(part[place] - others.mean()) <= _FAR_OUT * others.std(ddof=1):
            continue
        without = difference + sign * (others.mean() - part.mean())
        if without * np.sign(difference) < abs(difference) / 2:
            what = "difference" if len(samples) == 1 else "value"
            fate = "changes sign" if without * difference < 0 else "falls to less than half"
            return (
                f"One {what} ({sample[place]:.4g}) lies far from all others and carries the result: without "
                f"it the difference of means {fate}. The AUROC does not hang on single values."
            )
    return None


def _may_have_one_far_out(part: Floats) -> bool:
    """Say quickly whether a value may lie beyond ``_FAR_OUT`` standard deviations of the others; most sets have none.

    A value k standard deviations of the others away is z of all of them away, and z grows with k.
    """
    n = len(part)
    squares = (part - part.mean()) ** 2
    least = (_FAR_OUT * (n - 1) / n) ** 2 / (n - 2 + _FAR_OUT**2 * (n - 1) / n)
    return bool(squares.max() >= 0.999 * least * squares.sum())
