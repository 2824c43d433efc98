"""Judge many simulated data sets at once, by the test, the interval and the rule of ``decide``."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from neuronclaims.stats.inputs import Alternative, Bools, Floats, StatsError, check_choice
from neuronclaims.stats.permutation.relabelling import Statistic
from neuronclaims.stats.permutation.two_samples import two_sample_tests
from neuronclaims.stats.power.limits import Limits, interval_limits
from neuronclaims.stats.settings import LEVEL, PAIRS, UNITS, Level, Resampling

_EXACT = 20_000
_FAR = 1e90
"""A number so far from the values, which are scaled to 1, is settled by the interval alone."""

_LEAST_DRAWS, _MOST_DRAWS = 9_999, 999_999
_DRAWS_PER_LEVEL = 200
"""Random relabellings per 1 / level: enough for p to lie on the right side of it, give or take 7 %."""


@dataclass(frozen=True, slots=True)
class PilotClaim:
    """A claim about values like some pilot values, and the rules by which it is judged.

    ``threshold`` is in the unit of the values, in standard deviations if ``standardised`` (judged by the interval of
    Hedges' g or dz), or an AUROC; None where the claim names no number.
    """

    statistic: Statistic
    side: Alternative
    paired: bool
    threshold: float | None = None
    level: Level = LEVEL
    standardised: bool = False

    def __post_init__(self) -> None:
        check_choice(self.statistic, ("mean", "auroc"), "statistic")
        check_choice(self.side, ("greater", "less", "two-sided"), "alternative")
        if self.threshold is not None and not math.isfinite(self.threshold):
            raise StatsError(f"The threshold must be a finite number, not {self.threshold!r}.")


@dataclass(frozen=True, slots=True)
class Judge:
    """How data sets are tested and judged; ``scale`` is the power of two their values were divided by."""

    claim: PilotClaim
    scale: float

    def verdicts(self, first: Floats, second: Floats, *, seed: int) -> tuple[Bools, Bools]:
        """Tell for which data sets (columns of [n1, m] and [n2, m]) a claim is supported, and for which refuted."""
        number = self._number()
        exchanged = number is None or (self.claim.statistic == "mean" and not self.claim.standardised)
        exchanged = exchanged and abs(number or 0.0) < _FAR
        sign = -1.0 if self.claim.side == "less" else 1.0
        found = two_sample_tests(
            first - (0.0 if number is None or not exchanged else sign * number),
            second,
            exchange=PAIRS if self.claim.paired else UNITS,
            statistic=self.claim.statistic,
            alternative="two-sided",
            resampling=Resampling(seed, draws=self._draws(), exact_limit=_EXACT),
            level=self.claim.level,
        )
        significant = np.minimum(1.0, found.p_value * self.claim.level.family) <= self.claim.level.alpha
        supported, refuted = self._judged(
            first, second, significant if exchanged else np.ones_like(significant)
        )
        constant = found.degenerate & exchanged
        return supported & ~constant, refuted & ~constant

    def _draws(self) -> int:
        wanted = math.ceil(_DRAWS_PER_LEVEL * 2 * self.claim.level.family / self.claim.level.alpha)
        return min(_MOST_DRAWS, max(_LEAST_DRAWS, wanted))

    def _judged(self, first: Floats, second: Floats, significant: Bools) -> tuple[Bools, Bools]:
        """Apply the rule of ``decide``, turned so that more is claimed of the first set."""
        turned = self._limits(second, first)
        limits = turned if self.claim.side == "less" else self._limits(first, second)
        number = self._number()
        bound = self._null if number is None else number
        # Where nothing varies within the sets there is no interval, and an exact test of no effect counts alone.
        alone = (
            ~limits.exists if number is None and not self.claim.standardised else np.zeros_like(significant)
        )
        above = limits.beyond(bound) | (alone & (limits.value > bound))
        below = limits.below(bound) | (alone & (limits.value < bound))
        if self.claim.side != "two-sided":
            return significant & above, significant & below
        beyond = above | turned.beyond(bound) | alone
        if number is None:
            return significant & beyond, np.zeros_like(significant)
        return significant & beyond, significant & limits.below(number) & turned.below(number)

    def _limits(self, first: Floats, second: Floats) -> Limits:
        return interval_limits(
            first,
            second,
            statistic=self.claim.statistic,
            paired=self.claim.paired,
            standardised=self.claim.standardised,
            level=1 - self.claim.level.alpha / self.claim.level.family,
        )

    @property
    def _null(self) -> float:
        return 0.5 if self.claim.statistic == "auroc" else 0.0

    def _number(self) -> float | None:
        """Return the number claimed, on the scale of the data sets and turned as they are."""
        if self.claim.threshold is None:
            return None
        unit = self.scale if self.claim.statistic == "mean" and not self.claim.standardised else 1.0
        number = self.claim.threshold / unit
        return 2 * self._null - number if self.claim.side == "less" else number
