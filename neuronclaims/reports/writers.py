"""All formats a session is told in besides the terminal, each a line of ``WRITERS``.

A writer is loaded when it is needed, so that one that does not load leaves the others alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.reports.account import Account
from neuronclaims.reports.text import one_line

Write: TypeAlias = "Callable[[Path, Account], Path]"


@dataclass(frozen=True, slots=True)
class Writer:
    """One format: ``write`` gets the place it writes to, and gives the path of what it wrote.

    ``place`` says which place: the folder of ``report``, or GitHub's file for a job's ``summary``. Without a
    ``needed`` report the session fails; one that is not is missed with a sentence.
    """

    name: str
    place: str
    write: Write
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Trouble:
    """A report that could not be written, in a sentence."""

    name: str
    text: str
    needed: bool


def _json(folder: Path, account: Account) -> Path:
    from neuronclaims.reports.json.report import write_json

    return write_json(folder, account)


def _page(folder: Path, account: Account) -> Path:
    from neuronclaims.reports.html import write_html

    return write_html(folder, account.entries, complete=account.complete)


def _summary(file: Path, account: Account) -> Path:
    from neuronclaims.reports.markdown.job_summary import write_summary

    return write_summary(file, account)


WRITERS: tuple[Writer, ...] = (
    Writer("claims.json", "report", _json),
    Writer("index.html", "report", _page),
    Writer("the job summary", "summary", _summary, needed=False),
)


def write_all(
    account: Account, places: Mapping[str, Path], writers: Sequence[Writer] = WRITERS
) -> tuple[dict[str, Path], list[Trouble]]:
    """Write a session in every format that has a place; return what was written by name, and what could not be.

    A writer that fails, even by a defect of its own, is one sentence and stops no other. Reports that one cause
    keeps from being written are told once.
    """
    written: dict[str, Path] = {}
    troubles: dict[str, Trouble] = {}
    for writer in writers:
        if writer.place in places:
            try:
                written[writer.name] = writer.write(places[writer.place], account)
            except Exception as error:
                cause = str(error.__cause__ or error)
                troubles.setdefault(cause, Trouble(writer.name, _sentence(writer, error), writer.needed))
    return written, list(troubles.values())


def _sentence(writer: Writer, error: Exception) -> str:
    if isinstance(error, NeuronClaimsError):
        return str(error)
    defect = one_line(f"{type(error).__name__}: {error}")
    return f"The report {writer.name} could not be written, by a defect of what writes it ({defect})."
