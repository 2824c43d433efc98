"""What a report tells of one claim: its result, and what the test session made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeAlias

from neuronclaims.results import Result

Outcome: TypeAlias = Literal["passed", "failed", "skipped", "xfailed"]
OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "skipped", "xfailed")


@dataclass(frozen=True, slots=True)
class Entry:
    """One claim on one model.

    ``nodeid`` is its name for pytest. ``outcome`` is ``passed`` when the verdict is the one expected, ``xfailed``
    when the claim was refuted as its ``xfail`` says, ``skipped`` when it was inconclusive and that was allowed.
    """

    nodeid: str
    outcome: Outcome
    result: Result

    @property
    def failed(self) -> bool:
        """Whether this claim fails the session."""
        return self.outcome == "failed"


def families(entries: Sequence[Entry]) -> list[tuple[str, str, list[Entry]]]:
    """Return file, model and entries of every family, for entries in order."""
    grouped = groupby(entries, key=lambda entry: (entry.result.file, entry.result.model))
    return [(file, model, list(members)) for (file, model), members in grouped]


def common_errors(entries: Sequence[Entry]) -> list[tuple[str, list[Entry]]]:
    """Return each error among some entries once, with the entries it befell."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.result.error is not None:
            found.setdefault(entry.result.error, []).append(entry)
    return list(found.items())
