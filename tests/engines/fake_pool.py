"""A pool without processes: workers answer, come and go as a list of numbers decides."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neuronclaims.engines.remote.messages import Failed, JobPieces, Loaded, Ran, Refused, WorkerTrouble
from neuronclaims.engines.remote.pool import Answered, Came, Event, Went
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.errors import NeuronClaimsError
from neuronclaims.measurements.plan import Job
from neuronclaims.models.options import RunOptions

PIECE = 2
"""Texts in a piece."""


class Died(Exception):
    """The worker's process ended."""


def need(layer: int):
    return Activations("mlp_post", layer, TokenRule("last", "prompt"), ("x",)).request.need


def job(items: Sequence[str], *layers: int) -> Job:
    return Job(tuple(items), tuple(need(layer) for layer in layers or (0,)))


def value(item: str, place: int) -> np.ndarray:
    return np.array([len(item), place, sum(map(ord, item))], np.float32)


@dataclass
class FakeServer:
    """What a worker gives: values that follow from text and need.

    There are texts that ``kill`` it, that it ``hangs`` at, and that it ``refuses``; ``load`` and others stand for
    questions.
    """

    kills: frozenset[str] = frozenset()
    refuses: frozenset[str] = frozenset()
    fails: frozenset[str] = frozenset()
    hangs: frozenset[str] = frozenset()
    jobs: dict[int, Job] = field(default_factory=dict)
    piece: int = PIECE
    options: RunOptions = field(default_factory=RunOptions)

    def answers(self, method: str, arguments: Sequence[Any]) -> bool:
        """Say whether it ever answers a question."""
        texts = set[str]()
        if method == "run" and self.hangs:
            job = self.jobs[arguments[0]]
            texts = {job.items[place] for place in self.prepare(*arguments[:1], job).piece(arguments[1])}
        return not self.hangs & {method, *texts}

    def load(self) -> Loaded:
        if "load" in self.kills:
            raise Died
        return Loaded(1e-3, self.options)

    def adopt(self, options: RunOptions) -> None:
        self.options = options

    def refused(self, measurements) -> Refused:
        if "refused" in self.kills:
            raise Died
        return Refused(
            tuple(
                (place, "too long")
                for place, each in enumerate(measurements)
                if each.request.items[0] == "long"
            )
        )

    def prepare(self, number: int, job: Job) -> JobPieces:
        if "prepare" in self.kills:
            raise Died
        self.jobs[number] = job
        kept = [place for place, item in enumerate(job.items) if item not in self.refuses]
        pieces = [kept[start : start + self.piece] for start in range(0, len(kept), self.piece)]
        failed = [
            Failed(need, place, "refused")
            for place, item in enumerate(job.items)
            if item in self.refuses
            for need in range(len(job.needs))
        ]
        return JobPieces.of(pieces, tuple(failed))

    def run(self, number: int, piece: int) -> Ran:
        job = self.jobs[number]
        places = self.prepare(number, job).piece(piece)
        items = [job.items[place] for place in places]
        if self.kills & set(items):
            raise Died
        good = [place for place in places if job.items[place] not in self.fails]
        failed = [
            Failed(of, place, "failed")
            for place in places
            if place not in good
            for of in range(len(job.needs))
        ]
        values = tuple(
            np.stack([value(job.items[place], of) for place in good]) for of in range(len(job.needs)) if good
        )
        needs = tuple(range(len(job.needs)))
        return Ran(((tuple(good), needs, values),) if good else (), tuple(failed))

    def forget(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self.jobs.pop(number, None)


class FakePool:
    """Workers whose events come in the order that ``decisions`` say; 0 where they are used up.

    Of every so many decisions that are 7 a worker ends, at most ``deaths`` times. Each wait takes ``seconds`` of
    ``time``, and so does one in which nobody has anything to say.
    """

    def __init__(
        self,
        size: int = 2,
        decisions: Sequence[int] = (),
        deaths: int = 0,
        server: Callable[[int], FakeServer] = lambda _: FakeServer(),
    ) -> None:
        self.size, self._server, self._deaths = size, server, deaths
        self._decisions = iter(decisions)
        self.started, self.closed, self.ran = 0, False, list[tuple[int, int]]()
        self.answered: list[tuple[int, str]] = []
        self.time, self.seconds, self.ended = 0.0, 1.0, list[int]()
        self.live: dict[int, tuple[FakeServer, deque]] = {}

    def add(self) -> int:
        self.started += 1
        self.live[self.started] = (self._server(self.started), deque(["come"]))
        return self.started

    def ask(self, worker: int, method: str, *arguments: object) -> None:
        self.live[worker][1].append((method, arguments))

    def end(self, worker: int) -> None:
        self.ended.append(worker)
        del self.live[worker]

    def wait(self) -> Sequence[Event]:
        self.time += self.seconds
        return list(self._events())

    def close(self) -> None:
        self.closed = True

    def _events(self) -> Iterator[Event]:
        busy = [worker for worker, (_, asked) in self.live.items() if asked]
        assert busy, "nobody is asked anything: the run would never end"
        ready = [worker for worker in busy if self._answers(*self.live[worker])]
        if not ready:
            return
        decision = next(self._decisions, 0)
        worker = ready[decision % len(ready)]
        server, asked = self.live[worker]
        if decision % 8 == 7 and self._deaths:
            self._deaths -= 1
            yield self._end(worker, "killed")
            return
        question = asked.popleft()
        if question == "come":
            yield Came(worker)
            return
        method, arguments = question
        try:
            answer = getattr(server, method)(*arguments)
        except Died:
            yield self._end(worker, "exit \x1b[2J code 7")
        except NeuronClaimsError as error:
            yield Answered(worker, WorkerTrouble.of(error))
        else:
            self.answered.append((worker, method))
            if method == "run":
                self.ran.append(arguments)
            yield Answered(worker, answer)

    def _answers(self, server: FakeServer, asked: deque) -> bool:
        return asked[0] == "come" or server.answers(*asked[0])

    def _end(self, worker: int, reason: str) -> Went:
        del self.live[worker]
        return Went(worker, reason)
