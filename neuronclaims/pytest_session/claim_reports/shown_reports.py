"""Reports of claims as pytest may print them: whatever somebody else wrote in them is made harmless first.

Reasons of skips, messages of errors of any library, what was captured, and warnings are printed by pytest itself, and
by plugins that we have never heard of. So the reports are changed where they are made, before anybody sees them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from _pytest._code.code import (
    ExceptionChainRepr,
    ReprEntry,
    ReprEntryNative,
    ReprExceptionInfo,
    ReprTraceback,
)

from neuronclaims.foreign_text import harmless, harmless_line, inert, spelled

if TYPE_CHECKING:
    from _pytest._code.code import ReprFileLocation


def make_harmless(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Change a report so that nothing in it moves a cursor, hides, or is a CI system's command; twice is as once."""
    longrepr = report.longrepr
    if isinstance(longrepr, tuple):
        path, line, reason = longrepr
        report.longrepr = harmless_line(str(path)), line, harmless_line(reason)
    elif isinstance(longrepr, (ExceptionChainRepr, ReprExceptionInfo)):
        _exception(longrepr)
    elif longrepr is not None:
        text = harmless(str(longrepr))
        if text != str(longrepr):
            report.longrepr = text
    report.sections = [(harmless_line(title), harmless(content)) for title, content in report.sections]
    if isinstance(report, pytest.TestReport) and hasattr(report, "wasxfail"):
        report.wasxfail = harmless_line(report.wasxfail)


def name_of_file(path: Path, root: Path) -> str | None:
    r"""Return what a file with an odd name is called in node ids; None for names that need nothing, as nearly all.

    >>> name_of_file(Path("/here/claims/::warning::a.claims.yaml"), Path("/here"))
    'claims/\\x3a:warning\\x3a:a.claims.yaml'
    """
    own = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    name = inert(spelled(own)).replace("::", r"\x3a:")
    return None if name == own else name


def _exception(shown: ExceptionChainRepr | ReprExceptionInfo) -> None:
    links = (
        shown.chain
        if isinstance(shown, ExceptionChainRepr)
        else [(shown.reprtraceback, shown.reprcrash, None)]
    )
    for traceback, crash, _ in links:
        _traceback(traceback)
        _location(crash)
    _location(shown.reprcrash)
    shown.sections = [(harmless_line(name), harmless(content), sep) for name, content, sep in shown.sections]


def _traceback(shown: ReprTraceback) -> None:
    for entry in shown.reprentries:
        if isinstance(entry, (ReprEntry, ReprEntryNative)):
            entry.lines = [harmless(line) for line in entry.lines]
        if isinstance(entry, ReprEntry):
            _location(entry.reprfileloc)
            if entry.reprlocals is not None:
                entry.reprlocals.lines = [harmless(line) for line in entry.reprlocals.lines]
            if entry.reprfuncargs is not None:
                args = [
                    (harmless_line(name), harmless(str(value))) for name, value in entry.reprfuncargs.args
                ]
                entry.reprfuncargs.args = args
    if shown.extraline is not None:
        shown.extraline = harmless(shown.extraline)


def _location(place: ReprFileLocation | None) -> None:
    if place is not None:
        place.path, place.message = harmless_line(place.path), harmless(place.message)
