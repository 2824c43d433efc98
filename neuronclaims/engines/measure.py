"""Measure a model: read what the cache has, measure the rest in one pass, and cache it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from neuronclaims.cache.context import Context
from neuronclaims.cache.origins import origins
from neuronclaims.cache.run_cache import RunCache, context_about, context_key
from neuronclaims.measurements import Measurement, ModelFacts
from neuronclaims.measurements.errors import IntegrityError
from neuronclaims.measurements.measurement import Need, TextRequest
from neuronclaims.measurements.plan import Job, Wanted, jobs, union
from neuronclaims.models.named import loaded
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import Source

Report = Callable[[Progress], None]
Table = dict[Need, dict[str, NDArray[np.float32]]]


class Reader(Protocol):
    """A function that makes answers which are not rows of a run: texts, or numbers from the weights alone."""

    def __call__(
        self, source: Source, measurements: Sequence[Measurement], rows: Table
    ) -> dict[Measurement, NDArray[Any]]:
        """Return the answer to every measurement; ``rows`` are those of their needs, by text."""
        ...


class Answers(Mapping[Measurement, NDArray[Any]]):
    """The answer to every measurement: a read-only array, as the measurement says; rows in the order asked.

    Rows are joined to texts by content, never by number. ``origins`` says which of them were measured in this run.
    """

    def __init__(
        self,
        table: Table,
        measurements: Sequence[Measurement],
        facts: ModelFacts,
        others: Mapping[Measurement, NDArray[Any]],
        measured: Wanted,
    ) -> None:
        self.origins = origins(measurements, measured)
        self._arrays: dict[Measurement, NDArray[Any]] = dict(others)
        same: dict[TextRequest, NDArray[np.float32]] = {}
        for measurement in measurements:
            what = measurement.request
            if what is None or measurement in others:
                continue
            if what not in same:
                same[what] = _stack(table[what.need], what.items, what.need.width(facts))
            self._arrays[measurement] = same[what]

    def __getitem__(self, measurement: Measurement) -> NDArray[Any]:
        return self._arrays[measurement]

    def __iter__(self) -> Iterator[Measurement]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


def measure(
    source: Source,
    measurements: Sequence[Measurement],
    *,
    cache: RunCache | None = None,
    options: RunOptions | None = None,
    progress: Report | None = None,
) -> Answers:
    """Return the answers to all measurements on one model, in one pass over the prompts not measured before.

    Raises MeasurementError for what the model cannot answer, ModelError if it does not load, IntegrityError
    if the run's own checks fail (nothing of such a run is kept) and CacheError if the cache cannot be
    written.

    >>> from neuronclaims.measurements import Activations, TokenRule
    >>> from neuronclaims.models.sources import open_model
    >>> wanted = Activations("mlp_post", 2, TokenRule("last", "prompt"), ("I like Hanoi.", "And you?"))
    >>> measure(open_model("demo", Path(".")), [wanted])[wanted].shape
    (2, 512)
    """
    options = options or RunOptions()
    report: Report = progress or (lambda _: None)
    facts = source.facts()
    wanted = union(facts, measurements)
    table: Table = {need: {} for need in wanted}
    context = None
    if cache is not None:
        key = context_key(source, options, cache.fingerprints)
        context = cache.context(key, context_about(source, options))
    missing = _read(context, wanted, table, facts)
    _report_cached(source, wanted, missing, report)
    if missing:
        waiting = Progress(
            "waiting", 0, len({text for texts in missing.values() for text in texts}), source.name
        )
        with context.measuring(lambda: report(waiting)) if context is not None else nullcontext():
            # Another process may have measured some of it while this one waited for the lock.
            waited, missing = missing, _read(context, missing, table, facts)
            _report_cached(source, waited, missing, report)
            _run(source, missing, table, context, options, report)
    return Answers(table, measurements, facts, _read_otherwise(source, measurements, table), missing)


def _read_otherwise(
    source: Source, measurements: Sequence[Measurement], table: Table
) -> dict[Measurement, NDArray[Any]]:
    """Return the answers that are not plain rows, each made by the reader that its measurement names."""
    by_reader: dict[str, list[Measurement]] = {}
    for measurement in dict.fromkeys(measurements):
        if measurement.reader is not None:
            by_reader.setdefault(measurement.reader, []).append(measurement)
    answers: dict[Measurement, NDArray[Any]] = {}
    for reader, alike in by_reader.items():
        read: Reader = loaded(reader)
        answers |= read(source, alike, table)
    return answers


def _read(context: Context | None, wanted: Wanted, table: Table, facts: ModelFacts) -> dict[Need, list[str]]:
    """Fill ``table`` from the cache and return what is still missing."""
    if context is not None:
        for need, rows in context.read(wanted, facts).items():
            table[need].update(rows)
    missing = {}
    for need, prompts in wanted.items():
        known = table[need]
        missing[need] = [prompt for prompt in prompts if prompt not in known]
    return {need: prompts for need, prompts in missing.items() if prompts}


def _run(
    source: Source,
    missing: Wanted,
    table: Table,
    context: Context | None,
    options: RunOptions,
    report: Report,
) -> None:
    work: list[Job] = jobs(missing)
    if not work:
        return
    # Only here, so that a run whose values are all known never imports torch.
    from neuronclaims.engines.local import run

    written: list[Path] = []
    try:
        for batch in run(source, work, options, report):
            for need, values in batch.values.items():
                table[need].update(zip(batch.items, values, strict=True))
            if context is not None:
                written.append(context.write(batch.items, batch.values))
    except IntegrityError:
        for path in written:
            path.unlink(missing_ok=True)
        raise


def _report_cached(source: Source, wanted: Wanted, missing: Wanted, report: Report) -> None:
    prompts = {prompt for needed in wanted.values() for prompt in needed}
    unknown = {prompt for needed in missing.values() for prompt in needed}
    known = len(prompts) - len(unknown)
    if known:
        report(Progress("cached", known, len(prompts), source.name))


def _stack(
    rows: Mapping[str, NDArray[np.float32]], prompts: Sequence[str], width: int
) -> NDArray[np.float32]:
    array = (
        np.stack([rows[prompt][:width] for prompt in prompts])
        if prompts
        else np.empty((0, width), np.float32)
    )
    array.flags.writeable = False
    return array
