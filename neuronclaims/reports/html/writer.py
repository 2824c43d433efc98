"""Write ``index.html`` and its drawing script into one folder that works without a network."""

from __future__ import annotations

import filecmp
import re
import shutil
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry
from neuronclaims.reports.files import write_whole
from neuronclaims.reports.html.origins import commits
from neuronclaims.reports.html.page import page
from neuronclaims.reports.json.report import ReportError, environment

FILE_NAME = "index.html"
PLOTLY = "plotly.min.js"


class HtmlWriter:
    """Write the page and the script it draws with into the folder of reports."""

    place: Literal["report"] = "report"

    def write(self, path: Path, account: Account) -> Path:
        """Write the page into the folder ``path``; raise ReportError where that cannot be done."""
        return write_html(path, account.entries, complete=account.complete)


def write_html(folder: Path, entries: Sequence[Entry], *, complete: bool = True) -> Path:
    """Write ``index.html`` and Plotly's script into ``folder`` and return the page's path.

    Files of claims are looked for from the working directory. Raises ReportError where something cannot be written.
    """
    plotly = plotly_script()
    text = page(
        entries,
        complete=complete,
        made=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        environment=environment(),
        commits=commits((entry.result.file for entry in entries), Path.cwd()),
        taken=own_styles(plotly.read_text(encoding="utf-8")),
    )
    if not _same(plotly, folder / PLOTLY):
        write_whole(folder / PLOTLY, lambda waiting: shutil.copyfile(plotly, waiting))
    return write_whole(folder / FILE_NAME, lambda waiting: waiting.write_text(text, encoding="utf-8"))


def plotly_script() -> Path:
    """Return the path of Plotly's script on this machine, without importing its slow Python package."""
    spec = find_spec("plotly")
    path = Path(spec.origin).parent / "package_data" / PLOTLY if spec and spec.origin else None
    if path is None or not path.is_file():
        raise ReportError(
            "The HTML report needs plotly's plotly.min.js; install plotly again: pip install plotly."
        )
    return path


def own_styles(script: str) -> list[str]:
    """Return the ids of the style elements that Plotly's map library adds unless they are there.

    The page's policy forbids added styles; with elements of these ids in the page, none is tried.
    """
    return sorted(set(re.findall(r'document\.getElementById\("([0-9a-f]{64})"\)', script)))


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and filecmp.cmp(one, other, shallow=False)
