"""Lists of the neurons that are most often among the top K of a prompt, and how many two sets share of them.

A mean is led by its few largest prompts, and which neuron has the tenth largest mean hangs on next to nothing. Whether
a neuron is among the top K of a prompt is yes or no, so the share of prompts in which it is has exact limits, whatever
the values look like. They say which neurons are surely on a set's list, and which surely are not; the rest is open.
Where lists are not so clear, the number that two single prompts share is: its mean moves little with any one neuron
(docs/adr/0049-overlap-by-occurrence.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.shared.subjects.selection import LEVEL
from neuronclaims.kinds.top_k.pair_overlap import own_pair_overlap, pair_overlap_estimate
from neuronclaims.stats.tails import inverted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.kinds.top_k.set_profiles import OverlapData, OverlapRequest
    from neuronclaims.stats import Estimate
    from neuronclaims.stats.inputs import Bools

FINEST = 1e-7
"""The least one-sided p that is looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """In how many of ``units`` units each neuron is among the top K: ``counts`` [m].

    At most ``places`` neurons can be so in one unit; ``k`` is the length of the list.

    >>> found = Occurrences(np.array([20, 20, 1, 0, 0]), 20, places=2, k=2)
    >>> found.sure(0.025)[0].tolist()
    [True, True, False, False, False]
    """

    counts: NDArray[np.int64]
    units: int
    places: int
    k: int

    def sure(self, error: float) -> tuple[Bools, Bools]:
        """Tell which neurons [m] are surely on the list, and which surely are not; wrong with chance ``error`` at most.

        Each share has Clopper and Pearson's limits at a level a. Shares add up to ``places`` at most, so at most
        places / u neurons have a share above u, the upper limit of a count of 0; and however those below it are
        spread, one of them has a lower limit above u with chance a places / u at most (docs/adr/0020-top-of-many.md).
        So all limits that matter hold together with chance 1 - 2 a places / u.
        """
        alpha = self._alpha(error)
        low, high = _limits(self.counts, self.units, alpha)
        low = np.where(low > high.min(), low, 0.0)
        above = len(high) - np.searchsorted(np.sort(high), low, side="right") - (high > low)
        higher = len(low) - np.searchsorted(np.sort(low), high, side="right")
        return above < self.k, higher >= self.k

    def _alpha(self, error: float) -> float:
        few, many = 0.0, error
        for _ in range(60):
            middle = (few + many) / 2
            fits = 2 * self.places * middle <= error * (1 - middle ** (1 / self.units))
            few, many = (middle, many) if fits else (few, middle)
        return few


def shared_by_occurrence(data: OverlapData, one: str, other: str, level: float) -> Estimate:
    """Return how many of their most frequent top neurons two sets share, with limits that hold for any values.

    What is surely on both lists is shared; what is surely on one and surely not on the other is not.
    """
    k = data.request.k
    lists = data.top(one), data.top(other)
    value = float((lists[0] & lists[1]).sum())
    effect = stats.EffectSize(
        "neurons_shared_by_occurrence", f"number of neurons shared among the top {k}", scale="count"
    )
    occurrences = data.occurrences(one), data.occurrences(other)

    def made(level: float) -> Estimate:
        (on_one, off_one), (on_other, off_other) = (each.sure((1 - level) / 2) for each in occurrences)
        low = float((on_one & on_other).sum())
        high = k - float(max((on_one & off_other).sum(), (on_other & off_one).sum()))
        method = "exact limits of all shares of prompts together"
        return stats.Estimate(effect, value, min(low, value), max(high, value), level, method)

    return inverted(made, level, finest=FINEST, parts=0.01)


def shared_by_prompts(data: OverlapData, one: str, other: str, level: float) -> Estimate:
    """Return how many of their top neurons a prompt of each set share on average (``pair_overlap_estimate``).

    Every prompt (or group) of one set is compared with every one of the other that is not of the same group or pair.
    """
    request = data.request
    names = [name for name in request.in_content_order if name in (one, other)]
    first, second = (data.memberships(name) for name in names)
    first_ids, second_ids = unit_numbers(request, names)
    return pair_overlap_estimate(
        first, second, request.k, seed=request.seed, level=level, clusters=(first_ids, second_ids)
    )


def own_prompts(data: OverlapData) -> tuple[Estimate, ...]:
    """Return how many top neurons two prompts of one set share on average, for each set: what others are held to."""
    return tuple(
        stats.Estimate(
            stats.EffectSize(
                "own_prompts_shared", f"{name}: neurons two of its prompts share", scale="count"
            ),
            own_pair_overlap(data.memberships(name)),
            None,
            None,
            LEVEL,
            "mean over all pairs",
        )
        for name in data.request.names
    )


def unit_numbers(request: OverlapRequest, names: Sequence[str]) -> list[list[int]]:
    """Give the units of sets numbers, by set: the same where they are of one group or one pair."""
    numbers: dict[tuple[str, str], int] = {}
    found: list[list[int]] = []
    for name in names:
        heads = [request.prompts[name][rows[0]] for rows in request.units[name].rows]
        grouped = request.units[name].unit == "group"
        keys = [
            ("group", str(head.group)) if grouped else ("pair", head.pair) if head.pair else (name, head.text)
            for head in heads
        ]
        found.append([numbers.setdefault(key, len(numbers)) for key in keys])
    return found


def _limits(
    counts: NDArray[np.int64], units: int, alpha: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from scipy.special import betaincinv

    every = np.arange(units + 1)
    low = np.where(every > 0, betaincinv(np.maximum(every, 1), units - every + 1, alpha), 0.0)
    high = 1 - low[::-1]
    return low[counts], high[counts]
