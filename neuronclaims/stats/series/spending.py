"""Share out alpha over the looks of a series whose end is not known.

Look k has the share 1 / (k (k + 1)) of alpha: 1/2, 1/6, 1/12 and so on, which add up to 1 - 1 / (k + 1), and never to
more than 1. A look that came to a verdict has not used its share up, so it hands on all it had to the look after it
(the online fallback of Tian and Ramdas 2021, "Online control of the familywise error rate", section 4). Until the first
wrong verdict only looks with a right one hand anything on, so the shares of all others still add up to at most 1,
however the looks depend on one another. No look changes what an earlier one came to.
"""

from __future__ import annotations

from collections.abc import Sequence

from neuronclaims.stats.inputs import StatsError


def own_share(place: int) -> float:
    """Return the share of alpha that is set aside for a look, by its place from 1.

    >>> [own_share(place) for place in (1, 2, 4)]
    [0.5, 0.16666666666666666, 0.05]
    """
    if place < 1:
        raise StatsError(f"Looks are counted from 1, not from {place}.")
    return 1 / (place * (place + 1))


def share_of_next(decided: Sequence[bool]) -> float:
    """Return the share of alpha that the next look has, after looks that came to a verdict or did not.

    >>> share_of_next([]), share_of_next([False]), share_of_next([True, True])
    (0.5, 0.16666666666666666, 0.75)
    """
    share = own_share(len(decided) + 1)
    for place in range(len(decided), 0, -1):
        if not decided[place - 1]:
            break
        share += own_share(place)
    return share
