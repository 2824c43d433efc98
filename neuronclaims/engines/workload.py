"""The size of a job for the model: how often it is called, on how many tokens, with how many at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from neuronclaims.measurements import ModelFacts
from neuronclaims.measurements.activations import Pooled
from neuronclaims.measurements.changing.needs import Pair
from neuronclaims.measurements.plan import Job, Wanted
from neuronclaims.measurements.token_values import TokenValuesNeed
from neuronclaims.models.options import RunOptions

BYTES_PER_TOKEN = 4
"""So many bytes of text are taken for a token where no tokenizer is at hand."""
_TEXTS_PER_PROBE = 200
"""Of so many texts one is run again alone, as ``models.running.integrity`` does."""

_TOGETHER, _FEW, _BATCHES = 32_768, 2_048, 32
"""Of texts that run one by one, those of so many tokens are kept in one file, as ``models.running.readout`` does."""

Heads: TypeAlias = Literal["none", "last", "all"]
"""For which tokens of a batch logits are made: for none, for the last of each text, or for all of them."""

_MULTIPLIED = ("sweeps", "controls")
"""What runs many changed copies of one text, as many at a time as fit a batch."""


@dataclass(frozen=True, slots=True)
class Workload:
    """The size of a job: ``calls`` of the model on ``tokens`` in all, both as shares of the whole model's layers.

    ``kind`` is the key under which its speed is kept, ``name`` what it is called. ``batch`` is the most tokens at once,
    ``rows`` the most texts at once, ``files`` how many files of the run cache its values are kept in. ``context`` is
    how long the texts are, in the mean over their tokens, and ``new`` is how many tokens are generated in all.
    ``heads`` says for which tokens of a batch there are logits, ``predicted`` for how many tokens in all.
    """

    kind: str
    name: str
    texts: int
    calls: float
    tokens: float
    batch: int
    rows: int
    files: int
    context: float
    new: int
    heads: Heads
    predicted: float


def workload_of(job: Job, lengths: Mapping[str, int], facts: ModelFacts, options: RunOptions) -> Workload:
    """Return the size of a job whose texts have so many tokens; raise KeyError for a text of unknown length."""
    shapes = [_shape(item, lengths, job) for item in job.items]
    sizes = [max(shape) for shape in shapes]
    passes: dict[str, float] = {}
    for what, count in job.needs[0].cost(job.needs, len(sizes), facts):
        passes[what] = passes.get(what, 0.0) + count
    name = max(passes, key=lambda what: passes[what], default="")
    batches = list(_batches(shapes, job, options))
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
    together = min(_TOGETHER, max(_FEW, sum(sizes) // _BATCHES))
    files = math.ceil(sum(sizes) / together) if _one_by_one(job) else len(batches)
    whole = [size + job.new_tokens for size in sizes]
    new, heads = job.new_tokens * job.texts * len(sizes), _heads(job)
    return Workload(
        kind=f"{job.worker} {name}",
        name=name,
        texts=len(sizes),
        calls=calls,
        tokens=tokens,
        batch=most,
        rows=at_once,
        files=files,
        context=sum(size**2 for size in whole) / max(1, sum(whole)),
        new=new,
        heads=heads,
        predicted=tokens if heads == "all" else new,
    )


def guessed_lengths(wanted: Wanted) -> dict[str, int]:
    """Return about how many tokens the texts have that are wanted, where no tokenizer is at hand: by their bytes.

    >>> from neuronclaims.measurements.activations import Pooled
    >>> guessed_lengths({Pooled("mlp_post", 0, "mean", "prompt", 0): ["I like Hanoi."]})
    {'I like Hanoi.': 5}
    """
    texts: set[str] = set()
    for need, items in wanted.items():
        for item in items:
            pair = Pair.of_item(item) if getattr(need, "pairs", False) else None
            texts.update((item,) if pair is None else (pair.clean, pair.corrupted))
        texts.update(getattr(need, "reference", ()))
    return {
        text: 1 + math.ceil(len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN) for text in texts
    }


def spread(items: Sequence[str], most: int, lengths: Mapping[str, int], job: Job) -> tuple[str, ...]:
    """Return some of a job's texts, evenly spread over their lengths."""
    ordered = sorted(items, key=lambda item: (max(_shape(item, lengths, job)), item))
    count = min(most, len(ordered))
    return tuple(ordered[int((number + 0.5) * len(ordered) / count)] for number in range(count))


def _shape(item: str, lengths: Mapping[str, int], job: Job) -> tuple[int, ...]:
    """Return the tokens of an item: of a pair, those of the text that is changed, and of the clean one."""
    if not getattr(job.needs[0], "pairs", False):
        return (lengths[item],)
    pair = Pair.of_item(item)
    return lengths[pair.corrupted], lengths[pair.clean]


def _heads(job: Job) -> Heads:
    if job.needs[0].text == "document":
        return "all"
    return "none" if isinstance(job.needs[0], Pooled) and not job.new_tokens else "last"


def _one_by_one(job: Job) -> bool:
    return job.needs[0].text == "document" or isinstance(job.needs[0], TokenValuesNeed)


def _batches(shapes: Iterable[tuple[int, ...]], job: Job, options: RunOptions) -> Iterator[tuple[int, int]]:
    """Yield (texts, tokens of the longest) of each batch, as the workers make them."""
    if _one_by_one(job):
        yield from ((1, max(shape)) for shape in shapes)
        return
    alike = job.work in ("changed", "attribution")  # texts of equally many tokens share a batch
    rows, longest = 0, 0
    last: tuple[int, ...] = ()
    for shape in sorted(shapes, reverse=True):
        whole = max(shape) + job.new_tokens
        most = max(longest, whole)
        full = rows >= options.batch_prompts or (rows + 1) * most > options.batch_tokens
        if rows and (full or (alike and shape != last)):
            yield rows, longest
            rows, most = 0, whole
        rows, longest, last = rows + 1, most, shape
    if rows:
        yield rows, longest
