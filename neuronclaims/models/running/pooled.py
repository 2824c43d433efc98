"""Pooled activations: prompts of like length in batches, each measured once and checked."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements.activations import Pooled
from neuronclaims.measurements.continuations import END, ContinuationNeed
from neuronclaims.measurements.errors import shorten
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Job
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.encode import Encoded, collate, encode_each, padding_id, shuffled
from neuronclaims.models.running.integrity import (
    check_alone,
    check_counted,
    check_drawn,
    choose_probes,
    counted,
)
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import Chooser, Draw, generate, likeliest, read, stop_tokens
from neuronclaims.models.running.pooling import Recorder
from neuronclaims.models.running.proofs.padding import pads
from neuronclaims.models.running.waiting.packed import Packed, Waiting
from neuronclaims.models.running.worker import Batches, Finished, running


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredBatch:
    """The values [rows, width] of every need, the tokens generated for every row, and which rows have each need.

    A row lacks a need only where a text was drawn that has no such token.
    """

    values: Mapping[Pooled, NDArray[np.float32]]
    continuations: Sequence[Sequence[int]]
    there: Mapping[Pooled, NDArray[np.bool_]]

    def part(self, rows: slice) -> MeasuredBatch:
        """Return some of the rows."""
        return MeasuredBatch(
            {need: array[rows] for need, array in self.values.items()},
            self.continuations[rows],
            {need: array[rows] for need, array in self.there.items()},
        )

    def row(self, row: int) -> dict[Pooled, NDArray[np.float32]]:
        """Return the values that a row has."""
        return {need: values[row] for need, values in self.values.items() if self.there[need][row]}


_MORE_PADDING = 5
_DRAWN_PER_PROBE = 20
"""Of so many texts drawn after a prompt that is run again alone, one is."""


def work(ready: Ready, job: Job, options: RunOptions) -> Batches:
    """Return the pooled activations of a job's prompts, batch by batch; all are turned into tokens at once."""
    spans = [need.span for need in job.needs if isinstance(need, Pooled)]
    waiting = Waiting(encode_each(ready, job.items, job.new_tokens, spans))
    alike = list(same_tokens(waiting.rows).values())
    texts = [equals[0] for equals in alike]
    several = {equals[0].place: equals for equals in alike if len(equals) > 1}
    del alike
    batches = split(texts, job.new_tokens, options, padded=pads(ready))
    probes = choose_probes(batches, generating=job.new_tokens > 0)

    def run(number: int) -> Finished:
        batch = batches[number]
        texts = [row.encoded for row in batch]
        finished = _finish(ready, job, texts, [row for place, row in probes if place == number], options)
        return _spread(finished, equals_of(batch))

    def equals_of(batch: Sequence[Packed]) -> list[Sequence[Packed]]:
        return [several.get(row.place, [row]) for row in batch]

    return Batches([_prompts(equals_of(batch)) for batch in batches], run)


Row = TypeVar("Row", Encoded, Packed)


def same_tokens(rows: Iterable[Row]) -> dict[Hashable, list[Row]]:
    """Group prompts by their tokens and spans: those with the same are measured once, and so are exactly equal."""
    alike: dict[Hashable, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.prompt):
        alike.setdefault(row.key, []).append(row)
    return alike


def split(rows: Sequence[Row], new_tokens: int, options: RunOptions, padded: bool = True) -> list[list[Row]]:
    """Split prompts into batches of similar length, longest first; their order changes nothing.

    ``options.again`` mixes the lengths instead. Of a model that cannot be ``padded`` the lengths are equal.
    """
    if options.again and padded:
        ordered = sorted(rows, key=lambda row: shuffled(row.prompt))
    else:
        ordered = sorted(rows, key=lambda row: (-row.length, row.prompt))
    batches: list[list[Row]] = []
    for row in ordered:
        if batches:
            longest = max(row.length, *(other.length for other in batches[-1])) + new_tokens
            size = len(batches[-1]) + 1
            fits = size <= options.batch_prompts and size * longest <= options.batch_tokens
            if fits and (padded or row.length == batches[-1][0].length):
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
        passes = list(_passes(ready, job, rows, options))
        for row in probes:
            for each in passes[::_DRAWN_PER_PROBE]:
                check_alone(ready, rows[row], each.continuations[row], each.row(row))
        found: dict[Need, NDArray[np.float32]] = dict(_mean(ready, passes, rows))
    for need in job.needs:
        if isinstance(need, ContinuationNeed):
            texts = [_texts(ready, each.continuations, need) for each in passes]
            found[need] = np.concatenate(texts, axis=1)
    return Finished(tuple(row.prompt for row in rows), found)


