"""The history of sessions: what is added is read back, whatever else stands in the file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cases import for_each
from hostile import ATTACK, entry

from neuronclaims.foreign_files import ForeignFileError
from neuronclaims.reports.account import Account
from neuronclaims.reports.files import ReportError
from neuronclaims.reports.history import PastClaim, PastSession, add_session, claim_name, file, read_history
from neuronclaims.reports.history.session import from_line, to_line

CLAIMS = (entry("", 0), entry("", 1, "refuted"), entry(ATTACK, 2, None))
ACCOUNT = Account(CLAIMS, made="2026-03-01T12:00:00+00:00")


def session(day: int) -> PastSession:
    return PastSession.of(replace(ACCOUNT, made=f"2026-03-{day:02}T12:00:00+00:00"), "0.1.0")


def test_a_session_is_read_back_as_it_was_added(tmp_path) -> None:
    first, second = session(1), session(2)
    path = add_session(tmp_path / "new" / "history.jsonl", first)
    add_session(path, second)
    history = read_history(path)
    assert history.sessions == (first, second)
    assert history.unreadable == ()
    assert history.names == [claim_name(each) for each in CLAIMS]
    assert read_history(path, 1).sessions == (second,)
    known = dict(second.claims)
    assert known[str(CLAIMS[0].name)] == PastClaim("supported", False, "AUROC ", 0.9, 0.8, 0.95, 0.95)
    assert [claim.word for claim in known.values()] == ["supported", "refuted", "broken"]
    assert second.tally == (3, 2)
    assert second.models["model"] == ("ab" * 32,)
    assert path.read_text(encoding="utf-8").isascii()
    assert [was for _, was in history.of("not tested")] == [None, None]


def test_the_oldest_sessions_are_dropped(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(file, "MOST_SESSIONS", 3)
    path = tmp_path / "history.jsonl"
    for day in range(1, 6):
        add_session(path, session(day))
    assert read_history(path).sessions == tuple(map(session, (3, 4, 5)))
    monkeypatch.setattr(file, "LARGEST", 2 * len(path.read_text().splitlines()[0]))
    add_session(path, session(6))
    assert read_history(path).sessions == (session(6),)


GOOD = to_line(session(1))
ODD_LINES = (
    "",
    "no JSON",
    '{"history": 1',
    "[]",
    "null",
    "[" * 100_000,
    json.dumps({**GOOD, "history": 2}),
    json.dumps({**GOOD, "made": "yesterday"}),
    json.dumps({**GOOD, "made": "2026-03-01T12:00:00"}),
    json.dumps({**GOOD, "claims": []}),
    json.dumps({**GOOD, "claims": {"x": {"verdict": "maybe", "failed": False}}}),
    json.dumps({**GOOD, "claims": {"x": {"verdict": "supported"}}}),
    '{"history": 1, "history": 1}',
    '{"history": ' + "9" * 5000 + "}",
)


@for_each("line", ODD_LINES)
def test_a_line_that_is_no_session_breaks_itself_alone_and_is_kept(tmp_path, line: str) -> None:
    path = tmp_path / "history.jsonl"
    path.unlink(missing_ok=True)
    add_session(path, session(1))
    path.write_text(path.read_text() + line + "\n")
    add_session(path, session(2))
    history = read_history(path)
    assert history.sessions == (session(1), session(2))
    assert history.unreadable == ((2,) if line else ())
    assert line in path.read_text().split("\n")


def test_what_is_no_history_at_all_is_left_alone_and_told(tmp_path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ReportError, match=r"No session is added to the history: .*not UTF-8.*Move it away"):
        add_session(path, session(1))
    assert path.read_bytes() == b"\xff\xfe\x00"
    with pytest.raises(ForeignFileError):
        read_history(path)
    assert read_history(Path(tmp_path / "none")).sessions == ()


def test_a_foreign_session_may_say_anything_but_another_verdict() -> None:
    assert from_line({**GOOD, "neuronclaims": ATTACK.replace("\ud800", "")}).neuronclaims.startswith(
        "</script>"
    )
