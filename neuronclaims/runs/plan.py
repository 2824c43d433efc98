"""The union of what all measurements need of a model, as work for one pass over its texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from neuronclaims.measurements import Measurement, ModelFacts
from neuronclaims.runs.needs import Need, Pooled, Written, asked
from neuronclaims.runs.needs.need import Work

Wanted: TypeAlias = Mapping[Need, Iterable[str]]
"""Which texts every need is wanted for."""


@dataclass(frozen=True, slots=True)
class Job:
    """Texts that need the same of one worker, so that one pass over a batch serves all of it."""

    items: tuple[str, ...]
    needs: tuple[Need, ...]

    @property
    def work(self) -> Work:
        """Return which worker does it."""
        return self.needs[0].work

    @property
    def new_tokens(self) -> int:
        """The most tokens any need wants generated; 0 means the texts alone are enough."""
        return _new_tokens(self.needs)


def union(facts: ModelFacts, measurements: Sequence[Measurement]) -> dict[Need, dict[str, None]]:
    """Return every need once, with its texts once; raise MeasurementError for what cannot be answered."""
    wanted: dict[Need, dict[str, None]] = {}
    for measurement in measurements:
        what = asked(measurement)
        if what is None:
            continue
        if what.need not in wanted:
            what.need.check(facts)
        wanted.setdefault(what.need, {}).update(dict.fromkeys(what.items))
    return wanted


def jobs(missing: Wanted) -> list[Job]:
    """Return the work that answers ``missing``: texts grouped by worker and what they need, in a stable order.

    What is written while other needs are measured costs nothing, so it parts no texts: where one text of a job needs
    it, all of the job get it, and batches are what they would be if nobody asked.
    """
    needs_of: dict[tuple[Work, str], set[Need]] = {}
    for need, items in missing.items():
        for item in items:
            needs_of.setdefault((need.work, item), set()).add(need)
    groups: dict[tuple[frozenset[Need], int], tuple[set[Need], list[str]]] = {}
    for (_, item), needs in sorted(needs_of.items(), key=lambda entry: entry[0]):
        measured = frozenset(need for need in needs if not isinstance(need, Written))
        of_job, items = groups.setdefault((measured, _new_tokens(needs)), (set(), []))
        of_job |= needs
        items.append(item)
    found = [Job(tuple(items), tuple(sorted(needs, key=str))) for needs, items in groups.values()]
    return sorted(found, key=lambda job: (job.work, [str(need) for need in job.needs]))


def _new_tokens(needs: Iterable[Need]) -> int:
    return max((need.limit for need in needs if isinstance(need, (Pooled, Written))), default=0)
