"""The cluster of Ray that a run uses: one at an address, the one this process has, or one of its own.

A cluster of its own is started quietly on this machine, with no more processes than a run needs, and no temporary files
are left. Whoever reaches a cluster of Ray can run code in it, so ours takes nobody in without a token that only its
processes have.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from neuronclaims.engines.engine import EngineError
from neuronclaims.foreign_text import one_line
from neuronclaims.measurements.errors import first_line

_STORE = 2**28
"""Bytes for values on their way; more of them go to the disk for as long."""

_TOKENS = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_worker_niceness": "0",  # workers do what this process would do otherwise, so they get as much of the machine
    # One process for each CPU would be started before it is known what for; each takes half a second of a CPU.
    "RAY_enable_worker_prestart": "0",
    "RAY_prestart_worker_first_driver": "0",
}
_PROCESSES = ("start_monitor", "start_api_server", "start_log_monitor")
"""Processes of Ray that a cluster of one run does without: they add machines, answer questions, and forward logs.

``ray.init`` has no word for it, so its steps are left out by name. A Ray that does not have them starts all it has.
"""
_PRINTER = "listen_error_messages"
"""What prints a page into this terminal where a worker ends; the run tells of that itself."""


class RayCluster:
    """A cluster that is connected to, with workers that wait for a model; one that was started for it ends with it."""

    def __init__(self, address: str) -> None:
        if not (address or "ray" in sys.modules or any(name in os.environ for name in _TOKENS)):
            # Read when Ray is imported, and remembered for as long as the process lives. Otherwise Ray takes the token
            # that it keeps in the home folder.
            os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        with _environment(_QUIET), _silent():
            import ray

            self._ray: Any = ray
            self._folder: Path | None = None
            self._waiting: list[tuple[Hashable, Any]] = []
            self._connected = not ray.is_initialized()
            if self._connected:
                self._connect(address)

    @property
    def nodes(self) -> list[Mapping[str, float]]:
        """What each machine that is there has, by the names of Ray: ``CPU``, ``GPU``, ``memory``."""
        return [each["Resources"] for each in self._ray.nodes() if each["Alive"]]

    def leave(self, place: Hashable, actors: Sequence[Any]) -> None:
        """Let actors wait for the next model; ``place`` is what each was given of its machine."""
        self._waiting += [(place, actor) for actor in actors]

    def take(self, place: Hashable, most: int) -> list[Any]:
        """Return actors that wait and were given as much, and end all others, so that there is room."""
        found = [actor for given, actor in self._waiting if given == place][:most]
        for _, actor in self._waiting:
            if actor not in found:
                self.end(actor)
        self._waiting = []
        return found

    def end(self, actor: Any) -> None:
        """End an actor at once."""
        with suppress(Exception):  # it is gone, or the cluster is
            self._ray.kill(actor)

    def close(self) -> None:
        """Leave the cluster; end one of its own."""
        self.take(None, 0)
        if self._connected:
            self._ray.shutdown()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _connect(self, address: str) -> None:
        try:
            with _without("worker", None, _PRINTER):
                if address:
                    self._begin(address=address)
                else:
                    self._start()
        except BaseException as error:  # whatever Ray raises, such as for sockets, time limits and versions
            self.close()
            if not isinstance(error, Exception):
                raise
            where = f"at {one_line(address)}" if address else "on this machine"
            raise EngineError(f"No cluster of Ray {where}: {one_line(first_line(error))}") from error

    def _start(self) -> None:
        # Names of sockets are short: a folder for temporary files of somebody may be too deep for them.
        self._folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp" if os.path.isdir("/tmp") else None))
        own = {
            "address": "local",
            "num_cpus": usable_cpus(),
            "include_dashboard": False,
            "object_store_memory": _STORE,
            "_temp_dir": str(self._folder),
        }
        try:
            with _without("node", "Node", *_PROCESSES):
                self._begin(**own)
        except Exception:  # a version of Ray that does not start without them
            self._ray.shutdown()
            self._begin(**own)

    def _begin(self, **how: Any) -> None:
        self._ray.init(**how, logging_level=logging.ERROR, configure_logging=False, log_to_driver=False)


def usable_cpus() -> int:
    """Return how many CPUs this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable is not None else os.cpu_count() or 1


@contextmanager
def _without(module: str, kind: str | None, *names: str) -> Iterator[None]:
    """Let functions of a module of Ray, or of a class in it, do nothing, as far as there are such functions."""
    place: Any = sys.modules.get(f"ray._private.{module}")
    place = getattr(place, kind, None) if kind is not None else place
    kept = {name: getattr(place, name) for name in names if hasattr(place, name)}
    for name in kept:
        setattr(place, name, lambda *_, **__: None)
    try:
        yield
    finally:
        for name, function in kept.items():
            setattr(place, name, function)


@contextmanager
def _silent() -> Iterator[None]:
    """Let Ray say nothing below an error while it starts."""
    logger = logging.getLogger("ray")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _environment(names: Mapping[str, str]) -> Iterator[None]:
    """Set variables that are not set, and take them away again."""
    new = {name: value for name, value in names.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            os.environ.pop(name, None)
