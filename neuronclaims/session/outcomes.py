"""From a verdict to what pytest knows: passed, failed or skipped, with a name and a message of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from neuronclaims.results import Result


class ClaimMissed(AssertionError):
    """A claim whose verdict is not the one its file expects."""


class ClaimRefuted(ClaimMissed):
    """A claim expected to hold that was refuted; the only miss an ``xfail`` accepts."""


class ClaimInconclusive(ClaimMissed):
    """A claim the data could not decide."""


class ClaimBroken(ClaimMissed):
    """A claim that could not be put to the model at all."""


def miss(result: Result, config: pytest.Config) -> NoReturn:
    """Raise what an unexpected result is to pytest."""
    text = message_of(result)
    if result.error is not None:
        raise ClaimBroken(text)
    if result.verdict == "refuted":
        raise ClaimRefuted(text)
    if result.verdict == "inconclusive":
        if option(config, "inconclusive") == "skip":
            pytest.skip(text)
        raise ClaimInconclusive(text)
    raise ClaimMissed(text)


def message_of(result: Result) -> str:
    """Return the message of a failure; its first line, all that short summaries show, says everything."""
    place = f"{result.file}:{result.line}"
    if result.error is not None:
        return f"{place}: could not be tested: {result.error}"
    expected = "" if result.expect == "supported" else f", expected {result.expect}"
    return f"{place}: {result.verdict}{expected}: {result.sentence}. {result.reason}"


def status_of(result: Result) -> tuple[str, str, str, str] | None:
    """Return category, letter, word and colour for pytest's progress, or None where pytest's own will do."""
    if result.error is not None or result.verdict is None:
        return "failed", "E", "BROKEN", "red"
    if result.as_expected:
        expected = "" if result.expect == "supported" else " (as expected)"
        return "passed", ".", f"{result.verdict.upper()}{expected}", "green"
    if result.verdict == "inconclusive":
        return "inconclusive", "?", "INCONCLUSIVE", "yellow"
    return "failed", "F", f"{result.verdict.upper()}", "red"


def option(config: pytest.Config, name: str) -> str:
    """Return a setting of ours: from the command line, else from the configuration file."""
    given = config.getoption(f"claims_{name}")
    return str(config.getini(f"claims_{name}") if given is None else given)
