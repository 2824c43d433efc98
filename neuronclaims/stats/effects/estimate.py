"""An effect with its interval, and what the interval says of any boundary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from neuronclaims.stats.effects.effect_size import EffectSize

Tails: TypeAlias = Callable[[float], tuple[float, float]]
"""From a boundary to the one-sided p of "the effect is above it" and of "the effect is below it"."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The ``value`` of an effect with its ``level`` confidence interval [``low``, ``high``], found by ``method``.

    ``value`` is None where the effect is undefined, ``low`` and ``high`` where the data allow no interval. ``tails``
    turn the interval round: None where only the interval of this level is known.

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
