"""Writers side by side: one that fails stops no other, and no file is left half-written."""

from __future__ import annotations

import os
import re
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from hostile import entry

from neuronclaims.reports import writers
from neuronclaims.reports.account import Account
from neuronclaims.reports.files import ReportError, write_whole
from neuronclaims.reports.writers import OWN_WRITERS, RegisteredWriter, write_all

ACCOUNT = Account((entry(),))


class Ids:
    """Lists claims in a file of its own."""

    place = "report"

    def write(self, path: Path, account: Account) -> Path:
        file = path / "ids.txt"
        file.write_text("\n".join(each.nodeid for each in account.entries), encoding="utf-8")
        return file


class Broken(Ids):
    def write(self, path: Path, account: Account) -> Path:
        raise ZeroDivisionError("one\nby nothing")


class Refusing(Ids):
    def write(self, path: Path, account: Account) -> Path:
        raise ReportError("The report could not be written: it is full.")


class Elsewhere(Broken):
    place = "summary"


class Nowhere(Broken):
    place = "the moon"


class Silent(Ids):
    def write(self, path: Path, account: Account) -> Path:
        return None


def not_there() -> Ids:
    raise ImportError("No module named 'drawings'")


def test_a_writer_that_fails_is_one_sentence_and_stops_no_other(tmp_path) -> None:
    several = (
        RegisteredWriter("a", Broken, needed=True),
        RegisteredWriter("b", lambda: Refusing),
        RegisteredWriter("c", lambda: Ids),
        RegisteredWriter("d", Elsewhere),
        RegisteredWriter("e", not_there),
        RegisteredWriter("f", Nowhere),
        RegisteredWriter("g", Silent),
    )
    written, troubles = write_all(ACCOUNT, {"report": tmp_path}, several)
    assert written == {"c": tmp_path / "ids.txt"}
    assert [(trouble.name, trouble.needed) for trouble in troubles] == [
        ("a", True),
        *((name, False) for name in "befg"),
    ]
    assert troubles[0].text == (
        "The report a could not be written, by a defect of what writes it (ZeroDivisionError: one by nothing)."
    )
    assert troubles[1].text == "The report could not be written: it is full."
    assert "(ImportError: No module named 'drawings')" in troubles[2].text
    assert troubles[3].text == (
        "The report f could not be written: its place is 'report', 'summary' or 'table', not 'the moon'."
    )
    assert "it returned NoneType, not the path" in troubles[4].text


def test_no_writer_is_loaded_whose_place_nobody_asked_for() -> None:
    assert write_all(ACCOUNT, {}, [RegisteredWriter("a", not_there), *OWN_WRITERS]) == ({}, [])


def test_a_writer_of_another_package_joins_ours_and_replaces_none(tmp_path, monkeypatch) -> None:
    entries = [
        EntryPoint("ids", "test_report_writers:Ids", writers.ENTRY_POINTS),
        EntryPoint("claims.json", "test_report_writers:Broken", writers.ENTRY_POINTS),
        EntryPoint("lost", "no_such_package:Writer", writers.ENTRY_POINTS),
    ]
    monkeypatch.setattr(writers, "entry_points", lambda *, group: entries)
    written, troubles = write_all(ACCOUNT, {"report": tmp_path})
    assert list(written) == ["claims.json", "history.jsonl", "index.html", "ids"]
    assert written["ids"].read_text(encoding="utf-8") == ACCOUNT.entries[0].nodeid
    assert "neuron 0:0 separates hanoi" in written["claims.json"].read_text(encoding="utf-8")
    assert [(trouble.name, trouble.needed) for trouble in troubles] == [
        ("claims.json (test_report_writers:Broken)", False),
        ("lost", False),
    ]


def test_every_format_is_written_from_the_same_account(tmp_path) -> None:
    places = {"report": tmp_path, "summary": tmp_path / "summary.md", "table": tmp_path / "table.md"}
    written, troubles = write_all(ACCOUNT, places)
    assert troubles == []
    assert list(written) == [writer.name for writer in OWN_WRITERS]
    named = re.compile("claim-0|neuron 0:0 separates hanoi")
    assert all(named.search(path.read_text(encoding="utf-8")) for path in written.values())


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_file_is_replaced_as_a_whole_or_left_as_it_was(tmp_path, error: BaseException) -> None:
    path = write_whole(tmp_path / "new" / "file", lambda waiting: waiting.write_text("before"))

    def half(waiting: Path) -> None:
        waiting.write_text("aft")
        raise error

    with pytest.raises(ReportError if isinstance(error, OSError) else KeyboardInterrupt):
        write_whole(path, half)
    assert path.read_text() == "before"
    assert os.listdir(path.parent) == ["file"]
