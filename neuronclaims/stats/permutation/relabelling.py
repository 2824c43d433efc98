"""Find which arrangements a design allows, and compare them with the observed one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from neuronclaims.stats.effects.points import auroc_many, doubled_midranks, welch_t_many
from neuronclaims.stats.effects.within_blocks import (
    Codes,
    block_counts,
    blocked_auroc_many,
    blocked_fit,
    ranks_within_blocks,
)
from neuronclaims.stats.inputs import Bools, Floats, column_means
from neuronclaims.stats.permutation.arrangements import Signs, Subsets
from neuronclaims.stats.permutation.blocks import BlockSubsets
from neuronclaims.stats.permutation.montecarlo import Tally
from neuronclaims.stats.permutation.ranklaw import blocked_subset_tails, sign_tails, subset_tails
from neuronclaims.stats.permutation.tails import SumTails, WelchTails

Statistic: TypeAlias = Literal["mean", "auroc"]


@dataclass(frozen=True, slots=True)
class Relabelling:
    """Two samples [n1, m] and [n2, m] prepared for exchanging labels.

    ``values`` [n, m] is what is summed over the units a relabelling marks, in ascending order within each
    neuron (within each of its blocks, which lie side by side); ``marked`` [n, m] are the units marked as
    observed. ``swapped`` says that those belong to the second set.
    """

    arrangements: Subsets | BlockSubsets | Signs
    tails: SumTails | WelchTails
    values: Floats
    marked: Bools
    swapped: bool
    whole: bool

    def enumerated(self) -> Tally:
        """Count over all arrangements."""
        above, below = self.tails.count(self.arrangements.every(self.values.shape[1]))
        return self._tally(above.astype(np.float64), below.astype(np.float64), self.arrangements.total, True)

    def drawn(self, seed: int, start: int, stop: int) -> Tally:
        """Count over the random arrangements number ``start`` to ``stop`` of the stream ``seed``."""
        above, below = self.tails.count(self.arrangements.drawn(seed, start, stop, self.values.shape[1]))
        return self._tally(above.astype(np.float64), below.astype(np.float64), stop - start, False)

    def rank_law(self) -> Tally | None:
        """Count over all arrangements of one neuron by the law of rank sums; None where that is too long."""
        if not self.whole:
            return None
        weights = tuple(int(value) for value in self.values[:, 0])
        target = sum(weight for weight, mark in zip(weights, self.marked[:, 0], strict=True) if mark)
        if isinstance(self.arrangements, Signs):
            counts = sign_tails(weights, target)
        elif isinstance(self.arrangements, BlockSubsets):
            counts = blocked_subset_tails(weights, self.arrangements.sizes, self.arrangements.chosen, target)
        else:
            counts = subset_tails(weights, self.arrangements.size, target)
        if counts is None:
            return None
        above, below = (np.array([count]) for count in counts)
        return self._tally(above, below, self.arrangements.total, True)

    def _tally(self, above: Floats, below: Floats, total: int, exact: bool) -> Tally:
        return Tally(below, above, total, exact) if self.swapped else Tally(above, below, total, exact)


def relabel(
    first: Floats, second: Floats, *, paired: bool, statistic: Statistic, codes: Codes | None = None
) -> Relabelling:
    """Prepare two samples: exchange within pairs if ``paired``, otherwise between the sets, within blocks if any."""
    n1, whole = len(first), statistic == "auroc"
    if codes is not None:
        if whole:
            first, second = (ranks.astype(np.float64) for ranks in ranks_within_blocks(first, second, codes))
        return _within_blocks(first, second, codes, whole)
    if whole:
        ranks = doubled_midranks(np.concatenate([first, second])).astype(np.float64)
        first, second = ranks[:n1], ranks[n1:]
    return _within_pairs(first - second, whole) if paired else _between_sets(first, second, whole)


def observed(
    first: Floats, second: Floats, *, paired: bool, statistic: Statistic, codes: Codes | None = None
) -> tuple[Floats, str]:
    """Return the statistic of every neuron [m] and its name."""
    if codes is not None:
        if statistic == "auroc":
            return blocked_auroc_many(first, second, codes), "AUROC within blocks"
        fit = blocked_fit(first, second, codes)
        return np.ldexp(fit.difference, fit.exponent), "block-adjusted difference of means"
    if statistic == "auroc":
        return auroc_many(first, second), "AUROC"
    if paired:
        return column_means(np.sort(first - second, axis=0)), "mean difference"
    if len(first) != len(second):
        return welch_t_many(first, second), "Welch's t"
    return column_means(np.sort(first, axis=0)) - column_means(np.sort(second, axis=0)), "difference of means"


def _between_sets(first: Floats, second: Floats, whole: bool) -> Relabelling:
    n1, n2 = len(first), len(second)
    pooled = np.concatenate([first, second])
    order = np.argsort(pooled, axis=0, kind="stable")
    values = np.take_along_axis(pooled, order, axis=0)
    swapped = n2 < n1
    marked = (order >= n1) if swapped else (order < n1)
    arrangements = Subsets(n1 + n2, min(n1, n2))
    if n1 == n2:
        return Relabelling(
            arrangements, SumTails(values, marked, ~marked, mirrored=True), values, marked, swapped, whole
        )
    if whole:
        return Relabelling(
            arrangements, SumTails(values, marked, marked, mirrored=False), values, marked, swapped, whole
        )
    return Relabelling(arrangements, WelchTails(values, marked), values, marked, swapped, whole)


def _within_blocks(first: Floats, second: Floats, codes: Codes, whole: bool) -> Relabelling:
    # The block-adjusted difference is the sum over the first set, less and times what relabelling cannot change.
    n1, counts = len(first), block_counts(codes)
    pooled, code = np.concatenate([first, second]), np.concatenate(codes)
    by_value = np.argsort(pooled, axis=0, kind="stable")
    order = np.take_along_axis(by_value, np.argsort(code[by_value], axis=0, kind="stable"), axis=0)
    values = np.take_along_axis(pooled, order, axis=0)
    # Which set is marked must not depend on their order, so that exchanging them exchanges the two tails.
    swapped = counts[1].tolist() < counts[0].tolist()
    marked = (order >= n1) if swapped else (order < n1)
    mirrored = bool((counts[0] == counts[1]).all())
    tails = SumTails(values, marked, ~marked if mirrored else marked, mirrored=mirrored)
    sizes, chosen = counts.sum(axis=0), counts[1 if swapped else 0]
    arrangements = BlockSubsets(tuple(map(int, sizes)), tuple(map(int, chosen)))
    return Relabelling(arrangements, tails, values, marked, swapped, whole)


def _within_pairs(differences: Floats, whole: bool) -> Relabelling:
    # Flipping signs at random is marking units at random: the signed sum is twice the marked sizes less a constant.
    # Differences are taken once, in float64; from there on ties are exact.
    order = np.argsort(np.abs(differences), axis=0, kind="stable")
    signed = np.take_along_axis(differences, order, axis=0)
    sizes = np.abs(signed)
    tails = SumTails(sizes, signed > 0, signed < 0, mirrored=True)
    return Relabelling(Signs(len(sizes)), tails, sizes, signed > 0, False, whole)
