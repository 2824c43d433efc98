"""How a neuron goes with the position of tokens, document by document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

from neuronclaims.measurements.bases import DocumentNeed, OfDocuments
from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.measurement import Description, TextRequest
from neuronclaims.sites import Site

UNDEFINED = -2.0
"""What stands for the correlation of a document that has none."""


@dataclass(frozen=True, slots=True)
class PositionCorrelations(OfDocuments):
    """Spearman's rank correlation of a neuron's value and the position, over the tokens of each document.

    The answer is float32 [documents, 2]: the number of tokens of text, and the correlation (``UNDEFINED`` where there
    are fewer than 3 tokens, or all values are equal). Special tokens are left out. A position is that which the model
    sees: documents longer than its context are read in pieces, and each piece begins anew.

    >>> PositionCorrelations("mlp_post", 3, 17, ("I ate an apple.",)).description.head
    'a neuron beside the position of tokens at mlp_post'
    """

    site: Site
    layer: int
    index: int
    documents: tuple[str, ...]

    @property
    def request(self) -> TextRequest:
        """The correlation of each document."""
        return TextRequest(PositionNeed(self.site, self.layer, self.index), self.documents)

    @property
    def description(self) -> Description:
        """The measurement in words."""
        what, texts = "a neuron beside the position of tokens", ("documents", self.documents)
        return Description(what, self.site, layers=(self.layer,), texts=texts)


@dataclass(frozen=True, slots=True)
class PositionNeed(DocumentNeed):
    """One neuron, whose value is put beside the position."""

    site: str
    layer: int
    index: int
    work: ClassVar[str] = "positions"
    worker: ClassVar[str] = "neuronclaims.models.running.positions:work"

    def __str__(self) -> str:
        return json.dumps(["position", self.site, self.layer, self.index])

    def width(self, facts: ModelFacts) -> int:
        """Return how many numbers a row has, whatever the model."""
        del facts
        return 2

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where this model cannot answer."""
        facts.check_place(self.site, self.layer, self.index)
