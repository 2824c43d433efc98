"""How a neuron's value relates to labels of the text itself, document by document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements.bases import DocumentNeed, OfDocuments
from neuronclaims.measurements.documents.readout import ReadoutColumns, check_edges, columns_of
from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.measurement import Description, TextRequest
from neuronclaims.sites import Site


@dataclass(frozen=True, slots=True)
class LabelCounts(OfDocuments):
    """How a neuron's value at a token relates to the token's label, over the tokens of each document.

    ``documents`` are items with labels (``prompts.PromptInput.with_labels``). A token has a label if a character of it
    that is not white space lies in a stretch with that label. The answer is that of a ``Readout``: float32 [documents,
    3 + 2 (len(edges) + 1)], with such tokens in the place of those where a token is on top. The value is the one at the
    token itself, so an encoder answers, too. Special tokens are left out; documents longer than the model's context are
    read in pieces.

    >>> LabelCounts("mlp_post", 3, 17, "noun", (0.0,), ("A dog.",)).description.head
    'a neuron beside labels at mlp_post'
    """

    site: Site
    layer: int
    index: int
    label: str
    edges: tuple[float, ...]
    documents: tuple[str, ...]

    @property
    def request(self) -> TextRequest:
        """The counts of each document."""
        need = LabelNeed(self.site, self.layer, self.index, self.label, self.edges)
        return TextRequest(need, self.documents)

    @property
    def description(self) -> Description:
        """The measurement in words."""
        what, texts = "a neuron beside labels", ("documents", self.documents)
        return Description(what, self.site, layers=(self.layer,), texts=texts)

    def columns(self, answer: NDArray[np.floating]) -> ReadoutColumns:
        """Return the answer by its columns; ``hits`` are the tokens with the label."""
        return columns_of(answer, self.edges)


@dataclass(frozen=True, slots=True)
class LabelNeed(DocumentNeed):
    """One neuron, one label, and the edges of the bins its values are counted in; the labels are in the text's item."""

    site: str
    layer: int
    index: int
    label: str
    edges: tuple[float, ...]
    work: ClassVar[str] = "labels"
    worker: ClassVar[str] = "neuronclaims.models.running.labels:work"

    def __str__(self) -> str:
        return json.dumps(["label", self.site, self.layer, self.index, self.label, self.edges])

    def width(self, facts: ModelFacts) -> int:
        """Return how many numbers a row has, whatever the model."""
        del facts
        return 3 + 2 * (len(self.edges) + 1)

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where this model cannot answer."""
        facts.check_place(self.site, self.layer, self.index)
        check_edges(self.edges)
