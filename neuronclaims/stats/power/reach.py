"""Reach: the least p that any data of a design can have, by the rule that judges them.

The clearest data there could be are put through the rule (``stats.rule``): both its exchange and its interval have to
leave the boundary out. Where even these do not pass, no measurement can show the claim.
"""

from __future__ import annotations

import math

from neuronclaims.stats.distributions.quantiles import t_below
from neuronclaims.stats.distributions.shapes import SEEN, least_p
from neuronclaims.stats.distributions.skewed_mean import unseen_p
from neuronclaims.stats.effects.margins import MarginSide, Scale, smallest_margin_p
from neuronclaims.stats.inputs import Alternative, sides
from neuronclaims.stats.permutation.welch_guard import UNEQUAL
from neuronclaims.stats.power.question import SHARES, PlannedClaim
from neuronclaims.stats.rule import boundaries
from neuronclaims.stats.standardised import units_of
from neuronclaims.stats.tails import auroc_tails

_DENIED: dict[Alternative, MarginSide] = {"two-sided": "within", "greater": "not greater", "less": "not less"}
_COUNTED = 500
"""Units up to which arrangements are counted in whole numbers; beyond, no family is too large for them."""


def smallest_p(claim: PlannedClaim, n1: int, n2: int) -> float:
    """Return the least two-sided p that data which fit the claim can have; 0 where that depends on their spread.

    n1 and n2 are the units of both sets (n1 pairs; n1 units of one set).

    >>> seven_of_seven = PlannedClaim("share", 1.0, "greater", paired=False, threshold=0.6)
    >>> round(smallest_p(seven_of_seven, 7, 7), 3)
    0.056
    """
    if claim.margin is not None:
        return min(1.0, max(_unseen_p(claim, n1, n2), 2 * _margin_p(claim, n1, n2, claim.margin)))
    if claim.statistic in SHARES:
        return _smallest_share_p(claim, n1, n2)
    exchanged = smallest_design_p(n1, n2, "two-sided", paired=claim.paired) if _exchanged(claim) else 0.0
    if claim.statistic == "mean auroc":
        return max(exchanged, _bounded_mean_p(n1, claim.threshold or 0.5))
    if claim.statistic == "auroc":
        clearest = 0.0 if claim.side == "less" else 1.0
        alone = max(_auroc_p(claim, n1, n2, clearest), _coins_p(claim, n1, n2))
        return min(1.0, max(exchanged, claim.searched * alone))
    return max(exchanged, _shape_p(claim, n1, n2), _unseen_p(claim, n1, n2))


def smallest_p_against(claim: PlannedClaim, n1: int, n2: int) -> float:
    """Return the least two-sided p that data against the claim can have; 1 for a claim that nothing can refute.

    >>> sixty = PlannedClaim("share", 1.0, "greater", paired=False, threshold=0.6)
    >>> round(smallest_p_against(sixty, 7, 7), 4)
    0.0033
    """
    if claim.margin is not None:
        return max(_unseen_p(claim, n1, n2), 2 * _margin_p_against(claim, n1, n2))
    if claim.statistic in SHARES:
        return _share_p(1 - claim.fair, n1, claim)
    if claim.side == "two-sided" and claim.threshold is None:
        return 1.0
    if claim.statistic == "auroc":
        clearest = {"greater": 0.0, "less": 1.0, "two-sided": 0.5}[claim.side]
        exchanged = smallest_design_p(n1, n2, "two-sided", paired=claim.paired) if _exchanged(claim) else 0.0
        return min(1.0, max(exchanged, claim.searched * _auroc_p(claim, n1, n2, clearest)))
    if claim.statistic == "mean auroc":
        exchanged = smallest_design_p(n1, n2, "two-sided", paired=True)
        return max(exchanged, _bounded_mean_p(n1, 1 - (claim.threshold or 0.5)))
    if claim.standardised and claim.threshold is not None:
        return 0.0
    return smallest_p(claim, n1, n2)


def reachable(claim: PlannedClaim, n1: int, n2: int) -> bool:
    """Tell whether the clearest data pass the level of the claim's family."""
    return smallest_p(claim, n1, n2) * claim.level.family <= claim.level.alpha


def refutable(claim: PlannedClaim, n1: int, n2: int) -> bool:
    """Tell whether the clearest data against the claim pass the level of its family."""
    return smallest_p_against(claim, n1, n2) * claim.level.family <= claim.level.alpha


def smallest_design_p(n1: int, n2: int, alternative: Alternative, *, paired: bool) -> float:
    """Return the least p of a permutation test with n1 and n2 units (n1 pairs), all arrangements counted."""
    if n1 + n2 <= _COUNTED:
        total = 1 << n1 if paired else math.comb(n1 + n2, n1)
        return min(1.0, sides(alternative) / total)
    log_total = (
        n1 * math.log(2) if paired else math.lgamma(n1 + n2 + 1) - math.lgamma(n1 + 1) - math.lgamma(n2 + 1)
    )
    return min(1.0, sides(alternative) * math.exp(-log_total))


def _shape_p(claim: PlannedClaim, n1: int, n2: int) -> float:
    """Return the least p of an effect beyond a number of sd: of few values the shape cannot be told."""
    units, far_units = units_of(n1, n2, paired=claim.paired)
    numbered = claim.threshold is not None or claim.margin is not None
    return least_p(units) if claim.standardised and numbered and far_units < SEEN else 0.0


