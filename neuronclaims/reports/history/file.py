"""Keep and read ``history.jsonl``: a line of JSON for each of the last sessions, the newest last.

The file may come from elsewhere, so it is read like any stranger's: within bounds, line by line, and a line that is no
session is left out. Who adds a session keeps the other lines as they are, so nothing is lost to a reader of another
version.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from neuronclaims import __version__
from neuronclaims.foreign_files import MEGABYTE, ForeignFileError, bounded_json, read_text
from neuronclaims.reports.account import Account
from neuronclaims.reports.files import ReportError, write_whole
from neuronclaims.reports.history.session import PastClaim, PastSession, from_line, to_line

FILE_NAME = "history.jsonl"
MOST_SESSIONS = 50
"""How many sessions a history keeps: the oldest is dropped for a new one."""

LARGEST = 20 * MEGABYTE
"""The most bytes of a history: a thousand claims take 0.2 MB each session."""


@dataclass(frozen=True, slots=True)
class History:
    """The sessions of a folder of reports, oldest first; ``unreadable`` are the numbers of lines that are none.

    >>> first = PastSession("2026-01-01T10:00:00+00:00", "0.1.0", True, {}, {"a::m::x": PastClaim("supported", False)})
    >>> later = PastSession("2026-01-02T10:00:00+00:00", "0.1.0", True, {}, {"a::m::x": PastClaim("refuted", True)})
    >>> [claim.word for _, claim in History((first, later)).of("a::m::x") if claim]
    ['supported', 'refuted']
    """

    sessions: tuple[PastSession, ...] = ()
    unreadable: tuple[int, ...] = ()

    @property
    def names(self) -> list[str]:
        """The names of all claims of any session, in the order they came in."""
        return list(dict.fromkeys(name for session in self.sessions for name in session.claims))

    def of(self, name: str) -> list[tuple[PastSession, PastClaim | None]]:
        """Return what came of a claim in each session; None where it was not tested."""
        return [(session, session.claims.get(name)) for session in self.sessions]


class HistoryWriter:
    """Add the session to the history in the folder of reports."""

    place: Literal["report"] = "report"

    def write(self, path: Path, account: Account) -> Path:
        """Add the session to ``history.jsonl`` in the folder ``path``; raise ReportError where that cannot be done."""
        return add_session(path / FILE_NAME, PastSession.of(account, __version__))


def read_history(path: Path, most: int = MOST_SESSIONS) -> History:
    """Return the last ``most`` sessions of a history; an empty one where there is no file.

    Raises ForeignFileError for what is no file of text, or too large.
    """
    numbered = [(number, line) for number, line in enumerate(_lines(path), start=1) if line.strip()]
    sessions: list[PastSession] = []
    unreadable: list[int] = []
    for number, line in numbered[-most:]:
        try:
            sessions.append(from_line(bounded_json(line, once=True)))
        except ValueError:
            unreadable.append(number)
    return History(tuple(sessions), tuple(unreadable))


def add_session(path: Path, session: PastSession) -> Path:
    """Add a session to a history, of which the oldest are dropped, and return its path.

    A reader sees the file of before or the new one, never half of either. Raises ReportError where what is there is
    no history, and where it cannot be written.
    """
    try:
        kept = [line for line in _lines(path) if line.strip()]
    except ForeignFileError as error:
        raise ReportError(
            f"No session is added to the history: {error} Move it away to begin a new one."
        ) from None
    lines = [*kept, json.dumps(to_line(session), separators=(",", ":"))][-MOST_SESSIONS:]
    while len(lines) > 1 and sum(len(line.encode()) + 1 for line in lines) > LARGEST:
        lines = lines[len(lines) // 10 + 1 :] if len(lines) > 10 else lines[1:]
    text = "".join(f"{line}\n" for line in lines)
    return write_whole(path, lambda waiting: waiting.write_text(text, encoding="utf-8"))


def _lines(path: Path) -> list[str]:
    try:
        return read_text(path, LARGEST + MEGABYTE).split("\n")
    except FileNotFoundError:
        return []
