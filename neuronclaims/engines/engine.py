"""The protocol of engines: what is given the work of a run and gives finished batches, in this process or elsewhere.

An engine never sees a claim or the run cache. Whoever runs it writes each batch to the cache as it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from neuronclaims.measurements import Measurement
from neuronclaims.measurements.errors import MeasurementError, RunError
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Finished, Job
from neuronclaims.models.options import Progress, RunOptions, Stage
from neuronclaims.models.sources import Source

LOCAL = "local"
"""The engine that measures in this process, which is taken where none is named."""


class EngineError(RunError):
    """An engine that is not there, or that cannot work. It says nothing of the model, so it is never remembered."""


class Engine(Protocol):
    """What measures one model. It loads the model when something must run, and not before.

    What is refused or fails while it runs is left out of the batches, and ``failures`` has its error. Every batch has
    passed its checks before it is given. The values of a text may depend on the options, and on nothing that differs
    from one engine to another.
    """

    @property
    def failures(self) -> Mapping[tuple[Need, str], MeasurementError]:
        """The error of each text that could not be measured, by what was needed of it."""
        ...

    @property
    def at_hand(self) -> bool:
        """Whether the model is loaded, so that more costs little."""
        ...

    @property
    def tolerance(self) -> float:
        """The share of a row's largest value that rounding alone may move, in the model's number type."""
        ...

    def refused(self, measurements: Sequence[Measurement]) -> dict[Measurement, MeasurementError]:
        """Return, of some measurements, those that the tokenizer alone refuses, each with the reason."""
        ...

    def run(self, work: Sequence[Job], stage: Stage = "measuring") -> Iterator[Finished]:
        """Yield every batch of some work as it is finished, in any order.

        Raises ModelError where the model does not load, IntegrityError where a check fails, EngineError where the
        engine itself cannot work.
        """
        ...

    def close(self) -> None:
        """Give back what it holds: processes, models elsewhere. Called once, also after an error."""
        ...


class OpensEngine(Protocol):
    """A function that makes an engine of one model; nothing is started before the engine is asked something."""

    def __call__(
        self, source: Source, options: RunOptions, report: Callable[[Progress], None], asked: EngineAsked
    ) -> Engine:
        """Return an engine for a model in a folder."""
        ...


@dataclass(frozen=True, slots=True)
class EngineAsked:
    """What was asked for as NAME, NAME:WORKERS, NAME:ADDRESS or NAME:WORKERS:ADDRESS.

    ``workers`` is None where the engine chooses how many, ``address`` is empty where it starts what it needs.

    >>> EngineAsked.of("ray:4:head.example:6379")
    EngineAsked(name='ray', workers=4, address='head.example:6379')
    >>> EngineAsked.of("ray:auto")
    EngineAsked(name='ray', workers=None, address='auto')
    """

    name: str
    workers: int | None = None
    address: str = ""

    @classmethod
    def of(cls, said: str) -> EngineAsked:
        """Read what was asked for; raise EngineError where no workers are asked for."""
        name, _, rest = said.strip().partition(":")
        first, _, more = rest.partition(":")
        if not (first.isascii() and first.isdigit()):
            return cls(name, None, rest)
        if not 0 < int(first[:6]) <= MOST_WORKERS:
            raise EngineError(f"An engine has from 1 to {MOST_WORKERS} workers, not {first[:20]}.")
        return cls(name, int(first), more)


MOST_WORKERS = 10_000
"""More workers than this are a slip of the keyboard."""
