"""Collect the results of a session from its reports, wherever its claims ran, and pass them to the writers."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from neuronclaims.foreign_text import harmless
from neuronclaims.pytest_session.claim_reports.claim_report import ClaimReport
from neuronclaims.pytest_session.claim_reports.crashed import PHASES, tell_of_crash
from neuronclaims.pytest_session.claim_reports.fail_under import judged_by_share
from neuronclaims.pytest_session.claim_reports.junit_cases import OnceInJunit
from neuronclaims.pytest_session.ending import end_gently
from neuronclaims.pytest_session.messages import Message, write_line
from neuronclaims.pytest_session.naming import ShortSummary
from neuronclaims.pytest_session.settings import OUTCOMES, SUFFIXES, folder_of, value_of

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from neuronclaims.reports.account import Account
    from neuronclaims.reports.entry import Entry, Outcome, Rematch
    from neuronclaims.reports.writers import Place, Trouble


def listen(config: pytest.Config) -> None:
    """Register the recorder of results."""
    recorder = ClaimsRecorder(config)
    config.pluginmanager.register(recorder, "neuronclaims-recorder")
    config.pluginmanager.register(ShortSummary(recorder.entries), "neuronclaims-summary")


class ClaimsRecorder:
    """The recorder of the result of every claim. Registered where reports arrive, never on an xdist worker."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._selected: dict[str, None] = {}
        self._found: dict[str, tuple[Outcome, ClaimReport]] = {}
        self._skipped: set[str] = set()
        self._junit = OnceInJunit(config)
        self._rematched: Mapping[str, Rematch] = {}
        self._interrupted = False
        self._known: list[Entry] | None = None
        self._written: dict[str, Path] = {}
        self._troubles: list[Trouble] = []
        self._share = ""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember which claims will be tested."""
        self._expect([item.nodeid for item in session.items if hasattr(item, "attach_result")])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Remember the same if xdist's workers collect."""
        self._expect([name for name in ids if name.partition("::")[0].endswith(SUFFIXES)])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember which claim files could not be read: nothing is known about their claims."""
        if report.failed and report.nodeid.endswith(SUFFIXES):
            self._expect([report.nodeid])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the latest result of each claim; a re-run replaces an earlier one."""
        if report.nodeid in self._selected:
            self._junit.see(report)
            if report.when not in PHASES:
                tell_of_crash(report, self.config)
        found = (
            ClaimReport.on(report) if report.outcome in OUTCOMES else None
        )  # otherwise it will be run anew
        if found is None:
            if report.skipped:
                self._skipped.add(report.nodeid)
            return
        outcome: Outcome = "xfailed" if report.skipped and hasattr(report, "wasxfail") else report.outcome
        self._found[report.nodeid] = outcome, found
        self._known = None
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and reporter.isatty and isinstance(report.longrepr, str):
            report.longrepr = Message(report.longrepr)
        if report.failed and reporter is not None:
            # Failures of a category of our own make pytest's bar yellow, unless it knows of its own category.
            reporter.stats.setdefault("failed", [])

    @pytest.hookimpl(trylast=True)
    def pytest_warning_recorded(self, nodeid: str) -> None:
        """Make harmless what pytest will print of a warning that was given while a claim was tested."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and any(suffix in nodeid for suffix in SUFFIXES):
            for warning in reporter.stats.get("warnings", ())[-1:]:
                warning.message = harmless(warning.message)

    @pytest.hookimpl(tryfirst=True)  # xdist waits for its workers here, and who ends a session may not wait
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the report files, when claims ran and there is a place for them."""
        ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        self._interrupted = not ended or bool(session.shouldstop or session.shouldfail)
        self._junit.leave_the_last()
        if not self._found:
            return
        from neuronclaims.reports.writers import write_all

        self._written, self._troubles = write_all(self.account(), places(self.config))
        self._share = judged_by_share(session, self.entries())
        if session.exitstatus == pytest.ExitCode.OK and any(trouble.needed for trouble in self._troubles):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if exitstatus == pytest.ExitCode.INTERNAL_ERROR and reporter is not None:
            self.pytest_terminal_summary(reporter)  # pytest itself sums up nothing then

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Draw the claims, between pytest's failures and its short summary, and say where their reports are."""
        verbosity = self.config.get_verbosity()
        if self._found and not self.config.option.no_summary and verbosity >= -1:
            self._draw(terminalreporter)
        if self._share:
            write_line(terminalreporter, self._share)
        known = sum(found.judged_before for _, found in self._found.values())
        if known and verbosity >= 0:
            write_line(terminalreporter, f"{known} judged before (--claims-fresh judges anew)", whole=True)
        if self._written and verbosity >= 0:
            write_line(
                terminalreporter, f"Written: {', '.join(map(self._name_of, self._written))}", whole=True
            )
        for trouble in self._troubles:
            write_line(terminalreporter, trouble.text, whole=True, red=True, bold=True)

    def take(self, rematched: Mapping[str, Rematch]) -> None:
        """Store where the neurons of lost claims were found, by the node ids of the claims."""
        self._rematched, self._known = rematched, None

    def entries(self) -> list[Entry]:
        """Return the results so far: by file, then models in the file's order, then claims by their place."""
        if self._known is None:
            from neuronclaims.reports.entry import in_order

            self._known = in_order(self._entry(name, *found) for name, found in self._found.items())
        return self._known

    def _entry(self, name: str, outcome: Outcome, found: ClaimReport) -> Entry:
        from neuronclaims.reports.entry import Entry

        drift = found.compared.drift if found.compared is not None else None
        return Entry(
            nodeid=name,
            outcome=outcome,
            result=found.read_result(),
            drift=drift.status if drift is not None else None,
            drift_reason=drift.sentence if drift is not None else "",
            place=found.place,
            from_cache=found.from_cache,
            rematch=self._rematched.get(name),
            file=found.name.file,
            judged_before=found.judged_before,
        )

    def account(self) -> Account:
        """Return the results so far, and which claims have none."""
        from neuronclaims.pytest_session.known.remembered import drawn_before
        from neuronclaims.reports.account import Account

        missing = self._selected.keys() - self._found.keys() - self._skipped
        drawn = drawn_before(self.config)
        return Account(tuple(self.entries()), tuple(sorted(missing)), self._interrupted, drawn)

    def _name_of(self, name: str) -> str:
        """Return the name of a report for messages: a file by its path from here, anything else by its name."""
        path, base = self._written[name], self.config.invocation_params.dir
        if path.name != name:
            return name
        return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)

    def _expect(self, names: Sequence[str]) -> None:
        if names and not self._selected and not self.config.option.collectonly:
            end_gently(self.config)
        self._selected.update(dict.fromkeys(names))

    def _draw(self, reporter: TerminalReporter) -> None:
        from neuronclaims.reports.terminal.writer import draw

        writer = self.config.get_terminal_writer()
        text = draw(
            self.account(),
            width=writer.fullwidth,
            colour=writer.hasmarkup,
            verbosity=self.config.get_verbosity(),
            encoding=getattr(sys.stdout, "encoding", None) or "utf-8",
        )
        reporter.write_sep("=", "claims")
        reporter.write_raw(text)


def places(config: pytest.Config) -> dict[Place, Path]:
    """Return the places of reports: the folder of ``report``, GitHub's file for a job's ``summary``, a ``table``."""
    folder, file = folder_of(config, "report"), os.environ.get("GITHUB_STEP_SUMMARY")
    found: dict[Place, Path] = {} if folder is None else {"report": folder}
    if file and value_of(config, "summary") != "off":
        found["summary"] = Path(file)
    table = folder_of(config, "export")
    if table is not None:
        found["table"] = table
    return found
