"""An effect with its interval."""

from __future__ import annotations

from dataclasses import dataclass

from neuronclaims.stats.effects.effect_size import EffectSize


@dataclass(frozen=True, slots=True)
class Estimate:
    """The ``value`` of an effect with its ``level`` confidence interval [``low``, ``high``], found by ``method``.

    ``value`` is None where the effect is undefined, ``low`` and ``high`` where the data allow no interval.

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

    @property
    def name(self) -> str:
        """The effect's name, as it is printed."""
        return self.effect.name
