"""What a session has to tell, as plain data: the one thing every writer of a report is fed."""

from __future__ import annotations

from dataclasses import dataclass

from neuronclaims.reports.entry import Entry


@dataclass(frozen=True, slots=True)
class Account:
    """The entries of a session in the order of reports, and what is known of those that are not among them.

    ``missing`` are the node ids of claims that were to be tested and came to no result; ``interrupted`` tells
    whether that is because the session ended early.
    """

    entries: tuple[Entry, ...]
    missing: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def complete(self) -> bool:
        """Whether every claim that was to be tested has a result."""
        return not self.missing

    @property
    def partial(self) -> str:
        """What people are to read above anything incomplete; nothing where all is told."""
        if self.complete:
            return ""
        known = len(self.entries)
        of = f"{known} of {known + len(self.missing)} claims"
        return (
            f"partial: the run was interrupted after {of}"
            if self.interrupted
            else f"partial: {of} have a result"
        )
