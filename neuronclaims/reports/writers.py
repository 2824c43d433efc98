"""The formats of reports besides the terminal: their protocol, their list, and a function that writes all.

A format from another package joins through the entry-point group ``neuronclaims.report_writers``. Its entries name an
object with a ``place`` and a ``write``, or a class of such objects. A writer is loaded when it is needed, so that one
that does not load leaves the others alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, get_args

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_text import one_line
from neuronclaims.reports.account import Account

ENTRY_POINTS = "neuronclaims.report_writers"

Place: TypeAlias = Literal["report", "summary", "table"]
"""Where a format goes: into the folder of reports, at the end of GitHub's file for a job's summary, or into the file
of a table, whose name says its format."""

PLACES: tuple[Place, ...] = get_args(Place)


class Writer(Protocol):
    r"""One format of report.

    >>> class IdsWriter:
    ...     place = "report"
    ...
    ...     def write(self, path: Path, account: Account) -> Path:
    ...         file = path / "ids.txt"
    ...         file.write_text("".join(f"{entry.nodeid}\n" for entry in account.entries))
    ...         return file
    >>> writer: Writer = IdsWriter()
    """

    @property
    def place(self) -> Place:
        """Return what ``write`` gets as ``path``."""

    def write(self, path: Path, account: Account) -> Path:
        """Write the account of a session to a place, and return the path of the file.

        Raises NeuronClaimsError with a sentence for people where that cannot be done.
        """


@dataclass(frozen=True, slots=True)
class RegisteredWriter:
    """A writer by its name, loaded when it is needed.

    ``load`` returns the writer or its class. ``place`` is where it goes, None where only the loaded writer knows.
    Without a ``needed`` report the session fails; one that is not needed is only missed, with a sentence.
    """

    name: str
    load: Callable[[], Writer | type[Writer]]
    place: Place | None = None
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """A report that could not be written, in a sentence."""

    name: str
    text: str
    needed: bool


def _own(name: str, value: str, place: Place, *, needed: bool) -> RegisteredWriter:
    return RegisteredWriter(name, EntryPoint(name, value, ENTRY_POINTS).load, place, needed)


OWN_WRITERS: tuple[RegisteredWriter, ...] = (
    _own("claims.json", "neuronclaims.reports.json.report:JsonWriter", "report", needed=True),
    _own("history.jsonl", "neuronclaims.reports.history.file:HistoryWriter", "report", needed=False),
    _own("index.html", "neuronclaims.reports.html.writer:HtmlWriter", "report", needed=True),
    _own(
        "the job summary",
        "neuronclaims.reports.markdown.job_summary:JobSummaryWriter",
        "summary",
        needed=False,
    ),
    _own("the table", "neuronclaims.reports.tables.formats:TableWriter", "table", needed=True),
)


def report_writers() -> tuple[RegisteredWriter, ...]:
    """Return all formats there are: our own first, then those of other packages by name.

    None from another package is needed, so that none fails a session; one with the name of ours does not replace it.
    """
    taken = {writer.name for writer in OWN_WRITERS}
    found = sorted(set(entry_points(group=ENTRY_POINTS)), key=lambda entry: (entry.name, entry.value))
    foreign: dict[str, RegisteredWriter] = {}
    for entry in found:
        name = one_line(entry.name)
        while name in taken:
            name = f"{name} ({entry.value})"
        taken.add(name)
        foreign[name] = RegisteredWriter(name, entry.load)
    return (*OWN_WRITERS, *foreign.values())


def write_all(
    account: Account, places: Mapping[Place, Path], writers: Sequence[RegisteredWriter] | None = None
) -> tuple[dict[str, Path], list[Trouble]]:
    """Write a session in every format that has a place; return the paths by name, and the reports that failed.

    A writer that fails, even by a defect of its own, is one sentence and stops no other. Reports that one cause
    keeps from being written are reported once.
    """
    written: dict[str, Path] = {}
    troubles: dict[str, Trouble] = {}
    for registered in report_writers() if writers is None else writers:
        try:
            path = _write(registered, account, places)
            if path is not None:
                written[registered.name] = path
        except Exception as error:
            cause = str(error.__cause__ or error)
            trouble = Trouble(registered.name, _sentence(registered.name, error), registered.needed)
            troubles.setdefault(cause, trouble)
    return written, list(troubles.values())


def _write(registered: RegisteredWriter, account: Account, places: Mapping[Place, Path]) -> Path | None:
    """Write one format and return its path; None if it has no place."""
    if not places or (registered.place is not None and registered.place not in places):
        return None
    loaded = registered.load()
    writer = loaded() if isinstance(loaded, type) else loaded
    if writer.place not in PLACES:
        raise NeuronClaimsError(
            f"The report {registered.name} could not be written: its place is 'report', 'summary' or 'table', "
            f"not {one_line(repr(writer.place))}."
        )
    if writer.place not in places:
        return None
    path = writer.write(places[writer.place], account)
    if not isinstance(path, Path):
        raise TypeError(f"it returned {type(path).__name__}, not the path of what it wrote")
    return path


def _sentence(name: str, error: Exception) -> str:
    if isinstance(error, NeuronClaimsError):
        return one_line(str(error))
    defect = one_line(f"{type(error).__name__}: {error}")
    return f"The report {name} could not be written, by a defect of what writes it ({defect})."
