"""The question of a plan: what is claimed, what is true, and how it is judged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from neuronclaims.stats.inputs import Alternative, StatsError, check_choice
from neuronclaims.stats.settings import LEVEL, Level

Sizes: TypeAlias = tuple[int, int]
PlannedStatistic: TypeAlias = Literal["mean", "auroc", "share", "mean share", "mean auroc"]

SHARES: tuple[PlannedStatistic, ...] = ("share", "mean share")
"""The statistics whose effect and number are shares."""


@dataclass(frozen=True, slots=True)
class PlannedClaim:
    """A planned claim: what is claimed, what is true, and how it is judged.

    ``effect`` is the true one, ``threshold`` the number claimed (None: none) and ``margin`` that of a "does not". They
    are in standard deviations (of the differences when ``paired``) for ``mean``, and AUROCs (``margin``: a distance
    from 0.5) for ``auroc``. ``standardised`` says that the number is claimed of Hedges' g or dz itself ("by at least
    0.5 sd") and judged by its interval; otherwise it is a number in the activation's own unit, divided by the spread.
    With a ``margin``, ``side`` is the side denied, and one-sided tests must put the effect within the margin of none,
    on that side or (``two-sided``) on both. ``searched`` is how many neurons the claimed one was picked from.

    For ``share``, ``effect`` is the true share and ``threshold`` the share claimed; where it is ``compared``, it must
    also be higher than in a second set, which is taken to have none. ``mean share`` is the mean of shares of tokens,
    one per prompt, and ``alike`` says that all tokens of a prompt may go one way. ``mean auroc`` is the mean of AUROCs,
    one per document: its ``effect``, counted from the number claimed, and its ``margin`` are in standard deviations of
    these, its ``threshold`` is the AUROC claimed, with a margin the upper bound. ``numbered`` says
    that a number in the values' own unit is claimed, whose size in sd is not known: ``effect`` is counted from it.
    ``each`` is how many prompts a unit has on average.

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
    compared: bool = False
    alike: bool = True
    numbered: bool = False
    each: float = 1.0

    def __post_init__(self) -> None:
        check_choice(self.statistic, get_args(PlannedStatistic), "statistic")
        check_choice(self.side, ("greater", "less", "two-sided"), "side")
        _check_numbers(self)

    @property
    def null(self) -> float:
        """The effect of nothing: 0, an AUROC of 0.5, or the share claimed."""
        if self.statistic in SHARES and self.threshold is not None:
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
        if self.threshold is None or self.statistic == "mean auroc":
            return None
        return abs(self.threshold - self.null)

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

    @property
    def fair(self) -> float:
        """The share claimed of the prompts that speak for the claim: those without, where less is claimed."""
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
    both = claim.threshold is not None and claim.statistic != "mean auroc"
    if claim.margin is not None and (claim.margin <= 0 or both):
        raise StatsError("A margin must be positive, and a claim has a margin or a number, not both.")
    if claim.statistic in ("mean", "mean auroc"):
        return
    if not 0.0 <= claim.effect <= 1.0:
        raise StatsError(f"The effect, an AUROC or a share, must lie in [0, 1], not {claim.effect!r}.")
    if claim.statistic in SHARES and (claim.threshold is None or not 0.0 < claim.threshold < 1.0):
        raise StatsError("A share is claimed against a number strictly between 0 and 1: give the threshold.")
