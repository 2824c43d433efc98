"""How a neuron goes with the model's own top prediction, document by document, keeping counts alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from neuronclaims.runs.errors import IntegrityError, shorten
from neuronclaims.runs.needs import Need
from neuronclaims.runs.needs.readout import ReadOut
from neuronclaims.runs.options import RunOptions
from neuronclaims.runs.plan import Job
from neuronclaims.runs.token_texts import of_tokenizer
from neuronclaims.runs.work.encode import Encoded, encode_long
from neuronclaims.runs.work.finished import Finished, running
from neuronclaims.runs.work.hooks import Place, changing, keeping
from neuronclaims.runs.work.loading import Ready
from neuronclaims.runs.work.passes import forward
from neuronclaims.runs.work.predictions import check_head, logits_of

_HEAD_ROWS = 128
"""Positions whose logits are held at once: 25 MB for a vocabulary of 50,000."""


def work(ready: Ready, job: Job, options: RunOptions) -> Iterator[Finished]:
    """Return the counts of a job's documents, one by one; tokens and texts are checked at once."""
    del options  # a document is a batch
    needs = tuple(need for need in job.needs if isinstance(need, ReadOut))
    texts = of_tokenizer(ready.tokenizer, ready.facts.name)
    tokens = {need: texts.number(need.token) for need in needs}
    return _documents(ready, tokens, [encode_long(ready, item) for item in job.items])


def _documents(
    ready: Ready, tokens: Mapping[ReadOut, int], documents: Sequence[Sequence[Encoded]]
) -> Iterator[Finished]:
    for number, pieces in enumerate(documents):
        item = pieces[0].prompt
        with running(ready, f"on the document {shorten(item)}"):
            parts = [_read(ready, tokens, piece, checking=number == 0) for piece in pieces]
            tops = np.concatenate([top for top, _ in parts])
            rows: dict[Need, NDArray[np.float32]] = {}
            for need, token in tokens.items():
                values = np.concatenate([found[need] for _, found in parts])
                if not np.isfinite(values).all():
                    raise IntegrityError(
                        f"{need.site} of neuron {need.layer}:{need.index} in {ready.facts.name} is not a finite number "
                        f"somewhere in the document {shorten(item)}; nothing of this run is kept."
                    )
                rows[need] = _row(need, values, tops == token)[None]
        yield Finished((item,), rows)


def _read(
    ready: Ready, tokens: Mapping[ReadOut, int], piece: Encoded, checking: bool
) -> tuple[NDArray[np.int64], dict[ReadOut, NDArray[np.float64]]]:
    """Return the top prediction [positions] and every need's values [positions] where text is."""
    ids = torch.tensor([piece.ids], device=ready.device)
    counts = torch.tensor(piece.counts, device=ready.device)
    kept: dict[Place, torch.Tensor] = {}
    places = {(need.site, need.layer) for need in tokens}
    positions = torch.arange(ids.shape[1], device=ids.device).unsqueeze(0)
    with changing(ready, {place: keeping(kept, place) for place in places}):
        hidden, _ = forward(ready, ids, torch.ones_like(ids), positions)
    if checking:
        check_head(ready, ids, hidden)
    parts = [logits_of(ready, part).argmax(-1) for part in torch.split(hidden[0, counts], _HEAD_ROWS)]
    values = {
        need: kept[need.site, need.layer][0, counts, need.index].double().cpu().numpy() for need in tokens
    }
    return torch.cat(parts).cpu().numpy(), values


def _row(need: ReadOut, values: NDArray[np.float64], top: NDArray[np.bool_]) -> NDArray[np.float32]:
    edges = np.array(need.edges, dtype=np.float64)
    bins = np.searchsorted(edges, values, side="right")
    size = len(edges) + 1
    counts, hits = np.bincount(bins, minlength=size), np.bincount(bins[top], minlength=size)
    return np.array([len(values), top.sum(), _auroc(values, top), *counts, *hits], dtype=np.float32)


def _auroc(values: NDArray[np.float64], top: NDArray[np.bool_]) -> float:
    """Return P(value at a top position > value at another) + P(equal) / 2, or -1 where either is missing."""
    high, low = values[top], np.sort(values[~top])
    if not len(high) or not len(low):
        return -1.0
    below = np.searchsorted(low, high, side="left") + np.searchsorted(low, high, side="right")
    return float(below.sum() / (2 * len(high) * len(low)))
