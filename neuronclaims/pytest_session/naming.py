"""Tell each claim once: take failed claims out of pytest's own lists, and list all of them in its short summary."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from neuronclaims.reports.entry import Entry

LISTED = {"f": "failed", "E": "error", "x": "xfailed", "X": "xpassed", "s": "skipped", "p": "passed"}
"""Which letters of ``-r`` make pytest list which of its categories."""

BY_VERDICT = ("failed", "skipped", "inconclusive", "broken")
"""Categories that a verdict alone leads to; all others are of what became of a claim since its baseline."""

MISSED = "claims_missed"
"""The attribute of a report that failed since its claim's verdict is another one than expected."""

LEAST = 32
"""With so many characters of room a message is cut; with fewer it gets a line of its own."""


class ShortSummary:
    """The lines of the short test summary for claims, chosen by letters as pytest does.

    Each stands there once, under the word that pytest was told: what became of a claim since its baseline, where it
    is that which fails the run, otherwise the verdict. On a terminal what was measured fits beside it; where lines are
    not cut, as in CI, the whole reason does. What the section of claims tells is not told as a failure of pytest, too.
    """

    def __init__(self, entries: Callable[[], Sequence[Entry]]) -> None:
        self._entries = entries

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> Generator[None, Any, Any]:
        """Write our lines after pytest's own; if pytest wrote none, write the heading too."""
        from neuronclaims.foreign_text import inert

        letters = "" if terminalreporter.config.option.no_summary else terminalreporter.reportchars
        with _hidden(terminalreporter):
            result = yield
            headed = any(terminalreporter.stats.get(LISTED[letter]) for letter in letters if letter in LISTED)
        lines = list(self._lines(terminalreporter, letters))
        if lines and not headed:
            terminalreporter.write_sep("=", "short test summary info", cyan=True, bold=True)
        for line in lines:
            terminalreporter.write_line(inert(line))
        return result

    def _lines(self, reporter: TerminalReporter, letters: str) -> Iterator[str]:
        statuses = _statuses(reporter)
        if not letters or not statuses:
            return
        from neuronclaims.foreign_text import one_line
        from neuronclaims.reports.entry import families
        from neuronclaims.reports.wording import explanation, measured

        entries = [entry for entry in self._entries() if entry.nodeid in statuses]
        for _, _, members in families(entries):
            for one, name, error in _named(members, letters):
                category, _, word, colour = statuses[one.nodeid]
                drifted = category not in BY_VERDICT
                whole = one_line(one.drift_reason) if drifted else error or one_line(explanation(one.result))
                short = whole if drifted or error else measured(one.result)
                yield from _line(reporter, f"{word} {name}", word, colour, whole, short)


@contextmanager
def _hidden(reporter: TerminalReporter) -> Iterator[None]:
    """Keep claims that were missed out of pytest's own sections, where the section of claims tells of them."""
    failed = reporter.stats.get("failed")
    if failed is None or not told_of_claims(reporter):
        yield
        return
    whole = list(failed)
    failed[:] = [report for report in whole if not _is_told(report)]
    try:
        yield
    finally:
        failed[:] = whole


def told_of_claims(reporter: TerminalReporter) -> bool:
    """Say whether the section of claims is drawn."""
    config = reporter.config
    return not config.option.no_summary and config.get_verbosity() >= -1


def _statuses(reporter: TerminalReporter) -> dict[str, tuple[str, str, str, str]]:
    """Return the status of each claim that pytest does not list itself, by node id."""
    drawn, listed = told_of_claims(reporter), set(LISTED.values())
    return {
        report.nodeid: report.claims_status
        for category, reports in reporter.stats.items()
        for report in reports
        if hasattr(report, "claims_status")
        and (category not in listed or (category == "failed" and drawn and _is_told(report)))
    }


def _is_told(report: object) -> bool:
    """Say whether a report failed by nothing but its claim's verdict, which the section of claims tells."""
    return getattr(report, MISSED, False)


def _named(members: Sequence[Entry], letters: str) -> Iterator[tuple[Entry, str, str]]:
    """Yield name and error, empty without one, of each claim of a family; an error that many share comes once."""
    from neuronclaims.foreign_text import one_line
    from neuronclaims.reports.entry import common_errors

    for entry in members:
        if entry.result.error is None and ("s" if entry.outcome == "skipped" else "f") in letters:
            yield entry, _name(entry), ""
    for error, alike in common_errors(members) if "f" in letters else ():
        name = _name(alike[0])
        if len(alike) > 1:
            name = f"{name.rsplit('::', 1)[0]} ({len(alike)} claims)"
        yield alike[0], name, one_line(error)


def _name(entry: Entry) -> str:
    from neuronclaims.foreign_text import one_line

    return one_line("::".join([entry.result.file, *entry.nodeid.split("::")[1:]]))


def _line(
    reporter: TerminalReporter, head: str, word: str, colour: str, whole: str, short: str
) -> Iterator[str]:
    """Yield a line of the summary; if pytest would cut its own to the terminal's width, the short message.

    A message that does not fit beside the name stands below it.
    """
    writer = reporter.config.get_terminal_writer()
    shown = writer.markup(word, **{colour: True}) + head.removeprefix(word)
    uncut = reporter.config.get_verbosity() > 1 or os.environ.get("CI") or os.environ.get("BUILD_NUMBER")
    if uncut or not short:
        yield f"{shown} - {whole}" if uncut and whole else shown
        return
    room = writer.fullwidth - len(head) - len(" - ")
    if len(short) <= room or room >= LEAST:
        yield f"{shown} - {_cut(short, room)}"
        return
    yield shown
    yield f"  {_cut(short, writer.fullwidth - 2)}"


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: max(room - 3, 0)]}..."
