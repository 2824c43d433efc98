"""What engines start once for a whole run, however many models it measures: a cluster, and workers that wait."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any, Protocol, TypeVar


class Closes(Protocol):
    """What is ended by ``close``."""

    def close(self) -> None:
        """End it."""
        ...


Started = TypeVar("Started", bound=Closes)


class WholeRun:
    """Owns what engines share for as long as anybody is in the run.

    Whoever measures several models is in it for all of them; an engine is in it for as long as it is open. When the
    last one leaves, also by an error or Ctrl-C, all that was started is closed, the newest first.

    >>> class Cluster:
    ...     def close(self):
    ...         print("ended")
    >>> run = WholeRun()
    >>> with run.joined():
    ...     for model in ("one", "two"):
    ...         with run.joined():
    ...             cluster = run.shared("cluster", Cluster)
    ...             print(model)
    one
    two
    ended
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._inside = 0
        self._started: dict[Hashable, Any] = {}

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Be in the run until the end of the block."""
        with self._lock:
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                while not self._inside and self._started:
                    self._started.popitem()[1].close()

    def shared(self, key: Hashable, start: Callable[[], Started]) -> Started:
        """Return what was started under a key, or start it."""
        with self._lock:
            if key not in self._started:
                self._started[key] = start()
            found: Started = self._started[key]
            return found


WHOLE_RUN = WholeRun()
"""The run of this process: a session of pytest, a command, or a call of ``judge``, one inside another being one."""
