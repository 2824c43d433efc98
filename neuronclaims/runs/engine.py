"""The local engine: jobs in, finished and checked batches out, on one model in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neuronclaims.runs.capture import Recorder
from neuronclaims.runs.encode import Encoded, collate, encode, padding_id
from neuronclaims.runs.errors import MeasurementError, first_line, shorten
from neuronclaims.runs.integrity import check_alone, check_counted, check_finite, choose_probes
from neuronclaims.runs.loading import Ready, load
from neuronclaims.runs.options import Progress, RunOptions
from neuronclaims.runs.passes import generate, read
from neuronclaims.runs.plan import Job, Need
from neuronclaims.runs.sources import Source


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """The values of one batch: float32 [prompts, width] per need, rows in the order of ``prompts``."""

    prompts: tuple[str, ...]
    values: Mapping[Need, NDArray[np.float32]]


def run(
    source: Source, work: Sequence[Job], options: RunOptions, report: Callable[[Progress], None]
) -> Iterator[Finished]:
    """Load the model and yield every batch as it is finished; each has passed its checks.

    All prompts are turned into tokens, and refused if they cannot be measured, before the first forward.
    """
    report(Progress("loading", 0, 1, source.name))
    ready = load(source, options)
    report(Progress("loading", 1, 1, source.name))
    encoded = [encode(ready, job.prompts, job.new_tokens) for job in work]
    done, total = 0, sum(len(job.prompts) for job in work)
    report(Progress("measuring", 0, total, source.name))
    for job, rows in zip(work, encoded, strict=True):
        alike = same_tokens(rows)
        batches = split([equals[0] for equals in alike.values()], job.new_tokens, options)
        probes = choose_probes(batches, generating=job.new_tokens > 0)
        for index, batch in enumerate(batches):
            finished = _finish(ready, job, batch, [row for place, row in probes if place == index])
            finished = _spread(finished, [alike[row.ids] for row in batch])
            yield finished
            done += len(finished.prompts)
            report(Progress("measuring", done, total, source.name))


def same_tokens(rows: Sequence[Encoded]) -> dict[tuple[int, ...], list[Encoded]]:
    """Return prompts by their tokens: those a model cannot tell apart are measured once, and so tie exactly."""
    alike: dict[tuple[int, ...], list[Encoded]] = {}
    for row in sorted(rows, key=lambda row: row.prompt):
        alike.setdefault(row.ids, []).append(row)
    return alike


def split(rows: Sequence[Encoded], new_tokens: int, options: RunOptions) -> list[list[Encoded]]:
    """Split prompts into batches of like length, longest first, whatever order the prompts come in."""
    batches: list[list[Encoded]] = []
    for row in sorted(rows, key=lambda row: (-len(row.ids), row.prompt)):
        if batches:
            longest = len(batches[-1][0].ids) + new_tokens
            size = len(batches[-1]) + 1
            if size <= options.batch_prompts and size * longest <= options.batch_tokens:
                batches[-1].append(row)
                continue
        batches.append([row])
    return batches


def _finish(ready: Ready, job: Job, rows: Sequence[Encoded], probes: Sequence[int]) -> Finished:
    try:
        with torch.inference_mode(), _evaluating(ready.model):
            values, continuations = _measure(ready, job, rows)
            check_finite(values, rows, ready.facts.name)
            for row in probes:
                check_alone(
                    ready, rows[row], continuations[row], {need: values[need][row] for need in values}
                )
    except (RuntimeError, IndexError, TypeError, ValueError) as error:
        raise MeasurementError(
            f"{ready.facts.name} failed on a batch of {len(rows)} prompts, {shorten(rows[0].prompt)} first: "
            f"{first_line(error)}"
        ) from error
    return Finished(tuple(row.prompt for row in rows), values)


def _spread(finished: Finished, alike: Sequence[Sequence[Encoded]]) -> Finished:
    """Give every prompt the row of the one that was measured for it."""
    places = np.repeat(np.arange(len(alike)), [len(equals) for equals in alike])
    prompts = tuple(row.prompt for equals in alike for row in equals)
    return Finished(prompts, {need: values[places] for need, values in finished.values.items()})


def _measure(
    ready: Ready, job: Job, rows: Sequence[Encoded]
) -> tuple[dict[Need, NDArray[np.float32]], list[list[int]]]:
    recorder = Recorder(ready, job.needs, len(rows))
    pad = padding_id(ready.tokenizer)
    if job.new_tokens:
        continuations = generate(ready, collate(rows, pad, "left", ready.device), recorder, job.new_tokens)
    else:
        batch = collate(rows, pad, "right", ready.device)
        continuations = [[] for _ in rows]
        read(ready, batch, recorder, dict.fromkeys(recorder.spans, batch.counts))
    check_counted(recorder, rows, ready.facts.name)
    return {need: values.numpy() for need, values in recorder.values().items()}, continuations


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    # A model handed over may be in training mode, where dropout would make its activations random.
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
