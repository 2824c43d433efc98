"""What an effect with its interval is."""

from __future__ import annotations

from dataclasses import dataclass

from neuronclaims.stats.effects.effect_size import EffectSize


@dataclass(frozen=True, slots=True)
class Estimate:
    """The ``value`` of an effect with its ``level`` confidence interval [``low``, ``high``], found by ``method``.

    ``value`` is None where the effect is undefined, ``low`` and ``high`` where the data allow no interval.
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
