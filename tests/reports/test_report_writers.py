"""Writers side by side: one that fails stops no other, and no file is left half-written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hostile import entry

from neuronclaims.reports.account import Account
from neuronclaims.reports.files import ReportError, placed
from neuronclaims.reports.writers import WRITERS, Writer, write_all

ACCOUNT = Account((entry(),))


def write(folder: Path, account: Account) -> Path:
    return folder


def broken(folder: Path, account: Account) -> Path:
    raise ZeroDivisionError("one\nby nothing")


def refusing(folder: Path, account: Account) -> Path:
    raise ReportError("The report could not be written: it is full.")


def test_a_writer_that_fails_is_one_sentence_and_stops_no_other(tmp_path) -> None:
    writers = (
        Writer("a", "report", broken),
        Writer("b", "report", refusing, needed=False),
        Writer("c", "report", write),
        Writer("d", "elsewhere", broken),
    )
    written, troubles = write_all(ACCOUNT, {"report": tmp_path}, writers)
    assert written == {"c": tmp_path}
    assert [(trouble.name, trouble.needed) for trouble in troubles] == [("a", True), ("b", False)]
    assert troubles[0].text == (
        "The report a could not be written, by a defect of what writes it (ZeroDivisionError: one by nothing)."
    )
    assert troubles[1].text == "The report could not be written: it is full."


def test_every_format_is_written_from_the_same_account(tmp_path) -> None:
    places = {"report": tmp_path, "summary": tmp_path / "summary.md"}
    written, troubles = write_all(ACCOUNT, places)
    assert troubles == []
    assert list(written) == [writer.name for writer in WRITERS]
    assert all("neuron 0:0 separates hanoi" in path.read_text(encoding="utf-8") for path in written.values())


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_file_is_replaced_as_a_whole_or_left_as_it_was(tmp_path, error: BaseException) -> None:
    path = placed(tmp_path / "new" / "file", lambda waiting: waiting.write_text("before"))

    def half(waiting: Path) -> None:
        waiting.write_text("aft")
        raise error

    with pytest.raises(ReportError if isinstance(error, OSError) else KeyboardInterrupt):
        placed(path, half)
    assert path.read_text() == "before"
    assert os.listdir(path.parent) == ["file"]
