"""The head of the page: when, with which version, on which models, and how many claims came out how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from neuronclaims.reports.account import Account

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

SHORT_HASH = 12
"""Letters of a SHA-256 that are shown where there is little room."""


@dataclass(frozen=True, slots=True)
class ModelShown:
    """A model by its name, and the SHA-256 of its weights; empty where that is not known."""

    name: str
    hash: str

    @property
    def short(self) -> str:
        """The first letters of the hash."""
        return self.hash[:SHORT_HASH]


def models_of(account: Account) -> list[ModelShown]:
    """Return each model of a session, in the order of its claims; one with several weights once for each."""
    found = dict.fromkeys((entry.result.model, entry.result.fingerprint or "") for entry in account.entries)
    named = {name for name, known in found if known}
    return [ModelShown(name, known) for name, known in found if known or name not in named]


def date_words(made: str) -> str:
    """Return a time in words that mean the same everywhere; what is no time stays as it is.

    >>> date_words("2026-11-09T08:06:28+00:00")
    '9 November 2026, 08:06 UTC'
    """
    try:
        when = datetime.fromisoformat(made)
    except ValueError:
        return made
    if when.tzinfo is not None:
        when = when.astimezone(timezone.utc)
    zone = " UTC" if when.tzinfo is not None else ""
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}, {when:%H:%M}{zone}"
