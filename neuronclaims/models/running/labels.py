"""Measure how a neuron's value at a token goes with the token's label, document by document; keep only counts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from neuronclaims.measurements.documents.labels import LabelNeed
from neuronclaims.measurements.errors import MeasurementError, shorten
from neuronclaims.measurements.plan import Job
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.encode import Encoded, pieces_of, split_document
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.positions import values_at
from neuronclaims.models.running.readout import Rows, counted, counts_row, together
from neuronclaims.models.running.worker import Batches, running
from neuronclaims.tokens.labels import inside
from neuronclaims.tokens.spans import SpanError


def work(ready: Ready, job: Job, options: RunOptions) -> Batches:
    """Return the counts of a job's documents, run one by one; texts and labels are checked at once."""
    needs = tuple(need for need in job.needs if isinstance(need, LabelNeed))
    labels = {need.label for need in needs}
    # The tokens of a whole corpus are too many to keep: here they are only counted, and refused in time.
    sizes = {item: counted(_read(ready, item, labels)[0]) for item in job.items}
    return together(sizes, lambda item: _document(ready, needs, item, 2 if options.again else 1))


def _read(ready: Ready, item: str, labels: Iterable[str]) -> tuple[list[Encoded], dict[str, np.ndarray]]:
    """Return the pieces of a document and, for each label, which of its tokens of text have it: bool [positions]."""
    split = split_document(ready, item)
    counts = np.array(split.counts, dtype=bool)
    try:
        found = {label: np.array(inside(split, label), dtype=bool)[counts] for label in labels}
    except SpanError as error:
        raise MeasurementError(str(error)) from None
    return pieces_of(ready, item, split), found


def _document(ready: Ready, needs: tuple[LabelNeed, ...], item: str, copies: int) -> Rows:
    """Return the rows of one document."""
    with running(ready, f"on the document {shorten(item)}"):
        pieces, labelled = _read(ready, item, {need.label for need in needs})
        parts = [values_at(ready, needs, piece, copies) for piece in pieces]
    rows: Rows = {}
    for need in needs:
        values = np.concatenate([found[need] for found in parts])
        rows[need] = counts_row(need.edges, values, labelled[need.label])
    return rows
