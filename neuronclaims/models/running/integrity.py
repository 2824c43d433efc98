"""Checks that a run makes of itself before its numbers are used.

The ledger of hooks is kept where the hooks are (hooks.py). Here: something counted in every pool, and prompts run again
alone, without padding or cache of keys and values, give what they gave in their batch, as far as rounding allows.
A value that is not finite is kept as it is: an error of the claims that read it (measurements/gaps.py), not of the run.

How far rounding alone may move what a model computes is measured on that model in its number type. A value that enters
a block cannot be told from its neighbour in the number type. So every block is given neighbours of what it would be
given, up or down at random, and what comes out differs by as much as rounding can do here. Nothing is padded and
nothing shares a batch, so a model that treats padding or positions wrongly gains no tolerance by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from heapq import nsmallest
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neuronclaims.measurements.activations import Pooled
from neuronclaims.measurements.errors import IntegrityError, MeasurementError, shorten
from neuronclaims.measurements.pools import BeyondPool, LegacyGrowingPool, MassivePool, TokenPool
from neuronclaims.measurements.views.view import is_smooth
from neuronclaims.models.running.encode import Batch, Encoded, collate, padding_id, shuffled
from neuronclaims.models.running.hooks import first_argument, with_first_argument
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import read, stop_tokens
from neuronclaims.models.running.pooling import Recorder, SpanKey
from neuronclaims.models.running.waiting.packed import Packed
from neuronclaims.models.splitting import text_free
from neuronclaims.sites import printed

AT_ONCE = {torch.float32: 1e-5, torch.float16: 4e-3, torch.bfloat16: 3e-2}
"""Shares of a row's largest value that need no explanation: about what a sum over a row loses in each number type."""

AT_MOST = {torch.float32: 1e-3, torch.float16: 5e-2, torch.bfloat16: 2e-1}
"""Shares of a row's largest value that are never put down to rounding, whatever was measured."""

TIMES = 8.0
"""How many times the measured effect of rounding is allowed; seen were up to 2.6 (ADR 23)."""


def allowed(dtype: torch.dtype, measured: float) -> float:
    """Return the share of a row's largest value by which two computations may differ through rounding."""
    lowest, highest = AT_ONCE.get(dtype, 1e-2), AT_MOST.get(dtype, 1e-1)
    return min(max(lowest, TIMES * measured), highest) if measured < float("inf") else lowest


