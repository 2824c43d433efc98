"""Find how many prompts a claim needs: the smallest sizes that can pass, and those that probably will."""

from __future__ import annotations

import math
from collections.abc import Callable

from neuronclaims.stats.inputs import check_share
from neuronclaims.stats.power.chances import DISPERSION, chances
from neuronclaims.stats.power.question import PlannedClaim, Sizes
from neuronclaims.stats.power.reach import reachable, smallest_p

_MANY = (1_000, 1_000)
MOST_UNITS = 100_000
"""Beyond this many units per set the answer is None: nobody writes that many prompts."""
_TEETH = 3
"""The power of an exact binomial test falls and rises with n; it must hold over so many of its teeth."""


def units_needed(claim: PlannedClaim, counts: Sizes, *, power: float = 0.8) -> Sizes | None:
    """Return the smallest sizes of the two sets, in the present ratio, that would probably support a claim.

    Probably means with probability ``power`` as ``power_of`` gives it. Where more units can mean less power
    (shares: the sawtooth of exact binomial tests) the answer is the
    first size from which on power stays reached.

    None when the true effect does not fit the claim, so that no number of units would support it, or when
    more than 100,000 units per set would be needed.

    >>> units_needed(PlannedClaim("mean", effect=0.8, side="greater", paired=False), (5, 5))
    (26, 26)
    """
    check_share(power, "power")
    return needed(claim, counts, power)


def needed(claim: PlannedClaim, counts: Sizes, power: float) -> Sizes | None:
    """Return the smallest sizes in the ratio of ``counts`` that reach ``power``; None when there are none."""
    if not claim.possible:
        return None

    def enough(n1: int, n2: int) -> bool:
        return reachable(claim, n1, n2) and chances(claim, n1, n2).supported >= power

    if claim.statistic == "share":
        n = _first_lasting(lambda n: enough(*scaled(counts, claim.paired, n)), _tooth(claim))
        return None if n is None else scaled(counts, claim.paired, n)
    return first_enough(counts, claim.paired, enough, near=_guess(claim, counts, power))


def sizes_in_reach(claim: PlannedClaim, counts: Sizes) -> Sizes | None:
    """Return the smallest sizes, in the present ratio, with which the clearest data would pass; None where none do.

    >>> sizes_in_reach(PlannedClaim("share", 1.0, "greater", paired=True, threshold=0.6), (7, 7))
    (8, 8)
    """

    def enough(n1: int, n2: int) -> bool:
        return reachable(claim, n1, n2)

    return first_enough(counts, claim.paired, enough) if smallest_p(claim, *_MANY) < 1 else None


def first_enough(
    counts: Sizes,
    paired: bool,
    enough: Callable[[int, int], bool],
    *,
    least: int = 2,
    most: int = MOST_UNITS,
    near: int = 0,
) -> Sizes | None:
    """Search the sizes in the present ratio, the smaller at least ``least``, for the first that are ``enough``.

    ``near`` is where the search begins; it changes nothing but how long it takes.
    """

    def sizes(n: int) -> Sizes:
        return scaled(counts, paired, n)

    def passes(n: int) -> bool:
        return n >= least and enough(*sizes(n))

    low = high = min(max(near, least), most)
    step = max(1, low // 16)
    if passes(high):
        while passes(low := max(least - 1, high - step)):
            high, step = low, step * 2
    else:
        while not passes(high := low + step):
            low, step = high, step * 2
            if max(sizes(low)) >= most:
                return None
    high = _bisected(passes, low, high)
    return sizes(high) if max(sizes(high)) <= most else None


def _guess(claim: PlannedClaim, counts: Sizes, power: float) -> int:
    """Return about how many units the smaller set needs, were all laws normal."""
    from scipy.special import ndtri

    gap = claim.gain - (claim.number or 0.0) if claim.margin is None else claim.margin - claim.gain
    size = (float(ndtri(power)) - float(ndtri(claim.tail))) / gap
    if claim.statistic == "auroc":
        size /= math.sqrt(12)
    if claim.statistic == "mean share":
        size *= math.sqrt(DISPERSION * claim.null * (1 - claim.null))
    ratio = max(counts) / min(counts)
    return int(min(size**2 if claim.paired else size**2 * (1 + ratio) / ratio, MOST_UNITS))


def scaled(counts: Sizes, paired: bool, n: int) -> Sizes:
    """Return sizes in the ratio of ``counts`` of which the smaller is ``n``."""
    ratio = 1.0 if paired else max(counts) / min(counts)
    other = math.ceil(n * ratio - 1e-9)
    return (n, other) if counts[0] <= counts[1] else (other, n)


def _bisected(enough: Callable[[int], bool], low: int, high: int) -> int:
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _tooth(claim: PlannedClaim) -> int:
    """Return how many sizes lie between two falls of the power of a binomial test, and a little more."""
    return math.ceil(_TEETH / min(claim.null, 1 - claim.null))


def _first_lasting(enough: Callable[[int], bool], tooth: int) -> int | None:
    """Return the first n from which on ``enough`` holds over the next ``tooth`` sizes."""

    def lasts(n: int) -> bool:
        return all(enough(larger) for larger in range(n, n + tooth + 1))

    low, high = 0, 1
    while not lasts(high):
        low, high = high, high * 2
        if low >= MOST_UNITS:
            return None
    n = _bisected(lasts, low, high)
    while n > 1 and enough(n - 1):
        n -= 1
    return n if n <= MOST_UNITS else None
