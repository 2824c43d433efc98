"""Measure the AUROC of every neuron of some layers within each document; keep nothing else of it.

The values of a document's tokens are ranked on the device, layer by layer, and dropped. A document that is too long for
all layers at once is read several times, for some of them each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from neuronclaims.measurements.documents.layer_aurocs import UNDEFINED, LayerAurocsNeed
from neuronclaims.measurements.errors import MeasurementError, shorten
from neuronclaims.measurements.plan import Job
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.encode import Encoded, pieces_of, split_document
from neuronclaims.models.running.hooks import Place, traced
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import forward
from neuronclaims.models.running.predictions import check_head, logits_of
from neuronclaims.models.running.readout import Rows, counted, together, token_numbers, top_tokens
from neuronclaims.models.running.worker import Batches, running
from neuronclaims.models.token_texts import of_tokenizer
from neuronclaims.token_classes import TokenLabel, Wanted, WantedToken
from neuronclaims.tokens.labels import inside
from neuronclaims.tokens.spans import SpanError
from neuronclaims.tokens.split_text import SplitText

_HELD = 2**28
"""Values of one document that are held at once: 1 GB in float32."""

_COLUMNS = 4_096
"""Neurons that are ranked at once."""

_FEW = 8
"""So few hits are compared one by one, which is faster than sorting all others."""

Bools = NDArray[np.bool_]


def work(ready: Ready, job: Job, options: RunOptions) -> Batches:
    """Return the AUROCs of a job's documents, run one by one; tokens, texts and labels are checked at once."""
    needs = tuple(need for need in job.needs if isinstance(need, LayerAurocsNeed))
    wanted = dict.fromkeys(need.wanted for need in needs)
    tokens = token_numbers(
        [each for each in wanted if not isinstance(each, TokenLabel)],
        of_tokenizer(ready.tokenizer, ready.facts.name),
    )
    labels = [each for each in wanted if isinstance(each, TokenLabel)]
    sizes: dict[str, int] = {}
    for item in job.items:
        # The tokens of a whole corpus are too many to keep: here they are only counted, and refused in time.
        split = split_document(ready, item)
        sizes[item] = counted(pieces_of(ready, item, split))
        _labelled(split, labels)
    unchecked = [True]

    def row(item: str) -> Rows:
        found = _document(ready, needs, tokens, item, 2 if options.again else 1, checking=unchecked[0])
        unchecked[0] = False
        return found

    return together(sizes, row)


def _labelled(split: SplitText, labels: Iterable[TokenLabel]) -> dict[Wanted, Bools]:
    """Return for each label which tokens of text have it: bool [positions]."""
    counts = np.array(split.counts, dtype=bool)
    try:
        return {each: np.array(inside(split, each.name), dtype=bool)[counts] for each in labels}
    except SpanError as error:
        raise MeasurementError(str(error)) from None


def _document(
    ready: Ready,
    needs: tuple[LayerAurocsNeed, ...],
    tokens: dict[WantedToken, NDArray[np.int64]],
    item: str,
    copies: int,
    *,
    checking: bool,
) -> Rows:
    """Return the rows of one document."""
    labels = [need.wanted for need in needs if isinstance(need.wanted, TokenLabel)]
    places: list[Place] = list(dict.fromkeys((need.site, need.layer) for need in needs))
    rows: Rows = {}
    with running(ready, f"on the document {shorten(item)}"):
        split = split_document(ready, item)
        pieces, hits = pieces_of(ready, item, split), _labelled(split, labels)
        for some in _parts(ready, places, len(split.ids)):
            predicting = not tokens.keys() <= hits.keys()
            read = [_read(ready, piece, some, copies, predicting, checking) for piece in pieces]
            if predicting:
                tops = np.concatenate([top for top, _ in read])
                hits |= {each: np.isin(tops, numbers) for each, numbers in tokens.items()}
            values = {place: torch.cat([found[place] for _, found in read]) for place in some}
            for need in needs:
                if (place := (need.site, need.layer)) in values:
                    rows[need] = aurocs_row(values[place], hits[need.wanted])
    return rows


def _parts(ready: Ready, places: Sequence[Place], length: int) -> Iterator[list[Place]]:
    """Yield places by so many that their values of one document can be held at once."""
    widest = max(ready.facts.width_of(site) for site, _ in places)
    most = max(1, _HELD // (length * widest))
    for start in range(0, len(places), most):
        yield list(places[start : start + most])


def _read(
    ready: Ready, piece: Encoded, places: Sequence[Place], copies: int, predicting: bool, checking: bool
) -> tuple[NDArray[np.int64], dict[Place, torch.Tensor]]:
    """Return the top predictions [positions], if ``predicting``, and the values [positions, width] at each place.

    The first of ``copies`` rows counts: with more than one, the same is computed in other shapes.
    """
    ids = torch.tensor([piece.ids] * copies, device=ready.device)
    counts = torch.tensor(piece.counts)  # on the CPU, from where any device is indexed
    positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    with traced(ready, ids.shape, retain=set(places)) as kept:
        hidden, _ = forward(ready, ids, torch.ones_like(ids), positions)
    if predicting and checking:
        check_head(ready, ids[:1], hidden[:1])
    tops = top_tokens(ready, hidden[0, counts], logits_of) if predicting else np.empty(0, np.int64)
    return tops, {place: kept[place][0, counts] for place in places}


def aurocs_row(values: torch.Tensor, hits: Bools) -> NDArray[np.float32]:
    """Return the row of one document and layer: positions, hits, and the AUROC of each of ``values`` [positions, m]."""
    on, found = int(hits.sum()), np.full(values.shape[1], UNDEFINED)
    if 0 < on < len(hits):
        at = torch.from_numpy(hits).to(values.device)
        wide = values if values.dtype == torch.float64 else values.float()
        parts = [_aurocs(part, at) for part in torch.split(wide, _COLUMNS, dim=1)]
        found = torch.cat(parts).cpu().numpy() / (2 * on * (len(hits) - on))
    # Nothing can be ranked where a value is broken: an error of who reads it.
    broken = ~torch.isfinite(values).all(0).cpu().numpy()
    return np.array([len(hits), on, *np.where(broken, np.nan, found)], dtype=np.float32)


def _aurocs(values: torch.Tensor, hits: torch.Tensor) -> torch.Tensor:
    """Return how many half pairs of a hit and another position the hits win, of values [positions, m]: int64 [m]."""
    if int(hits.sum()) <= _FEW:
        others = values[~hits]
        won = [(others < high).sum(0) + (others <= high).sum(0) for high in values[hits]]
        return torch.stack(won).sum(0)
    columns = values.T
    low, high = columns[:, ~hits].sort().values, columns[:, hits].contiguous()
    return (torch.searchsorted(low, high) + torch.searchsorted(low, high, right=True)).sum(1)
