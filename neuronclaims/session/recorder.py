"""Gathers the results of a session from its reports, wherever its claims ran, and hands them to the writers."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.session.naming import ShortSummary
from neuronclaims.session.settings import folder_of

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from neuronclaims.reports.entry import Entry, Outcome


def listen(config: pytest.Config) -> None:
    """Register what gathers results and tells of them."""
    recorder = ClaimsRecorder(config)
    config.pluginmanager.register(recorder, "neuronclaims-recorder")
    config.pluginmanager.register(ShortSummary(recorder), "neuronclaims-summary")


class ClaimsRecorder:
    """Keeps what came of every claim. Registered where reports arrive: never on an xdist worker."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._found: dict[str, tuple[Outcome, Mapping[str, Any]]] = {}
        self._trouble: str | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the latest result of each claim; a re-run replaces an earlier one."""
        result = getattr(report, "claims_result", None)
        if result is None:
            return
        outcome: Outcome = "xfailed" if report.skipped and hasattr(report, "wasxfail") else report.outcome
        self._found[report.nodeid] = outcome, result
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and reporter is not None:
            # Failures of a category of our own make pytest's bar yellow, unless it knows of its own category.
            reporter.stats.setdefault("failed", [])

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the report files, when claims ran and a folder for them is set."""
        folder = folder_of(self.config, "report")
        if not self._found or folder is None:
            return
        from neuronclaims.reports.html import write_html
        from neuronclaims.reports.json_report import write_json

        ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        complete = ended and not (session.shouldstop or session.shouldfail)
        try:
            entries = self.entries()
            write_json(folder, entries, complete=complete)
            write_html(folder, entries, complete=complete)
        except NeuronClaimsError as error:
            self._trouble = str(error)
            if session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Draw the claims, between pytest's failures and its short summary."""
        if self._found and not self.config.option.no_summary and self.config.get_verbosity() >= -1:
            self._draw(terminalreporter)
        if self._trouble:
            terminalreporter.write_line(self._trouble, red=True, bold=True)

    def entries(self) -> list[Entry]:
        """Return what is known so far, in the order of file, model and place."""
        from neuronclaims.reports.entry import Entry
        from neuronclaims.reports.plain import from_plain

        found = [
            Entry(nodeid, outcome, from_plain(plain)) for nodeid, (outcome, plain) in self._found.items()
        ]
        return sorted(found, key=lambda e: (e.result.file, e.result.model, e.result.line, e.result.column))

    def _draw(self, reporter: TerminalReporter) -> None:
        from neuronclaims.reports.terminal import draw

        writer = self.config.get_terminal_writer()
        text = draw(
            self.entries(),
            width=writer.fullwidth,
            colour=writer.hasmarkup,
            verbosity=self.config.get_verbosity(),
            encoding=getattr(sys.stdout, "encoding", None) or "utf-8",
        )
        reporter.write_sep("=", "claims")
        reporter.write_raw(text)
