"""What a run of a model takes, piece by piece, so that other runs can be foretold from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from neuronclaims.cache.speeds import Speeds, Timing
from neuronclaims.engines.workload import workload_of
from neuronclaims.measurements import ModelFacts
from neuronclaims.measurements.plan import Job
from neuronclaims.models.options import RunOptions

Clock = Callable[[], float]


class Stopwatch:
    """The seconds that one engine took, by what it did; ``clock`` gives the time in seconds.

    ``lengths`` are the tokens of each text, as far as they were counted.
    """

    def __init__(self, clock: Clock = time.perf_counter) -> None:
        self.clock = clock
        self.lengths: dict[str, int] = {}
        self._importing: list[float] = []
        self._loading = 0.0
        self._model = False
        self._places = 0
        self.proving = 0.0
        self._ran: list[tuple[Job, float]] = []

    def imported(self, seconds: float) -> None:
        """Remember how long the libraries took to import."""
        self._importing.append(seconds)

    def loaded(self, seconds: float, *, model: bool) -> None:
        """Remember how long the ``model`` or its tokenizer took to load."""
        self._model |= model
        self._loading += seconds

    def proved(self, places: int, seconds: float) -> None:
        """Remember how long it took to look at so many places of the model."""
        self._places += places
        self.proving += seconds

    def ran(self, work: Sequence[Job], seconds: Sequence[float]) -> None:
        """Remember how long jobs took that were done whole."""
        self._ran += zip(work, seconds, strict=True)

    def timings(self, facts: ModelFacts, options: RunOptions) -> dict[str, tuple[Timing, ...]]:
        """Return the timings of the jobs that were done, by kind of work; those of unknown texts are left out."""
        found: dict[str, tuple[Timing, ...]] = {}
        for job, seconds in self._ran:
            with suppress(KeyError):
                size = workload_of(job, self.lengths, facts, options)
                found[size.kind] = (*found.get(size.kind, ()), Timing(size.calls, size.tokens, seconds))
        return found

    def speeds(self, work: Mapping[str, tuple[Timing, ...]]) -> Speeds:
        """Return all that was timed, with the timings of ``work`` by kind."""
        proving = (Timing(float(self._places), 0.0, self.proving),) if self._places else ()
        return Speeds(tuple(self._importing), (self._loading,) if self._model else (), proving, work)
