"""Bootstrap intervals, for effects without a formula: units are drawn again, with replacement.

Where prompts belong to groups, the units are the groups, one value each: that is the cluster bootstrap. With
20 units or fewer these intervals are too narrow, on skewed values far too narrow (docs/adr/0012-three-verdicts.md):
an effect that has an interval of its own should keep it.

Draws come from the raw words of a seeded generator, which every version of numpy gives alike (NEP 19), and
values are put in order first: so an interval depends on the values and the seed, not on the order of units
or on the size of batches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuronclaims.stats.effects.estimate import Estimate
from neuronclaims.stats.inputs import Floats, StatsError, check_choice, check_share, vector
from neuronclaims.stats.permutation.arrangements import raw_words

BootstrapMethod: TypeAlias = Literal["percentile", "basic", "BCa"]
Statistic: TypeAlias = Callable[..., Floats]
Indices: TypeAlias = NDArray[np.intp]
_TIE = 1e-9
"""Resampled values this close to the estimate, as a share of their range, equal it but for rounding."""
_BATCH_CELLS = 1_000_000
"""Largest number of values drawn at once: 8 MB of indices and 8 MB of values."""


def bootstrap_estimate(
    samples: Sequence[ArrayLike],
    statistic: Statistic,
    *,
    name: str,
    paired: bool,
    seed: int,
    method: BootstrapMethod = "percentile",
    resamples: int = 9999,
    level: float = 0.95,
) -> Estimate:
    """Return ``statistic`` of ``samples`` with a bootstrap interval that contains it.

    ``samples`` are one or more arrays [n_i], one finite value per unit; when ``paired`` they are aligned and
    units are drawn with all their values. ``statistic`` takes as many arrays [..., n_i] and returns [...],
    reducing the last axis. Sources: Efron and Tibshirani 1993, chapters 13 and 14; BCa for several samples
    as in ``scipy.stats.bootstrap``, which gives the same limits from the same draws. Limits that leave the
    estimate outside are moved to it.

    The limits are None, and ``method`` says why, where no resample differs, or the statistic (or a
    correction of BCa) is undefined for some.

    Raises StatsError for values that are not finite, unequal lengths of pairs, fewer than two units in a
    sample, or a statistic that does not reduce the last axis.
    """
    check_choice(method, ("percentile", "basic", "BCa"), "method")
    check_share(level, "The level")
    plan = _Plan(_ordered(samples, paired), statistic, paired, seed)
    if resamples < 1:
        raise StatsError(f"resamples must be at least 1, not {resamples}.")
    value = plan.observed()
    text = f"{method} bootstrap interval, {resamples:,} resamples"
    if value is None:
        return Estimate(name, None, None, None, level, f"{text}: the effect is undefined")
    drawn = plan.resampled(resamples)
    undefined = int(np.count_nonzero(~np.isfinite(drawn)))
    if undefined:
        return Estimate(name, value, None, None, level, f"{text}: undefined in {undefined:,} of them")
    if np.all(drawn == value):
        return Estimate(name, value, None, None, level, f"{text}: none differs")
    shares = _bca_shares(plan, drawn, value, level) if method == "BCa" else _equal_shares(level)
    if shares is None:
        return Estimate(name, value, None, None, level, f"{text}: the correction is undefined")
    low, high = (float(x) for x in np.quantile(drawn, shares))
    if method == "basic":
        low, high = 2 * value - high, 2 * value - low
    return Estimate(name, value, min(low, value), max(high, value), level, text)


def resampled_indices(sizes: Sequence[int], seed: int, start: int, stop: int) -> list[Indices]:
    """Return which units resamples ``start`` to ``stop`` take: an array [stop - start, n_i] per sample.

    Each resample uses as many raw words of PCG64 as there are units, sample after sample, each word modulo
    the size (a bias of n / 2^64).
    """
    width = sum(sizes)
    words = raw_words(seed, start * width, (stop - start) * width).reshape(-1, width)
    ends = np.cumsum(sizes)
    return [
        (words[:, end - size : end] % np.uint64(size)).astype(np.intp)
        for size, end in zip(sizes, ends, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Plan:
    samples: list[Floats]
    statistic: Statistic
    paired: bool
    seed: int

    def observed(self) -> float | None:
        value = float(self._of(self.samples, ()))
        return value if math.isfinite(value) else None

    def resampled(self, resamples: int) -> Floats:
        """Return the statistic of each resample [resamples]."""
        sizes = [len(self.samples[0])] if self.paired else [len(sample) for sample in self.samples]
        rows = max(1, _BATCH_CELLS // max(sum(sizes), sum(map(len, self.samples))))
        drawn = np.empty(resamples)
        for start in range(0, resamples, rows):
            stop = min(start + rows, resamples)
            indices = resampled_indices(sizes, self.seed, start, stop)
            taken = [
                sample[index] for sample, index in zip(self.samples, self._for_each(indices), strict=True)
            ]
            drawn[start:stop] = self._of(taken, (stop - start,))
        return drawn

    def left_out(self) -> Iterator[Floats]:
        """Yield, per set of units, the statistic with each unit left out in turn, [n]."""
        sets = [range(len(self.samples))] if self.paired else [[i] for i in range(len(self.samples))]
        for members in sets:
            n = len(self.samples[members[0]])
            kept = np.array([[j for j in range(n) if j != i] for i in range(n)])
            arrays = [
                sample[kept] if i in members else np.broadcast_to(sample, (n, len(sample)))
                for i, sample in enumerate(self.samples)
            ]
            yield self._of(arrays, (n,))

    def _for_each(self, indices: list[Indices]) -> list[Indices]:
        return indices * len(self.samples) if self.paired else indices

    def _of(self, arrays: Sequence[Floats], shape: tuple[int, ...]) -> Floats:
        with np.errstate(all="ignore"):  # what is undefined is counted and reported by the caller
            found = np.asarray(self.statistic(*arrays), dtype=np.float64)
        if found.shape != shape:
            raise StatsError(
                f"The statistic must turn arrays of shape {[list(a.shape) for a in arrays]} into one of shape "
                f"{list(shape)}, reducing the last axis, but gave {list(found.shape)}."
            )
        return found


def _equal_shares(level: float) -> tuple[float, float]:
    return (1 - level) / 2, (1 + level) / 2


def _bca_shares(plan: _Plan, drawn: Floats, value: float, level: float) -> tuple[float, float] | None:
    """Return which quantiles of the resampled values bound the bias-corrected and accelerated interval."""
    from scipy.special import ndtr, ndtri

    tie = _TIE * float(np.ptp(drawn))
    bias = float(ndtri((np.mean(drawn < value - tie) + np.mean(drawn <= value + tie)) / 2))
    acceleration = _acceleration(plan)
    if acceleration is None or not math.isfinite(bias):
        return None
    moved = []
    for share in _equal_shares(level):
        reach = bias + float(ndtri(share))
        moved.append(float(ndtr(bias + reach / (1 - acceleration * reach))))
    if not all(math.isfinite(share) for share in moved) or moved[0] >= moved[1]:
        return None
    return moved[0], moved[1]


def _acceleration(plan: _Plan) -> float | None:
    influences = [(len(values) - 1) * (values.mean() - values) for values in plan.left_out()]
    largest = max(float(np.abs(influence).max()) for influence in influences)
    if not math.isfinite(largest) or largest == 0:
        return None
    scaled = [influence / largest for influence in influences]  # so that no power vanishes or overflows
    top = sum(float((x**3).sum()) / len(x) ** 3 for x in scaled)
    bottom = sum(float((x**2).sum()) / len(x) ** 2 for x in scaled)
    return float(top / (6 * bottom**1.5))


def _ordered(samples: Sequence[ArrayLike], paired: bool) -> list[Floats]:
    if not samples:
        raise StatsError("There is no sample to draw from.")
    arrays = [vector(sample, f"Sample {i + 1}") for i, sample in enumerate(samples)]
    sizes = [len(array) for array in arrays]
    if min(sizes) < 2:
        raise StatsError(f"Each sample needs at least 2 units to be drawn from, but there are {sizes}.")
    if not paired:
        return [np.sort(array) for array in arrays]
    if len(set(sizes)) > 1:
        raise StatsError(f"Paired values must match one to one, but there are {sizes}.")
    order = np.lexsort(arrays[::-1])
    return [array[order] for array in arrays]
