"""A pool of actors of Ray: one for each device, each with the model. The crew restarts them, not Ray."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import numpy as np

from neuronclaims.engines.engine import EngineAsked, EngineError
from neuronclaims.engines.remote.messages import Ran, WorkerTrouble
from neuronclaims.engines.remote.patience import Patience
from neuronclaims.engines.remote.pool import Answered, Came, Event, Went
from neuronclaims.engines.remote.ray_cluster import RayCluster
from neuronclaims.engines.remote.remote import RemoteEngine
from neuronclaims.engines.remote.serving import Expected, ModelServer, place_of, versions
from neuronclaims.engines.remote.whole_run import WHOLE_RUN
from neuronclaims.engines.remote.worker_shares import WorkerShare, gpus_of, threads_wanted, weights_of
from neuronclaims.foreign_text import one_line
from neuronclaims.measurements.errors import first_line
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import Source

LONGEST_START = 300.0
"""Seconds that a cluster may take to give the first worker; machines that are rented on demand need some."""

LONGEST_OPENING = 3600.0
"""Seconds that workers may read the files of a model, to know whether it is the same one."""

_LOOK = 2.0
"""Seconds after which a wait returns, so that an interruption is seen."""


def open_engine(
    source: Source, options: RunOptions, report: Callable[[Progress], None], asked: EngineAsked
) -> RemoteEngine:
    """Return an engine whose workers are actors of Ray; nothing is started yet. See ``engines.engine.OpensEngine``."""
    return RemoteEngine(
        source.name,
        lambda: RayPool(source, options, asked),
        report,
        _patience(options),
    )


_QUICK = {"arrive", "open", "load", "adopt", "forget"}
"""What a worker may still be at when it is left to the next model: nothing that depends on texts."""


class _Asked(NamedTuple):
    """A question that is open: what was asked, and Ray's reference to the answer."""

    method: str
    answer: Any


