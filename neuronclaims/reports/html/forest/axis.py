"""An axis for numbers of one unit: where it begins and ends, its ticks, and where on it a number lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MARGIN = 0.04
"""Room beyond the outermost marks, as a share of the axis."""

FARTHEST = 1.0
"""How far intervals may stretch the axis beyond the effects, as a multiple of the range of these."""

TIMES_USUAL = 2.0
"""How far they may stretch it in any case, as a multiple of what half of their ends do not exceed."""


@dataclass(frozen=True, slots=True)
class EffectAxis:
    """An axis from ``low`` to ``high``.

    >>> EffectAxis(0.0, 2.0).at(0.5)
    25.0
    >>> EffectAxis(-1.0, 1.0).ticks
    [(0.0, '-1'), (25.0, '-0.5'), (50.0, '0'), (75.0, '0.5'), (100.0, '1')]
    """

    low: float
    high: float

    @classmethod
    def over(cls, marks: Sequence[float], ends: Sequence[float]) -> EffectAxis:
        """Return an axis that shows all ``marks`` and, as far as that leaves room for these, the ``ends`` of intervals.

        One interval that is far wider than all others would else press the others together; where most are wider than
        the effects lie apart, they are shown.

        >>> EffectAxis.over([0.0, 1.0], [-0.1, 0.1, 0.8, 90.0]).high < 3
        True
        >>> EffectAxis.over([0.0, 0.1], [-2.0, 2.0, -2.4, 2.6]).beyond(2.6)
        False
        """
        low, high = min(marks), max(marks)
        stretches = sorted(max(low - end, end - high, 0.0) for end in ends)
        usual = stretches[(len(stretches) - 1) // 2] if stretches else 0.0
        reach = max(FARTHEST * (high - low), TIMES_USUAL * usual) if high > low else math.inf
        low, high = (
            min([low, *(max(end, low - reach) for end in ends)]),
            max([high, *(min(end, high + reach) for end in ends)]),
        )
        if not high > low:
            low, high = low - (abs(low) * 0.1 or 0.5), high + (abs(high) * 0.1 or 0.5)
        room = MARGIN * (high - low)
        return cls(low - room, high + room)

    def at(self, value: float) -> float:
        """Return where a value lies on the axis, in per cent from its left end, at most at its ends."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)

    def beyond(self, value: float) -> bool:
        """Say whether a value lies beyond an end of the axis."""
        return not self.low <= value <= self.high

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """The places of round numbers on the axis, in per cent, with the numbers as texts: three to six of them."""
        step = _round_step((self.high - self.low) / 4)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [(self.at(place * step), f"{place * step:.10g}") for place in range(first, last + 1)]


def _round_step(about: float) -> float:
    """Return 1, 2, 2.5 or 5 times a power of ten, at least as large as a number but for a little."""
    power = 10.0 ** math.floor(math.log10(about))
    return next(times * power for times in (1.0, 2.0, 2.5, 5.0, 10.0) if times * power >= about * 0.999)
