"""Write ``index.html``: one file that holds all it needs, so it can be mailed and opened anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from neuronclaims.foreign_files import ForeignFileError, Json
from neuronclaims.reports.account import Account
from neuronclaims.reports.files import write_whole
from neuronclaims.reports.history import FILE_NAME as HISTORY
from neuronclaims.reports.history import History, read_history
from neuronclaims.reports.html.gaps import filled
from neuronclaims.reports.html.origins import commits
from neuronclaims.reports.html.past import MOST_SESSIONS
from neuronclaims.reports.html.script import drawing_script
from neuronclaims.reports.json.report import environment

FILE_NAME = "index.html"


class HtmlWriter:
    """Write the page into the folder of reports."""

    place: Literal["report"] = "report"

    def write(self, path: Path, account: Account) -> Path:
        """Write the page into the folder ``path``; raise ReportError where that cannot be done."""
        return write_html(path, account)


def write_html(folder: Path, account: Account) -> Path:
    """Write ``index.html`` into ``folder`` and return its path.

    Files of claims are looked for from the working directory, earlier sessions in the folder. Raises ReportError where
    something cannot be written.
    """
    made_with = environment()
    files = commits((entry.result.file for entry in account.entries), Path.cwd())
    kept, name = account.drawn, ("index.html", str(folder.absolute()))
    rest: list[Json] = [{**made_with}, {**files}]
    page = kept.known(name, account, rest) if kept is not None else None
    if page is None:
        from neuronclaims.reports.html.page import drawn  # NumPy, and all that draws

        page = drawn(account, made_with, files, drawing_script())
        if kept is not None:
            kept.keep(name, account, page, rest)
    text = filled(page, account, _history(folder))
    return write_whole(folder / FILE_NAME, lambda waiting: waiting.write_text(text, encoding="utf-8"))


def _history(folder: Path) -> History:
    """Return the earlier sessions of a folder; none where its history cannot be read, which who adds to it tells."""
    try:
        return read_history(folder / HISTORY, MOST_SESSIONS)
    except ForeignFileError:
        return History()