@contextmanager
def shaken(ready: Ready) -> Iterator[None]:
    """Give every block its input moved by one unit in the last place, up or down by a fixed random draw."""
    drawn = torch.Generator().manual_seed(0)
    unit = torch.finfo(ready.model.dtype).eps

    def shake(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        values = first_argument(args, kwargs)
        signs = (torch.randint(0, 2, values.shape, generator=drawn) * 2 - 1).to(values)
        moved = values + values * signs * unit
        return with_first_argument(moved, args, kwargs)

    handles = [
        block.register_forward_pre_hook(shake, with_kwargs=True) for block in dict.fromkeys(ready.blocks)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


_TEXTS_PER_PROBE = 200
"""One text of so many is run again alone, besides the most padded one."""


def check_counted(recorder: Recorder, rows: Sequence[Encoded], name: str) -> None:
    """Raise MeasurementError naming a prompt for which no position counted, or none with any weight."""
    for span, limit in recorder.spans:
        counts = recorder.counts((span, limit))
        if bool((counts == 0).any()):
            prompt = rows[int((counts == 0).nonzero()[0])].prompt
            raise MeasurementError(
                f"{name} wrote no text after the prompt {shorten(prompt)}: it ended at once, so nothing is there "
                f"to measure as {str(span)!r}. Take the prompt out, word it so that a continuation is natural, or "
                "measure the prompt itself."
            )
    for need in recorder.needs:
        counts = recorder.counts((need.span, need.limit))
        there = counted(recorder, need)
        if not bool(there.all()):
            row = int((~there).nonzero()[0])
            raise MeasurementError(
                f"'{need.pool} of {need.span}' has no token: of the prompt {shorten(rows[row].prompt)} only "
                f"{int(counts[row])} count in {name}. Name an earlier token, or take the prompt out."
            )
        if isinstance(need.pool, LegacyGrowingPool) and bool((counts == 1).any()):
            prompt = rows[int((counts == 1).nonzero()[0])].prompt
            raise MeasurementError(
                f"{name} wrote a single token after the prompt {shorten(prompt)}, and 'legacy_growing' gives the last "
                "one no weight, so nothing is left to average. Take the prompt out, or leave the weighting out."
            )


def counted(recorder: Recorder, need: Pooled) -> torch.Tensor:
    """Return for every row whether as many positions counted as a need's pool asks for: bool [rows]."""
    least = abs(need.pool.number) if isinstance(need.pool, TokenPool) else 1
    return recorder.counts((need.span, need.limit)) >= least


def check_drawn(need: Pooled, some: NDArray[np.bool_], rows: Sequence[Encoded], name: str) -> None:
    """Raise MeasurementError naming a prompt after which none of the texts drawn has what is measured."""
    if bool(some.all()):
        return
    prompt = rows[int(np.flatnonzero(~some)[0])].prompt
    raise MeasurementError(
        f"Of {need.sampling} after the prompt {shorten(prompt)}, {name} wrote none with anything to measure as "
        f"'{need.pool} of {need.span}'. Draw more samples, take the prompt out, or measure the prompt itself."
    )


def choose_probes(batches: Sequence[Sequence[Encoded | Packed]], generating: bool) -> list[tuple[int, int]]:
    """Choose (batch, row) to run again alone: the most padded prompt, and one at random of every 200.

    Which are random follows from their content, so that the same run always checks the same.
    """
    eligible = [index for index, rows in enumerate(batches) if generating or len(rows) > 1]
    if not eligible:
        return []
    lengths = [[row.length for row in rows] for rows in batches]
    # By share of padding, so that a short text is preferred: it is padded as much, and costs less.
    padded = max(eligible, key=lambda index: 1 - min(lengths[index]) / max(lengths[index]))
    places = ((index, row) for index in eligible for row in range(len(batches[index])))
    drawn = nsmallest(
        sum(len(batches[index]) for index in eligible) // _TEXTS_PER_PROBE,
        places,
        key=lambda place: shuffled(batches[place[0]][place[1]].prompt),
    )
    return sorted({(padded, lengths[padded].index(min(lengths[padded]))), *drawn})


def check_alone(
    ready: Ready, row: Encoded, continuation: Sequence[int], batched: Mapping[Pooled, NDArray[np.float32]]
) -> None:
    """Run one prompt again alone, its continuation given; raise IntegrityError if more than rounding changed."""
    # A share of positions beyond a bound may differ by one whole position when a value lies at the bound.
    smooth = tuple(need for need in batched if not isinstance(need.pool, (BeyondPool, MassivePool)))
    alone = reread(ready, row, continuation, smooth)
    apart = {need: _apart(need, batched[need], alone[need]) for need in smooth}
    bound, largest = allowed(ready.rounds_as, 0.0), max(apart.values(), default=0.0)
    if largest > bound:
        with shaken(ready):
            moved = reread(ready, row, continuation, smooth)
        bound = allowed(ready.rounds_as, max(_apart(need, moved[need], alone[need]) for need in smooth))
    for need in smooth:
        if apart[need] > bound:
            neuron = int(np.nan_to_num(np.abs(batched[need] - alone[need]), nan=np.inf).argmax())
            raise IntegrityError(
                f"{printed(need.site)} of neuron {need.layer}:{neuron} in {ready.facts.name} is "
                f"{batched[need][neuron]:.5g} for the prompt {shorten(row.prompt)} in a "
                f"batch, but {alone[need][neuron]:.5g} when it is run alone: "
                f"{apart[need]:.2g} of the largest value apart, where rounding explains {bound:.2g} at most. "
                "Padding or positions are not handled rightly for this model; nothing of this run is kept."
            )


def _apart(need: Pooled, one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return how far two rows of a need lie apart, as ``_share`` does.

    Of a view that is not smooth, rounding lets a number in that was just left out. So the largest difference does not
    count there but the middle one, among numbers that are not 0: a fault of padding would move most of them.
    """
    if is_smooth(need.site):
        return _share(one, other)
    there = (one != 0) | (other != 0)
    if not np.isfinite(one[there]).all() or not np.isfinite(other[there]).all() or not there.any():
        return _share(one, other)
    largest = max(float(np.abs(other).max()), 1e-12)
    return float(np.median(np.abs(one[there] - other[there]))) / largest


def _share(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return how far two rows lie apart at most, as a share of the largest value of the other.

    Values that are not finite must be so in both, and count for nothing else; infinity where they are not. Which of NaN
    and infinity it is depends on padding alone: what does not count is multiplied by 0.
    """
    finite = np.isfinite(other)
    if not np.array_equal(finite, np.isfinite(one)):
        return float("inf")
    apart = np.abs(one[finite] - other[finite]).max(initial=0.0)
    return float(apart) / max(float(np.abs(other[finite]).max(initial=0.0)), 1e-3)


def reread(
    ready: Ready, row: Encoded, continuation: Sequence[int], needs: Sequence[Pooled]
) -> dict[Pooled, NDArray[np.float32]]:
    """Measure one text in one plain forward: no padding, no cache, positions counted by definition."""
    textless = text_free(ready.tokenizer) | stop_tokens(ready.model)
    counts = (*row.counts, *(token not in textless for token in continuation))
    batch = collate(
        [replace(row, ids=(*row.ids, *continuation), counts=counts)],
        padding_id(ready.tokenizer),
        "right",
        ready.device,
    )
    recorder = Recorder(ready, needs, 1)
    read(ready, batch, recorder, {key: _span(batch, len(row.ids), key) for key in recorder.spans})
    return {need: values[0].numpy() for need, values in recorder.values().items()}


def _span(batch: Batch, prompt: int, key: SpanKey) -> torch.Tensor:
    span, limit = key
    if not span.generates and not span.whole:
        return batch.counted(span)
    counts = batch.counts
    made = min(counts.shape[1] - prompt, limit)
    start, end = {
        "prompt": (0, prompt),
        "generated": (prompt, prompt + made),
        "emitting": (prompt - 1, prompt - 1 + made),
    }[span.part]
    inside = torch.zeros_like(counts)
    inside[:, start:end] = counts[:, start:end]
    return inside
