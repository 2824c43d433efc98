"""Claims that a plugin runs anew: what is told of one is what its last run gave, and earlier runs are no verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from neuronclaims.pytest_session.nodes import ClaimItem

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "neuronclaims-reruns"


class Reruns:
    """Lets each report carry its claim's latest result, wherever the claim runs, before anybody reads the report.

    pytest-retry runs a claim again while it makes the report of its first run.
    """

    def __init__(self) -> None:
        self._running: ClaimItem | None = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Keep which claim runs."""
        self._running = item if isinstance(item, ClaimItem) else None
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Put the latest result on the report."""
        if self._running is not None and self._running.nodeid == report.nodeid:
            self._running.attach_result(report)


def watch(config: pytest.Config) -> None:
    """Watch for re-runs in a session that has claims."""
    if not config.pluginmanager.has_plugin(NAME):
        config.pluginmanager.register(Reruns(), NAME)
