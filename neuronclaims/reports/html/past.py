"""The part of the page about earlier sessions: a strip of verdicts for each claim."""

from __future__ import annotations

from dataclasses import dataclass

from neuronclaims import __version__
from neuronclaims.reports.account import Account
from neuronclaims.reports.history import History, PastClaim, PastSession, claim_name
from neuronclaims.reports.html.anchors import anchor_of
from neuronclaims.reports.html.head import SHORT_HASH, date_words
from neuronclaims.reports.matrix import MARKS, NO_RESULT

MOST_SESSIONS = 12
"""How many sessions stand side by side: a narrow screen has room for as many."""

MOST_ROWS = 2_000
"""Strips beyond these are counted: a history may come from elsewhere, and name as many claims as it likes."""

LONGEST = 300
"""Characters of a name from a history that are shown."""


@dataclass(frozen=True, slots=True)
class SessionShown:
    """A session as a column: its number, and what is told of it.

    ``other`` says whether a model has other weights than in the session before, or neuronclaims another version.
    """

    number: int
    when: str
    version: str
    models: list[str]
    said: str
    other: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """One claim over the sessions: for each the verdict in one word and its mark, both empty where it was not tested.

    ``anchor`` is its place in the page, None where it was not tested in this session.
    """

    name: str
    anchor: str | None
    marks: list[tuple[str, str]]
    changed: bool


@dataclass(frozen=True, slots=True)
class Past:
    """The last sessions, the claims whose verdicts differ between them, and the others."""

    sessions: list[SessionShown]
    changed: list[Strip]
    steady: list[Strip]
    left_out: int
    unreadable: int


def past(history: History, account: Account) -> Past | None:
    """Return the strips over the last sessions, this one included; None where there is no earlier one."""
    # This session stands last already; one before it may have ended in the same second.
    this = history.sessions[-1:] if history.sessions else ()
    own = bool(this) and this[0].made == account.made
    earlier = tuple(history.sessions[:-1] if own else history.sessions)
    if not earlier:
        return None
    sessions = (*earlier, PastSession.of(account, __version__))[-MOST_SESSIONS:]
    shown = History(sessions)
    anchors = {claim_name(entry): anchor_of(entry) for entry in account.entries}
    names = [*anchors, *(name for name in shown.names if name not in anchors)]
    strips = [_strip(name, anchors.get(name), shown) for name in names[:MOST_ROWS]]
    return Past(
        [
            _column(number, session, before)
            for number, (session, before) in enumerate(
                zip(sessions, (None, *sessions), strict=False), start=1
            )
        ],
        [strip for strip in strips if strip.changed],
        [strip for strip in strips if not strip.changed],
        len(names) - len(strips),
        len(history.unreadable),
    )


def _strip(name: str, anchor: str | None, history: History) -> Strip:
    found = [claim for _, claim in history.of(name)]
    known = {(claim.word, claim.failed) for claim in found if claim is not None}
    return Strip(_cut(name), anchor, [_mark(claim) for claim in found], len(known) > 1)


def _mark(claim: PastClaim | None) -> tuple[str, str]:
    return ("", NO_RESULT) if claim is None else (claim.word, MARKS[claim.word])


def _column(number: int, session: PastSession, before: PastSession | None) -> SessionShown:
    models = [
        f"{_cut(name)} {weights[:SHORT_HASH]}".rstrip()
        for name, known in session.models.items()
        for weights in known or ("",)
    ]
    count, failed = session.tally
    expected = f"{failed} not as expected" if failed else "all as expected"
    said = f"{count} {'claim' if count == 1 else 'claims'}, {expected}"
    partial = "" if session.complete else "; cut short"
    when, version = date_words(session.made), _cut(session.neuronclaims)
    return SessionShown(number, when, version, models[:20], said + partial, _other(session, before))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _other(session: PastSession, before: PastSession | None) -> bool:
    if before is None:
        return False
    both = session.models.keys() & before.models.keys()
    weights = any(set(session.models[name]) != set(before.models[name]) for name in both)
    return weights or session.neuronclaims != before.neuronclaims
