"""How a prediction goes with the amount of a change: one slope per prompt or group, and the curve.

A sentence with several amounts claims a trend. What counts of each unit is the least-squares slope of its outcome over
the amounts. Where some amount changes nothing (0 added, a factor of 1), the outcome before the change is a point of the
curve too. Slopes are tested as changes are: their mean, by flipping signs (docs/adr/0061-verbs.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Point, Points
from neuronclaims.kinds.interventions.before_after import mean_change
from neuronclaims.sentences.changes.change import VERBS
from neuronclaims.sentences.numbers import number_text

if TYPE_CHECKING:
    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.kinds.interventions.outcomes.outcome import Outcome
    from neuronclaims.sentences.changes.change import ModelChange
    from neuronclaims.stats import Alternative, Estimate

AXES = {"adding": "amount added", "scaling": "factor", "clamping": "value held"}
"""What the amounts are, by the verb."""


def slope_effect(outcome: Outcome) -> stats.EffectSize:
    """Return the effect of a claim about a trend."""
    key = f"slope_of_{outcome.key.replace(' ', '_')}"
    return stats.EffectSize(key, f"mean slope of the {outcome.name} over the amounts")


@dataclass(frozen=True, slots=True, eq=False)
class DoseCurve:
    """An outcome at each amount of a change: ``values`` [amounts, units], and ``before`` [units] any change.

    ``amounts`` [amounts] rise; where one of them changes nothing, its values are those before.

    >>> curve = DoseCurve(np.array([0.0, 1.0, 2.0]), np.array([[1.0, 3.0], [2.0, 3.0], [5.0, 3.0]]), np.ones(2))
    >>> curve.slopes
    array([2., 0.])
    """

    amounts: Floats
    values: Floats
    before: Floats

    @classmethod
    def of(cls, change: ModelChange, before: Floats, after: dict[float, Floats]) -> DoseCurve:
        """Return the curve of a sentence's change: ``after`` has the values [units] by amount."""
        idle = VERBS[change.verb].idle
        points = dict(after) if idle is None else {**after, idle: before}
        amounts = sorted(points)
        return cls(np.array(amounts), np.array([points[amount] for amount in amounts]), before)

    @property
    def slopes(self) -> Floats:
        """The least-squares slope of each unit over the amounts [units]."""
        apart = self.amounts - self.amounts.mean()
        found: Floats = apart @ self.values / (apart @ apart)
        return found

    def steady(self, side: Alternative, unit: str) -> Estimate:
        """Return the share of units whose outcome moves to a side from each amount to the next, as counted."""
        steps = np.diff(self.values, axis=0)
        way = "falls" if side == "less" else "rises"
        moved = (steps < 0 if way == "falls" else steps > 0).all(axis=0)
        effect = stats.EffectSize(
            "share_steady", f"share of {unit}s in which it {way} at every step", scale="share"
        )
        return stats.Estimate(effect, float(moved.mean()), None, None, 0.95, "counted")

    def figure(self, verb: str, outcome: Outcome) -> Points:
        """Draw the mean change at each amount, with its interval."""
        points = []
        for amount, values in zip(self.amounts.tolist(), self.values, strict=True):
            made = mean_change(values, self.before, outcome.effect)
            points.append(
                Point(amount, float(made.value or 0.0), number_text(amount), made.low, made.high, marked=True)
            )
        return Points(AXES[verb], outcome.effect.name, tuple(points))
