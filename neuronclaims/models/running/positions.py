"""Correlate a neuron's value with the position of tokens, document by document; keep only the correlation."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from neuronclaims.measurements.documents.labels import LabelNeed
from neuronclaims.measurements.documents.positions import UNDEFINED, PositionNeed
from neuronclaims.measurements.errors import shorten
from neuronclaims.measurements.plan import Job
from neuronclaims.measurements.token_values import TokenValuesNeed
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.encode import Encoded, encode_long
from neuronclaims.models.running.hooks import Place, traced
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import forward
from neuronclaims.models.running.readout import Rows, counted, together
from neuronclaims.models.running.worker import Batches, running

N = TypeVar("N", PositionNeed, LabelNeed, TokenValuesNeed)


def work(ready: Ready, job: Job, options: RunOptions) -> Batches:
    """Return the correlations of a job's documents, run one by one; texts are checked at once."""
    needs = tuple(need for need in job.needs if isinstance(need, PositionNeed))
    # The tokens of a whole corpus are too many to keep: here they are only counted, and refused in time.
    sizes = {item: counted(encode_long(ready, item)) for item in job.items}
    return together(sizes, lambda item: _document(ready, needs, item, 2 if options.again else 1))


def _document(ready: Ready, needs: tuple[PositionNeed, ...], item: str, copies: int) -> Rows:
    """Return the rows of one document."""
    with running(ready, f"on the document {shorten(item)}"):
        pieces = encode_long(ready, item)
        parts = [values_at(ready, needs, piece, copies) for piece in pieces]
    positions = np.concatenate([np.flatnonzero(piece.counts) for piece in pieces])
    return {need: _row(np.concatenate([found[need] for found in parts]), positions) for need in needs}


def values_at(
    ready: Ready, needs: tuple[N, ...], piece: Encoded, copies: int
) -> dict[N, NDArray[np.float64]]:
    """Return every need's values [positions]; of ``copies`` rows, which change the shapes, the first counts."""
    ids = torch.tensor([piece.ids] * copies, device=ready.device)
    counts = torch.tensor(piece.counts)  # on the CPU, from where any device is indexed
    places: set[Place] = {(need.site, need.layer) for need in needs}
    positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    with traced(ready, ids.shape, retain=places) as kept:
        forward(ready, ids, torch.ones_like(ids), positions)
    return {need: kept[need.site, need.layer][0, counts, need.index].double().cpu().numpy() for need in needs}


def _row(values: NDArray[np.float64], positions: NDArray[np.int64]) -> NDArray[np.float32]:
    if not np.isfinite(values).all():
        return np.full(2, np.nan, np.float32)  # nothing can be ranked: an error of who reads it
    return np.array([len(values), _correlation(values, positions)], dtype=np.float32)


def _correlation(values: NDArray[np.float64], positions: NDArray[np.int64]) -> float:
    """Return Spearman's rank correlation with mid-ranks; UNDEFINED for fewer than 3 tokens, and without spread."""
    if len(values) < 3 or np.ptp(values) == 0 or np.ptp(positions) == 0:
        return UNDEFINED
    first, second = (_centred_ranks(one) for one in (values, positions))
    found = float(first @ second / np.sqrt((first @ first) * (second @ second)))
    return max(-1.0, min(1.0, found))


def _centred_ranks(values: NDArray[np.generic]) -> NDArray[np.float64]:
    ordered = np.sort(values)
    low, high = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return np.asarray((low + high - len(values)) / 2, dtype=np.float64)
