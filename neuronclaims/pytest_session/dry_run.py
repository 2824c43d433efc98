"""``--claims-dry-run``: what would be measured of every model, below pytest's list of the claims collected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from neuronclaims.foreign_text import spelled
from neuronclaims.planning.model_plans import ModelPlan, plans_of
from neuronclaims.planning.text import lines
from neuronclaims.pytest_session.messages import write_line
from neuronclaims.pytest_session.opening import model_nodes
from neuronclaims.pytest_session.settings import model_folders

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


class DryRun:
    """The plan of what was collected; the session fails if a claim certainly could not be tested."""

    def __init__(self, config: pytest.Config) -> None:
        self._models = model_folders(config)
        self._plans: list[ModelPlan] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Plan one model at a time, with all files that are tested on it."""
        asked = [(node.claim_file, node.spec) for node in model_nodes(session.items)]
        self._plans = plans_of(asked, self._models)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail if a claim would end in an error."""
        if session.exitstatus == pytest.ExitCode.OK and any(plan.fails for plan in self._plans):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Write the plans."""
        if self._plans:
            terminalreporter.write_sep("=", "claims, planned")
        for plan in self._plans:
            for line in lines(plan):
                write_line(terminalreporter, spelled(line), whole=True)
