"""Answers from the weights alone: how much a neuron's output writes a token. No text is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements import Congruence, Measurement, Need, Vocabulary
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.sources import Source
from neuronclaims.models.structure.architecture import OutputWeights
from neuronclaims.models.tensors import Stored, Tensors
from neuronclaims.models.token_texts import token_texts

_ROWS = 8192
"""Tokens whose weights are held at once: 270 MB as float64 for a hidden width of 4,096."""


def of_weights(
    source: Source,
    measurements: Sequence[Measurement],
    rows: Mapping[Need, Mapping[str, NDArray[np.float32]]],
) -> dict[Measurement, NDArray[Any]]:
    """Return the answers to those of the measurements that need weights or tokenizer alone, each [1, ...]."""
    del rows
    answers: dict[Measurement, NDArray[Any]] = {}
    reader: _OutputWeightReader | None = None
    for measurement in dict.fromkeys(measurements):
        if isinstance(measurement, Vocabulary):
            answers[measurement] = np.array([token_texts(source).everything()])
        elif isinstance(measurement, Congruence):
            reader = reader or _OutputWeightReader(source)
            answers[measurement] = reader.congruence(measurement)
    return answers


class _OutputWeightReader:
    """One model's output weights."""

    def __init__(self, source: Source) -> None:
        self._source, self._facts = source, source.facts()
        self._tensors = Tensors(source)
        weights = source.architecture.weights
        if weights is None and self._facts.causal and source.architecture.derived is not None:
            raise MeasurementError(
                f"The weights between a neuron and the logits are not known of {self._facts.name} "
                f"({self._facts.architecture}): it has no MLP that is known, no final norm, or two sorts of norms."
            )
        if weights is None or not self._facts.causal:
            raise MeasurementError(
                f"{self._facts.name} ({self._facts.architecture}) has no unembedding, so its neurons write no tokens."
            )
        if self._tensors.find("project_out.weight") is not None:
            raise MeasurementError(
                f"{self._facts.name} projects its last hidden state before the unembedding; congruence is not defined "
                "for it here."
            )
        self._names: OutputWeights = weights

    def congruence(self, request: Congruence) -> NDArray[np.float32]:
        """Return the products that are requested, [1, vocabulary] or [1, width]."""
        if (request.index is None) == (request.token is None):
            raise MeasurementError(
                "Congruence is of one neuron with all tokens, or of a layer with one token."
            )
        if not 0 <= request.layer < self._facts.layers:
            raise MeasurementError(
                f"{self._facts.name} has no layer {request.layer}: it has {self._facts.layers}."
            )
        tokens = self._token_weights(request)
        centre = self._mean(tokens) if request.centred else np.zeros(tokens.shape[1])
        if request.token is not None:
            number = token_texts(self._source).number(request.token)
            written = self._written(request)
            products = _products(written, tokens.rows(number, number + 1)[0] - centre, request.cosine)
            return products.astype(np.float32)[None]
        neuron = self._written(request)[0]
        parts = [
            _products(tokens.rows(start, start + _ROWS) - centre, neuron, request.cosine)
            for start in range(0, tokens.shape[0], _ROWS)
        ]
        return np.concatenate(parts).astype(np.float32)[None]

    def _token_weights(self, request: Congruence) -> Stored:
        head = None if request.legacy_embed else self._tensors.find(self._names.head)
        if (
            head is None
            and not request.legacy_embed
            and self._source.config.get("tie_word_embeddings") is False
        ):
            return self._tensors.get(self._names.head)
        return head or self._tensors.get(self._names.embed)

    def _written(self, request: Congruence) -> NDArray[np.float64]:
        """Return what the neuron, or every neuron of the layer, writes to the residual stream: [neurons, hidden]."""
        out = self._out(request.layer)
        if request.index is None:
            written = out.rows() if self._names.by_neuron else out.rows().T
        else:
            width = out.shape[0] if self._names.by_neuron else out.shape[1]
            if not 0 <= request.index < width:
                raise MeasurementError(
                    f"{self._facts.name} has neurons 0 to {width - 1} at mlp_post; there is no neuron "
                    f"{request.layer}:{request.index}."
                )
            one = (
                out.rows(request.index, request.index + 1)[0]
                if self._names.by_neuron
                else out.column(request.index)
            )
            written = one[None]
        if self._names.added:
            written = written * self._scale(self._block(request.layer, self._names.added))
        return self._folded(written) if request.fold_norm else written

    def _out(self, layer: int) -> Stored:
        return self._block(layer, self._names.out)

    def _block(self, layer: int, name: str) -> Stored:
        place = self._source.architecture.blocks.rsplit(".", 1)[-1]
        return self._tensors.get(f"{place}.{layer}.{name}")

    def _scale(self, stored: Stored) -> NDArray[np.float64]:
        return stored.rows() + (1.0 if self._names.norm_less_one else 0.0)

    def _folded(self, written: NDArray[np.float64]) -> NDArray[np.float64]:
        if "final_norm" not in self._facts.widths:
            return written  # such as an OPT that normalises inside its blocks
        stored = self._tensors.get(self._names.norm)
        if self._names.centres:
            written = written - written.mean(1, keepdims=True)
        return written * self._scale(stored)

    def _mean(self, tokens: Stored) -> NDArray[np.float64]:
        total = np.zeros(tokens.shape[1])
        for start in range(0, tokens.shape[0], _ROWS):
            total += tokens.rows(start, start + _ROWS).sum(0)
        return np.asarray(total / tokens.shape[0])


def _products(many: NDArray[np.float64], one: NDArray[np.float64], cosine: bool) -> NDArray[np.float64]:
    products = many @ one
    if cosine:
        lengths = np.linalg.norm(many, axis=1) * np.linalg.norm(one)
        products = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return np.asarray(products)
