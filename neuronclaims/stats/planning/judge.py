"""The verdicts on many simulated data sets at once: the test, the interval and the rule of ``decide``."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from neuronclaims.stats.inputs import Alternative, Bools, Floats, StatsError, check_choice, check_share, sides
from neuronclaims.stats.permutation.relabelling import Statistic
from neuronclaims.stats.permutation.two_samples import two_sample_tests
from neuronclaims.stats.planning.limits import Limits, interval_limits

_EXACT = 20_000
_LEAST_DRAWS, _MOST_DRAWS = 1_999, 999_999
_DRAWS_PER_LEVEL = 40
"""Random relabellings per 1 / level: enough for p to lie on the right side of it, give or take 15 %."""


@dataclass(frozen=True, slots=True)
class Judge:
    """How data sets are tested and judged; ``scale`` is the power of two their values were divided by."""

    statistic: Statistic
    side: Alternative
    threshold: float | None
    paired: bool
    alpha: float
    family: int
    level: float
    standardised: bool
    scale: float

    def __post_init__(self) -> None:
        check_choice(self.statistic, ("mean", "auroc"), "statistic")
        check_choice(self.side, ("greater", "less", "two-sided"), "alternative")
        check_share(self.alpha, "alpha")
        check_share(self.level, "level")
        if self.threshold is not None and not math.isfinite(self.threshold):
            raise StatsError(f"The threshold must be a finite number, not {self.threshold!r}.")

    def verdicts(self, first: Floats, second: Floats, *, seed: int) -> tuple[Bools, Bools]:
        """Return for which data sets, the columns of [n1, m] and [n2, m], a claim is supported, and refuted."""
        found = two_sample_tests(
            first,
            second,
            paired=self.paired,
            statistic=self.statistic,
            alternative=self.side,
            seed=seed,
            resamples=self._draws(),
            exact_limit=_EXACT,
            alpha=self.alpha,
            family=self.family,
        )
        significant = np.minimum(1.0, found.p_value * self.family) <= self.alpha
        supported, refuted = self._judged(first, second, significant)
        return supported & ~found.degenerate, refuted & ~found.degenerate

    def _draws(self) -> int:
        wanted = math.ceil(_DRAWS_PER_LEVEL * sides(self.side) * self.family / self.alpha)
        return min(_MOST_DRAWS, max(_LEAST_DRAWS, wanted))

    def _judged(self, first: Floats, second: Floats, significant: Bools) -> tuple[Bools, Bools]:
        """Apply the rule of ``decide``, turned so that more is claimed of the first set."""
        turned = self._limits(second, first)
        limits = turned if self.side == "less" else self._limits(first, second)
        number = self._number()
        exists = limits.exists if number is not None or self.standardised else np.ones_like(significant)
        if self.side == "two-sided":
            if number is None:
                return exists & significant, np.zeros_like(significant)
            beyond = limits.beyond(number) | turned.beyond(number)
            return exists & significant & beyond, exists & limits.below(number) & turned.below(number)
        points = limits.value > self._null
        if number is None:
            against = limits.below(self._null)
            return exists & significant & points & ~against, exists & against & ~significant
        return exists & significant & points & limits.beyond(number), exists & limits.below(number)

    def _limits(self, first: Floats, second: Floats) -> Limits:
        return interval_limits(
            first,
            second,
            statistic=self.statistic,
            paired=self.paired,
            standardised=self.standardised,
            level=self.level,
        )

    @property
    def _null(self) -> float:
        return 0.5 if self.statistic == "auroc" else 0.0

    def _number(self) -> float | None:
        """Return the number claimed, on the scale of the data sets and turned as they are."""
        if self.threshold is None:
            return None
        unit = self.scale if self.statistic == "mean" and not self.standardised else 1.0
        number = self.threshold / unit
        return 2 * self._null - number if self.side == "less" else number
