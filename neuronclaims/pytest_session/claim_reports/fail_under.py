"""``--claims-fail-under``: pass a session in which enough of the claims came out as expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from neuronclaims.pytest_session.settings import value_of

if TYPE_CHECKING:
    from neuronclaims.reports.entry import Entry


def judged_by_share(session: pytest.Session, entries: Sequence[Entry]) -> str:
    """Set the status of a session by the share of its claims that are as expected, and return the sentence about it.

    Nothing is changed where no share was asked for, where the session was interrupted, and where something else than a
    claim failed, such as a file that cannot be read. The sentence is empty then.
    """
    asked = value_of(session.config, "fail_under")
    ended = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    failed = sum(entry.failed for entry in entries)
    if not asked or not entries or not ended or session.testsfailed > failed:
        return ""
    share = 100 * sum(entry.result.as_expected and not entry.failed for entry in entries) / len(entries)
    least = float(asked.rstrip("% "))
    enough = share >= least
    session.exitstatus = pytest.ExitCode.OK if enough else pytest.ExitCode.TESTS_FAILED
    compared = "at least the" if enough else "fewer than the"
    return (
        f"{share:.0f} % of {len(entries)} claims as expected, {compared} {least:g} % of --claims-fail-under: "
        f"{'passed' if enough else 'failed'}"
    )
