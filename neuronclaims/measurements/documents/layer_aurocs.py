"""How each neuron of a layer goes with what is looked for token by token, document by document, for searches."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements.bases import DocumentNeed, OfDocuments
from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.measurement import Description, TextRequest
from neuronclaims.sites import Site
from neuronclaims.token_classes import TokenLabel, Wanted, token_name

UNDEFINED = -1.0
"""What stands for the AUROCs of a document that has none."""


class LayerAurocColumns(NamedTuple):
    """The columns of an answer, one row per document.

    ``positions`` and ``hits`` are int64 [documents], ``aurocs`` float64 [documents, neurons], NaN for documents that
    have none.
    """

    positions: NDArray[np.int64]
    hits: NDArray[np.int64]
    aurocs: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LayerAurocs(OfDocuments):
    """The AUROC of each neuron of a layer for ``wanted``, over the positions of text of each document.

    It is that of a ``Readout`` for a token or a class of them (is it the model's top prediction there?), and that of
    ``LabelCounts`` for a label (does the token have it?), of all neurons in one pass. The answer is float32 [documents,
    2 + neurons]: the number of positions, how many of them are hits, and each neuron's AUROC (``UNDEFINED`` where all
    positions or none are hits). Documents longer than the model's context are read in pieces.

    >>> asked = LayerAurocs("mlp_post", 3, " an", ("I ate an apple.",))
    >>> asked.description.head
    'each neuron beside the top prediction at mlp_post'
    >>> asked.columns(np.array([[5, 2, 0.75, 0.25]], np.float32)).aurocs
    array([[0.75, 0.25]])
    """

    site: Site
    layer: int
    wanted: Wanted
    documents: tuple[str, ...]

    @property
    def request(self) -> TextRequest:
        """The AUROCs within each document."""
        return TextRequest(LayerAurocsNeed(self.site, self.layer, self.wanted), self.documents)

    @property
    def description(self) -> Description:
        """The measurement in words."""
        beside = "labels" if isinstance(self.wanted, TokenLabel) else "the top prediction"
        texts = "documents", self.documents
        return Description(f"each neuron beside {beside}", self.site, layers=(self.layer,), texts=texts)

    @property
    def tokens_named(self) -> tuple[str, ...]:
        """The tokens looked for; none where a pattern or a label says which."""
        if isinstance(self.wanted, TokenLabel):
            return ()
        return (self.wanted,) if isinstance(self.wanted, str) else self.wanted.tokens

    def columns(self, answer: NDArray[np.floating]) -> LayerAurocColumns:
        """Return the answer by its columns.

        An AUROC is a whole number of half pairs of positions. What float32 lost of it is put right, since it would
        break ties between documents.
        """
        positions, hits = (answer[:, place].round().astype(np.int64) for place in (0, 1))
        half_pairs = 2 * (hits * (positions - hits))[:, None]
        exact = np.round(answer[:, 2:].astype(np.float64) * half_pairs) / np.maximum(half_pairs, 1)
        return LayerAurocColumns(positions, hits, np.where(half_pairs > 0, exact, np.nan))


@dataclass(frozen=True, slots=True)
class LayerAurocsNeed(DocumentNeed):
    """A layer, and what its neurons are put beside; labels are in the text's item."""

    site: str
    layer: int
    wanted: Wanted
    work: ClassVar[str] = "layer aurocs"
    worker: ClassVar[str] = "neuronclaims.models.running.documents.layer_aurocs:work"

    def __str__(self) -> str:
        wanted = (
            {"label": self.wanted.name} if isinstance(self.wanted, TokenLabel) else token_name(self.wanted)
        )
        return json.dumps(["layer aurocs", self.site, self.layer, wanted])

    def width(self, facts: ModelFacts) -> int:
        """Return how many numbers a row has: two counts, and one per neuron."""
        return 2 + facts.width_of(self.site)

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where this model cannot answer."""
        if not isinstance(self.wanted, TokenLabel):
            facts.check_predicts()
        facts.check_place(self.site, self.layer)
