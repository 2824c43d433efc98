"""The side of a worker: one model, and answers to what a run asks of it."""

from __future__ import annotations

import gc
import platform
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuronclaims.cache.run_cache import LIBRARIES, MEASURING_VERSION
from neuronclaims.engines.engine import EngineError
from neuronclaims.engines.remote.messages import Failed, JobPieces, Loaded, Ran, Refused, WorkerTrouble
from neuronclaims.measurements import Measurement
from neuronclaims.measurements.plan import Job
from neuronclaims.models.identity.fingerprint import Fingerprint
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import Source

if TYPE_CHECKING:
    from neuronclaims.engines.local import LocalEngine, Piece
    from neuronclaims.measurements.measurement import Need


def versions() -> dict[str, str]:
    """Return what must be the same in all processes of a run: what values depend on, by name."""
    names = ("neuronclaims", *LIBRARIES, "numpy")
    return {**{name: version(name) for name in names}, "measuring": str(MEASURING_VERSION)}


def place_of(source: Source) -> tuple[object, ...]:
    """Return what is the same for two processes that see the very same folders of a model."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    with suppress(OSError):
        machine = boot.read_text() if boot.is_file() else platform.node()
        folders = (source.folder, source.model_folder, source.tokenizer_folder)
        found = [folder.stat() for folder in folders if folder is not None]
        return (machine, *((each.st_dev, each.st_ino) for each in found))
    return ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What a worker must be like: its ``versions``, and the model's files, which it has seen where it is in ``place``.

    ``fingerprint`` is that of the model's files; None where all processes are on one machine.
    """

    versions: Mapping[str, str]
    place: tuple[object, ...] = ()
    fingerprint: Fingerprint | None = None

    def check(self, source: Source) -> None:
        """Raise EngineError where this process would give other values, or has no such model."""
        found, where = versions(), platform.node()
        other = [name for name in self.versions if found.get(name) != self.versions[name]]
        if other:
            said = ", ".join(f"{name} {found.get(name)} instead of {self.versions[name]}" for name in other)
            raise EngineError(
                f"A worker on {where} has other versions than this process: {said}. Values would not be the same; "
                "install the same versions everywhere."
            )
        if self.fingerprint is None or self.place == place_of(source) != ():
            return
        for folder in (source.folder, source.model_folder, source.tokenizer_folder):
            if folder is None or not folder.is_dir():
                raise EngineError(
                    f"A worker on {where} finds no folder {folder} with the model {source.spec!r}. Put the model at "
                    "the same path on all machines, such as on a shared disk."
                )
        if source.fingerprint() != self.fingerprint:
            raise EngineError(
                f"The model {source.spec!r} on {where} is another one than here: its files differ. Put the same files "
                "on all machines."
            )


class ModelServer:
    """One model after another in a process of its own.

    What fails is answered as a ``WorkerTrouble``: answers are plain data.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._engine: LocalEngine | None = None
        self._jobs: dict[int, _Taken] = {}

    def ask(self, method: str, *arguments: Any) -> Any:
        """Return the answer of a method, or what went wrong."""
        try:
            return getattr(self, method)(*arguments)
        except Exception as error:
            return WorkerTrouble.of(error)

    def arrive(self) -> None:
        """Answer, so that it is known that this process is there."""

    def open(self, source: Source, options: RunOptions, expected: Expected, path: Sequence[str]) -> None:
        """Let go of the model before, and import the libraries for another one.

        ``path`` is where the process that asks finds its modules: what it sends may be of these. Raises EngineError
        where this process would give other values.
        """
        sys.path += [each for each in path if each not in sys.path]
        self._let_go()
        expected.check(source)
        self._source, self._options = source, options
        _ = self._local

    def refused(self, measurements: Sequence[Measurement]) -> Refused:
        """Return the measurements that the tokenizer refuses."""
        found = self._local.refused(measurements)
        return Refused(
            tuple((place, str(found[each])) for place, each in enumerate(measurements) if each in found)
        )

    def load(self) -> Loaded:
        """Load the model."""
        tolerance = self._local.tolerance
        self._options = self._local.options
        return Loaded(tolerance, self._options)

    def adopt(self, options: RunOptions) -> None:
        """Make batches as another worker does."""
        self._options = options

    def prepare(self, number: int, job: Job) -> JobPieces:
        """Turn the texts of a job into tokens, and return its pieces."""
        self._local.adopt(self._options)
        self._jobs[number] = taken = _Taken(job, self._local)
        return taken.prepared

    def run(self, number: int, piece: int) -> Ran:
        """Run a piece of a job that was prepared; where memory runs out, that piece alone is run in smaller batches."""
        self._local.adopt(self._options)
        return self._jobs[number].run(piece)

    def forget(self, numbers: Sequence[int]) -> None:
        """Let go of jobs that are done."""
        for number in numbers:
            self._jobs.pop(number, None)

    def _let_go(self) -> None:
        """Free the memory of the model before, if there was one."""
        self._jobs.clear()
        if self._engine is not None:
            self._engine = None
            gc.collect()

    @property
    def _local(self) -> LocalEngine:
        if self._engine is None:
            import torch

            from neuronclaims.engines.local import LocalEngine

            torch.set_num_threads(self._threads)
            self._engine = LocalEngine(self._source, self._options, lambda _: None)
        return self._engine


class _Taken:
    """A job that a worker has, as pieces. An answer for needs that cannot be told apart is that of the first."""

    def __init__(self, job: Job, engine: LocalEngine) -> None:
        self._engine = engine
        self._needs: dict[Need, int] = {need: place for place, need in enumerate(job.needs)}
        self._items = {item: place for place, item in enumerate(job.items)}
        self._pieces: list[Piece] = engine.pieces(job)
        pieces = [[self._items[item] for item in piece.job.items] for piece in self._pieces]
        self.prepared = JobPieces.of(pieces, self._failed())

    def run(self, number: int) -> Ran:
        """Run a piece; what fails in it is found by halving."""
        batches = []
        for finished in self._engine.finish(self._pieces[number]):
            items = tuple(self._items[item] for item in finished.items)
            needs = tuple(self._needs[need] for need in finished.values)
            batches.append((items, needs, tuple(finished.values.values())))
        return Ran(tuple(batches), self._failed())

    def _failed(self) -> tuple[Failed, ...]:
        """Return what failed since this was asked for last."""
        found = self._engine.failures
        failed = [
            Failed(self._needs[need], self._items[item], str(error))
            for (need, item), error in found.items()
            if need in self._needs and item in self._items
        ]
        found.clear()
        return tuple(failed)
