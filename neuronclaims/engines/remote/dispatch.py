"""Who is given which piece: whoever is free takes the next one, and what ended its worker is tried again elsewhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from neuronclaims.engines.remote.crew import TRIES, Crew, Done, LostQuestion, Member
from neuronclaims.engines.remote.messages import Failed, JobPieces, Ran
from neuronclaims.engines.remote.patience import Effort
from neuronclaims.foreign_text import one_line
from neuronclaims.measurements.errors import IntegrityError, LostError, MeasurementError, shorten
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Finished, Job

NAMED = 3
"""So many prompts are named of a piece that could not be run."""


@dataclass(frozen=True, slots=True)
class PiecesOf:
    """A question: which pieces a job has."""

    job: int


@dataclass(frozen=True, slots=True)
class RunOf:
    """A question: what a piece of a job gives."""

    job: int
    piece: int


@dataclass(slots=True)
class _Work:
    """A job and how far it is: ``pending`` are the pieces that nobody is at, ``left`` counts those not done."""

    number: int
    job: Job
    prepared: JobPieces | None = None
    pending: deque[int] = field(default_factory=deque)
    left: int = 0
    over: bool = False

    def texts(self, piece: int) -> tuple[str, ...]:
        """Return the texts of a piece."""
        assert self.prepared is not None
        return tuple(self.job.items[place] for place in self.prepared.piece(piece))

    def done(self) -> None:
        """Count a piece as done."""
        self.left -= 1
        self.over = not self.left


class Dispatch:
    """One run of some jobs by a crew. ``first`` is the number of the first job: no two jobs of a crew have the same."""

    def __init__(self, crew: Crew, jobs: Sequence[Job], first: int) -> None:
        self._crew = crew
        self._work = {first + place: _Work(first + place, job) for place, job in enumerate(jobs)}
        self._tries: dict[PiecesOf | RunOf, int] = {}
        self.failures: dict[tuple[Need, str], MeasurementError] = {}

    def run(self) -> Iterator[Finished | None]:
        """Yield the batches as they come, and None where something else happened.

        Raises ModelError where a worker cannot load the model, IntegrityError where a check fails.
        """
        while not all(work.over for work in self._work.values()):
            self._crew.load()
            for member in self._crew.loaded:
                while self._give(member):
                    pass
            for event in self._crew.events():
                if isinstance(event, LostQuestion):
                    self._lost(event)
                else:
                    yield from self._done(event)
            yield None
        for member in self._crew.members.values():
            self._crew.ask(member, None, "forget", tuple(self._work))

    def _give(self, member: Member) -> bool:
        """Give a worker something to do, if there is something for it; say whether it was given anything."""
        own = [work for work in self._work.values() if work.number in member.jobs and work.pending]
        if own:
            # One more than it is at, so that it need not wait for us; near the end none is held back from others.
            ahead = len(own[0].pending) > 2 * len(self._crew.members)
            if len(member.open) > int(ahead):
                return False
            piece = own[0].pending.popleft()
            question, effort = RunOf(own[0].number, piece), Effort.of(own[0].number, own[0].texts(piece))
            self._crew.ask(member, question, "run", own[0].number, piece, effort=effort)
            return True
        if member.open:
            return False
        job = self._to_prepare(member)
        if job is not None:
            member.jobs.add(job.number)
            self._crew.ask(member, PiecesOf(job.number), "prepare", job.number, job.job)
        return job is not None

    def _to_prepare(self, member: Member) -> _Work | None:
        """Return the job that a worker without pieces turns into tokens: a new one, or the longest of others."""
        left = [work for work in self._work.values() if not work.over and work.number not in member.jobs]
        at = {number for other in self._crew.members.values() for number in other.jobs}
        for work in left:
            if work.prepared is None and work.number not in at:
                return work
        more = [work for work in left if len(work.pending) > self._at(work)]
        if more:
            return max(more, key=lambda work: len(work.pending))
        # Somebody finds out how many pieces it has; until then the others can do nothing better than the same.
        unknown = [work for work in left if work.prepared is None and len(work.job.items) > 1]
        return max(unknown, key=lambda work: len(work.job.items), default=None)

    def _at(self, work: _Work) -> int:
        return sum(work.number in member.jobs for member in self._crew.members.values())

    def _done(self, event: Done) -> Iterator[Finished]:
        what = event.what
        work = self._work.get(what.job) if isinstance(what, (PiecesOf, RunOf)) else None
        if work is None or work.over:
            return  # of a run before this one, or of a job that was given up
        if isinstance(what, PiecesOf):
            self._prepared(work, event.answer)
        else:
            ran: Ran = event.answer
            self._failed(work.job, ran.failed)
            work.done()
            for items, needs, values in ran.batches:
                named = (work.job.needs[need] for need in needs)
                yield Finished(
                    tuple(work.job.items[item] for item in items), dict(zip(named, values, strict=True))
                )

    def _prepared(self, work: _Work, found: JobPieces) -> None:
        if work.prepared is None:
            work.prepared, work.pending, work.left = found, deque(range(len(found))), len(found)
            work.over = not work.left
            self._failed(work.job, found.failed)
        elif work.prepared.digest != found.digest:
            raise IntegrityError(
                f"Two workers do not put the same texts together in batches ({shorten(work.job.items[0])} and "
                f"{len(work.job.items) - 1} more), so they have not the same tokenizer; nothing of this run is kept."
            )

    def _lost(self, event: LostQuestion) -> None:
        """Let what a worker was at be done by another one; what ended its worker three times fails."""
        what = event.what
        if not isinstance(what, (PiecesOf, RunOf)):
            return
        work = self._work.get(what.job)
        if work is None or work.over:
            return
        if event.reason:
            self._tries[what] = self._tries.get(what, 0) + 1
        given_up = self._tries.get(what, 0) >= TRIES
        if isinstance(what, RunOf):
            if given_up:
                self._give_up(work.job, work.texts(what.piece), event.reason)
                work.done()
            else:
                work.pending.appendleft(what.piece)
        elif given_up and work.prepared is None:
            self._give_up(work.job, work.job.items, event.reason)
            work.over = True

    def _give_up(self, job: Job, items: Sequence[str], reason: str) -> None:
        named = ", ".join(one_line(shorten(item)) for item in items[:NAMED])
        more = f" and {len(items) - NAMED:,} more" if len(items) > NAMED else ""
        error = LostError(
            f"{TRIES} workers ended, each while it ran {named}{more}: {one_line(reason)}. All else was measured. "
            "It is tried again in the next run."
        )
        for need in job.needs:
            for item in items:
                self.failures.setdefault((need, item), error)

    def _failed(self, job: Job, failed: Sequence[Failed]) -> None:
        for each in failed:
            self.failures[job.needs[each.need], job.items[each.item]] = MeasurementError(each.text)
