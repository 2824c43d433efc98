"""What an effect with its interval is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """An effect ``value`` with its ``level`` confidence interval [``low``, ``high``], found by ``method``.

    ``value`` is None where the effect is undefined, ``low`` and ``high`` where the data allow no interval.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    level: float
    method: str
