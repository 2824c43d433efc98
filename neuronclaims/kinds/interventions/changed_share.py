"""For how many prompts a change goes as claimed: the share of units, with an exact interval and a binomial test.

A mean change of few prompts shows little, since one prompt in five may be unlike all others. How often the change
goes the claimed way asks nothing of how large changes are, so few prompts can show it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.interventions.changed_neurons import TextUnits
from neuronclaims.kinds.kind import Statement
from neuronclaims.kinds.shared.requests import percent
from neuronclaims.kinds.shared.subjects.selection import level_for, widened
from neuronclaims.kinds.shared.subjects.subjects import times

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.stats import Estimate, Planning, TestResult

AS_CLAIMED = stats.EffectSize(
    "share_changed_as_claimed", "share in which the change goes as claimed", scale="share"
)


def planned_changed_share(units: TextUnits, share: float) -> Planning:
    """Return what so many units can show of the share in which a change goes as claimed.

    >>> planned_changed_share(TextUnits("prompt", ((0,),) * 8), 0.6).in_reach(stats.Level()) is None
    True
    """
    count = len(units.rows)
    claim = stats.PlannedClaim("share", share, "greater", paired=True, threshold=share)
    return stats.Planning(claim, (count, count), units.unit)


def changed_share(
    as_claimed: NDArray[np.bool_], units: TextUnits, many: int, noun: str = "neuron"
) -> Estimate:
    """Return the share of units [n] that are ``as_claimed``, with Clopper and Pearson's interval.

    It is so wide that it holds for all of the ``many`` neurons that the claimed one was picked from; ``noun`` is what
    one of them is called.

    >>> found = changed_share(np.array([True] * 7 + [False]), TextUnits("prompt", ((0,),) * 8), 1)
    >>> found.value, round(found.low, 2)  # scipy.stats.binomtest(7, 8).proportion_ci()
    (0.875, 0.47)
    """
    made = stats.share_estimate(int(as_claimed.sum()), len(units.rows), level=level_for(many))
    return widened(replace(made, effect=AS_CLAIMED), many, noun)


def changed_share_test(
    as_claimed: NDArray[np.bool_], share: float, units: TextUnits, many: int
) -> TestResult:
    """Test exactly whether the share of units [n] that are ``as_claimed`` is the one claimed; p is two-sided.

    >>> units, seven = TextUnits("prompt", ((0,),) * 8), np.array([True] * 7 + [False])
    >>> round(changed_share_test(seven, 0.5, units, 1).p_value, 3)  # scipy.stats.binomtest(7, 8)
    0.07
    """
    count = int(as_claimed.sum())
    test = stats.share_test(count, len(units.rows), null=share, alternative="two-sided", unit=units.unit)
    return times(test, many)


def changed_share_statement(share: float, units: TextUnits) -> Statement:
    """Return what is claimed: that the change goes that way for at least a ``share`` of the units."""
    return Statement("greater", share, share, f"at least {percent(share)} of {units.unit}s")
