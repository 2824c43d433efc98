"""An effect with its interval, and what the interval says of any boundary."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from neuronclaims.stats.distributions.skewed_mean import NEVER_UNSEEN, units_that_count, unseen_p
from neuronclaims.stats.effects.effect_size import EffectSize
from neuronclaims.stats.inputs import Floats

_DOUBLINGS, _HALVINGS = 12, 60
"""How often the place where a limit is looked for is doubled, and then halved."""

Tails: TypeAlias = Callable[[float], tuple[float, float]]
"""From a boundary to the one-sided p of "the effect is above it" and of "the effect is below it"."""


@dataclass(frozen=True, slots=True)
class Caution:
    """Why an interval may be trusted only so far: no p that rests on it is below ``least_p``.

    Programs compare ``key``; ``sentence`` says in plain words why, and what to claim instead. ``plain`` are the tails
    that the estimate would have without this caution, where its own tails are the careful ones. ``least_p_of_number``
    is the least p of a claim that names a number, where only such claims rest on the interval alone.
    """

    key: str
    sentence: str
    least_p: float = 0.0
    plain: Tails | None = field(default=None, compare=False, repr=False)
    least_p_of_number: float = 0.0

    def least(self, numbered: bool) -> float:
        """Return the least p of a claim, which names a number or (not ``numbered``) does not.

        >>> Caution("few_units", "Few.", 0.1, least_p_of_number=0.2).least(True)
        0.2
        """
        return max(self.least_p, self.least_p_of_number) if numbered else self.least_p


@dataclass(frozen=True, slots=True)
class Estimate:
    """The ``value`` of an effect with its ``level`` confidence interval [``low``, ``high``], found by ``method``.

    ``value`` is None where the effect is undefined, ``low`` and ``high`` where the data allow no interval. ``tails``
    turn the interval round: None where only the interval of this level is known. ``caution`` says how far the interval
    may be trusted; None where nothing is to be said against it. ``times`` is by how much the tails were multiplied, for
    an interval that holds for so many effects at once.

    >>> from neuronclaims.stats import mean_difference_estimate
    >>> found = mean_difference_estimate([4.0, 5, 6], [1.0, 2, 3])
    >>> found.name, found.value, found.level, found.low < 3 < found.high
    ('difference of means', 3.0, 0.95, True)
    """

    effect: EffectSize
    value: float | None
    low: float | None
    high: float | None
    level: float
    method: str
    tails: Tails | None = field(default=None, compare=False, repr=False)
    caution: Caution | None = field(default=None, repr=False)
    times: int = field(default=1, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The effect's name, as it is printed."""
        return self.effect.name

    def p_against(self, boundary: float) -> float | None:
        """Return the two-sided p against a boundary: the smallest alpha at which the interval excludes it.

        Where only this one interval is known, p is 1 - ``level`` if it excludes the boundary, and 1 if it does not.
        None where there is no interval.

        >>> from neuronclaims.stats import mean_difference_estimate
        >>> found = mean_difference_estimate([4.0, 5, 6], [1.0, 2, 3])
        >>> round(found.p_against(0.0), 4)  # scipy.stats.ttest_ind([4, 5, 6], [1, 2, 3], equal_var=False)
        0.0213
        """
        if self.low is None or self.high is None:
            return None
        if self.tails is not None:
            return min(1.0, 2 * min(self.tails(boundary)))
        return 1.0 if self.low <= boundary <= self.high else 1 - self.level

    def at_level(self, level: float) -> Estimate:
        """Return the same estimate with its interval of another level, found by turning its ``tails`` round.

        Where only the interval of one level is known, or none, the estimate is returned as it is.

        >>> from neuronclaims.stats import mean_difference_estimate
        >>> found = mean_difference_estimate([4.0, 5, 6], [1.0, 2, 3]).at_level(0.99)
        >>> round(found.low, 3), round(found.high, 3)  # scipy.stats.ttest_ind(...).confidence_interval(0.99)
        (-0.759, 6.759)
        """
        if level == self.level or self.tails is None or self.value is None:
            return self
        if self.low is None or self.high is None:
            return self
        low, high = limits(self.tails, self.value, self.high - self.low, 1 - (1 - level) * self.times)
        return replace(self, low=low, high=high, level=level)

    def within_bounds(self, lowest: float, highest: float) -> Estimate:
        """Return the same estimate for an effect that cannot lie below ``lowest`` or above ``highest``.

        >>> from neuronclaims.stats import paired_mean_difference_estimate
        >>> fallen = paired_mean_difference_estimate([0.0, 0, 0, 1, 0, 0], [1.0, 1, 1, 1, 1, 0])
        >>> bounded = fallen.within_bounds(-1, 1)
        >>> round(fallen.low, 2), bounded.low, round(bounded.at_level(0.999).low, 9)
        (-1.21, -1, -1.0)
        """
        if self.low is None or self.high is None:
            return self
        tails = self.tails

        def bounded(boundary: float) -> tuple[float, float]:
            assert tails is not None
            above, below = tails(boundary)
            return (0.0 if boundary < lowest else above), (0.0 if boundary > highest else below)

        low, high = max(self.low, lowest), min(self.high, highest)
        return replace(self, low=low, high=high, tails=None if tails is None else bounded)

    def of_prompts(self, many: int) -> Estimate:
        """Return the same estimate, its caution that of so ``many`` prompts, which the units are averages of.

        >>> from neuronclaims.stats import paired_mean_difference_estimate
        >>> eight = paired_mean_difference_estimate([4.0, 5, 6, 9, 3, 4, 5, 8], [1.0, 2, 3, 5, 1, 1, 2, 4])
        >>> round(eight.caution.least_p, 2), eight.of_prompts(80).caution
        (0.17, None)
        """
        known, least = self.caution, unseen_p(many) if unseen_p(many) >= NEVER_UNSEEN else 0.0
        if known is None or known.key not in ("few_units", "skewed_sets"):
            return self
        if known.key == "skewed_sets":
            return replace(self, caution=replace(known, least_p_of_number=least))
        found = replace(
            known,
            sentence=few_units(many),
            least_p=least if known.least_p else 0.0,
            least_p_of_number=least if known.least_p_of_number else 0.0,
        )
        return replace(self, caution=found if least else None)


