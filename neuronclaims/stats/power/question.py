"""The question of a plan: what is claimed, what is true, and how it is judged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from neuronclaims.stats.effects.margins import MarginSide, Scale, smallest_margin_p
from neuronclaims.stats.inputs import Alternative, StatsError, check_choice, sides
from neuronclaims.stats.settings import LEVEL, Level

Sizes: TypeAlias = tuple[int, int]
PlannedStatistic: TypeAlias = Literal["mean", "auroc", "share"]

_DENIED: dict[Alternative, MarginSide] = {"two-sided": "within", "greater": "not greater", "less": "not less"}
_COUNTED = 500
"""Units up to which arrangements are counted in whole numbers; beyond, no family is too large for them."""


@dataclass(frozen=True, slots=True)
class PlannedClaim:
    """A planned claim: what is claimed, what is true, and how it is judged.

    ``effect`` is the true one, ``threshold`` the number claimed (None: none) and ``margin`` that of a "does not". They
    are in standard deviations (of the differences when ``paired``) for ``mean``, and AUROCs (``margin``: a distance
    from 0.5) for ``auroc``. ``standardised`` says that the number is claimed of Hedges' g or dz itself ("by at least
    0.5 sd") and judged by its interval; otherwise it is a number in the activation's own unit, divided by the spread.
    For ``share``, ``effect`` is the true share and ``threshold`` the share claimed. With a ``margin``, ``side`` is the
    side denied, and one-sided tests must put the effect within the margin of none, on that side or (``two-sided``) on
    both. ``searched`` is how many neurons the claimed one was picked from.

    Raises StatsError for arguments out of place.
    """

    statistic: PlannedStatistic
    effect: float
    side: Alternative
    paired: bool
    threshold: float | None = None
    level: Level = LEVEL
    margin: float | None = None
    standardised: bool = False
    searched: int = 1

    def __post_init__(self) -> None:
        check_choice(self.statistic, ("mean", "auroc", "share"), "statistic")
        check_choice(self.side, ("greater", "less", "two-sided"), "side")
        _check_numbers(self)

    @property
    def null(self) -> float:
        """The effect of nothing: 0, an AUROC of 0.5, or the share claimed."""
        if self.statistic == "share" and self.threshold is not None:
            return self.threshold
        return 0.5 if self.statistic == "auroc" else 0.0

    @property
    def gain(self) -> float:
        """The true effect less that of nothing, positive when it points the claimed way."""
        gain = self.effect - self.null
        return abs(gain) if self.side == "two-sided" else gain if self.side == "greater" else -gain

    @property
    def number(self) -> float | None:
        """The number claimed, on the scale of ``gain``; None when there is none."""
        return None if self.threshold is None else abs(self.threshold - self.null)

    @property
    def possible(self) -> bool:
        """Whether the true effect fits the claim, so that enough units would support it."""
        if self.margin is not None:
            return self.gain < self.margin
        return self.gain > (self.number or 0.0)

    @property
    def tail(self) -> float:
        """The level of each side of p, and what is left out at each end of the interval it goes with."""
        return self.level.alpha / self.level.family / self.searched / 2

    def smallest_p(self, n1: int, n2: int) -> float:
        """Return the least p any data can reach; 0 where that depends on their spread."""
        if self.margin is not None:
            return min(1.0, 2 * self._smallest_margin_p(n1, n2, self.margin))
        if self.statistic == "share":
            tails = (self.null, 1 - self.null) if self.side == "two-sided" else (self._fair(),)
            return min(1.0, 2 * min(tails) ** n1)
        if self.threshold is not None and (self.standardised or self.statistic == "auroc"):
            return 0.0
        return smallest_design_p(n1, n2, "two-sided", paired=self.paired)

    def reachable(self, n1: int, n2: int) -> bool:
        """Tell whether p can pass at all in the family's worst case; a searched maximum has the same least p."""
        return self.smallest_p(n1, n2) * self.level.family <= self.level.alpha

    def _smallest_margin_p(self, n1: int, n2: int, margin: float) -> float:
        scale: Scale = "auroc" if self.statistic == "auroc" else "sd" if self.standardised else "difference"
        return smallest_margin_p(
            n1, n2, margin=margin, scale=scale, paired=self.paired, side=_DENIED[self.side]
        )

    def _fair(self) -> float:
        return 1 - self.null if self.side == "less" else self.null


def _check_numbers(claim: PlannedClaim) -> None:
    for name, value in (
        ("effect", claim.effect),
        ("threshold", claim.threshold),
        ("margin", claim.margin),
    ):
        if value is not None and not math.isfinite(value):
            raise StatsError(f"The {name} must be a finite number, not {value!r}.")
    if claim.searched < 1:
        raise StatsError(f"searched must be at least 1, not {claim.searched}.")
    if claim.margin is not None and (claim.margin <= 0 or claim.threshold is not None):
        raise StatsError("A margin must be positive, and a claim has a margin or a number, not both.")
    if claim.statistic == "mean":
        return
    if not 0.0 <= claim.effect <= 1.0:
        raise StatsError(f"The effect, an AUROC or a share, must lie in [0, 1], not {claim.effect!r}.")
    if claim.statistic == "share" and (claim.threshold is None or not 0.0 < claim.threshold < 1.0):
        raise StatsError("A share is claimed against a number strictly between 0 and 1: give the threshold.")


def smallest_design_p(n1: int, n2: int, alternative: Alternative, *, paired: bool) -> float:
    """Return the least p of a permutation test with n1 and n2 units (n1 pairs), all arrangements counted."""
    if n1 + n2 <= _COUNTED:
        total = 1 << n1 if paired else math.comb(n1 + n2, n1)
        return min(1.0, sides(alternative) / total)
    log_total = (
        n1 * math.log(2) if paired else math.lgamma(n1 + n2 + 1) - math.lgamma(n1 + 1) - math.lgamma(n2 + 1)
    )
    return min(1.0, sides(alternative) * math.exp(-log_total))
