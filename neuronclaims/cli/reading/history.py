"""``neuronclaims history [CLAIM]``: what came of claims in the sessions and baselines that were kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuronclaims.cli.output import say
from neuronclaims.errors import NeuronClaimsError

if TYPE_CHECKING:
    from neuronclaims.baselines.rows import SavedClaim
    from neuronclaims.naming import ClaimName
    from neuronclaims.reports.history import PastClaim

EXAMPLES = ("neuronclaims history", "neuronclaims history claims/example.claims.yaml::hanoi")
LETTERS = {"supported": "S", "refuted": "R", "inconclusive": "?", "broken": "E"}
UNTESTED = "."
WIDTH, INDENT = 80, "  "
ROW = WIDTH - len(INDENT)


@dataclass(frozen=True, slots=True)
class Mark:
    """What came of one claim once: when (ISO 8601, UTC), in which session or baseline, and in numbers."""

    when: str
    where: str
    verdict: str
    numbers: str


def run(
    claim: Annotated[
        str | None,
        typer.Argument(metavar="CLAIM", help="FILE::ID, FILE::MODEL::ID or an id (default: all claims)"),
    ] = None,
    report: Annotated[
        Path, typer.Option(metavar="DIR", help="the folder of reports, with history.jsonl")
    ] = Path("reports"),
) -> int:
    """Show the verdicts of claims in earlier sessions and in saved baselines.

    Sessions are kept by pytest --claims-report, baselines by pytest --claims-save; a baseline has the time of its file.
    Without CLAIM, the verdicts of each claim stand in a row, oldest first: S supported, R refuted, ? inconclusive,
    E broken, . not tested.
    """
    marks = _marks(report)
    if not marks:
        raise NeuronClaimsError(
            f"Nothing is kept yet: there is no {report}/history.jsonl, and no baseline. Keep sessions with pytest "
            f"--claims-report={report}, or a baseline with pytest --claims-save."
        )
    if claim is None:
        for line in _rows(marks):
            say(line)
        return 0
    from neuronclaims.naming import Wanted

    name = Wanted.parse(claim).one(marks, "The history")
    say(str(name), *(f"{INDENT}{line}" for line in _table(marks[name])))
    return 0


def _marks(report: Path) -> dict[ClaimName, list[Mark]]:
    """Return all marks of each claim, oldest first."""
    from neuronclaims.foreign_text import one_line
    from neuronclaims.naming import ClaimName

    found: dict[ClaimName, list[Mark]] = {}
    for text, mark in [*_sessions(report), *_baselines()]:
        try:
            name = ClaimName.parse(one_line(text))
        except ValueError:
            continue
        found.setdefault(name, []).append(mark)
    return {name: sorted(marks, key=lambda mark: mark.when) for name, marks in sorted(found.items())}


def _sessions(report: Path) -> list[tuple[str, Mark]]:
    from neuronclaims.foreign_files import ForeignFileError
    from neuronclaims.reports.history import FILE_NAME, read_history

    try:
        history = read_history(report / FILE_NAME)
    except ForeignFileError as error:
        raise NeuronClaimsError(str(error)) from None
    return [
        (name, Mark(_utc(session.made), "session", claim.word, _numbers_of(claim)))
        for session in history.sessions
        for name, claim in session.claims.items()
    ]


def _baselines() -> list[tuple[str, Mark]]:
    from neuronclaims.baselines.reading import FOLDER, read_baseline

    here = Path.cwd()
    folders = [here / FOLDER, *sorted(here.glob(f"*/{FOLDER}"))]
    found: list[tuple[str, Mark]] = []
    for path in [path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.json"))]:
        when = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc).isoformat(timespec="seconds")
        for name, row in read_baseline(path).rows.items():
            found.append((name, Mark(when, f"baseline {path.stem}", row.verdict or "broken", _saved(row))))
    return found


def _numbers_of(claim: PastClaim) -> str:
    return _written(claim.effect, claim.value, claim.low, claim.high, claim.level)


def _saved(row: SavedClaim) -> str:
    effect = row.effect
    return "" if effect is None else _written(effect.name, *effect.numbers)


def _written(
    name: str, value: float | None, low: float | None, high: float | None, level: float | None
) -> str:
    from neuronclaims.reports.wording import number

    if value is None:
        return ""
    interval = f" [{number(low)}, {number(high)}]" if low is not None and high is not None else ""
    sure = f" ({100 * level:g} % interval)" if interval and level is not None else ""
    return f"{name} {number(value)}{interval}{sure}"


def _utc(when: str) -> str:
    return datetime.fromisoformat(when).astimezone(timezone.utc).isoformat(timespec="seconds")


def _table(marks: Sequence[Mark]) -> list[str]:
    where = max(len(mark.where) for mark in marks)
    heads = [f"{mark.when[:16].replace('T', ' ')}  {mark.where:{where}}  {mark.verdict:12}" for mark in marks]
    rows = [f"{head}  {mark.numbers}".rstrip() for head, mark in zip(heads, marks, strict=True)]
    if max(map(len, rows)) <= WIDTH - len(INDENT):
        return rows
    pairs = zip(heads, marks, strict=True)
    return [
        line for head, mark in pairs for line in (head.rstrip(), f"{INDENT}{mark.numbers}") if line.strip()
    ]


def _rows(marks: dict[ClaimName, list[Mark]]) -> list[str]:
    """Return a line for each claim: its verdict each time that anything was kept."""
    times = sorted({(mark.when, mark.where) for of_claim in marks.values() for mark in of_claim})
    lines = []
    for name, of_claim in marks.items():
        known = {(mark.when, mark.where): mark.verdict for mark in of_claim}
        letters = "".join(LETTERS.get(known.get(time, ""), UNTESTED) for time in times)
        beside = len(letters) + 2 + len(str(name)) <= WIDTH
        # A name is copied from here, so it has its line, however long it is.
        below = [f"{INDENT}{letters[start : start + ROW]}" for start in range(0, len(letters), ROW)]
        lines += [f"{letters}  {name}"] if beside else [str(name), *below]
    return lines