def _unseen_p(claim: PlannedClaim, n1: int, n2: int) -> float:
    """Return the least p of a mean of one set, or of a difference beyond a number in its own unit.

    One prompt in five may be unlike all others, and so few may hold none of them. An exchange of labels says nothing of
    these where a number is named; amounts in sd have a least p of their own.
    """
    numbered = claim.numbered or bool(claim.number) or claim.margin is not None
    guarded = claim.statistic == "mean" and (not claim.standardised if numbered else claim.paired)
    return unseen_p(min(n1, n2) * claim.each) if guarded else 0.0


def _exchanged(claim: PlannedClaim) -> bool:
    """Tell whether labels can be exchanged at the boundary: at no effect, or after a number was taken off."""
    return claim.threshold is None or not (claim.standardised or claim.statistic == "auroc")


def _margin_p(claim: PlannedClaim, n1: int, n2: int, margin: float) -> float:
    if claim.statistic == "mean auroc":
        return 0.0 if claim.threshold is None else _bounded_margin_p(n1, claim.threshold)
    scale: Scale = "auroc" if claim.statistic == "auroc" else "sd" if claim.standardised else "difference"
    return smallest_margin_p(
        n1, n2, margin=margin, scale=scale, paired=claim.paired, side=_DENIED[claim.side]
    )


def _margin_p_against(claim: PlannedClaim, n1: int, n2: int) -> float:
    """Return half the p of an AUROC as far beyond the margin as can be; other effects have no such end."""
    if claim.statistic != "auroc" or claim.margin is None:
        return _shape_p(claim, n1, n2) / 2
    clearest, bound = (0.0, 0.5 - claim.margin) if claim.side == "less" else (1.0, 0.5 + claim.margin)
    return min(_tails(claim, n1, n2, clearest, bound))


def _auroc_p(claim: PlannedClaim, n1: int, n2: int, clearest: float) -> float:
    """Return the p of the interval of an AUROC against the claim's boundaries, the larger one."""
    marks = boundaries(claim.side, 0.5, claim.threshold)
    return min(1.0, max(2 * min(_tails(claim, n1, n2, clearest, mark)) for mark in marks))


def _coins_p(claim: PlannedClaim, n1: int, n2: int) -> float:
    """Return the least p of ``search_guard``: the smaller set lies wholly on one side of the larger one's median."""
    small, large = sorted((n1, n2))
    guarded = claim.searched > 1 and not claim.paired and claim.threshold is None and large >= UNEQUAL * small
    return 2 * 0.5**small if guarded else 0.0


def _tails(claim: PlannedClaim, n1: int, n2: int, value: float, bound: float) -> tuple[float, float]:
    """Compare the AUROC of the clearest data with a bound: no data have a smaller variance there."""
    factor = 1 / n1 if claim.paired else 1.0
    return auroc_tails(value, n1, n2, paired=claim.paired, factor=factor)(bound)


def _smallest_share_p(claim: PlannedClaim, n1: int, n2: int) -> float:
    share = _share_p(claim.fair, n1, claim)
    if claim.side == "two-sided":
        return min(share, _share_p(1 - claim.fair, n1, claim))
    if not claim.compared:
        return share
    return max(share, min(1.0, claim.searched * compared_p(n1, n1, n2, paired=claim.paired)))


def _share_p(fair: float, units: int, claim: PlannedClaim) -> float:
    """Return the p of ``units`` that all speak one way, where a share ``fair`` of them would do so by chance."""
    alone = fair**units  # of the binomial, and of Gaffke's interval
    mean = _score(units, fair) if claim.statistic == "mean share" else 0.0
    return min(1.0, 2 * claim.searched * max(alone, mean))


def compared_p(count: int, n1: int, n2: int, *, paired: bool) -> float:
    """Return the two-sided p of the exact test that a share is higher in the first set than in the second.

    ``count`` of n1 units of the first set have what is counted, and none of the n2 of the second: Fisher's test, or
    McNemar's for pairs.

    >>> round(compared_p(5, 5, 5, paired=False), 4), compared_p(5, 5, 5, paired=True)
    (0.0079, 0.0625)
    """
    if paired:
        return min(1.0, 2 * 0.5**count)
    rest = math.lgamma(n1 + n2 - count + 1) - math.lgamma(n1 - count + 1)
    return min(1.0, 2 * math.exp(rest + math.lgamma(n1 + 1) - math.lgamma(n1 + n2 + 1)))


def _bounded_mean_p(units: int, mark: float) -> float:
    """Return the least p of the score interval of a mean of values up to 1: all are 1, or next to it."""
    return min(1.0, mark**units, 2 * _score(units, mark))


def _bounded_margin_p(units: int, bound: float) -> float:
    """Return half the p of a mean of AUROCs of exactly 0.5 against the bound of a margin."""
    return t_below(-(bound - 0.5) * units / math.sqrt(bound * (1 - bound) / 2), units - 1)


def _score(units: int, mark: float) -> float:
    """Return the one-sided p of the score test with the least dispersion it takes, 1 / (2 units), at a mean of 1."""
    return t_below(-units * math.sqrt(2 * (1 - mark) / mark), units - 1)
