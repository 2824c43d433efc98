"""The local engine: jobs in, finished and checked batches out, on one model in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from neuronclaims.measurements import Measurement
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Job
from neuronclaims.models.bringing.configs import rounds_activations
from neuronclaims.models.named import loaded
from neuronclaims.models.options import Progress, RunOptions, Stage
from neuronclaims.models.running.loading import Ready, load, load_tokenizer
from neuronclaims.models.running.proofs.proving import unproven
from neuronclaims.models.running.worker import Finished, Worker
from neuronclaims.models.sources import Source
from neuronclaims.models.tokenization_check import check_with

Prepared: TypeAlias = "tuple[Job, Iterator[Finished]]"

GIVE_UP = 8
"""After so many texts that failed one by one, with none measured, the rest of a job is taken to fail as well."""


class LocalEngine:
    """One model in this process, loaded at most once, and only when something must run.

    What the tokenizer alone refuses is refused before the weights are read. What fails while it runs is left out of the
    batches, and ``failures`` has its error.
    """

    def __init__(
        self,
        source: Source,
        options: RunOptions,
        report: Callable[[Progress], None],
        loads: Callable[[Source, RunOptions, Any], Ready] | None = None,
    ) -> None:
        self._loads = loads or load
        if source.folder is not None and rounds_activations(source.config):
            options = replace(options, batch_prompts=1)  # so that no text depends on its neighbours
        self._source, self._options, self._report = source, options, report
        self._tokenizer: Any = None
        self._ready: Ready | None = None
        self.failures: dict[tuple[Need, str], MeasurementError] = {}

    def refused(self, measurements: Sequence[Measurement]) -> dict[Measurement, MeasurementError]:
        """Return, of some measurements, those that the tokenizer refuses, each with the reason."""
        if self._tokenizer is None:
            self._tokenizer = load_tokenizer(self._source)
        refused = check_with(self._tokenizer, self._source, measurements).refused
        return {need: MeasurementError(why) for need, why in refused.items()}

    @property
    def ready(self) -> Ready:
        """The model, loaded when it is first wanted."""
        if self._ready is None:
            if self._source.loaded is None:
                self._report(Progress("loading", 0, 1, self._source.name))
            self._ready = self._loads(self._source, self._options, self._tokenizer)
        return self._ready

    @property
    def at_hand(self) -> bool:
        """Whether the model is loaded."""
        return self._ready is not None or self._source.loaded is not None

    def run(self, work: Sequence[Job], stage: Stage = "measuring") -> Iterator[Finished]:
        """Yield every batch as it is finished; each has passed its checks.

        All texts are turned into tokens, and refused if they cannot be measured, before the first forward.
        """
        done, total, name = 0, sum(len(job.items) for job in work), self._source.name
        prepared = [part for job in work for part in self._prepare(job)]
        self._report(Progress(stage, 0, total, name))
        for job, batches in prepared:
            for finished in self._finish(job, batches, _Tally()):
                yield finished
                done = min(done + len(finished.items), total)
                self._report(Progress(stage, done, total, name))

    def _prepare(self, job: Job) -> Iterator[Prepared]:
        """Yield a job with its batches; what is refused in it is found by halving, and fails."""
        worker: Worker = loaded(job.worker)
        try:
            refused = unproven(self.ready, job.needs)
        except MeasurementError as error:
            self._fail(job, error)
            return
        self.failures |= {(need, item): error for need, error in refused.items() for item in job.items}
        job = replace(job, needs=tuple(need for need in job.needs if need not in refused))
        if not job.needs:
            return
        try:
            yield job, worker(self.ready, job, self._options)
        except MeasurementError as error:
            halves = _halves(job)
            if not halves:
                self._fail(job, error)
            for half in halves:
                yield from self._prepare(half)

    def _finish(self, job: Job, batches: Iterator[Finished], tally: _Tally) -> Iterator[Finished]:
        """Yield the batches of a job; what fails while it runs is found by halving the rest."""
        left = dict.fromkeys(job.items)
        try:
            for finished in batches:
                for item in finished.items:
                    left.pop(item, None)
                tally.measured = True
                yield finished
        except MeasurementError as error:
            rest = replace(job, items=tuple(left))
            halves = () if tally.hopeless else _halves(rest)
            if not halves:
                tally.failed += 1
                self._fail(rest, error)
            for half in halves:
                for smaller, its_batches in self._prepare(half):
                    yield from self._finish(smaller, its_batches, tally)

    def _fail(self, job: Job, error: MeasurementError) -> None:
        self.failures |= {(need, item): error for need in job.needs for item in job.items}


@dataclass(slots=True)
class _Tally:
    """Whether anything of a job was measured, and how many of its texts failed."""

    measured: bool = False
    failed: int = 0

    @property
    def hopeless(self) -> bool:
        """Whether so much failed, and nothing else came, that the rest is not tried one by one."""
        return not self.measured and self.failed >= GIVE_UP


def _halves(job: Job) -> tuple[Job, ...]:
    """Return the two halves of a job's texts or, where it has one text, of its needs; nothing where it has one."""
    if len(job.items) > 1:
        half = len(job.items) // 2
        return replace(job, items=job.items[:half]), replace(job, items=job.items[half:])
    half = len(job.needs) // 2
    return (replace(job, needs=job.needs[:half]), replace(job, needs=job.needs[half:])) if half else ()
