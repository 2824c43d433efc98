"""How a neuron goes with the position of tokens, document by document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.measurement import Description, Lengths, Need, TextRequest
from neuronclaims.sites import Site

UNDEFINED = -2.0
"""What stands for the correlation of a document that has none."""


@dataclass(frozen=True, slots=True)
class PositionCorrelations:
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
    reader: ClassVar[str | None] = None

    @property
    def request(self) -> TextRequest:
        """The correlation of each document."""
        return TextRequest(PositionNeed(self.site, self.layer, self.index), self.documents)

    @property
    def description(self) -> Description:
        """The measurement in words."""
        what, texts = "a neuron beside the position of tokens", ("documents", self.documents)
        return Description(what, self.site, layers=(self.layer,), texts=texts)

    @property
    def tokens_named(self) -> tuple[str, ...]:
        """No tokens."""
        return ()

    def check(self, facts: ModelFacts) -> None:
        """Leave it to the need."""

    def check_lengths(self, lengths: Lengths) -> None:
        """Count the tokens; long documents are read in pieces."""
        for document in self.documents:
            lengths.count(document)


@dataclass(frozen=True, slots=True)
class PositionNeed:
    """One neuron, whose value is put beside the position."""

    site: str
    layer: int
    index: int
    work: ClassVar[str] = "positions"
    text: ClassVar[str] = "document"
    worker: ClassVar[str] = "neuronclaims.models.running.positions:work"

    def __str__(self) -> str:
        return json.dumps(["position", self.site, self.layer, self.index])

    @property
    def new_tokens(self) -> int:
        """No token is generated."""
        return 0

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """The site and the layer."""
        return ((self.site, self.layer),)

    def width(self, facts: ModelFacts) -> int:
        """Return how many numbers a row has, whatever the model."""
        del facts
        return 2

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where this model cannot answer."""
        facts.check_place(self.site, self.layer, self.index)

    def cost(self, needs: Sequence[Need], texts: int, facts: ModelFacts) -> Iterator[tuple[str, float]]:  # noqa: ARG002
        """Yield a pass for every document."""
        yield "documents", float(texts)
