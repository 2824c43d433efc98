"""What changing each neuron of a layer would do to an outcome, to first order: gradient times change.

One forward and one backward give it for every neuron of every layer at once, where a sweep takes a forward for each
neuron: attribution patching (Nanda 2023; Syed, Rager and Conmy 2023, arXiv 2310.10348). It is an estimate, exact only
where the outcome is linear in a neuron: it says which neurons to look at, never what they do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements.changing.ablations import ChangedPrompts
from neuronclaims.measurements.changing.interventions import Intervention, Patch
from neuronclaims.measurements.changing.needs import ChangeNeed, Pair
from neuronclaims.measurements.changing.outcomes.reading import Floats, Reading
from neuronclaims.measurements.changing.outcomes.readings import Entropy, Loss, Prediction
from neuronclaims.measurements.changing.restorations import ChangedPairs
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.views.view import ViewedSite
from neuronclaims.sites import Site, printed
from neuronclaims.tokens.spans import ALL_TOKENS, ChangedTokens

BACKWARD = 2.0
"""So many forwards a backward costs: gradients of values alone cost about one, those of weights none are taken of."""


class AttributionColumns(NamedTuple):
    """What is read before, [prompts], and by how much each neuron of the layer would change it, [prompts, width]."""

    before: Floats
    change: Floats


class PairAttributionColumns(NamedTuple):
    """The prediction on clean and on corrupted texts, [pairs], and what each neuron would change, [pairs, width]."""

    clean: Floats
    corrupted: Floats
    change: Floats


@dataclass(frozen=True, slots=True)
class AttributionNeed(ChangeNeed):
    """The estimates for each neuron of the layer ``sweep``; of its ``prediction`` the share beside it if ``beside``.

    >>> from neuronclaims.measurements.changing.interventions import Zero
    >>> need = AttributionNeed(Zero(), "mlp_post", (), 3, ALL_TOKENS, Prediction(" an"))
    >>> str(need).startswith('["attribution", "number", ')
    True
    """

    beside: bool = False
    work: ClassVar[str] = "attribution"
    worker: ClassVar[str] = "neuronclaims.models.running.changing.attribution:work"

    def __str__(self) -> str:
        which = "beside" if self.beside else "number"
        return json.dumps(["attribution", which, ChangeNeed.__str__(self)], ensure_ascii=True)

    @property
    def question(self) -> AttributionNeed:
        """The same of any layer: those with one question are answered in one pass."""
        return replace(self, sweep=None)

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where there is no gradient, and where this model cannot answer."""
        facts.check_predicts()
        if self.sweep is None:
            raise MeasurementError("An attribution is of the neurons of a layer: say which.")
        facts.check_place(self.site, self.sweep)
        if isinstance(self.site, ViewedSite):
            raise MeasurementError(
                f"Gradients are taken at the sites of a model, not at {printed(self.site)}: change each by itself."
            )
        if not isinstance(self.prediction, Prediction if self.pairs else (Prediction, Loss, Entropy)):
            raise MeasurementError(
                f"There is no attribution to {self.prediction}: a small change of a neuron says nothing of it. Change "
                "each by itself."
            )
        if self.beside and isinstance(self.prediction, Loss):
            raise MeasurementError("The share of tokens that are the likeliest ones has no gradient.")
        if self.intervention.takes == "reference" and not self.reference:
            raise MeasurementError(
                f"To replace values by {self.intervention}, texts to take them from are needed."
            )

    def cost(self, needs: Sequence[Need], texts: int, facts: ModelFacts) -> Iterator[tuple[str, float]]:  # noqa: ARG002
        """Yield a forward of all texts, of pairs of both, and a backward for each question."""
        questions = {need.question for need in needs if isinstance(need, AttributionNeed)}
        forwards = 2.0 if self.pairs else 1.0
        yield "attributions", texts * (forwards + BACKWARD * len(questions))


@dataclass(frozen=True, slots=True)
class Attribution(ChangedPrompts):
    """By how much changing each neuron of one layer alone would change an outcome: float32 [prompts, 1 + width].

    Per prompt it is the sum over the tokens ``at`` of (changed value - value) times the gradient of the outcome with
    respect to the value, in the outcome's unit. Texts, tokens, changed values and outcome are those of ``Ablation`` and
    ``AblationSweep``. With ``beside`` the outcome is the share beside what is read: of a prediction, the probability.

    >>> asked = Attribution("mlp_post", 3, "zero", Prediction(" an"), ("I ate",))
    >>> asked.columns(np.array([[2.0, -1.0, 0.5]], np.float32)).change
    array([[-1. ,  0.5]])
    """

    site: Site
    layer: int
    replacement: Intervention
    prediction: Reading
    prompts: tuple[str, ...]
    reference: tuple[str, ...] = ()
    at: ChangedTokens = ALL_TOKENS
    beside: bool = False

    @property
    def need(self) -> AttributionNeed:
        """The estimates needed of each prompt."""
        reference = tuple(sorted(set(self.reference)))
        return AttributionNeed(
            self.replacement,
            self.site,
            (),
            self.layer,
            self.at,
            self.prediction,
            reference,
            beside=self.beside,
        )

    def columns(self, answer: NDArray[np.floating]) -> AttributionColumns:
        """Return the answer by its columns."""
        rows = answer.astype(np.float64)
        return AttributionColumns(rows[:, 0], rows[:, 1:])


@dataclass(frozen=True, slots=True)
class PairAttribution(ChangedPairs):
    """By how much patching each neuron of one layer alone would change a prediction: float32 [pairs, 2 + width].

    The gradient is that of the run on the corrupted text, the changed value that of the clean one. Texts and tokens are
    those of ``RestorationSweep``.

    >>> asked = PairAttribution("mlp_post", 3, Prediction(" apple"), (Pair("I ate an", "I ate the"),))
    >>> asked.columns(np.array([[3.0, 1.0, 0.5]], np.float32))
    PairAttributionColumns(clean=array([3.]), corrupted=array([1.]), change=array([[0.5]]))
    """

    site: Site
    layer: int
    prediction: Prediction
    pairs: tuple[Pair, ...]
    at: ChangedTokens = ALL_TOKENS

    @property
    def need(self) -> AttributionNeed:
        """The estimates needed of each pair."""
        return AttributionNeed(Patch(), self.site, (), self.layer, self.at, self.prediction)

    def columns(self, answer: NDArray[np.floating]) -> PairAttributionColumns:
        """Return the answer by its columns."""
        rows = answer.astype(np.float64)
        return PairAttributionColumns(rows[:, 0], rows[:, 1], rows[:, 2:])
