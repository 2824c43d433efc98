"""One run of one model: the cache is read and doubted where it must be, and an engine measures what is missing."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.cache.background import BackgroundWriter
from neuronclaims.cache.context import Context
from neuronclaims.cache.number_types import all_rounded
from neuronclaims.cache.run_cache import RunCache, context_about, context_key
from neuronclaims.cache.speeds import keep_speeds
from neuronclaims.engines.holding.bound import bound_of
from neuronclaims.engines.holding.rows import RowTable
from neuronclaims.engines.opening import open_engine
from neuronclaims.engines.stopwatch import Stopwatch
from neuronclaims.measurements import Measurement
from neuronclaims.measurements.errors import (
    IntegrityError,
    LostError,
    MeasurementError,
    ModelError,
    RunWarning,
)
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Wanted, jobs, union
from neuronclaims.measurements.share import WHOLE, Share
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import Source

if TYPE_CHECKING:
    from neuronclaims.engines.engine import Engine
    from neuronclaims.models.running.loading import Ready

Loads: TypeAlias = "Callable[[Source, RunOptions, Any], Ready]"
"""A function that loads a source, by the options of a run, with its tokenizer where that is loaded, or None."""

Table: TypeAlias = Mapping[Need, Mapping[str, NDArray[np.float32]]]
"""The rows of every need, by text."""
Failures: TypeAlias = "dict[Measurement, MeasurementError]"


class Measuring:
    """Fills ``table`` with what is known and what an engine measures, and ``failed`` with what cannot be measured.

    The engine is made, and torch imported, only when something must run. Of a run that is cut into shares only the
    texts of one ``share`` are measured; ``own`` has these by need.
    """

    def __init__(
        self,
        source: Source,
        cache: RunCache | None,
        options: RunOptions,
        report: Callable[[Progress], None],
        loads: Loads | None = None,
        share: Share = WHOLE,
    ) -> None:
        self._loads, self._share = loads, share
        self.facts = source.facts()
        self.failed: Failures = {}
        self.own: dict[Need, frozenset[str]] = {}
        self._source, self._options, self._report = source, options, report
        self._context = _context(source, cache, options, report)
        self.table = RowTable(self._context, bound_of(options.memory))
        self._made: Engine | None = None
        self._watch = Stopwatch()

    def measure(self, measurements: Sequence[Measurement]) -> Wanted:
        """Answer what some measurements need of texts; return what of it was not in the cache.

        Raises ModelError, IntegrityError and CacheError.
        """
        missing = self.unmeasured(measurements)
        if self._context is not None and self._doubted():
            self._context, self.table = None, RowTable(None, bound_of(self._options.memory))
            self.table.pin(measurements)
            missing = self._read(measurements)
        if missing and self._context is not None and self._source.loaded is None:
            self._recall(self._context, measurements)
            missing = self._missing(measurements)
        if not missing:
            return missing
        with self._alone(missing):
            # Another process may have measured some of it while this one waited for the lock.
            missing = self._read(measurements)
            if missing:
                self._refuse(measurements)
                missing = self._missing(measurements)
            if missing:
                self._run(missing)
                self._blame(measurements)
        return missing

    def measure_more(self, measurements: Sequence[Measurement], *, loads: bool) -> list[Measurement]:
        """Answer more after ``measure``; return the measurements that are answered.

        What is not in the cache is measured where the model is at hand, or ``loads`` says to load it for this, and
        otherwise left out.
        """
        if loads or self._source.loaded is not None or (self._made is not None and self._made.at_hand):
            self.measure(measurements)
        else:
            self._read(measurements)
        unanswered = self._unanswered(measurements)
        return [each for each in measurements if each not in self.failed and each not in unanswered]

    def unmeasured(self, measurements: Sequence[Measurement]) -> Wanted:
        """Read the cache, and return what some measurements need that is not in it; run nothing."""
        for measurement in measurements:
            try:
                union(self.facts, [measurement])
                measurement.check(self.facts)
            except MeasurementError as error:
                self.failed[measurement] = error
        self.table.pin(measurements)
        if self._share != WHOLE:
            # Cut before anything is known of texts: what fails or is cached would cut each process's run elsewhere.
            can = union(self.facts, [each for each in measurements if each not in self.failed])
            self.own = {need: frozenset(texts) for need, texts in self._share.part(can).items()}
        return self._read(measurements)

    def close(self) -> None:
        """Give back what the engine holds, if there is one, and the folder of rows that no cache holds."""
        self.table.close()
        if self._made is not None:
            self._made.close()

    @property
    def context(self) -> Context | None:
        """The part of the cache in which values of this model are kept, if they are."""
        return self._context

    @property
    def _engine(self) -> Engine:
        if self._made is None:
            if self._source.loaded is None:
                self._report(Progress("importing", 0, 1, self._source.name))
            self._made = open_engine(self._source, self._options, self._report, self._watch, self._loads)
        return self._made

    def _read(self, measurements: Sequence[Measurement]) -> Wanted:
        """Fill the table from the cache, and say how many prompts were there; return what is still missing."""
        unknown = self._missing(measurements)
        if self._context is not None and unknown:
            self.table.read(unknown, self.facts)
        missing = _without(unknown, self.table)
        texts, found = len(_texts(unknown)), len(_texts(unknown)) - len(_texts(missing))
        if found:
            self._report(Progress("cached", found, texts, self._source.name))
        return missing

    def _missing(self, measurements: Sequence[Measurement]) -> Wanted:
        """Return what the table lacks for measurements that have not failed."""
        wanted = self._shared(union(self.facts, [each for each in measurements if each not in self.failed]))
        return _without(wanted, {need: self.table.rows(need) for need in wanted})

    def _shared(self, wanted: Wanted) -> Wanted:
        """Return what is for this share to measure."""
        if self._share == WHOLE:
            return wanted
        return {need: [text for text in texts if text in self.own[need]] for need, texts in wanted.items()}

    def _doubted(self) -> bool:
        """Say whether the model gives other values than the cache holds, where that must be looked at."""
        if self._source.loaded is None and not self._options.verify:
            return False
        known = {need: rows for need, rows in self.table.items() if rows}
        if not known:
            return False
        engine = self._engine
        from neuronclaims.engines.verification import disagreement

        why = disagreement(engine, known, self._options.store)
        if why is not None:
            warnings.warn(
                f"The run cache is not used for {self._source.name}: {why}. Either the model was changed in a way "
                "that cannot be seen, or somebody changed the cache ('neuronclaims cache clear' empties it). "
                "Everything is measured again, and nothing is kept.",
                RunWarning,
                stacklevel=2,
            )
        return why is not None

    def _recall(self, context: Context, measurements: Sequence[Measurement]) -> None:
        """Let fail what failed in an earlier run; raise ModelError where the model itself did."""
        gone = context.failures.of_model()
        if gone is not None:
            raise gone
        for measurement in self._unanswered(measurements):
            request = measurement.request
            error = context.failure(request) if request is not None else None
            if error is not None:
                self.failed[measurement] = error

    def _refuse(self, measurements: Sequence[Measurement]) -> None:
        """Let fail what the tokenizer alone refuses, before any weights are read."""
        with self._remembering():
            refused = self._engine.refused(self._unanswered(measurements))
        for measurement, error in refused.items():
            self._fail(measurement, error)

    def _run(self, missing: Wanted) -> None:
        """Run what is missing and keep what it gives."""
        writer = BackgroundWriter(self._context) if self._context is not None else None
        self.table.begin()
        try:
            with self._remembering(), writer or nullcontext():
                for batch in self._engine.run(jobs(missing)):
                    self.table.add(batch.items, values := all_rounded(batch.values, self._options.store))
                    if writer is not None:
                        writer.write(batch.items, values)
                        self.table.written(len(writer.written))
        except IntegrityError:
            for path in writer.written if writer is not None else ():
                path.unlink(missing_ok=True)
            raise
        if self._context is not None:
            timings = self._watch.timings(self.facts, self._options)
            keep_speeds(self._context.folder, self._watch.speeds(timings))

    def _blame(self, measurements: Sequence[Measurement]) -> None:
        """Let fail each measurement of which a text could not be measured, with that text's error."""
        failures = self._engine.failures
        for measurement in self._unanswered(measurements):
            request = measurement.request
            if request is not None:
                errors = (failures.get((request.need, item)) for item in request.items)
                if (
                    error := next(filter(None, errors), None)
                ) is not None:  # otherwise it is for another share to measure
                    self._fail(measurement, error)

    def _fail(self, measurement: Measurement, error: MeasurementError) -> None:
        self.failed[measurement] = error
        lasting = _is_ours(measurement) and not isinstance(error, LostError)
        if self._context is not None and measurement.request is not None and lasting:
            self._context.keep_failure(measurement.request, error)

    def _unanswered(self, measurements: Sequence[Measurement]) -> list[Measurement]:
        """Return the measurements that have not failed and of which the table lacks a row."""
        return [
            each
            for each in measurements
            if each not in self.failed
            and each.request is not None
            and not self.table[each.request.need].keys() >= set(each.request.items)
        ]

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        """Remember why a model does not load."""
        try:
            yield
        except ModelError as error:
            if self._context is not None:
                self._context.failures.keep_model(error)
            raise

    def _alone(self, missing: Wanted) -> AbstractContextManager[None]:
        """Hold the lock under which the context is measured, if there is one."""
        if self._context is None:
            return nullcontext()
        waiting = Progress("waiting", 0, len(_texts(missing)), self._source.name)
        return self._context.measuring(lambda: self._report(waiting), self._share)


