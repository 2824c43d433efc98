"""The workers of a run: those that come load the model, and those that go are replaced."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

from neuronclaims.engines.engine import EngineError
from neuronclaims.engines.remote.messages import Loaded, WorkerTrouble
from neuronclaims.engines.remote.patience import Effort, Patience
from neuronclaims.engines.remote.pool import Answered, Came, Pool, Went
from neuronclaims.foreign_text import one_line

TRIES = 3
"""How often something is tried that ended its worker each time."""


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """What a worker was asked, and how much work that is, where the time of others tells something of it."""

    what: Hashable
    effort: Effort | None = None


@dataclass(slots=True)
class Member:
    """A worker that came: what it was asked and has not answered, the oldest first, and what it can do.

    It has been at the oldest since the time ``since``.
    """

    number: int
    since: float
    open: deque[OpenQuestion] = field(default_factory=deque)
    loaded: bool = False
    jobs: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """An answer to what was asked under ``what``."""

    member: Member
    what: Hashable
    answer: Any


@dataclass(frozen=True, slots=True)
class LostQuestion:
    """What a worker was at when it went, and why it went: it may be asked of another one."""

    what: Hashable
    reason: str


class Crew:
    """As many workers as the pool should have, as far as these can be had.

    A worker that goes is replaced, and one that answers nothing for longer than the ``patience`` lasts is ended first.
    After ``TRIES`` that went in a row before they had loaded anything, no more are started, and where none is left that
    is an error.
    """

    def __init__(self, pool: Pool, name: str, patience: Patience | None = None) -> None:
        self._pool, self._name, self._patience = pool, name, patience or Patience()
        self.members: dict[int, Member] = {}
        self._coming = {pool.add() for _ in range(pool.size)}
        self._vain = 0
        self.model: Loaded | None = None

    def ask(
        self, member: Member, what: Hashable, method: str, *arguments: Any, effort: Effort | None = None
    ) -> None:
        """Ask a worker; the answer is told under ``what``."""
        if not member.open:
            member.since = self._patience.now
        member.open.append(OpenQuestion(what, effort))
        self._pool.ask(member.number, method, *arguments)

    def load(self, *, besides: Hashable = None) -> None:
        """Have all workers load the model that are not at it, or at a question that is named."""
        for member in self.members.values():
            if member.open and member.open[0].what == besides is not None:
                continue
            if not member.loaded and _LOAD not in (each.what for each in member.open):
                self.ask(member, _LOAD, "load")

    @property
    def loaded(self) -> list[Member]:
        """The workers that have the model."""
        return [member for member in self.members.values() if member.loaded]

    def events(self) -> Iterator[Done | LostQuestion]:
        """Wait, and yield what was answered and what was lost. Raises what a worker could not load."""
        happened = self._pool.wait()
        self._patience.look()
        for event in happened:
            if isinstance(event, Came):
                self._coming.discard(event.worker)
                self.members[event.worker] = Member(event.worker, self._patience.now)
            elif isinstance(event, Answered):
                yield from self._answered(self.members[event.worker], event.answer)
            else:
                yield from self._went(event)
        for hung in [each for each in self.members.values() if each.open and self._hangs(each)]:
            seconds = self._patience.now - hung.since
            self._pool.end(hung.number)
            yield from self._went(Went(hung.number, f"no answer for {_minutes(seconds)}, so it was ended"))

    def close(self) -> None:
        """End all workers."""
        self._pool.close()

    def _answered(self, member: Member, answer: Any) -> Iterator[Done]:
        question = member.open.popleft()
        what, now = question.what, self._patience.now
        if question.effort is not None:
            self._patience.learn(question.effort, now - member.since)
        member.since = now
        if isinstance(answer, WorkerTrouble):
            raise answer.error
        if what == _LOAD:
            member.loaded, self._vain = True, 0
            if self.model is None:
                self.model = answer
            else:
                self.ask(member, None, "adopt", self.model.options)  # all make the same batches
            return
        yield Done(member, what, answer)

    def _went(self, event: Went) -> Iterator[LostQuestion]:
        member = self.members.pop(event.worker, None)
        self._coming.discard(event.worker)
        asked = [each.what for each in member.open] if member is not None else []
        at_work = bool(asked) and asked[0] != _LOAD
        self._vain += not at_work
        if at_work or self._vain < TRIES:
            self._coming.add(self._pool.add())
        elif not self._coming and not self.members:
            raise EngineError(
                f"{TRIES} workers in a row ended before they had loaded {self._name}: {one_line(event.reason)}. "
                "Does it fit into the memory of so many workers?"
            )
        # Only what it was at may have ended it; it had not begun with the rest.
        yield from (
            LostQuestion(what, event.reason if not place else "")
            for place, what in enumerate(asked)
            if what != _LOAD
        )

    def _hangs(self, member: Member) -> bool:
        return self._patience.now - member.since > self._patience.limit(member.open[0].effort)


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes:,} minutes" if minutes > 1 else f"{seconds:.0f} s"


_LOAD = "load"
