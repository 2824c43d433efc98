"""The k highest neurons: which they are in each prompt, and how many two sets of prompts share.

A neuron is among the top k when at most k neurons, itself included, are as high or higher: when every way of
breaking ties would put it there. So no set has more than k members, neither the order of neurons nor chance
decides, and a tie across the k-th place leaves fewer than k members instead of favouring some of the tied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuronclaims.stats.distributions.quantiles import t_quantile
from neuronclaims.stats.effects.effect_size import EffectSize
from neuronclaims.stats.effects.estimate import Estimate
from neuronclaims.stats.effects.points import variance
from neuronclaims.stats.inputs import Bools, Floats, StatsError, check_choice, check_share, matrix, vector
from neuronclaims.stats.permutation.arrangements import Subsets, block_rows
from neuronclaims.stats.permutation.exchange import content_order, whole_numbers
from neuronclaims.stats.resamples import resampled_indices

Profile: TypeAlias = Literal["mean", "occurrence"]


@dataclass(frozen=True, slots=True)
class Overlap:
    """The agreement of the top k of two profiles.

    ``shared`` neurons are among the top k of both; ``jaccard`` is that over the number in either (None where
    there are none); ``rank_biased`` weighs agreement at the first places more, from 0 to 1.
    """

    shared: int
    jaccard: float | None
    rank_biased: float


def top_k_members(scores: ArrayLike, k: int) -> Bools:
    """Say for each prompt which neurons are among its top ``k``: scores [n, m] in, true/false [n, m] out.

    Ties across the k-th place leave all of the tied out (see above), so a row may have fewer than k.

    >>> top_k_members([[3, 1, 2], [1, 1, 0]], 1).tolist()
    [[True, False, False], [False, False, False]]
    """
    values = matrix(scores, "The scores")
    _check_k(k, values.shape[1])
    return np.concatenate([highest(values[rows], k) for rows in _slices(len(values), values.shape[1])])


def overlap(first: ArrayLike, second: ArrayLike, k: int, *, persistence: float = 0.9) -> Overlap:
    """Return the agreement of the top ``k`` of two profiles [m] and [m].

    ``rank_biased`` is the extrapolated rank-biased overlap to depth k with tied places shared (Webber, Moffat
    and Zobel 2010, equations 32 and 24); the higher ``persistence``, the less the first places dominate.

    >>> overlap([4, 3, 2, 1], [4, 1, 3, 2], 2)
    Overlap(shared=1, jaccard=0.3333333333333333, rank_biased=0.55)
    """
    a, b = vector(first, "The first profile"), vector(second, "The second profile")
    check_share(persistence, "persistence")
    if len(a) != len(b):
        raise StatsError(f"The profiles have {len(a)} and {len(b)} neurons; they must have the same.")
    _check_k(k, len(a))
    tops = highest(np.stack([a, b]), k)
    shared, either = int(tops.all(axis=0).sum()), int(tops.any(axis=0).sum())
    return Overlap(shared, shared / either if either else None, _rank_biased(a, b, k, persistence))


def overlap_estimate(
    first: ArrayLike, second: ArrayLike, k: int, *, seed: int, level: float = 0.95, resamples: int = 1999
) -> Estimate:
    """Return how many of their top ``k`` neurons two sets' mean profiles share, with an interval in 0..k.

    Scores per prompt [n1, m] and [n2, m]. Noise in the means hides shared neurons, so the number seen is too
    low rather than too high, and the bootstrap's more so. The lower limit is its percentile; the upper one
    counts the neurons that simultaneous t bands of all m means still allow in both tops, and is often k.
    Hence the interval supports "at least 5", and says "fewer than 5" only where that is certain; measured
    in docs/adr/0011-searching-a-grid.md. Compare the value with ``noise_ceiling``.

    >>> found = overlap_estimate([[3, 2, 0, 1]] * 4, [[3, 0, 2, 1]] * 4, 2, seed=0)
    >>> found.value, found.low, found.high
    (1.0, 1.0, 1.0)
    """
    a, b = two_scores(first, second, k)
    check_share(level, "The level")
    if resamples < 1:
        raise StatsError(f"resamples must be at least 1, not {resamples}.")
    sides = [contending(profiles(side, k, "mean"), None, k) for side in (a, b)]
    top = [
        np.isin(np.arange(a.shape[1]), kept[highest(values.sum(axis=0)[None], k)[0]])
        for values, kept in sides
    ]
    value = int((top[0] & top[1]).sum())
    drawn = np.sort(_resampled_overlaps(sides, k, seed, resamples))
    low = int(drawn[int((1 - level) / 2 * resamples)])
    possible = int((_possible(a, k, level) & _possible(b, k, level)).sum())
    method = f"bootstrap percentile ({resamples:,} resamples) below, simultaneous t bands above"
    effect = EffectSize("neurons_shared", f"neurons shared among the top {k}", scale="count")
    limits = float(min(low, value)), float(min(k, max(possible, value)))
    return Estimate(effect, float(value), *limits, level, method)


def noise_ceiling(scores: ArrayLike, k: int, *, seed: int, splits: int = 500) -> float:
    """Return how many of their top ``k`` two random halves of one set [n, m] share on average.

    Two concepts cannot be expected to share more than a concept shares with itself. Halves have half the
    prompts, so for whole sets the ceiling is a little higher.

    >>> noise_ceiling([[3, 2, 0, 1]] * 4, 2, seed=0)
    2.0
    """
    values, _ = contending(profiles(scores_of(scores, k, "The set"), k, "mean"), None, k)
    n, m = values.shape
    values, total, found = values[content_order(values)], values.sum(axis=0), 0
    halves = Subsets(n, n // 2)
    every = halves.total <= splits
    for rows in halves.every(m) if every else halves.drawn(seed, 0, splits, m):
        sums = rows.astype(np.float64) @ values
        # With an odd number of prompts one half has one more; each is ranked within itself.
        found += int((highest(sums, k) & highest(total - sums, k)).sum())
    return found / (halves.total if every else splits)


def highest(sums: Floats, k: int) -> Bools:
    """Tell per row [rows, m] which entries are among its top ``k``: higher than the (k + 1)-th highest."""
    place = sums.shape[1] - k - 1
    return np.asarray(sums > np.partition(sums, place, axis=1)[:, place : place + 1], dtype=np.bool_)


def profiles(scores: Floats, k: int, by: Profile) -> Floats:
    """Return what is summed over prompts to rank neurons [n, m], as whole numbers whose sums are exact."""
    check_choice(by, ("mean", "occurrence"), "by")
    if by == "occurrence":
        return top_k_members(scores, k).astype(np.float64)
    return whole_numbers(scores, len(scores), per_column=False)


def contending(values: Floats, sizes: tuple[int, int] | None, k: int) -> tuple[Floats, NDArray[np.intp]]:
    """Return the columns of ``values`` [n, m] that can be among the top ``k`` at all, and which they are.

    That is, by the sum over some choice of ``sizes`` prompts, or of n with repetition when None. A neuron
    whose largest possible sum does not exceed the smallest possible ones of k + 1 neurons never is. Those k +
    1 are kept, to be compared with; the others left out change no top k, and of 100,000 often few remain.
    """
    n, ordered = len(values), np.sort(values, axis=0)
    keep = np.zeros(values.shape[1], dtype=np.bool_)
    for size in sizes or (n,):
        least = n * ordered[0] if sizes is None else ordered[:size].sum(axis=0)
        most = n * ordered[-1] if sizes is None else ordered[n - size :].sum(axis=0)
        highest_least = np.argpartition(least, len(least) - k - 1)[len(least) - k - 1 :]
        keep |= most > least[highest_least].min()
        keep[highest_least] = True
    kept = np.flatnonzero(keep)
    return values[:, kept], kept


def scores_of(scores: ArrayLike, k: int, name: str) -> Floats:
    """Return scores per prompt [n, m], checked."""
    values = matrix(scores, name)
    _check_k(k, values.shape[1])
    if len(values) < 2:
        raise StatsError(f"{name} needs at least 2 prompts, but there is {len(values)}.")
    return values


def two_scores(first: ArrayLike, second: ArrayLike, k: int) -> tuple[Floats, Floats]:
    """Return the scores per prompt of two sets, checked, on the same neurons."""
    a, b = scores_of(first, k, "The first set"), scores_of(second, k, "The second set")
    if a.shape[1] != b.shape[1]:
        raise StatsError(f"The two sets have {a.shape[1]} and {b.shape[1]} neurons; they must have the same.")
    return a, b


def _resampled_overlaps(
    sides: list[tuple[Floats, NDArray[np.intp]]], k: int, seed: int, resamples: int
) -> NDArray[np.int64]:
    values = [side[content_order(side)] for side, _ in sides]
    both = np.intersect1d(sides[0][1], sides[1][1])
    places = [np.searchsorted(kept, both) for _, kept in sides]
    sizes = [len(side) for side in values]
    rows = block_rows(sum(sizes), max(side.shape[1] for side in values))
    found = []
    for start in range(0, resamples, rows):
        stop = min(start + rows, resamples)
        tops = [
            highest(_counts(index, len(side)) @ side, k)[:, place]
            for index, side, place in zip(
                resampled_indices(sizes, seed, start, stop), values, places, strict=True
            )
        ]
        found.append((tops[0] & tops[1]).sum(axis=1))
    return np.concatenate(found)


def _counts(index: NDArray[np.intp], n: int) -> Floats:
    """Return how often each of n units was drawn, [rows, n], from the units drawn [rows, n]."""
    flat = index + n * np.arange(len(index))[:, None]
    return np.bincount(flat.ravel(), minlength=n * len(index)).reshape(len(index), n).astype(np.float64)


def _possible(scores: Floats, k: int, level: float) -> Bools:
    """Tell which neurons [m] the bands of all means together allow among the top ``k``.

    Bonferroni over m neurons and two sets; half of the error is left for the lower limit. If all true means
    lie in their bands, the k-th highest lower band is no higher than the k-th highest mean, and every true
    member's upper band reaches that.
    """
    n, m = scores.shape
    ordered = np.sort(scores, axis=0)  # in any order of prompts the same last digit
    mean = ordered.mean(axis=0)
    reach = t_quantile(n - 1, 1 - (1 - level) / (4 * m)) * np.sqrt(variance(ordered) / n)
    return np.asarray(mean + reach >= np.partition(mean - reach, m - k)[m - k], dtype=np.bool_)


def _rank_biased(first: Floats, second: Floats, k: int, persistence: float) -> float:
    """Sum agreement over depths 1 to k; at each depth all that tie for its last place are in."""
    ranks = [len(side) - np.searchsorted(np.sort(side), side, side="right") for side in (first, second)]
    agreement = []
    for depth in range(1, k + 1):
        tops = [rank < depth for rank in ranks]
        agreement.append(2 * (tops[0] & tops[1]).sum() / (tops[0].sum() + tops[1].sum()))
    weights = (1 - persistence) * persistence ** np.arange(k)
    return float(weights @ agreement + persistence**k * agreement[-1])


def _slices(n: int, m: int) -> Iterator[slice]:
    rows = block_rows(1, m)
    return (slice(start, start + rows) for start in range(0, n, rows))


def _check_k(k: int, m: int) -> None:
    if not 1 <= k < m:
        raise StatsError(f"The top {k} of {m} neurons is not a choice; k must be from 1 to {m - 1}.")
