"""pytest's JUnit file where claims are run anew: one test case for each claim."""

from __future__ import annotations

import pytest
from _pytest.junitxml import xml_key

from neuronclaims.pytest_session.settings import OUTCOMES


class OnceInJunit:
    """Leaves in pytest's JUnit file only the last run of each claim: every run before it is a test case there, too.

    Does nothing where pytest writes no such file.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._outdated: list[object] = []

    def see(self, report: pytest.TestReport) -> None:
        """Note the test case of a run that is not the last one, or that it is the last one after all."""
        xml = self._config.stash.get(xml_key, None)
        if xml is None or not (self._outdated or report.outcome not in OUTCOMES):
            return
        case = xml.node_reporter(report)
        if report.outcome not in OUTCOMES:
            self._outdated.append(case)
        elif report.when == "call":
            self._outdated = [each for each in self._outdated if each is not case]

    def leave_the_last(self) -> None:
        """Take the runs before the last ones out, before the file is written."""
        xml = self._config.stash.get(xml_key, None)
        if xml is not None and self._outdated:
            kept = [
                case for case in xml.node_reporters_ordered if not any(case is old for old in self._outdated)
            ]
            xml.node_reporters_ordered[:] = kept
