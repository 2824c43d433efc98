"""Effect sizes: identified by a key, printed by a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Scale: TypeAlias = Literal["difference", "sd", "auroc", "ratio", "share", "count", "other"]
"""What a number on it means: a difference in the unit of the values, in standard deviations, a probability of
superiority, a ratio, a share, a count, or something else."""


@dataclass(frozen=True, slots=True)
class EffectSize:
    """One sort of effect. Programs compare ``key``; ``name``, ``symbol`` and ``phrase`` are only printed.

    ``symbol`` is the name as narrow columns have room for, ``phrase`` the name as a sentence has it after "the"; both
    are the name where they are empty. ``signed`` is True where the sign is the first thing to be read.

    >>> HEDGES_G.short, HEDGES_G.described
    ('g', "difference in sd (Hedges' g)")
    """

    key: str
    name: str
    symbol: str = ""
    signed: bool = False
    scale: Scale = "other"
    phrase: str = ""

    @property
    def short(self) -> str:
        """The symbol, or the name where there is none."""
        return self.symbol or self.name

    @property
    def described(self) -> str:
        """The phrase, or the name where there is none."""
        return self.phrase or self.name


MEAN_DIFFERENCE = EffectSize("mean_difference", "difference of means", "diff.", True, "difference")
PAIRED_MEAN_DIFFERENCE = EffectSize(
    "paired_mean_difference", "mean difference", "mean diff.", True, "difference"
)
BLOCKED_MEAN_DIFFERENCE = EffectSize(
    "blocked_mean_difference", "block-adjusted difference of means", "diff. in blocks", True, "difference"
)
HEDGES_G = EffectSize("hedges_g", "Hedges' g", "g", True, "sd", "difference in sd (Hedges' g)")
BLOCKED_HEDGES_G = EffectSize(
    "blocked_hedges_g",
    "Hedges' g within blocks",
    "g in blocks",
    True,
    "sd",
    "difference in sd within blocks (Hedges' g)",
)
DZ = EffectSize("dz", "dz", "", True, "sd", "difference in sd of the differences (dz)")
AUROC = EffectSize("auroc", "AUROC", scale="auroc")
BLOCKED_AUROC = EffectSize("blocked_auroc", "AUROC within blocks", "AUROC in blocks", scale="auroc")
SHARE = EffectSize("share", "share", scale="share")
SHARE_DIFFERENCE = EffectSize("share_difference", "difference of shares", scale="share")
RATIO_OF_MEANS = EffectSize("ratio_of_means", "ratio of means", scale="ratio")
