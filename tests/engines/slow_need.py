"""A measurement that takes its time: one text in a piece, a pause at each, and the text "poison" ends the process."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from neuronclaims.measurements.measurement import Description, TextRequest


@dataclass(frozen=True, slots=True)
class Slowly:
    """The length of each prompt; who measured it leaves a note in ``folder``."""

    prompts: tuple[str, ...]
    seconds: float
    folder: str
    reader: ClassVar[str | None] = None

    @property
    def request(self) -> TextRequest:
        return TextRequest(SlowNeed(self.seconds, self.folder), self.prompts)

    @property
    def description(self) -> Description:
        return Description("lengths", texts=("prompts", self.prompts))

    @property
    def tokens_named(self) -> tuple[str, ...]:
        return ()

    def check(self, facts) -> None: ...

    def check_lengths(self, lengths) -> None: ...


@dataclass(frozen=True, slots=True)
class SlowNeed:
    seconds: float
    folder: str
    work: ClassVar[str] = "slow"
    text: ClassVar[str] = "prompt"
    worker: ClassVar[str] = "slow_need:work"
    new_tokens: ClassVar[int] = 0
    places: ClassVar[tuple] = ()

    def __str__(self) -> str:
        return "slow"

    def width(self, facts) -> int:
        return 1

    def check(self, facts) -> None: ...

    def cost(self, needs, texts, facts) -> Iterator[tuple[str, float]]:
        yield "lengths", float(texts)


def work(ready, job, options):
    from neuronclaims.models.running.worker import Batches, Finished

    (need,) = job.needs

    def run(number: int) -> Finished:
        item = job.items[number]
        (Path(need.folder) / f"{number}-{os.getpid()}").touch()
        time.sleep(need.seconds)
        if item == "poison":
            os._exit(7)
        return Finished((item,), {need: np.array([[len(item)]], np.float32)})

    return Batches([(item,) for item in job.items], run)
