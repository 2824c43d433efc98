"""Measure a model: read what the cache has, measure the rest in one pass, and cache it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuronclaims.cache.origins import origins
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measuring import Failures, Loads, Measuring, Table
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.measurements import Measurement
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Wanted
from neuronclaims.measurements.share import Share
from neuronclaims.models.named import loaded
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import Source

Report = Callable[[Progress], None]
Arrays = dict[Measurement, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What else is asked for, by what was answered; each is answered by rows as they are.

    What the cache does not have is measured where the model is loaded anyway; with ``loads`` it is loaded for this.
    """

    asked: Callable[[Mapping[Measurement, NDArray[Any]]], Iterable[Measurement]]
    loads: bool = False


@dataclass(frozen=True, slots=True)
class Filling:
    """The texts of one share of a run by need, those of them that were measured now, and what cannot be measured."""

    own: Mapping[Need, frozenset[str]]
    measured: Mapping[Need, frozenset[str]]
    failed: Mapping[Measurement, MeasurementError]

    def counts(self, measurements: Iterable[Measurement]) -> tuple[int, int]:
        """Return how many texts of some measurements were measured now, and how many were known before."""
        texts, new = set[str](), set[str]()
        for measurement in measurements:
            if measurement.request is not None and measurement not in self.failed:
                need, items = measurement.request.need, measurement.request.items
                texts |= self.own.get(need, frozenset()).intersection(items)
                new |= self.measured.get(need, frozenset()).intersection(items)
        return len(new), len(texts - new)


class Answers(Mapping[Measurement, NDArray[Any]]):
    """The answer to every measurement: a read-only array, as the measurement says; rows in the order asked.

    Rows are joined to texts by content, never by number. What could not be measured is left out, and ``failed`` has its
    error. ``origins`` says which texts of the rest were measured in this run.
    """

    def __init__(
        self, arrays: Arrays, failed: Mapping[Measurement, MeasurementError], measured: Wanted
    ) -> None:
        self.origins = origins(list(arrays), measured)
        self.failed = failed
        self._arrays = arrays

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

    >>> from pathlib import Path
    >>> from neuronclaims.measurements import Activations, TokenRule
    >>> from neuronclaims.models.sources import open_model
    >>> wanted = Activations("mlp_post", 2, TokenRule("last", "prompt"), ("I like Hanoi.", "And you?"))
    >>> measure(open_model("demo", Path(".")), [wanted])[wanted].shape
    (2, 512)
    """
    answers = measure_each(source, measurements, cache=cache, options=options, progress=progress)
    for error in answers.failed.values():
        raise error
    return answers


def measure_each(
    source: Source,
    measurements: Sequence[Measurement],
    *,
    cache: RunCache | None = None,
    options: RunOptions | None = None,
    progress: Report | None = None,
    loads: Loads | None = None,
    then: FollowUp | None = None,
) -> Answers:
    """Return the answers as ``measure`` does; what cannot be measured fails alone.

    ``loads`` loads the model in place of ``models.running.loading.load``.

    The model is loaded at most once, and not at all where the cache, the configuration and the tokenizer tell
    everything. ``then`` says what else is good to know once these are known: that is read from the cache, and
    measured where the model is loaded anyway or may be loaded for it. Raises ModelError, IntegrityError and CacheError
    as ``measure``.
    """
    measurements = list(dict.fromkeys(measurements))
    report: Report = progress or (lambda _: None)
    with closing(Measuring(source, cache, options or RunOptions(), report, loads)) as run:
        measured = run.measure(measurements)
        arrays = _read(source, [each for each in measurements if each.reader], run.table, run.failed)
        arrays |= _stacked(run, [each for each in measurements if each.reader is None])
        if then is not None:
            with suppress(NeuronClaimsError):
                more = run.measure_more(list(dict.fromkeys(then.asked(arrays))), loads=then.loads)
                arrays |= _stacked(run, more)
    ordered = [*measurements, *(each for each in arrays if each not in measurements)]
    return Answers({each: arrays[each] for each in ordered if each in arrays}, run.failed, measured)


def fill(
    source: Source,
    measurements: Sequence[Measurement],
    share: Share,
    *,
    cache: RunCache,
    options: RunOptions,
    progress: Report | None = None,
) -> Filling:
    """Measure one share of what some measurements need of texts, and keep it in the cache; answer nothing.

    Raises ModelError, IntegrityError and CacheError as ``measure``.
    """
    with closing(Measuring(source, cache, options, progress or (lambda _: None), share=share)) as run:
        measured = run.measure(list(dict.fromkeys(measurements)))
    return Filling(run.own, {need: frozenset(texts) for need, texts in measured.items()}, run.failed)


def _read(source: Source, measurements: Sequence[Measurement], table: Table, failed: Failures) -> Arrays:
    """Return the answers that are no rows as they are: each made by the reader that its measurement names."""
    by_reader: dict[str, list[Measurement]] = {}
    for measurement in measurements:
        if measurement not in failed:
            by_reader.setdefault(measurement.reader or "", []).append(measurement)
    arrays: Arrays = {}
    for reader, alike in by_reader.items():
        try:
            arrays |= loaded(reader)(source, alike, table)
        except MeasurementError as error:
            if len(alike) == 1:
                failed[alike[0]] = error
                continue
            for measurement in alike:
                arrays |= _read(source, [measurement], table, failed)
    return arrays


def _stacked(run: Measuring, measurements: Sequence[Measurement]) -> Arrays:
    """Return the rows of measurements that are answered by rows; those that ask for the same share one array."""
    same: dict[object, NDArray[np.float32]] = {}
    arrays: Arrays = {}
    for measurement in measurements:
        request = measurement.request
        if request is None or measurement in run.failed:
            continue
        if request not in same:
            same[request] = run.table.stacked(request, request.need.width(run.facts))
        arrays[measurement] = same[request]
    return arrays