def _passes(ready: Ready, job: Job, rows: Sequence[Encoded], options: RunOptions) -> Iterator[MeasuredBatch]:
    """Measure a batch: once, or as often as texts are drawn after each prompt, as many at a time as fit a batch."""
    measure = _again if options.again else _measure
    sampling = next(
        (need.sampling for need in job.needs if isinstance(need, (Pooled, ContinuationNeed))), None
    )
    if sampling is None:
        yield measure(ready, job, rows, likeliest)
        return
    longest = max(len(row.ids) for row in rows) + job.new_tokens
    most = min(options.batch_prompts, options.batch_tokens // longest)
    for first in range(0, sampling.samples, max(1, most // len(rows))):
        numbers = range(first, min(sampling.samples, first + max(1, most // len(rows))))
        texts = [(number, row.ids) for number in numbers for row in rows]
        found = measure(ready, job, [*rows] * len(numbers), Draw(sampling, [*texts, texts[0]]))
        for place in range(0, len(texts), len(rows)):
            yield found.part(slice(place, place + len(rows)))


def _mean(
    ready: Ready, passes: Sequence[MeasuredBatch], rows: Sequence[Encoded]
) -> Iterator[tuple[Pooled, NDArray[np.float32]]]:
    """Yield the mean of each need over the texts of each row that have it; raise where none has."""
    if len(passes) == 1 and not any(need.sampling for need in passes[0].values):
        yield from passes[0].values.items()
        return
    for need in passes[0].values:
        there = np.stack([each.there[need] for each in passes])
        check_drawn(need, np.asarray(there.any(0)), rows, ready.facts.name)
        values = np.stack([each.values[need] for each in passes]).astype(np.float64)
        total = np.where(there[:, :, None], values, 0.0).sum(0)
        yield need, (total / there.sum(0)[:, None]).astype(np.float32)


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


def _spread(finished: Finished, alike: Sequence[Sequence[Packed]]) -> Finished:
    """Give every prompt the row of the equal prompt that was measured."""
    places = np.repeat(np.arange(len(alike)), [len(equals) for equals in alike])
    return Finished(_prompts(alike), {need: values[places] for need, values in finished.values.items()})


def _prompts(alike: Iterable[Sequence[Packed]]) -> tuple[str, ...]:
    return tuple(row.prompt for equals in alike for row in equals)


def _again(ready: Ready, job: Job, rows: Sequence[Encoded], choose: Chooser) -> MeasuredBatch:
    """Measure in a batch of another shape: one row more, and a few tokens more if the context has room."""
    longest = max(len(row.ids) for row in rows) + job.new_tokens
    width = min(ready.context, longest + _MORE_PADDING) - job.new_tokens if pads(ready) else 0
    return _measure(ready, job, [*rows, rows[0]], choose, width).part(slice(-1))


def _measure(
    ready: Ready, job: Job, rows: Sequence[Encoded], choose: Chooser, width: int = 0
) -> MeasuredBatch:
    needs = tuple(need for need in job.needs if isinstance(need, Pooled))
    recorder = Recorder(ready, needs, len(rows))
    pad = padding_id(ready.tokenizer)
    continuations: Sequence[Sequence[int]]
    if job.new_tokens:
        batch = collate(rows, pad, "left", ready.device, width)
        continuations = generate(ready, batch, recorder, job.new_tokens, choose)
    else:
        batch = collate(rows, pad, "right", ready.device, width)
        continuations = [[] for _ in rows]
        read(ready, batch, recorder, {key: batch.counted(key[0]) for key in recorder.spans})
    if choose is likeliest:
        check_counted(recorder, rows, ready.facts.name)
    there = {need: counted(recorder, need).numpy() for need in needs}
    values = recorder.values([need for need in needs if there[need].any()])
    nothing = {
        need: np.zeros((len(rows), need.width(ready.facts)), np.float32)
        for need in needs
        if need not in values
    }
    return MeasuredBatch(
        {**{need: made.numpy() for need, made in values.items()}, **nothing}, continuations, there
    )
