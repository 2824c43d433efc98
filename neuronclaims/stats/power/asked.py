"""A true effect that somebody asks about, such as "0.5 sd", "AUROC 0.7" or "70 %"."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from neuronclaims.stats.inputs import StatsError
from neuronclaims.stats.power.question import SHARES, PlannedClaim

_FORM = re.compile(
    r"(?P<auroc>auroc\s*)?(?P<size>\d{0,6}(\.\d{1,12})?)\s*(?P<unit>sd|%)?", re.IGNORECASE | re.ASCII
)


@dataclass(frozen=True, slots=True)
class AskedEffect:
    """A true effect: its size, and its ``unit`` ("sd", "AUROC" or "%"), or "" for that of each claim.

    Shares are parts of 1. The size has no sign: an effect in sd goes the way that is claimed.
    """

    size: float
    unit: str = ""

    @classmethod
    def read(cls, text: str) -> AskedEffect:
        """Return the effect that a text names; raise StatsError for another text.

        >>> AskedEffect.read("0.5 sd"), AskedEffect.read("70 %")
        (AskedEffect(size=0.5, unit='sd'), AskedEffect(size=0.7, unit='%'))
        """
        found = _FORM.fullmatch(text.strip())
        if found is None or not found["size"] or found["size"] == "." or (found["auroc"] and found["unit"]):
            raise StatsError(
                f"{text[:40]!r} is no effect: write '0.5 sd', 'AUROC 0.7', '70 %' or a number alone."
            )
        unit = "AUROC" if found["auroc"] else (found["unit"] or "").lower()
        size = float(found["size"]) / (100 if unit == "%" else 1)
        if unit in ("AUROC", "%") and size > 1:
            raise StatsError(
                f"{text[:40]!r} is no effect: an AUROC lies between 0 and 1, a share between 0 and 100 %."
            )
        return cls(size, unit)

    def of(self, claim: PlannedClaim) -> PlannedClaim | None:
        """Return a claim whose true effect this is; None where the claim's effect has another unit.

        >>> claim = PlannedClaim("mean", 0.0, "less", paired=False)
        >>> AskedEffect.read("0.5 sd").of(claim).effect, AskedEffect.read("70 %").of(claim)
        (-0.5, None)
        """
        own = (
            "sd"
            if claim.statistic in ("mean", "mean auroc")
            else "%"
            if claim.statistic in SHARES
            else "AUROC"
        )
        if self.unit not in ("", own) or (own != "sd" and self.size > 1):
            return None
        if own != "sd":
            return replace(claim, effect=self.size)
        return replace(claim, effect=-self.size if claim.side == "less" else self.size)
