"""A pool of actors of Ray: one for each device, each with the model. The crew restarts them, not Ray."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from neuronclaims.engines.engine import EngineAsked, EngineError
from neuronclaims.engines.memory import LIBRARIES, weight_bytes
from neuronclaims.engines.remote.messages import Ran, WorkerTrouble
from neuronclaims.engines.remote.pool import Answered, Came, Event, Went
from neuronclaims.engines.remote.ray_cluster import RayCluster
from neuronclaims.engines.remote.remote import RemoteEngine
from neuronclaims.engines.remote.serving import Expected, ModelServer, place_of, versions
from neuronclaims.foreign_text import one_line
from neuronclaims.loading.settings import LoadSettings
from neuronclaims.measurements.errors import ModelError, first_line
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import Source

LONGEST_START = 300.0
"""Seconds that a cluster may take to give the first worker; machines that are rented on demand need some."""

_LOOK = 2.0
"""Seconds after which a wait returns, so that an interruption is seen."""


def open_engine(
    source: Source, options: RunOptions, report: Callable[[Progress], None], asked: EngineAsked
) -> RemoteEngine:
    """Return an engine whose workers are actors of Ray; nothing is started yet. See ``engines.engine.OpensEngine``."""
    return RemoteEngine(source.name, lambda: RayPool(source, options, asked), report)


@dataclass(frozen=True, slots=True)
class WorkerShare:
    """How many workers there are, and what each is given."""

    workers: int
    threads: int
    gpus: int = 0

    @classmethod
    def of(cls, nodes: Sequence[Any], asked: int | None, weights: int, gpus: int) -> WorkerShare:
        """Divide machines: as many workers as were ``asked`` for, or as many as there are devices and memory for.

        ``weights`` are the bytes of the model, ``gpus`` how many devices each worker needs, 0 for CPUs alone.

        >>> WorkerShare.of([{"CPU": 8.0, "memory": 16e9}], None, 2_000_000_000, 0)
        WorkerShare(workers=6, threads=1, gpus=0)
        >>> WorkerShare.of([{"CPU": 16.0, "GPU": 4.0}], None, 0, 1)
        WorkerShare(workers=4, threads=4, gpus=1)
        """
        cpus = sum(int(node.get("CPU", 0)) for node in nodes)
        if gpus:
            devices = sum(int(node.get("GPU", 0)) // gpus for node in nodes)
            workers = asked or max(1, devices)
            return cls(workers, max(1, cpus // workers), gpus)
        fit = [_fitting(node, LIBRARIES + weights) for node in nodes]
        workers = asked or max(1, sum(fit))
        widest = max((int(node.get("CPU", 0)) for node in nodes), default=1)
        return cls(workers, max(1, min(widest, cpus // workers)))


def _fitting(node: Any, each: int) -> int:
    cpus = int(node.get("CPU", 0))
    return min(cpus, int(node["memory"] // each)) if "memory" in node else cpus


def gpus_of(loading: LoadSettings, most: int) -> int:
    """Return how many GPUs each worker needs, where ``most`` is what one machine has; 0 where it runs on CPUs.

    Raises EngineError for the number of a GPU: Ray chooses which one a worker sees.

    >>> gpus_of(LoadSettings(device="auto"), 4), gpus_of(LoadSettings(device_map="auto"), 4)
    (1, 4)
    >>> gpus_of(LoadSettings(device_map={"model.layers.0": 0, "model.layers.1": "cuda:1"}), 4)
    2
    """
    if isinstance(loading.device_map, tuple):
        return len({device for _, device in loading.device_map if device.startswith("cuda")})
    if loading.device_map is not None:
        if not isinstance(loading.max_memory, tuple):
            return most
        return sum(1 for name, size in loading.max_memory if size and name.startswith("cuda"))
    device = str(loading.device)
    if device.startswith("cuda:"):
        raise EngineError(f"The engine ray gives each worker a GPU of its own: say cuda, not {device}.")
    return int(device == "cuda" or (device == "auto" and most > 0))


class RayPool:
    """The workers of one model on a cluster of Ray (``pool.Pool``)."""

    def __init__(self, source: Source, options: RunOptions, asked: EngineAsked) -> None:
        loading = source.loading(options)
        self._cluster = RayCluster(asked.address, gpus=loading.device != "cpu")
        try:
            self._set_up(source, options, asked)
        except BaseException:
            self._cluster.close()
            raise

    def _set_up(self, source: Source, options: RunOptions, asked: EngineAsked) -> None:
        import ray

        self._ray: Any = ray
        nodes = self._cluster.nodes
        most = max((int(node.get("GPU", 0)) for node in nodes), default=0)
        share = WorkerShare.of(
            nodes, asked.workers, _weights(source, options), gpus_of(source.loading(options), most)
        )
        self._share = replace(share, threads=_threads_wanted(share.threads))
        elsewhere = source.fingerprint() if asked.address else None
        self._expected = Expected(versions(), place_of(source), elsewhere)
        self._source, self._options = source, replace(options, engine="local")
        self._path = ray.put([str(Path(each or ".").absolute()) for each in sys.path])
        self._actors: dict[int, Any] = {}
        self._open: dict[int, deque[Any]] = {}
        self._coming: dict[int, float] = {}
        self._number = 0

    @property
    def size(self) -> int:
        """How many workers there should be."""
        return self._share.workers

    def add(self) -> int:
        """Begin to start one more worker, and return its number."""
        self._number += 1
        actor = self._ray.remote(ModelServer).options(
            num_cpus=self._share.threads,
            num_gpus=self._share.gpus,
            max_restarts=0,
            max_task_retries=0,
            scheduling_strategy="SPREAD",
        )
        self._actors[self._number] = actor.remote(self._share.threads, self._path)
        self._open[self._number] = deque()
        self._coming[self._number] = monotonic()
        self.ask(self._number, "open", self._source, self._options, self._expected)
        return self._number

    def ask(self, worker: int, method: str, *arguments: Any) -> None:
        """Ask a worker; its answers come in the order of the questions."""
        self._open[worker].append(self._actors[worker].ask.remote(method, *arguments))

    def wait(self) -> Sequence[Event]:
        """Return what happened within a few seconds. Raises EngineError where no worker comes."""
        waited = {each[0]: worker for worker, each in self._open.items() if each}
        ready, _ = self._ray.wait(list(waited), timeout=_LOOK)
        if ready:
            ready, _ = self._ray.wait(list(waited), num_returns=len(waited), timeout=0)
        found = [event for each in ready for event in self._event(waited[each], each)]
        if not found and self._coming and len(self._coming) == len(self._actors):
            self._check_patience(min(self._coming.values()))
        return found

    def close(self) -> None:
        """End all workers, and a cluster that was started for them."""
        for worker in list(self._actors):
            self._end(worker)
        self._cluster.close()

    def _event(self, worker: int, answered: Any) -> Iterator[Event]:
        errors = self._ray.exceptions
        try:
            answer = _owned(self._ray.get(answered))
        except (
            errors.RayTaskError
        ) as error:  # what was sent cannot be read there, such as a class that is not there
            answer = WorkerTrouble(
                "", f"A worker cannot be asked: {one_line(first_line(error.cause or error))}"
            )
        except errors.RayError as error:
            self._end(worker)
            yield Went(worker, _reason(error))
            return
        self._open[worker].popleft()
        if worker not in self._coming:
            yield Answered(worker, answer)
        elif isinstance(answer, WorkerTrouble):
            raise answer.error
        else:
            del self._coming[worker]
            yield Came(worker)

    def _end(self, worker: int) -> None:
        self._coming.pop(worker, None)
        self._open.pop(worker, None)
        with suppress(Exception):  # it is gone, or the cluster is
            self._ray.kill(self._actors.pop(worker))

    def _check_patience(self, since: float) -> None:
        if monotonic() - since > LONGEST_START:
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


def _threads_wanted(most: int) -> int:
    """Return as many threads as there may be, or fewer where the variable says so that torch follows in any process."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return min(most, max(1, int(said))) if said.isascii() and said.isdigit() else most


def _weights(source: Source, options: RunOptions) -> int:
    """Return about how many bytes a worker's model takes; nothing where that is not known, since loading tells."""
    with suppress(ModelError):
        return sum(weight_bytes(source, str(source.loading(options).dtype)))
    return 0
