"""A pilot: a few texts of each job run on the loaded model, to find out how fast it is here; nothing of it is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from neuronclaims.cache.speeds import Speeds, Timing
from neuronclaims.engines.opening import open_local
from neuronclaims.engines.stopwatch import Clock, Stopwatch
from neuronclaims.engines.workload import Workload, spread, workload_of
from neuronclaims.measurements.plan import Job
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import Source

if TYPE_CHECKING:
    from neuronclaims.engines.local import LocalEngine

BUDGET = 10.0
"""About how many seconds all trials together may take, loading aside."""

FEW = 2
"""How many texts are tried first; of the time that they take follows how many more are."""

TIMES = 3
"""How often is tried what takes less than a tenth of the time that there is for it."""


class Pilot:
    """Trials of some jobs on one model. ``speeds`` is what they took, ``own`` the timings of each job by its number."""

    def __init__(
        self,
        source: Source,
        work: Sequence[Job],
        lengths: Mapping[str, int],
        options: RunOptions,
        report: Callable[[Progress], None],
        clock: Clock = time.perf_counter,
    ) -> None:
        watch = Stopwatch(clock)
        self._clock, self._lengths, self._options, self._facts = clock, lengths, options, source.facts()
        self._engine: LocalEngine = open_local(source, options, report, watch)
        self._engine.prove(work)
        self.own: dict[int, tuple[Timing, ...]] = {}
        sizes = [workload_of(job, lengths, self._facts, options) for job in work]
        self._run(work, sizes)
        kinds: dict[str, tuple[Timing, ...]] = {}
        for number, timings in self.own.items():
            kinds[sizes[number].kind] = (*kinds.get(sizes[number].kind, ()), *timings)
        self.speeds: Speeds = watch.speeds(kinds)

    def _run(self, work: Sequence[Job], sizes: Sequence[Workload]) -> None:
        """Try the largest job of each kind, however long that takes, then the others until the time is used up."""
        order = sorted(range(len(work)), key=lambda number: -sizes[number].tokens)
        first = {sizes[number].kind: number for number in reversed(order)}
        order = [*first.values(), *(number for number in order if number not in first.values())]
        end = self._clock() + BUDGET
        for place, number in enumerate(order):
            left = end - self._clock()
            if place >= len(first) and left <= 0:
                return
            self._try(
                number, work[number], left / max(1, min(len(order), 2 * len(first)) - place), warm=not place
            )

    def _try(self, number: int, job: Job, budget: float, *, warm: bool) -> None:
        if warm:
            self._timing(job, 1)  # the first call of a process does what no later one does
        few = self._steady(job, FEW, budget)
        if few is None:
            return
        self.own[number] = (few,)
        most = min(len(job.items), self._options.batch_prompts, int(FEW * budget / max(few.seconds, 1e-9)))
        more = self._steady(job, most, budget) if most > FEW else None
        if more is not None:
            self.own[number] = (few, more)

    def _steady(self, job: Job, texts: int, budget: float) -> Timing | None:
        """Return what so many texts took: where that is short, and other work disturbs it, the median of a few."""
        found = [self._timing(job, texts)]
        while len(found) < TIMES and found[0] is not None and found[0].seconds < budget / 10:
            found.append(self._timing(job, texts))
        timings = sorted((each for each in found if each is not None), key=lambda each: each.seconds)
        return timings[len(timings) // 2] if len(timings) == len(found) else None

    def _timing(self, job: Job, texts: int) -> Timing | None:
        """Return what so many texts of a job took; None where one of them fails, as it will in the run."""
        part = replace(job, items=spread(job.items, texts, self._lengths, job))
        size = workload_of(part, self._lengths, self._facts, self._options)
        start = self._clock()
        for _ in self._engine.run([part]):
            pass
        taken = self._clock() - start
        if self._engine.failures:
            self._engine.failures.clear()
            return None
        return Timing(size.calls, size.tokens, taken)
