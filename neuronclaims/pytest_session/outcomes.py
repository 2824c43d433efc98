"""Turn a verdict or a drift into an outcome of pytest: passed, failed or skipped, under our own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import pytest

from neuronclaims.foreign_text import one_line
from neuronclaims.pytest_session.settings import value_of
from neuronclaims.reports.wording import explanation

if TYPE_CHECKING:
    from neuronclaims.baselines.drift import Drift
    from neuronclaims.results import Result


class ClaimMissed(AssertionError):
    """A claim whose verdict is not the one its file expects."""


class ClaimRefuted(ClaimMissed):
    """A claim expected to hold that was refuted; the only miss an ``xfail`` accepts."""


class ClaimInconclusive(ClaimMissed):
    """A claim that the data could not decide."""


class ClaimBroken(ClaimMissed):
    """A claim that could not be tested on the model."""


class ClaimDrifted(ClaimMissed):
    """A claim whose drift since its baseline fails the run."""


def miss(result: Result, config: pytest.Config) -> NoReturn:
    """Raise the exception for an unexpected result."""
    text = message_of(result)
    if result.error is not None:
        raise ClaimBroken(text)
    if result.verdict == "inconclusive":
        if value_of(config, "inconclusive") == "skip":
            pytest.skip(text)
        raise ClaimInconclusive(text)
    if result.verdict == "refuted" and result.expect == "supported":
        raise ClaimRefuted(text)
    raise ClaimMissed(text)


def message_of(result: Result, xfail: str | None = None) -> str:
    """Return the message of a failure: one line that says everything, because short summaries show only one.

    ``xfail`` is the reason a claim gave for being expected to fail when it did not.
    """
    place = f"{result.file}:{result.line}"
    if result.error is not None:
        return one_line(f"{place}: could not be tested: {result.error}")
    expected = "" if result.expect == "supported" else f", expected {result.expect}"
    if xfail is not None:
        expected = f", though marked xfail ({xfail})"
    return one_line(f"{place}: {result.verdict}{expected}: {result.sentence}. {explanation(result)}")


def drift_message(result: Result, drift: Drift) -> str:
    """Return the message of a claim that fails by its drift, in one line."""
    place = f"{result.file}:{result.line}"
    return one_line(f"{place}: {drift.status} since the baseline: {result.sentence}. {drift.sentence}")


def status_of(result: Result, outcome: str) -> tuple[str, str, str, str]:
    """Return category, letter, word and colour of a claim that passed, failed or was skipped."""
    if result.error is not None or result.verdict is None:
        return "broken", "E", "BROKEN", "red"
    word = result.verdict.upper()
    if outcome == "passed":
        expected = "" if result.expect == "supported" else " (as expected)"
        return "passed", ".", f"{word}{expected}", "green"
    if result.verdict == "inconclusive" and not result.as_expected:
        return "inconclusive", "?", word, "yellow"
    if result.as_expected:
        return "failed", "F", f"{word} (marked xfail)", "red"
    expected = "" if result.expect == "supported" else f" (expected {result.expect})"
    return "failed", "F", f"{word}{expected}", "red"


def drift_status_of(status: str) -> tuple[str, str, str, str]:
    """Return category, letter, word and colour of a claim that fails by its drift since its baseline."""
    return status, status[0].upper(), status.upper(), "red"