class RayPool:
    """The workers of one model on a cluster of Ray (``pool.Pool``)."""

    def __init__(self, source: Source, options: RunOptions, asked: EngineAsked) -> None:
        with ExitStack() as stack:
            stack.enter_context(WHOLE_RUN.joined())
            address = asked.address
            self._cluster = WHOLE_RUN.shared(("ray", address), lambda: RayCluster(address))
            self._set_up(source, options, asked)
            self._leaves = stack.pop_all()

    def _set_up(self, source: Source, options: RunOptions, asked: EngineAsked) -> None:
        import ray

        self._ray: Any = ray
        nodes = self._cluster.nodes
        most = max((int(node.get("GPU", 0)) for node in nodes), default=0)
        share = WorkerShare.of(
            nodes, asked.workers, weights_of(source, options), gpus_of(source.loading(options), most)
        )
        self._share = replace(share, threads=threads_wanted(share.threads))
        elsewhere = source.fingerprint() if asked.address else None
        self._expected = Expected(versions(), place_of(source), elsewhere)
        self._source, self._options = source, replace(options, engine="local")
        self._path = [str(Path(each or ".").absolute()) for each in sys.path]
        self._waiting = self._cluster.take(self._place, self._share.workers)
        self._actors: dict[int, Any] = {}
        self._open: dict[int, deque[_Asked]] = {}
        self._coming: dict[int, float] = {}
        self._taken: set[int] = set()
        self._number = 0

    @property
    def size(self) -> int:
        """How many workers there should be."""
        return self._share.workers

    def add(self) -> int:
        """Begin to start one more worker, and return its number."""
        self._number += 1
        if self._waiting:
            self._taken.add(self._number)
        self._begin(self._number, self._waiting.pop() if self._waiting else self._new())
        return self._number

    def ask(self, worker: int, method: str, *arguments: Any) -> None:
        """Ask a worker; its answers come in the order of the questions."""
        self._open[worker].append(_Asked(method, self._actors[worker].ask.remote(method, *arguments)))

    def wait(self) -> Sequence[Event]:
        """Return what happened within a few seconds. Raises EngineError where no worker comes."""
        waited = {each[0].answer: worker for worker, each in self._open.items() if each}
        ready, _ = self._ray.wait(list(waited), timeout=_LOOK)
        if ready:
            ready, _ = self._ray.wait(list(waited), num_returns=len(waited), timeout=0)
        found = [event for each in ready for event in self._event(waited[each], each)]
        if not found and self._coming and len(self._coming) == len(self._actors):
            self._check_patience()
        return found

    def close(self) -> None:
        """Leave idle workers to the next model of the run, and end the others; without a run around it, end all."""
        with self._leaves:
            idle = [worker for worker, each in self._open.items() if {one.method for one in each} <= _QUICK]
            self._cluster.leave(self._place, [*self._waiting, *(self._actors.pop(worker) for worker in idle)])
            for worker in list(self._actors):
                self.end(worker)

    def end(self, worker: int) -> None:
        """End a worker; nothing more is heard of it."""
        self._coming.pop(worker, None)
        self._open.pop(worker, None)
        self._cluster.end(self._actors.pop(worker))

    @property
    def _place(self) -> tuple[int, int]:
        """What a worker is given of its machine: threads and GPUs."""
        return self._share.threads, self._share.gpus

    def _new(self) -> Any:
        actor = self._ray.remote(ModelServer).options(
            num_cpus=self._share.threads,
            num_gpus=self._share.gpus,
            max_restarts=0,
            max_task_retries=0,
            scheduling_strategy="SPREAD",
        )
        return actor.remote(self._share.threads)

    def _begin(self, worker: int, actor: Any) -> None:
        self._actors[worker], self._open[worker] = actor, deque()
        self._coming[worker] = monotonic() + LONGEST_START
        self.ask(worker, "arrive")
        self.ask(worker, "open", self._source, self._options, self._expected, self._path)

    def _event(self, worker: int, answered: Any) -> Iterator[Event]:
        errors = self._ray.exceptions
        try:
            answer = _owned(self._ray.get(answered))
        except errors.RayTaskError as error:
            # What was sent cannot be read there, such as a class that is not there.
            answer = WorkerTrouble(
                "", f"A worker cannot be asked: {one_line(first_line(error.cause or error))}"
            )
        except errors.RayError as error:
            again = worker in self._taken and worker in self._coming
            self.end(worker)
            if again:  # it went while it waited for a model, which says nothing of this one
                self._taken.discard(worker)
                self._begin(worker, self._new())
            else:
                yield Went(worker, _reason(error))
            return
        asked = self._open[worker].popleft()
        if worker not in self._coming:
            yield Answered(worker, answer)
        elif isinstance(answer, WorkerTrouble):
            raise answer.error
        elif asked.method == "arrive":
            self._coming[worker] = monotonic() + LONGEST_OPENING
        else:
            del self._coming[worker]
            yield Came(worker)

    def _check_patience(self) -> None:
        last = max(self._coming, key=lambda each: self._coming[each])
        if monotonic() < self._coming[last]:
            return
        if self._open[last][0].method == "open":
            raise EngineError(
                f"No worker could open the model {self._source.name} in {LONGEST_OPENING / 60:g} minutes; is the disk "
                "that it lies on there?"
            )
        there = "; ".join(
            f"{node.get('CPU', 0):g} CPUs and {node.get('GPU', 0):g} GPUs" for node in self._cluster.nodes
        )
        raise EngineError(
            f"Ray started no worker in {LONGEST_START:g} s. Each needs {self._share.threads} CPUs and "
            f"{self._share.gpus} GPUs; the machines of the cluster have {there or 'nothing'}, which others may use."
        )


def _owned(answer: object) -> object:
    """Return an answer with values of its own: those that Ray gives lie in memory that it wants back."""
    if not isinstance(answer, Ran):
        return answer
    batches = (
        (items, needs, tuple(np.array(each) for each in values)) for items, needs, values in answer.batches
    )
    return Ran(tuple(batches), answer.failed)


def _reason(error: Exception) -> str:
    """Return why a worker went, without the pages that Ray says beside it."""
    text = first_line(error)
    return text if len(text) < 200 else text[:199] + "…"


def _patience(options: RunOptions) -> Patience:
    return Patience(None if options.patience is None else 60 * float(options.patience))
