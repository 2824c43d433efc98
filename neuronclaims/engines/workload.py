"""The size of a job for the model: how often it is called, on how many tokens, with how many at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from neuronclaims.measurements import ModelFacts
from neuronclaims.measurements.changing.needs import Pair
from neuronclaims.measurements.plan import Job
from neuronclaims.models.options import RunOptions

_TEXTS_PER_PROBE = 200
"""Of so many texts one is run again alone, as ``models.running.integrity`` does."""

_MULTIPLIED = ("sweeps", "controls")
"""What runs many changed copies of one text, as many at a time as fit a batch."""


@dataclass(frozen=True, slots=True)
class Workload:
    """The size of a job: ``calls`` of the model on ``tokens`` in all, both as shares of the whole model's layers.

    ``kind`` is the key under which its speed is kept, ``name`` what it is called. ``batch`` is the most tokens at once,
    ``rows`` the most texts at once.
    """

    kind: str
    name: str
    texts: int
    calls: float
    tokens: float
    batch: int
    rows: int


def workload_of(job: Job, lengths: Mapping[str, int], facts: ModelFacts, options: RunOptions) -> Workload:
    """Return the size of a job whose texts have so many tokens; raise KeyError for a text of unknown length."""
    sizes = [_length(item, lengths, job) for item in job.items]
    passes: dict[str, float] = {}
    for what, count in job.needs[0].cost(job.needs, len(sizes), facts):
        passes[what] = passes.get(what, 0.0) + count
    name = max(passes, key=lambda what: passes[what], default="")
    batches = list(_batches(sizes, job, options))
    calls = tokens = 0.0
    if job.new_tokens:
        for rows, longest in batches:
            groups = math.ceil(
                rows * job.texts / max(1, min(options.batch_prompts, options.batch_tokens // longest))
            )
            calls += job.new_tokens * max(1, groups)
            tokens += rows * job.texts * longest
        name = f"{name}, generating"
    else:
        padded = sum(rows * longest for rows, longest in batches)
        for what, count in passes.items():
            share = count / len(sizes)  # for each text
            if what in _MULTIPLIED:
                calls += sum(math.ceil(share * size / options.batch_tokens) for size in sizes)
                tokens += share * sum(sizes)
            else:
                calls += share * len(batches)
                tokens += share * padded
    calls += 1 + len(sizes) // _TEXTS_PER_PROBE
    references = {text for need in job.needs for text in getattr(need, "reference", ())}
    calls += math.ceil(len(references) / options.batch_prompts)
    tokens += sum(lengths.get(text, 0) for text in references)
    most = max((rows * longest for rows, longest in batches), default=0)
    if any(what in _MULTIPLIED for what in passes):
        most = max(most, options.batch_tokens)
    at_once = max((rows for rows, _ in batches), default=0)
    return Workload(f"{job.worker} {name}", name, len(sizes), calls, tokens, most, at_once)


def spread(items: Sequence[str], most: int, lengths: Mapping[str, int], job: Job) -> tuple[str, ...]:
    """Return some of a job's texts, evenly spread over their lengths."""
    ordered = sorted(items, key=lambda item: (_length(item, lengths, job), item))
    count = min(most, len(ordered))
    return tuple(ordered[int((number + 0.5) * len(ordered) / count)] for number in range(count))


def _length(item: str, lengths: Mapping[str, int], job: Job) -> int:
    if not getattr(job.needs[0], "pairs", False):
        return lengths[item]
    pair = Pair.of_item(item)
    return max(lengths[pair.clean], lengths[pair.corrupted])


def _batches(sizes: Iterable[int], job: Job, options: RunOptions) -> Iterator[tuple[int, int]]:
    """Yield (texts, tokens of the longest) of each batch, as the workers make them."""
    if job.needs[0].text == "document":
        yield from ((1, size) for size in sizes)
        return
    alike = job.work in ("changed", "attribution")  # texts of equally many tokens share a batch
    rows = longest = 0
    for size in sorted(sizes, reverse=True):
        whole = size + job.new_tokens
        most = max(longest, whole)
        full = rows >= options.batch_prompts or (rows + 1) * most > options.batch_tokens
        if rows and (full or (alike and whole != longest)):
            yield rows, longest
            rows, most = 0, whole
        rows, longest = rows + 1, most
    if rows:
        yield rows, longest
