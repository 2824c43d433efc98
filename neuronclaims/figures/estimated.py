"""An effect as figures show it beside the values that it was made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimated:
    """An effect's ``value`` with its interval at ``level``, in the unit that ``name`` says.

    ``null`` is the effect where nothing is going on, ``boundary`` the number that the claim is held against. An end of
    the interval is None where there is none.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    level: float
    null: float | None = None
    boundary: float | None = None
