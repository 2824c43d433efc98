"""Plan one pass over the texts of a model that answers all measurements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements.continuations import ContinuationNeed
from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.measurement import Measurement, Need

Wanted: TypeAlias = Mapping[Need, Iterable[str]]
"""Which texts every need is wanted for."""


@dataclass(frozen=True, slots=True)
class Job:
    """Texts with the same needs from one worker, so that one pass over a batch serves them all."""

    items: tuple[str, ...]
    needs: tuple[Need, ...]

    @property
    def work(self) -> str:
        """Return which worker does it."""
        return self.needs[0].work

    @property
    def worker(self) -> str:
        """The function that does it, as "module:function"."""
        return self.needs[0].worker

    @property
    def new_tokens(self) -> int:
        """The largest number of tokens that any need generates; 0 if the texts alone are enough."""
        return max((need.new_tokens for need in self.needs), default=0)

    @property
    def texts(self) -> int:
        """How many texts are generated after each."""
        return max((getattr(need, "samples", 1) for need in self.needs), default=1)


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """The values of one batch of a job: float32 [items, width] per need, rows in the order of ``items``."""

    items: tuple[str, ...]
    values: Mapping[Need, NDArray[np.float32]]


def union(facts: ModelFacts, measurements: Sequence[Measurement]) -> dict[Need, dict[str, None]]:
    """Return every need once, with each text once; raise MeasurementError if one cannot be answered."""
    asked: dict[Need, dict[int, tuple[str, ...]]] = {}
    for measurement in measurements:
        what = measurement.request
        if what is None:
            continue
        if what.need not in asked:
            what.need.check(facts)
        asked.setdefault(what.need, {})[id(what.items)] = what.items
    # Layers of one set ask of the same texts, which are many: they share one dict.
    made: dict[tuple[int, ...], dict[str, None]] = {}
    wanted: dict[Need, dict[str, None]] = {}
    for need, parts in asked.items():
        known = tuple(parts)
        if known not in made:
            made[known] = {text: None for items in parts.values() for text in items}
        wanted[need] = made[known]
    return wanted


def jobs(missing: Wanted) -> list[Job]:
    """Return the work that answers ``missing``: texts grouped by worker and what they need, in a stable order."""
    ordered = sorted(missing, key=str)
    # Needs go by their place in this order: one text has dozens, and to hash them all takes as long as a small model.
    by_work: dict[str, list[int]] = {}
    for place, need in enumerate(ordered):
        by_work.setdefault(need.work, []).append(place)
    groups: dict[tuple[int, ...], list[str]] = {}
    for _, places in sorted(by_work.items()):
        _group(places, [missing[ordered[place]] for place in places], groups)
    found = [Job(tuple(items), tuple(ordered[place] for place in places)) for places, items in groups.items()]
    return sorted(_joined(found), key=lambda job: (job.work, [str(need) for need in job.needs]))


def _group(
    places: Sequence[int], texts: Sequence[Iterable[str]], groups: dict[tuple[int, ...], list[str]]
) -> None:
    """Add to ``groups`` the texts of some needs of one sort of work, in order, by the places of what each needs."""
    if all(each is texts[0] or each == texts[0] for each in texts):  # so it is for a large set
        groups[tuple(places)] = sorted(set(texts[0]))
        return
    places_of: dict[str, list[int]] = {}
    for place, items in zip(places, texts, strict=True):
        for item in items:
            places_of.setdefault(item, []).append(place)
    for item, own in sorted(places_of.items(), key=lambda entry: entry[0]):
        groups.setdefault(tuple(own), []).append(item)


def _joined(found: Iterable[Job]) -> list[Job]:
    """Join jobs that differ only in the continuations they keep; keep all of these.

    What is written while something else is measured costs nothing, and so batches are what they would be if nobody
    asked for it.
    """
    alike: dict[tuple[str, tuple[Need, ...], int], list[Job]] = {}
    for job in found:
        measured = tuple(need for need in job.needs if not isinstance(need, ContinuationNeed))
        alike.setdefault((job.work, measured, job.new_tokens), []).append(job)
    return [_one(same) if len(same) > 1 else same[0] for same in alike.values()]


def _one(same: Sequence[Job]) -> Job:
    items = sorted(item for job in same for item in job.items)
    return Job(tuple(items), tuple(sorted({need for job in same for need in job.needs}, key=str)))
