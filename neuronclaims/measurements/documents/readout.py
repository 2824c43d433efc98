"""How a neuron relates to the model's own top prediction, document by document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements.bases import DocumentNeed, OfDocuments
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.measurement import Description, TextRequest
from neuronclaims.sites import Site
from neuronclaims.token_classes import WantedToken, token_name

Floats = NDArray[np.float64]


class ReadoutColumns(NamedTuple):
    """The columns of a readout, one row per document; ``auroc`` is -1 where all positions or none are hits.

    ``positions``, ``hits`` and ``auroc`` are [documents], ``by_bin`` and ``hits_by_bin`` [documents, bins]. These
    are counts as they were measured, in float32: sum them in float64.
    """

    positions: Floats
    hits: Floats
    auroc: Floats
    by_bin: NDArray[np.floating]
    hits_by_bin: NDArray[np.floating]


def columns_of(answer: NDArray[np.floating], edges: Sequence[float]) -> ReadoutColumns:
    """Return counts of documents, [documents, 3 + 2 (len(edges) + 1)], by their columns."""
    bins = len(edges) + 1
    positions, hits, aurocs = answer[:, :3].astype(np.float64).T
    return ReadoutColumns(positions, hits, aurocs, answer[:, 3 : 3 + bins], answer[:, 3 + bins :])


@dataclass(frozen=True, slots=True)
class Readout(OfDocuments):
    """How a neuron's value relates to a token being the model's top prediction, over the positions of each document.

    The answer is float32 [documents, 3 + 2 (len(edges) + 1)]: the number of positions, the number at which ``token``
    is the top prediction, the AUROC of the neuron's value for it within the document (-1 where all positions or none
    are such), then per bin of the value its positions, then per bin those with the token on top; ``columns`` names
    them. Bins are half-open, [edge, next edge), with one below the first edge and one from the last on. Documents
    longer than the model's context are read in pieces. ``legacy_embed`` takes for the top prediction what a published
    figure took for it: the token whose input embedding has the largest product with the state before the final norm,
    normalised without that norm's own scale and shift. ``token`` may be a class of tokens: then one of these is on top.

    >>> readout = Readout("mlp_post", 3, 17, " an", (0.0, 1.0), ("I ate an apple.",))
    >>> readout.columns(np.array([[5, 1, 0.75, 2, 2, 1, 0, 0, 1]], np.float32)).hits_by_bin
    array([[0., 0., 1.]], dtype=float32)
    """

    site: Site
    layer: int
    index: int
    token: WantedToken
    edges: tuple[float, ...]
    documents: tuple[str, ...]
    legacy_embed: bool = False

    @property
    def request(self) -> TextRequest:
        """The counts of each document."""
        need = ReadoutNeed(self.site, self.layer, self.index, self.token, self.edges, self.legacy_embed)
        return TextRequest(need, self.documents)

    @property
    def description(self) -> Description:
        """The measurement in words."""
        what, texts = "a neuron beside the top prediction", ("documents", self.documents)
        return Description(what, self.site, layers=(self.layer,), texts=texts)

    @property
    def tokens_named(self) -> tuple[str, ...]:
        """The tokens looked for; none where a pattern says which."""
        return (self.token,) if isinstance(self.token, str) else self.token.tokens

    def columns(self, answer: NDArray[np.floating]) -> ReadoutColumns:
        """Return the answer by its columns."""
        return columns_of(answer, self.edges)


@dataclass(frozen=True, slots=True)
class ReadoutNeed(DocumentNeed):
    """One neuron, one token or a class of them, and the edges of the bins its values are counted in."""

    site: str
    layer: int
    index: int
    token: WantedToken
    edges: tuple[float, ...]
    legacy_embed: bool = False
    work: ClassVar[str] = "readout"
    worker: ClassVar[str] = "neuronclaims.models.running.readout:work"

    def __str__(self) -> str:
        legacy = ["legacy_embed"] if self.legacy_embed else []
        return json.dumps(
            ["readout", self.site, self.layer, self.index, token_name(self.token), self.edges, *legacy]
        )

    def width(self, facts: ModelFacts) -> int:
        """Return how many numbers a row has, whatever the model."""
        del facts
        return 3 + 2 * (len(self.edges) + 1)

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where this model cannot answer."""
        facts.check_predicts()
        facts.check_place(self.site, self.layer, self.index)
        check_edges(self.edges)


def check_edges(edges: Sequence[float]) -> None:
    """Raise MeasurementError where the edges of bins do not rise."""
    if any(low >= high for low, high in pairwise(edges)):
        raise MeasurementError("The edges of the bins must rise.")
