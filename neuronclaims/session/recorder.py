"""Gathers the results of a session from its reports, wherever its claims ran, and hands them to the writers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from neuronclaims.session.outcomes import option

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from neuronclaims.results import Result


class ClaimsRecorder:
    """Keeps what came of every claim. Registered where reports arrive: never on an xdist worker."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.interrupted = False
        self._plain: dict[str, Mapping[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the latest result of each claim; a re-run replaces an earlier one."""
        result = getattr(report, "claims_result", None)
        if result is not None:
            self._plain[report.nodeid] = result

    def pytest_keyboard_interrupt(self) -> None:
        """Remember that what is known is not everything."""
        self.interrupted = True

    def pytest_sessionfinish(self) -> None:
        """Write the report files, when claims ran and a folder for them is set."""
        folder = option(self.config, "report")
        if self._plain and folder:
            from neuronclaims.reports.json_report import write_json

            write_json(self._folder(folder), self.results(), complete=not self.interrupted)

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Draw the table of claims."""
        if not self._plain or self.config.option.no_summary or self.config.get_verbosity() < -1:
            return
        from neuronclaims.reports.terminal import draw

        writer = self.config.get_terminal_writer()
        text = draw(
            self.results(),
            width=writer.fullwidth,
            colour=writer.hasmarkup,
            verbosity=self.config.get_verbosity(),
        )
        terminalreporter.section("claims")
        terminalreporter.write_raw(text)

    def results(self) -> list[Result]:
        """Return what is known so far, in the order of file, model and line."""
        from neuronclaims.reports.plain import from_plain

        found = [from_plain(result) for result in self._plain.values()]
        return sorted(found, key=lambda result: (result.file, result.model, result.line, result.id))

    def _folder(self, setting: str) -> Path:
        root = self.config.rootpath if self.config.getoption("claims_report") is None else Path.cwd()
        return root / setting
