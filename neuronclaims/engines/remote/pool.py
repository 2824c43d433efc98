"""The protocol of pools: workers that come, answer in order, and may go at any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Came:
    """A worker that is ready to be asked."""

    worker: int


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """What a worker answered to the oldest question that is open: a message, or a ``WorkerTrouble``."""

    worker: int
    answer: Any


@dataclass(frozen=True, slots=True)
class Went:
    """A worker that is gone, with what it was asked: it was ended, its machine vanished, or it could not be started."""

    worker: int
    reason: str


Event: TypeAlias = "Came | Answered | Went"


class Pool(Protocol):
    """Workers that each have a ``serving.ModelServer``, in processes of their own."""

    @property
    def size(self) -> int:
        """How many workers there should be."""
        ...

    def add(self) -> int:
        """Begin to start one more worker, and return its number; it comes or goes later."""
        ...

    def ask(self, worker: int, method: str, *arguments: Any) -> None:
        """Ask a worker that came; its answers come in the order of the questions."""
        ...

    def end(self, worker: int) -> None:
        """End a worker that came; nothing more is heard of it."""
        ...

    def wait(self) -> Sequence[Event]:
        """Return what happened, after a few seconds also where that is nothing.

        Raises EngineError where no worker can be started for so long that none will come.
        """
        ...

    def close(self) -> None:
        """End all workers, and whatever was started for them."""
        ...
