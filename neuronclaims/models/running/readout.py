"""Measure how a neuron relates to the model's own top prediction, document by document; keep only counts.

A document's tokens, values and predictions are dropped when it is counted: what grows with the corpus are its texts
and one row of counts per document and neuron.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from neuronclaims.measurements.documents.readout import ReadoutNeed
from neuronclaims.measurements.errors import MeasurementError, shorten
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Job
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.encode import Encoded, encode_long
from neuronclaims.models.running.hooks import Place, traced
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import forward
from neuronclaims.models.running.predictions import (
    check_embedding,
    check_head,
    logits_by_embedding,
    logits_of,
    state_place,
)
from neuronclaims.models.running.worker import Batches, Finished, running
from neuronclaims.models.token_texts import TokenTexts, of_tokenizer
from neuronclaims.token_classes import TokenClassError, WantedToken

Rows: TypeAlias = "dict[Need, NDArray[np.float32]]"
Tops: TypeAlias = "dict[bool, NDArray[np.int64]]"

_HEAD_ROWS = 128
"""Positions whose logits are held at once: 25 MB for a vocabulary of 50,000."""

_TOGETHER = 32_768
"""Positions after which finished documents are handed over, and so kept, in one batch."""

_FEW, _BATCHES = 2_048, 32
"""A small corpus has as many batches, where each of them then has so many positions."""


def work(ready: Ready, job: Job, options: RunOptions) -> Batches:
    """Return the counts of a job's documents, run one by one; tokens and texts are checked at once."""
    needs = tuple(need for need in job.needs if isinstance(need, ReadoutNeed))
    texts = of_tokenizer(ready.tokenizer, ready.facts.name)
    numbers = token_numbers([need.token for need in needs], texts)
    tokens = {need: numbers[need.token] for need in needs}
    if any(need.legacy_embed for need in needs):
        check_embedding(ready)
    # The tokens of a whole corpus are too many to keep: here they are only counted, and refused in time.
    sizes = {item: counted(encode_long(ready, item)) for item in job.items}
    unchecked = [True]

    def row(item: str) -> Rows:
        found = _document(ready, tokens, item, 2 if options.again else 1, checking=unchecked[0])
        unchecked[0] = False
        return found

    return together(sizes, row)


def token_numbers(wanted: Iterable[WantedToken], texts: TokenTexts) -> dict[WantedToken, NDArray[np.int64]]:
    """Return the numbers of the tokens that each of ``wanted`` stands for; raise MeasurementError for none."""
    everything: list[str] = []
    found: dict[WantedToken, NDArray[np.int64]] = {}
    for each in dict.fromkeys(wanted):
        if isinstance(each, str) or each.tokens:
            named = [each] if isinstance(each, str) else each.tokens
            found[each] = np.array([texts.number(one) for one in named], dtype=np.int64)
            continue
        everything = everything or texts.everything()
        try:
            found[each] = np.array(each.members(everything), dtype=np.int64)
        except TokenClassError as error:
            raise MeasurementError(f"{str(error).capitalize()}.") from None
        if not len(found[each]):
            raise MeasurementError(f"No token of {texts.model} fits {each!r}.")
    return found


def counted(pieces: Iterable[Encoded]) -> int:
    """Return how many positions of a document count."""
    return sum(sum(piece.counts) for piece in pieces)


