"""Keep the values of neurons at every token of some texts, run one by one."""

from __future__ import annotations

import numpy as np

from neuronclaims.measurements.errors import shorten
from neuronclaims.measurements.plan import Job
from neuronclaims.measurements.token_values import LONGEST, TokenValuesNeed
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.encode import Encoded, encode
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.positions import values_at
from neuronclaims.models.running.readout import Rows, together
from neuronclaims.models.running.worker import Batches, running


def work(ready: Ready, job: Job, options: RunOptions) -> Batches:
    """Return the values of a job's texts; all are turned into tokens at once."""
    needs = tuple(need for need in job.needs if isinstance(need, TokenValuesNeed))
    texts = {text.prompt: text for text in encode(ready, job.items, 0)}
    sizes = {prompt: sum(text.counts) for prompt, text in texts.items()}
    return together(sizes, lambda prompt: _text(ready, needs, texts[prompt], 2 if options.again else 1))


def _text(ready: Ready, needs: tuple[TokenValuesNeed, ...], text: Encoded, copies: int) -> Rows:
    with running(ready, f"on the prompt {shorten(text.prompt)}"):
        found = values_at(ready, needs, text, copies)
    rows: Rows = {}
    for need in needs:
        row = np.zeros(1 + LONGEST, np.float32)
        kept = found[need][:LONGEST]
        row[0], row[1 : 1 + len(kept)] = len(found[need]), kept
        rows[need] = row
    return rows
