"""Complete pytest's short test summary, which cannot list our own categories."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from neuronclaims.reports.entry import Entry

LISTED = {"f": "failed", "E": "error", "x": "xfailed", "X": "xpassed", "s": "skipped", "p": "passed"}
"""Which letters of ``-r`` make pytest list which of its categories."""

BY_VERDICT = ("inconclusive", "broken")
"""Categories of ours that a verdict alone leads to; all others are of what became of a claim since its baseline."""


class ShortSummary:
    """The lines of the short test summary for claims in our own categories, chosen by letters as pytest does.

    Each stands there once, under the word that pytest was told: what became of a claim since its baseline, where it
    is that which fails the run, otherwise the verdict.
    """

    def __init__(self, entries: Callable[[], Sequence[Entry]]) -> None:
        self._entries = entries

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> Generator[None, Any, Any]:
        """Write our lines after pytest's own; if pytest wrote none, write the heading too."""
        from neuronclaims.foreign_text import inert

        result = yield
        letters = "" if terminalreporter.config.option.no_summary else terminalreporter.reportchars
        lines = list(self._lines(terminalreporter, letters))
        listed = (LISTED[letter] for letter in letters if letter in LISTED)
        if lines and not any(terminalreporter.stats.get(category) for category in listed):
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

        entries = [entry for entry in self._entries() if entry.nodeid in statuses]
        for _, _, members in families(entries):
            for one, name, message in _named(members, letters):
                category, _, word, colour = statuses[one.nodeid]
                told = message if category in BY_VERDICT else one_line(one.drift_reason)
                yield _line(reporter, word, colour, name, told)


def _statuses(reporter: TerminalReporter) -> dict[str, tuple[str, str, str, str]]:
    """Return the status of each claim in a category that pytest does not list itself, by node id."""
    return {
        report.nodeid: report.claims_status
        for category, reports in reporter.stats.items()
        if category not in LISTED.values()
        for report in reports
        if hasattr(report, "claims_status")
    }


def _named(members: Sequence[Entry], letters: str) -> Iterator[tuple[Entry, str, str]]:
    """Yield name and message of each claim of a family to be listed; yield an error that many share once."""
    from neuronclaims.foreign_text import one_line
    from neuronclaims.pytest_session.outcomes import message_of
    from neuronclaims.reports.entry import common_errors

    for entry in members:
        if entry.result.error is None and ("s" if entry.outcome == "skipped" else "f") in letters:
            yield entry, _name(entry), message_of(entry.result)
    for error, alike in common_errors(members) if "f" in letters else ():
        name = _name(alike[0])
        if len(alike) > 1:
            name = f"{name.rsplit('::', 1)[0]} ({len(alike)} claims)"
        yield alike[0], name, message_of(alike[0].result) if len(alike) == 1 else one_line(error)


def _name(entry: Entry) -> str:
    from neuronclaims.foreign_text import one_line

    return one_line("::".join([entry.result.file, *entry.nodeid.split("::")[1:]]))


def _line(reporter: TerminalReporter, word: str, colour: str, name: str, message: str) -> str:
    """Return a line of the summary, cut to the terminal's width if pytest would cut its own."""
    writer = reporter.config.get_terminal_writer()
    room = writer.fullwidth - len(f"{word} {name} - ")
    uncut = reporter.config.get_verbosity() > 1 or os.environ.get("CI") or os.environ.get("BUILD_NUMBER")
    if not uncut and len(message) > room:
        message = f"{message[: room - 3]}..." if room > 3 else ""
    shown = writer.markup(word, **{colour: True})
    return f"{shown} {name} - {message}" if message else f"{shown} {name}"
