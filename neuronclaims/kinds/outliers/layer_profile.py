"""Say what a claim about one set at one layer needs, and hold the mean value of each neuron of the layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuronclaims.figures import Point, Points
from neuronclaims.kinds.kind import Sample
from neuronclaims.kinds.outliers.token_share import PromptUnits, UnitMeans
from neuronclaims.kinds.shared.effects import counted
from neuronclaims.kinds.shared.layer_points import drawn_neurons
from neuronclaims.kinds.shared.requests import activations, in_order
from neuronclaims.kinds.shared.subjects.neurons import check_neuron
from neuronclaims.kinds.shared.subjects.selection import search_of
from neuronclaims.kinds.shared.units import of_one_set
from neuronclaims.measurements import TokenRule
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.sentences.templates import FieldError
from neuronclaims.sites import printed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.measurements import Activations, ModelFacts
    from neuronclaims.measurements.pools import Pool
    from neuronclaims.results import UnitValues, ValueScale
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.stats import Estimate


def check_bound(bound: float) -> None:
    """Raise FieldError for a bound that is no distance from zero."""
    if bound <= 0:
        raise FieldError("bound", "the distance from zero must be above 0")


@dataclass(frozen=True, slots=True)
class LayerRequest:
    """What a claim needs: one set at one layer, its prompts in the order of their text, and the units they form."""

    claim: Claim[Any, Any]
    layer: int
    prompts: tuple[Prompt, ...]
    units: PromptUnits

    @classmethod
    def of(cls, claim: Claim[Any, Any], layer: int) -> LayerRequest:
        """Take the set that the sentence calls ``first``; raise ClaimError for fewer than two units."""
        prompts = in_order(claim.sets[claim.sentence.first])
        return cls(claim, layer, prompts, PromptUnits.of(prompts))

    @classmethod
    def of_neuron(cls, claim: Claim[Any, Any], facts: ModelFacts) -> LayerRequest:
        """Take the layer of the sentence's neuron; raise ClaimError where the model lacks it."""
        neuron = claim.sentence.neuron
        check_neuron(neuron, claim.settings.site, facts)
        return cls.of(claim, neuron.layer)

    @property
    def who(self) -> Subject:
        """The sentence's neuron, as whom the claim is about."""
        return Subject("one", (self.claim.sentence.neuron,))

    def picked_from(self, layers: Mapping[int, int]) -> int:
        """Return how many neurons the claimed one was picked from; ``layers`` has the width of each, by number."""
        search = search_of(self.claim, self.who)
        return 1 if search is None else sum(width for layer, width in layers.items() if layer in search)

    @property
    def sample(self) -> Sample:
        """How many units there are."""
        return Sample(self.units.unit, ((self.claim.sentence.first, len(self.units.rows)),))

    def need(self, pool: Pool | str, layer: int | None = None) -> Activations:
        """Ask for a pool of the claim's span, at this layer or another."""
        settings = self.claim.settings
        rule = TokenRule(pool, settings.tokens.span)
        return activations(settings, self.layer if layer is None else layer, self.prompts, rule)

    def means(self, answers: Answers, pool: Pool | str, layer: int | None = None) -> UnitMeans:
        """Return the values of a pool, averaged within units."""
        return UnitMeans(self.units, answers[self.need(pool, layer)])

    def unit_values(self, what: str, scale: ValueScale, values: NDArray[np.float64]) -> UnitValues:
        """Return values [units] of this set; ``what`` says of which neuron or layer, and what was counted."""
        settings = self.claim.settings
        of = f"{settings.site} {what}, {settings.tokens.span}"
        return of_one_set(of, scale, self.prompts, self.units.rows, values)


@dataclass(frozen=True, slots=True, eq=False)
class LayerProfile:
    """The mean value of each neuron of a layer, ``means`` [width], over the tokens of a set."""

    request: LayerRequest
    means: NDArray[np.float64]

    @classmethod
    def of(cls, request: LayerRequest, answers: Answers) -> LayerProfile:
        """Average the means of single prompts."""
        return cls(request, request.means(answers, "mean").over_units)

    @property
    def kurtosis(self) -> Estimate:
        """Pearson's kurtosis of the mean values: 3 for a normal distribution, None where they do not vary."""
        centred = self.means - self.means.mean()
        spread = float((centred**2).mean())
        value = float((centred**4).mean()) / spread**2 if spread > 0 else None
        return counted("kurtosis", "kurtosis of the layer", value)

    def share_within(self, bound: float) -> Estimate:
        """Return the share of neurons whose mean lies within a bound."""
        inside = float((np.abs(self.means) < bound).mean())
        return counted("share_within", "share of neurons whose mean lies within the bound", inside)

    def figure(self, bound: float, neuron: Neuron | None = None) -> Points:
        """Draw the mean values over the index (only some of a wide layer); mark the claim's neuron and the bound."""
        layer, settings = self.request.layer, self.request.claim.settings
        own = None if neuron is None else neuron.index
        points = tuple(
            Point(float(index), float(self.means[index]), f"{layer}:{index}", marked=index == own)
            for index in drawn_neurons(self.means, own)
        )
        return Points(
            f"neuron index, {printed(settings.site)}, layer {layer}",
            f"mean of {settings.tokens.span} tokens",
            points,
            (-bound, bound),
        )
