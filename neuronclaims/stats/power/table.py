"""A plan: the power of a claim for several numbers of prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.stats.inputs import check_share
from neuronclaims.stats.power.chances import chances
from neuronclaims.stats.power.question import PlannedClaim, Sizes
from neuronclaims.stats.power.sizes import first_enough, needed, scaled

_TIMES = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What to expect of ``counts`` units (pairs: twice the same number; a share: of the first set alone).

    ``smallest_p`` is the least p the design can give, after Holm's worst case in the family (0 where the test
    does not count arrangements); ``reachable`` says whether that is within alpha. ``supported``, ``refuted``
    and ``inconclusive`` are the chances of each verdict if the effect is the assumed one.
    """

    counts: Sizes
    smallest_p: float
    reachable: bool
    supported: float
    refuted: float
    inconclusive: float


def plan(
    claim: PlannedClaim, counts: Sizes, *, sizes: Sequence[Sizes] | None = None, power: float = 0.8
) -> tuple[PlanRow, ...]:
    """Return one row per size, smallest first; the arguments are those of ``units_needed``.

    Without ``sizes`` the rows are the smallest sizes that can pass at all, the present ``counts`` and twice,
    four and eight times as many, and the sizes that reach ``power``.

    >>> claim = PlannedClaim("mean", effect=1.0, side="greater", paired=False)
    >>> [(row.counts, round(row.supported, 2)) for row in plan(claim, (10, 10), sizes=[(10, 10), (20, 20)])]
    [((10, 10), 0.56), ((20, 20), 0.87)]
    """
    if sizes is None:
        check_share(power, "power")
        sizes = _usual(claim, counts, needed(claim, counts, power))
    return tuple(_row(claim, n1, n2) for n1, n2 in sorted(set(sizes)))


def _usual(claim: PlannedClaim, counts: Sizes, enough: Sizes | None) -> list[Sizes]:
    paired = claim.paired or claim.statistic == "share"
    least = first_enough(counts, paired, claim.reachable)
    grown = [scaled(counts, paired, times * min(counts)) for times in _TIMES]
    return [*grown, *(found for found in (least, enough) if found is not None)]


def _row(claim: PlannedClaim, n1: int, n2: int) -> PlanRow:
    found = chances(claim, n1, n2)
    return PlanRow(
        counts=(n1, n2),
        smallest_p=min(1.0, claim.smallest_p(n1, n2) * claim.level.family),
        reachable=claim.reachable(n1, n2),
        supported=found.supported,
        refuted=found.refuted,
        inconclusive=found.inconclusive,
    )
