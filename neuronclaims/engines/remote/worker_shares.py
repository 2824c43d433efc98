"""How many workers of Ray there are, and what of the machines each is given."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from neuronclaims.engines.engine import EngineError
from neuronclaims.engines.memory import LIBRARIES, weight_bytes
from neuronclaims.loading.settings import LoadSettings
from neuronclaims.measurements.errors import ModelError
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import Source


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


def threads_wanted(most: int) -> int:
    """Return as many threads as there may be, or fewer where the variable says so that torch follows in any process."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return min(most, max(1, int(said))) if said.isascii() and said.isdigit() else most


def weights_of(source: Source, options: RunOptions) -> int:
    """Return about how many bytes a worker's model takes; nothing where that is not known, since loading tells."""
    with suppress(ModelError):
        return sum(weight_bytes(source, str(source.loading(options).dtype)))
    return 0
