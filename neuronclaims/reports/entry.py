"""The entry of one claim in a report: its result, and its outcome in the session."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeAlias

from neuronclaims.naming import ClaimName
from neuronclaims.results import Result, Verdict

Outcome: TypeAlias = Literal["passed", "failed", "skipped", "xfailed"]
OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "skipped", "xfailed")


Found: TypeAlias = Literal["still", "moved", "not found", "not looked for"]
FOUND: tuple[Found, ...] = ("still", "moved", "not found", "not looked for")


@dataclass(frozen=True, slots=True)
class Rematch:
    """The places of a lost claim's neurons in the model that was tested.

    ``sentence`` says it in words. ``neurons`` are those of the old model, each with its place in the new one and
    Pearson's r of the two on prompts that had no part in choosing it, None where it was not found. ``verdict`` is that
    on the claim about the neurons found, on those same prompts.
    """

    status: Found
    sentence: str
    neurons: tuple[tuple[str, str | None, float | None], ...] = ()
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One claim on one model.

    ``nodeid`` is its name for pytest, ``file`` its claim file's path from the project's folder.
    ``outcome`` is ``passed`` when the verdict is the one expected, ``xfailed``
    when the claim was refuted as its ``xfail`` says, ``skipped`` when it was inconclusive and that was allowed.
    ``drift`` is a word for what became of the claim since the baseline it was compared with, if it was, and
    ``drift_reason`` a sentence on it; a claim can fail by this alone. ``place`` is that of the model among the models
    the claim's file is put to. ``from_cache`` says of how many of its texts all was read from the run cache, and how
    many texts it has: that is of the session, not of the claim. ``rematch`` is where the neurons of a lost claim are
    now, None where nobody looked. ``judged_before`` says that the result is that of an earlier session, since nothing
    has changed.
    """

    nodeid: str
    outcome: Outcome
    result: Result
    drift: str | None = None
    drift_reason: str = ""
    place: int = 0
    from_cache: tuple[int, int] | None = None
    rematch: Rematch | None = None
    file: str = ""
    judged_before: bool = False

    @property
    def name(self) -> ClaimName:
        """The claim's name, which is the same in every report and baseline."""
        return ClaimName(self.file or self.result.file, self.result.model, self.result.id)

    @property
    def failed(self) -> bool:
        """Whether this claim fails the session."""
        return self.outcome == "failed"

    @property
    def missed(self) -> bool:
        """Whether this claim is not as expected by its file or its baseline, also if that is allowed."""
        return self.failed or not self.result.as_expected


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries by file, then models as the file has them, then claims by their place: in the order of reports."""
    return sorted(entries, key=_order)


def _order(entry: Entry) -> tuple[str, int, str, int, int, str]:
    result = entry.result
    return result.file, entry.place, result.model, result.line, result.column, entry.nodeid


def families(entries: Sequence[Entry]) -> list[tuple[str, str, list[Entry]]]:
    """Return file, model and entries of every family, for entries in order."""
    grouped = groupby(entries, key=lambda entry: (entry.result.file, entry.result.model))
    return [(file, model, list(members)) for (file, model), members in grouped]


def common_errors(entries: Sequence[Entry]) -> list[tuple[str, list[Entry]]]:
    """Return each error among some entries once, with the entries that have it."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.result.error is not None:
            found.setdefault(entry.result.error, []).append(entry)
    return list(found.items())
