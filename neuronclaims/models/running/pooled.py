"""Pooled activations: prompts of like length in batches, each measured once and checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements.activations import Pooled
from neuronclaims.measurements.continuations import END, ContinuationNeed
from neuronclaims.measurements.errors import shorten
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Job
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.encode import Encoded, collate, encode, padding_id, shuffled
from neuronclaims.models.running.integrity import check_alone, check_counted, choose_probes
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import generate, read, stop_tokens
from neuronclaims.models.running.pooling import Recorder
from neuronclaims.models.running.worker import Finished, running

Measured: TypeAlias = "tuple[dict[Pooled, NDArray[np.float32]], list[list[int]]]"
"""The values [rows, width] of every need, and the tokens generated for every row."""

_MORE_PADDING = 5


def work(ready: Ready, job: Job, options: RunOptions) -> Iterator[Finished]:
    """Return the pooled activations of a job's prompts, batch by batch; all are turned into tokens at once."""
    spans = [need.span for need in job.needs if isinstance(need, Pooled)]
    return _batches(ready, job, encode(ready, job.items, job.new_tokens, spans), options)


def _batches(ready: Ready, job: Job, rows: Sequence[Encoded], options: RunOptions) -> Iterator[Finished]:
    alike = same_tokens(rows)
    batches = split([equals[0] for equals in alike.values()], job.new_tokens, options)
    probes = choose_probes(batches, generating=job.new_tokens > 0)
    for index, batch in enumerate(batches):
        finished = _finish(ready, job, batch, [row for place, row in probes if place == index], options)
        yield _spread(finished, [alike[row.key] for row in batch])


def same_tokens(rows: Sequence[Encoded]) -> dict[tuple[object, ...], list[Encoded]]:
    """Group prompts by their tokens and spans: those with the same are measured once, and so are exactly equal."""
    alike: dict[tuple[object, ...], list[Encoded]] = {}
    for row in sorted(rows, key=lambda row: row.prompt):
        alike.setdefault(row.key, []).append(row)
    return alike


def split(rows: Sequence[Encoded], new_tokens: int, options: RunOptions) -> list[list[Encoded]]:
    """Split prompts into batches of similar length, longest first; their order changes nothing.

    ``options.again`` mixes the lengths instead.
    """
    if options.again:
        ordered = sorted(rows, key=lambda row: shuffled(row.prompt))
    else:
        ordered = sorted(rows, key=lambda row: (-len(row.ids), row.prompt))
    batches: list[list[Encoded]] = []
    for row in ordered:
        if batches:
            longest = max(len(other.ids) for other in (*batches[-1], row)) + new_tokens
            size = len(batches[-1]) + 1
            if size <= options.batch_prompts and size * longest <= options.batch_tokens:
                batches[-1].append(row)
                continue
        batches.append([row])
    return batches


def _finish(
    ready: Ready, job: Job, rows: Sequence[Encoded], probes: Sequence[int], options: RunOptions
) -> Finished:
    first = shorten(rows[0].prompt)
    several = f"a batch of {len(rows)} prompts, {first} first" if len(rows) > 1 else f"the prompt {first}"
    with running(ready, f"on {several}"):
        values, continuations = (_again if options.again else _measure)(ready, job, rows)
        for row in probes:
            check_alone(ready, rows[row], continuations[row], {need: values[need][row] for need in values})
    found: dict[Need, NDArray[np.float32]] = {need: values[need] for need in values}
    found |= {
        need: _texts(ready, continuations, need) for need in job.needs if isinstance(need, ContinuationNeed)
    }
    return Finished(tuple(row.prompt for row in rows), found)


def _texts(
    ready: Ready, continuations: Sequence[Sequence[int]], need: ContinuationNeed
) -> NDArray[np.float32]:
    """Return the first tokens of every continuation, without its stop token, and ``END`` after the last."""
    stops = stop_tokens(ready.model)
    found = np.full((len(continuations), need.limit), END, np.float32)
    for row, tokens in zip(found, continuations, strict=True):
        text = [token for token in tokens[: need.limit] if token not in stops]
        row[: len(text)] = text
    return found


def _spread(finished: Finished, alike: Sequence[Sequence[Encoded]]) -> Finished:
    """Give every prompt the row of the equal prompt that was measured."""
    places = np.repeat(np.arange(len(alike)), [len(equals) for equals in alike])
    prompts = tuple(row.prompt for equals in alike for row in equals)
    return Finished(prompts, {need: values[places] for need, values in finished.values.items()})


def _again(ready: Ready, job: Job, rows: Sequence[Encoded]) -> Measured:
    """Measure in a batch of another shape: one row more, and a few tokens more if the context has room."""
    longest = max(len(row.ids) for row in rows) + job.new_tokens
    width = min(ready.context, longest + _MORE_PADDING) - job.new_tokens
    values, continuations = _measure(ready, job, [*rows, rows[0]], width)
    return {need: array[:-1] for need, array in values.items()}, continuations[:-1]


def _measure(ready: Ready, job: Job, rows: Sequence[Encoded], width: int = 0) -> Measured:
    needs = tuple(need for need in job.needs if isinstance(need, Pooled))
    recorder = Recorder(ready, needs, len(rows))
    pad = padding_id(ready.tokenizer)
    if job.new_tokens:
        continuations = generate(
            ready, collate(rows, pad, "left", ready.device, width), recorder, job.new_tokens
        )
    else:
        batch = collate(rows, pad, "right", ready.device, width)
        continuations = [[] for _ in rows]
        read(ready, batch, recorder, {key: batch.counted(key[0]) for key in recorder.spans})
    check_counted(recorder, rows, ready.facts.name)
    return {need: values.numpy() for need, values in recorder.values().items()}, continuations
