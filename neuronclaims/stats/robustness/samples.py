"""The values behind an effect, from which units can be left out, with the effect and its error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from neuronclaims.stats.distributions.newcombe import paired_variance_factor
from neuronclaims.stats.distributions.skewed_mean import SkewedMean
from neuronclaims.stats.effects.estimate import caution_of_mean
from neuronclaims.stats.numbers.rank_correlation import Ranked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.stats.inputs import Floats

Scale: TypeAlias = Literal["difference", "sd", "auroc", "ratio", "mean", "share", "mean AUROC", "correlation"]
"""What an effect is of its values (``results.UnitValues``)."""

FEWEST = 3
"""Units of a set that must be left for an effect with an error."""


@dataclass(frozen=True, eq=False)
class Samples:
    """The values of the units of two sets, [n1] and [n2]; of one set ``alone`` the second is empty.

    Units of pairs, and values with numbers (``correlation``), have one value in each.

    >>> samples = Samples("difference", np.array([3.0, 4.0, 8.0]), np.array([1.0, 2.0, 3.0]))
    >>> samples.effect, samples.without_each.tolist()
    (3.0, [4.0, 3.5, 1.5, 2.5, 3.0, 3.5])
    """

    scale: Scale
    first: Floats
    second: Floats
    paired: bool = False
    alone: bool = False

    @property
    def joined(self) -> bool:
        """Whether there is one set of units: of one set alone, of pairs, or of values with numbers."""
        return self.paired or self.alone

    @property
    def counts(self) -> tuple[int, ...]:
        """How many units each set has; one number where units are joined."""
        return (len(self.first),) if self.joined else (len(self.first), len(self.second))

    def without(self, places: NDArray[np.intp]) -> Samples:
        """Return the samples without some units, by their places: those of the second set follow those of the first."""
        keep = np.ones(sum(self.counts), dtype=bool)
        keep[places] = False
        one = keep[: len(self.first)]
        other = one if self.paired else keep[len(self.first) :]
        return Samples(self.scale, self.first[one], self.second[other], self.paired, self.alone)

    @property
    def enough(self) -> bool:
        """Whether there are enough units for an error."""
        return min(self.counts) >= FEWEST

    @cached_property
    def effect(self) -> float:
        """The effect; NaN where it is undefined."""
        a, b = self.first, self.second
        with np.errstate(all="ignore"):
            if self.scale == "correlation":
                return Ranked.of(a, b).correlation
            if self.scale == "ratio":
                return float(a.mean() / b.mean())
            if self.scale == "auroc":
                return float(_above(a, b).mean() / len(b))
            if self.scale == "difference":
                return float(a.mean() - b.mean())
            if self.scale == "sd":
                return float(_sd(*(np.array([each]) for each in self._moments))[0])
            return float(a.mean())

    @cached_property
    def without_each(self) -> Floats:
        """The effect without each unit, [units]."""
        a, b = self.first, self.second
        with np.errstate(all="ignore"):
            if self.scale == "correlation":
                return Ranked.of(a, b).without_each()
            if self.scale == "ratio":
                return np.asarray(_means_without(a) / _means_without(b))
            if self.scale == "auroc":
                return _paired_aurocs_without(a, b) if self.paired else _aurocs_without(a, b)
            if self.scale == "difference":
                if self.paired:
                    return _means_without(a - b)
                return np.concatenate([_means_without(a) - b.mean(), a.mean() - _means_without(b)])
            if self.scale == "sd":
                return self._sd_without
            return _means_without(a)

    @cached_property
    def weights(self) -> tuple[Floats, ...]:
        """How far each unit draws the effect, [units] per set: pseudo-values less the effect (Tukey 1958)."""
        found, start = [], 0
        for count in self.counts:
            own = self.without_each[start : start + count]
            found.append((count - 1) * (own.mean() - own))
            start += count
        return tuple(found)

    def careful_p(self, boundary: float) -> float | None:
        """Return the two-sided p of a mean, or of a ratio, that bears with skewed values; None for other effects.

        It is that of t corrected for skewness, and never below the least that a mean of values mostly alike has.

        >>> Samples("mean", np.array([1.0, 2, 3, 4]), np.empty(0), alone=True).careful_p(2.5)
        1.0
        """
        if not self.joined or self.scale not in ("difference", "ratio", "mean"):
            return None
        found = SkewedMean.of(self._less(boundary))
        if found.error == 0:
            return None
        caution = caution_of_mean(self._less(self.effect))
        least = caution.least_p if caution is not None and caution.key == "rests_on_few" else 0.0
        return min(1.0, max(2 * min(found.tails(0.0)), least))

    def _less(self, boundary: float) -> Floats:
        """Return how far the values of each unit lie from a boundary of the effect, [units]."""
        if self.scale == "ratio":
            return self.first - boundary * self.second
        return self.first - self.second - boundary if self.paired else self.first - boundary

    @property
    def error(self) -> float:
        """The standard error of the effect, by the jackknife within each set."""
        return float(np.sqrt(sum(each.var(ddof=1) / len(each) for each in self.weights)))

    def error_at(self, boundary: float) -> float | None:
        """Return the standard error that the effect would have at a boundary; None where it follows from the values.

        A share has the binomial one, a correlation that of Fisher, a difference in sd that of Hedges and Olkin (1985),
        and an AUROC that of Hanley and McNeil (1982), which at 0.5 is the one of the rank sum test; of pairs it is
        multiplied as in its interval.
        """
        n, m = self.counts[0], self.counts[-1]
        if self.scale in ("share", "auroc") and not 0.0 < boundary < 1.0:
            return None
        if self.scale == "share":
            return math.sqrt(boundary * (1 - boundary) / n)
        if self.scale == "auroc":
            one, other = boundary / (2 - boundary), 2 * boundary**2 / (1 + boundary)
            square = boundary**2
            spread = boundary * (1 - boundary) + (n - 1) * (one - square) + (m - 1) * (other - square)
            factor = paired_variance_factor(self.first, self.second) if self.paired else 1.0
            return math.sqrt(factor * spread / (n * m))
        if self.scale == "sd":
            whole = 1 / n if self.joined else 1 / n + 1 / m
            return math.sqrt(whole + boundary**2 / (2 * sum(self.counts)))
        if self.scale == "correlation":
            return (1 - boundary**2) / math.sqrt(max(1, n - 3))
        return None

    @property
    def _moments(self) -> tuple[float, ...]:
        """The counts, means and sums of squares that a difference in standard deviations is made of."""
        sides = (self.first - self.second,) if self.paired else (self.first, self.second)
        return tuple(
            value
            for side in sides
            for value in (float(len(side)), float(side.mean()), float(((side - side.mean()) ** 2).sum()))
        )

    @property
    def _sd_without(self) -> Floats:
        if self.paired:
            return _sd(*_moments_without(self.first - self.second))
        one, other = ([np.full(1, each) for each in self._moments[start : start + 3]] for start in (0, 3))
        return np.concatenate(
            [_sd(*_moments_without(self.first), *other), _sd(*one, *_moments_without(self.second))]
        )


def _means_without(values: Floats) -> Floats:
    return np.asarray((values.sum() - values) / (len(values) - 1))


def _moments_without(values: Floats) -> tuple[Floats, Floats, Floats]:
    count, centre = len(values) - 1, values - values.mean()
    means = -centre / count
    squares = np.maximum((centre**2).sum() - centre**2 - count * means**2, 0.0)
    return np.full(len(values), float(count)), values.mean() + means, squares


def _sd(n: Floats, mean: Floats, squares: Floats, *second: Floats) -> Floats:
    """Return Hedges' g of differences from their count, mean and sum of squares, or of two sets from those of both."""
    free, apart, spread = n - 1, mean, squares
    if second:
        free, apart, spread = n + second[0] - 2, mean - second[1], squares + second[2]
    return np.asarray((1 - 3 / (4 * free - 1)) * apart / np.sqrt(spread / free))


def _above(a: Floats, b: Floats) -> Floats:
    """Return how many of b each of a lies above, ties counted half, [len(a)]."""
    ordered = np.sort(b)
    return np.asarray((np.searchsorted(ordered, a, "left") + np.searchsorted(ordered, a, "right")) / 2)


def _paired_aurocs_without(a: Floats, b: Floats) -> Floats:
    """Return the AUROC of all values of a with all of b without each pair, [pairs]."""
    above, below = _above(a, b), len(a) - _above(b, a)
    own = (a > b) + 0.5 * (a == b)
    return np.asarray((above.sum() - above - below + own) / (len(a) - 1) ** 2)


def _aurocs_without(a: Floats, b: Floats) -> Floats:
    above, below = _above(a, b), len(a) - _above(b, a)
    total, n, m = above.sum(), len(a), len(b)
    return np.concatenate([(total - above) / ((n - 1) * m), (total - below) / (n * (m - 1))])
