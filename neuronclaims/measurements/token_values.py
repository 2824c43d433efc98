"""The values of one neuron at every token of some texts, for reports that show them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from neuronclaims.measurements.bases import OfPrompts, PlaceNeed
from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.measurement import Description, Need, TextRequest
from neuronclaims.sites import Site

LONGEST = 512
"""Tokens of a text whose values are kept: the first ones."""


@dataclass(frozen=True, slots=True)
class TokenValues(OfPrompts):
    """One neuron, latent, head or direction at each of the first ``LONGEST`` tokens of text, special ones left out.

    The answer is float32 [prompts, 1 + LONGEST]: the number of tokens of text, then the values, padded with zeros.

    >>> TokenValues("mlp_post", 3, 17, ("I ate an apple.",)).description.head
    'a neuron token by token at mlp_post'
    """

    site: Site
    layer: int
    index: int
    prompts: tuple[str, ...]

    @property
    def request(self) -> TextRequest:
        """The values in each prompt."""
        return TextRequest(TokenValuesNeed(self.site, self.layer, self.index), self.prompts)

    @property
    def description(self) -> Description:
        """The measurement in words."""
        what, texts = "a neuron token by token", ("prompts", self.prompts)
        return Description(what, self.site, layers=(self.layer,), texts=texts)


@dataclass(frozen=True, slots=True)
class TokenValuesNeed(PlaceNeed):
    """One neuron, whose values are kept token by token."""

    site: str
    layer: int
    index: int
    work: ClassVar[str] = "token values"
    text: ClassVar[str] = "prompt"
    worker: ClassVar[str] = "neuronclaims.models.running.token_values:work"

    def __str__(self) -> str:
        return json.dumps(["token values", self.site, self.layer, self.index, LONGEST])

    def width(self, facts: ModelFacts) -> int:
        """Return how many numbers a row has, whatever the model."""
        del facts
        return 1 + LONGEST

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where this model cannot answer."""
        facts.check_place(self.site, self.layer, self.index)

    def cost(self, needs: Sequence[Need], texts: int, facts: ModelFacts) -> Iterator[tuple[str, float]]:
        """Yield passes that end at the highest layer."""
        highest = max(layer for need in needs for _, layer in need.places)
        yield "token by token", texts * (highest + 1) / facts.layers
