"""What of a prediction counts: the logit of a token, the difference of two logits, or the probability of a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.stats import EffectSize

if TYPE_CHECKING:
    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.measurements import Prediction
    from neuronclaims.measurements.changing.outcomes.reading import AblationColumns


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome: the effect that is its change, what it is called, and which margins it can have.

    ``key`` is what baselines know its values by, ``name`` what people read.
    ``margin`` is what messages suggest, ``largest_margin`` what no change of it can reach.
    """

    effect: EffectSize
    key: str
    name: str
    unit: str
    margin: str
    largest_margin: float = np.inf

    @classmethod
    def of(cls, option: str, prediction: Prediction) -> Outcome:
        """Return the outcome that a claim's option "outcome" names, of one token or of two.

        >>> from neuronclaims.measurements import Prediction
        >>> Outcome.of("logit", Prediction(" an", " a")).name
        'difference of logits'
        """
        if option == "probability":
            return PROBABILITY
        return LOGIT if prediction.against is None else LOGIT_DIFFERENCE

    @property
    def other(self) -> str:
        """The option that names the outcome which is reported beside this one."""
        return "logit" if self.unit == "probability" else "probability"

    def read(self, found: AblationColumns) -> tuple[Floats, Floats]:
        """Return its values (after, before) among what was measured."""
        if self.unit == "probability":
            return found.beside_after, found.beside_before
        return found.after, found.before

    def mean_change(self, found: AblationColumns) -> float:
        """Return by how much it changes on average."""
        after, before = self.read(found)
        return float(after.mean() - before.mean())


PROBABILITY = Outcome(
    EffectSize("change_of_probability", "mean change of the probability"),
    "probability",
    "probability",
    "probability",
    "0.1",
    largest_margin=1.0,
)
LOGIT = Outcome(EffectSize("change_of_logit", "mean change of the logit"), "logit", "logit", "logit", "0.5")
LOGIT_DIFFERENCE = Outcome(
    EffectSize("change_of_logit_difference", "mean change of the difference of logits"),
    "difference of logits",
    "difference of logits",
    "logit",
    "0.5",
)