def together(sizes: Mapping[str, int], row: Callable[[str], Rows]) -> Batches:
    """Return documents in batches, so that a corpus does not become one cache file per document.

    ``sizes`` has the positions of each document, ``row`` runs one by itself.
    """
    size = min(_TOGETHER, max(_FEW, sum(sizes.values()) // _BATCHES))
    batches: list[tuple[str, ...]] = []
    items: list[str] = []
    positions = 0
    for item, more in sizes.items():
        items.append(item)
        positions += more
        if positions >= size:
            batches.append(tuple(items))
            items, positions = [], 0
    if items:
        batches.append(tuple(items))

    def run(number: int) -> Finished:
        kept = [row(item) for item in batches[number]]
        return Finished(batches[number], {need: np.stack([rows[need] for rows in kept]) for need in kept[0]})

    return Batches(batches, run)


def _document(
    ready: Ready, tokens: Mapping[ReadoutNeed, NDArray[np.int64]], item: str, copies: int, *, checking: bool
) -> Rows:
    """Return the rows of one document."""
    with running(ready, f"on the document {shorten(item)}"):
        parts = [_read(ready, tokens, piece, copies, checking) for piece in encode_long(ready, item)]
    tops = {legacy: np.concatenate([top[legacy] for top, _ in parts]) for legacy in parts[0][0]}
    rows: Rows = {}
    for need, token in tokens.items():
        values = np.concatenate([found[need] for _, found in parts])
        rows[need] = counts_row(need.edges, values, np.isin(tops[need.legacy_embed], token))
    return rows


def _read(
    ready: Ready, tokens: Mapping[ReadoutNeed, NDArray[np.int64]], piece: Encoded, copies: int, checking: bool
) -> tuple[Tops, dict[ReadoutNeed, NDArray[np.float64]]]:
    """Return the top predictions [positions], by whether of ``legacy_embed``, and every need's values [positions].

    The first of ``copies`` rows counts: with more than one, the same is computed in other shapes.
    """
    ids = torch.tensor([piece.ids] * copies, device=ready.device)
    counts = torch.tensor(piece.counts)  # on the CPU, from where any device is indexed
    places: set[Place] = {(need.site, need.layer) for need in tokens}
    ways = {need.legacy_embed for need in tokens}
    if True in ways:
        places.add(state_place(ready))
    positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    with traced(ready, ids.shape, retain=places) as kept:
        hidden, _ = forward(ready, ids, torch.ones_like(ids), positions)
    if checking:
        check_head(ready, ids[:1], hidden[:1])
    tops: Tops = {}
    if False in ways:
        tops[False] = top_tokens(ready, hidden[0, counts], logits_of)
    if True in ways:
        tops[True] = top_tokens(ready, kept[state_place(ready)][0, counts], logits_by_embedding)
    values = {
        need: kept[need.site, need.layer][0, counts, need.index].double().cpu().numpy() for need in tokens
    }
    return tops, values


def top_tokens(
    ready: Ready, states: torch.Tensor, head: Callable[[Ready, torch.Tensor], torch.Tensor]
) -> NDArray[np.int64]:
    """Return the token on top at each of ``states`` [positions, hidden]."""
    parts = [head(ready, part).argmax(-1) for part in torch.split(states, _HEAD_ROWS)]
    return np.asarray(torch.cat(parts).cpu().numpy())


def counts_row(
    edges: Sequence[float], values: NDArray[np.float64], top: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return the row of one document: positions, hits (``top``), their AUROC, and both counts by bins of the values."""
    size = len(edges) + 1
    if not np.isfinite(values).all():
        return np.full(3 + 2 * size, np.nan, np.float32)  # nothing can be counted: an error of who reads it
    bins = np.searchsorted(np.array(edges, dtype=np.float64), values, side="right")
    counts, hits = np.bincount(bins, minlength=size), np.bincount(bins[top], minlength=size)
    return np.array([len(values), top.sum(), _auroc(values, top), *counts, *hits], dtype=np.float32)


def _auroc(values: NDArray[np.float64], top: NDArray[np.bool_]) -> float:
    """Return P(value at a top position > value at another) + P(equal) / 2; -1 if there is no such position."""
    high, low = values[top], np.sort(values[~top])
    if not len(high) or not len(low):
        return -1.0
    below = np.searchsorted(low, high, side="left") + np.searchsorted(low, high, side="right")
    return float(below.sum() / (2 * len(high) * len(low)))