def _context(
    source: Source, cache: RunCache | None, options: RunOptions, report: Callable[[Progress], None]
) -> Context | None:
    """Return where values of a model are kept; None where nothing may be, which is said."""
    if cache is None:
        return None
    hashing = Progress("hashing", 0, 1, source.name)
    fingerprint = source.fingerprint(cache.fingerprints, lambda: report(hashing))
    if fingerprint.unknown is None:
        about = context_about(source, options)
        return cache.context(context_key(source, options, fingerprint), about, options.store)
    warnings.warn(
        f"What {source.name} gives is measured and not kept in the run cache: it has {fingerprint.unknown}, which can "
        "change values and has no lasting name.",
        RunWarning,
        stacklevel=2,
    )
    return None


def _is_ours(measurement: Measurement) -> bool:
    """Say whether a measurement and what does its work are this package's: others may be mended any time."""
    worker = measurement.request.need.worker if measurement.request is not None else ""
    parts = [type(measurement).__module__, worker]
    return all(part.split(".")[0] == "neuronclaims" for part in parts)


def _without(wanted: Wanted, table: Table) -> dict[Need, list[str]]:
    """Return the texts whose rows a table lacks; needs that lack the same ones share a list where they are many."""
    missing: dict[Need, list[str]] = {}
    last: list[str] = []
    for need, texts in wanted.items():
        rows = table[need]
        lacking = [text for text in texts if text not in rows] if rows else list(texts)
        if lacking:
            missing[need] = last = last if lacking == last else lacking
    return missing


def _texts(wanted: Wanted) -> set[str]:
    return {text for texts in wanted.values() for text in texts}