def limits(tails: Tails, value: float, reach: float, level: float) -> tuple[float, float]:
    """Return the limits of the interval of a ``level`` by turning ``tails`` round from a ``value`` of the effect.

    ``reach`` is about how wide the interval is. A limit some 10,000 times as far away is infinite, and one that halving
    alone keeps from 0 is 0.
    """
    step = max(reach, 1e-9 * abs(value), 1e-300)
    found = (_limit(tails, value, side * step, (1 - level) / 2) for side in (-1, 1))
    low, high = (0.0 if abs(limit) < 1e-15 * step else limit for limit in found)
    return low, high


def _limit(tails: Tails, inside: float, reach: float, alpha: float) -> float:
    """Return the bound nearest to ``inside``, on the side of ``reach``, that a one-sided p of ``alpha`` excludes."""
    side = 0 if reach < 0 else 1

    def excluded(bound: float) -> bool:
        return not tails(bound)[side] > alpha  # an effect cannot lie where no p is defined

    outside = inside + reach
    for _ in range(_DOUBLINGS):
        if excluded(outside):
            break
        inside, outside = outside, outside + (outside - inside) * 2
    else:
        return math.copysign(math.inf, reach)
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if middle in (inside, outside):
            break
        inside, outside = (inside, middle) if excluded(middle) else (middle, outside)
    return outside


def caution_of_mean(differences: Floats) -> Caution | None:
    """Return how far the mean of differences [n] may be trusted; None where they are many, and not mostly alike.

    One unit in five may be unlike all others, and so few may hold none of them: no p is below the chance of that.

    >>> import numpy as np
    >>> few, alike = caution_of_mean(np.arange(8.0)), caution_of_mean(np.array([0.0] * 9 + [1.0]))
    >>> few.key, round(few.least_p, 2), alike.key
    ('few_units', 0.17, 'rests_on_few')
    >>> caution_of_mean(np.arange(100.0)) is None
    True
    """
    n, count = len(differences), units_that_count(differences)
    if count >= n / 2:
        return None if unseen_p(n) < NEVER_UNSEEN else Caution("few_units", few_units(n), unseen_p(n))
    sentence = (
        f"Most of the {n} differences are alike, so their mean rests on about {max(1, math.floor(count))} of them: "
        "take more prompts, or claim an AUROC or a share of prompts."
    )
    return Caution("rests_on_few", sentence, unseen_p(count))


def few_units(n: int) -> str:
    """Say why a mean of n units shows so little, and what to do.

    >>> few_units(8)[:74]
    'One prompt in five may be unlike all others, and 8 of them can miss these '
    """
    return (
        f"One prompt in five may be unlike all others, and {n} of them can miss these by chance: take more prompts, "
        "or claim an AUROC or a share of prompts."
    )
