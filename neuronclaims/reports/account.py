"""The account of a session, as plain data: the input of every writer of a report."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from neuronclaims.reports.entry import Entry

if TYPE_CHECKING:
    from neuronclaims.reports.drawn import Drawn


@dataclass(frozen=True, slots=True)
class Account:
    """The entries of a session in the order of reports, and which claims are missing.

    ``missing`` are the node ids of claims that were to be tested and came to no result; ``interrupted`` tells
    whether that is because the session ended early. ``made`` is when it ended, the same in every report.
    ``drawn`` has what was drawn of such sessions before, None where nothing is kept.
    """

    entries: tuple[Entry, ...]
    missing: tuple[str, ...] = ()
    interrupted: bool = False
    drawn: Drawn | None = field(default=None, compare=False, repr=False)
    made: str = field(default_factory=lambda: datetime.now(timezone.utc).isoformat(timespec="seconds"))

    @property
    def complete(self) -> bool:
        """Whether every claim that was to be tested has a result."""
        return not self.missing

    @property
    def partial(self) -> str:
        """The sentence above an incomplete report; empty if the report is complete."""
        if self.complete:
            return ""
        known = len(self.entries)
        of = f"{known} of {known + len(self.missing)} claims"
        return (
            f"partial: the run was interrupted after {of}"
            if self.interrupted
            else f"partial: {of} have a result"
        )
