"""The local engine: jobs in, finished and checked batches out, on one model in this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from neuronclaims.engines.memory import text_bytes, token_bytes
from neuronclaims.engines.stopwatch import Stopwatch
from neuronclaims.measurements import Measurement
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Job
from neuronclaims.models.bringing.configs import rounds_activations
from neuronclaims.models.bringing.offloaded import computing_devices
from neuronclaims.models.named import loaded
from neuronclaims.models.options import Progress, RunOptions, Stage
from neuronclaims.models.running.devices.batch_sizes import grown, halved
from neuronclaims.models.running.devices.memory import (
    DeviceMemory,
    least_free,
    let_go,
    memory_of,
    out_of_memory,
)
from neuronclaims.models.running.integrity import AT_MOST
from neuronclaims.models.running.loading import Ready, load, load_tokenizer
from neuronclaims.models.running.proofs.proving import unproven
from neuronclaims.models.running.worker import Batches, Finished, Worker
from neuronclaims.models.sources import Source
from neuronclaims.models.tokenization_check import check_with

GIVE_UP = 8
"""After so many texts that failed one by one, with none measured, the rest of a job is taken to fail as well."""


class LocalEngine:
    """One model in this process, loaded at most once, and only when something must run.

    What the tokenizer alone refuses is refused before the weights are read. What fails while it runs is left out of the
    batches, and ``failures`` has its error. ``watch`` takes the time of what is done. Batches are larger where the
    device has much free memory, and where it runs out they are made smaller and tried again; ``memory`` finds out.
    """

    def __init__(
        self,
        source: Source,
        options: RunOptions,
        report: Callable[[Progress], None],
        loads: Callable[[Source, RunOptions, Any], Ready] | None = None,
        watch: Stopwatch | None = None,
        memory: Callable[[Any], DeviceMemory] = memory_of,
    ) -> None:
        self._loads = loads or load
        if source.folder is not None and rounds_activations(source.config):
            options = replace(options, batch_prompts=1)  # so that no text depends on its neighbours
        self._source, self._options, self._report, self._memory = source, options, report, memory
        self.watch = watch or Stopwatch()
        self._tokenizer: Any = None
        self._ready: Ready | None = None
        self.failures: dict[tuple[Need, str], MeasurementError] = {}

    def refused(self, measurements: Sequence[Measurement]) -> dict[Measurement, MeasurementError]:
        """Return, of some measurements, those that the tokenizer refuses, each with the reason."""
        if self._tokenizer is None:
            start = self.watch.clock()
            self._tokenizer = load_tokenizer(self._source)
            self.watch.loaded(self.watch.clock() - start, model=False)
        found = check_with(self._tokenizer, self._source, measurements)
        self.watch.lengths.update(found.lengths)
        return {need: MeasurementError(why) for need, why in found.refused.items()}

    @property
    def ready(self) -> Ready:
        """The model, loaded when it is first wanted."""
        if self._ready is None:
            if self._source.loaded is None:
                self._report(Progress("loading", 0, 1, self._source.name))
            start = self.watch.clock()
            self._ready = self._loads(self._source, self._options, self._tokenizer)
            if self._loads is load:  # otherwise it may have been kept from before
                self.watch.loaded(self.watch.clock() - start, model=True)
            self._grow(self._ready)
        return self._ready

    @property
    def at_hand(self) -> bool:
        """Whether the model is loaded."""
        return self._ready is not None or self._source.loaded is not None

    @property
    def options(self) -> RunOptions:
        """The options by which batches are made; of one that has loaded, as large as its device lets them be."""
        return self._options

    def adopt(self, options: RunOptions) -> None:
        """Make batches by other options from now on, such as those of another process on the same work."""
        self._options = options

    @property
    def tolerance(self) -> float:
        """The share of a row's largest value that rounding alone may move, in the model's number type."""
        return AT_MOST.get(self.ready.rounds_as, 1e-1)

    def close(self) -> None:
        """Do nothing: the model goes with the engine, or is kept by whoever loaded it."""

    def run(self, work: Sequence[Job], stage: Stage = "measuring") -> Iterator[Finished]:
        """Yield every batch as it is finished; each has passed its checks.

        All texts are turned into tokens, and refused if they cannot be measured, before the first forward.
        """
        done, total, name = 0, sum(len(job.items) for job in work), self._source.name
        taken = [0.0] * len(work)
        prepared = deque(
            (number, piece) for number, job in enumerate(work) for piece in self._timed(taken, number, job)
        )
        self._report(Progress(stage, 0, total, name))
        clock = self.watch.clock
        while prepared:
            number, piece = prepared.popleft()  # with the last piece of a job its tokens go
            start = clock()
            for finished in self.finish(piece):
                taken[number] += clock() - start
                yield finished
                done = min(done + len(finished.items), total)
                self._report(Progress(stage, done, total, name))
                start = clock()
            taken[number] += clock() - start
        if not self.failures:
            self.watch.ran(work, taken)

    def prove(self, work: Sequence[Job]) -> None:
        """Look at all places that some jobs read, before any of them runs."""
        self._unproven([need for job in work for need in job.needs])

    def pieces(self, job: Job) -> list[Piece]:
        """Turn the texts of a job into tokens, and return its pieces; what is refused in it is found, and fails.

        Raises ModelError where the model does not load.
        """
        return list(self._pieces(job, FailureTally()))

    def finish(self, piece: Piece) -> Iterator[Finished]:
        """Yield what a piece gives; what fails while it runs is found by halving the rest, and fails.

        Raises IntegrityError where a check fails.
        """
        if piece.options != self._options:  # memory ran out since it was made
            for smaller in self._pieces(piece.job, piece.tally):
                yield from self.finish(smaller)
            return
        left = dict.fromkeys(piece.job.items)
        try:
            for finished in piece.run():
                for item in finished.items:
                    left.pop(item, None)
                piece.tally.measured = True
                yield finished
        except MeasurementError as error:
            rest = replace(piece.job, items=tuple(left))
            if self._shrink(error):
                for again in self._pieces(rest, piece.tally):
                    yield from self.finish(again)
                return
            halves = () if piece.tally.hopeless else _halves(rest)
            if not halves:
                piece.tally.failed += 1
                self._fail(rest, error)
            for half in halves:
                for smaller in self._pieces(half, piece.tally):
                    yield from self.finish(smaller)

    def _timed(self, taken: list[float], number: int, job: Job) -> list[Piece]:
        """Prepare a job, and add to ``taken`` what that took, the proofs of its places aside."""
        _ = self.ready  # to load it is counted by itself
        start, proving = self.watch.clock(), self.watch.proving
        found = self.pieces(job)
        taken[number] += self.watch.clock() - start - (self.watch.proving - proving)
        return found

    def _unproven(self, needs: Sequence[Need]) -> dict[Need, MeasurementError]:
        known, start = len(self.ready.proven), self.watch.clock()
        found = unproven(self.ready, needs)
        self.watch.proved(len(self.ready.proven) - known, self.watch.clock() - start)
        return found

    def _pieces(self, job: Job, tally: FailureTally) -> Iterator[Piece]:
        """Yield the pieces of a job; what is refused in it is found by halving, and fails."""
        worker: Worker = loaded(job.worker)
        try:
            refused = self._unproven(job.needs)
        except MeasurementError as error:
            self._fail(job, error)
            return
        self.failures |= {(need, item): error for need, error in refused.items() for item in job.items}
        job = replace(job, needs=tuple(need for need in job.needs if need not in refused))
        if not job.needs:
            return
        try:
            batches = worker(self.ready, job, self._options)
        except MeasurementError as error:
            halves = _halves(job)
            if not halves:
                self._fail(job, error)
            for half in halves:
                yield from self._pieces(half, tally)
            return
        if not isinstance(batches, Batches):
            yield Piece(job, partial(iter, batches), tally, self._options)
            return
        for number, items in enumerate(batches.items):
            yield Piece(replace(job, items=items), partial(_one, batches, number), tally, self._options)

    def _grow(self, ready: Ready) -> None:
        """Make batches as large as the device's free memory lets them be."""
        dtype = str(getattr(ready.model, "dtype", "float32")).removeprefix("torch.")
        each, text = token_bytes(ready.facts, dtype), text_bytes(ready.model.config.to_dict())
        if self._options.batch_prompts > 1:
            self._options = grown(self._options, each, text, least_free(self._memories(ready)))

    def _memories(self, ready: Ready) -> list[DeviceMemory]:
        """Return the memories of the devices that the model computes on."""
        return [self._memory(device) for device in sorted(computing_devices(ready.model), key=str)]

    def _shrink(self, error: MeasurementError) -> bool:
        """Make all further batches smaller if memory ran out, and say whether that could be done."""
        smaller = halved(self._options) if out_of_memory(error) else None
        if smaller is None:
            return False
        let_go(error)
        for each in self._memories(self.ready):
            each.release()
        self._options = smaller
        return True

    def _fail(self, job: Job, error: MeasurementError) -> None:
        self.failures |= {(need, item): error for need in job.needs for item in job.items}


@dataclass(slots=True)
class FailureTally:
    """Whether anything of a job was measured, and how many of its texts failed."""

    measured: bool = False
    failed: int = 0

    @property
    def hopeless(self) -> bool:
        """Whether so much failed, and nothing else came, that the rest is not tried one by one."""
        return not self.measured and self.failed >= GIVE_UP


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some texts of a job that are run together: a batch of it, or all of it where its batches come as they will.

    ``run`` returns what they give. The pieces of one job share a ``tally``; ``options`` say how large its batches are.
    """

    job: Job
    run: Callable[[], Iterable[Finished]]
    tally: FailureTally
    options: RunOptions


def _one(batches: Batches, number: int) -> Iterator[Finished]:
    yield batches.run(number)


def _halves(job: Job) -> tuple[Job, ...]:
    """Return the two halves of a job's texts or, where it has one text, of its needs; nothing where it has one."""
    if len(job.items) > 1:
        half = len(job.items) // 2
        return replace(job, items=job.items[:half]), replace(job, items=job.items[half:])
    half = len(job.needs) // 2
    return (replace(job, needs=job.needs[:half]), replace(job, needs=job.needs[half:])) if half else ()
