"""GitHub's job summary: the results of a session, as Markdown under the workflow run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry
from neuronclaims.reports.files import ReportError
from neuronclaims.reports.markdown.job_matrix import by_models
from neuronclaims.reports.markdown.markdown import escaped
from neuronclaims.reports.wording import (
    counts_text,
    effect_texts,
    headline,
    own_id,
    p_value,
    rank_text,
    tally,
    why,
)
from neuronclaims.results import Evidence, Result

LIMIT = 1_000_000
"""Bytes. GitHub refuses the summary of a step beyond 1 MiB as a whole, whoever wrote the rest of it."""

ROWS = 500
"""Claims in a table or list: as many as anyone scrolls through."""

COLUMNS = ("", "verdict", "claim", "effect with interval", "p adj.", "n", "rank in layer", "place", "model")


class JobSummaryWriter:
    """Append the session to GitHub's summary of a job."""

    place: Literal["summary"] = "summary"

    def write(self, path: Path, account: Account) -> Path:
        """Append to the file ``path``; raise ReportError where it cannot be written or has no room left."""
        return write_summary(path, account)


def write_summary(file: Path, account: Account) -> Path:
    """Append a session to the file GitHub names in ``GITHUB_STEP_SUMMARY``, and return its path.

    Raises ReportError where the file cannot be written or has no room left.
    """
    try:
        room = LIMIT - (file.stat().st_size if file.exists() else 0)
        text = summary(account, room)
        if len(text.encode()) > room:
            raise ReportError(f"The job summary {file} was left alone: it has no room left.")
        with file.open("ab") as end:
            end.write(text.encode())
    except OSError as error:
        raise ReportError(
            f"The job summary {file} could not be written: {error.strerror}. Leave it out with --claims-summary=off."
        ) from error
    return file


def summary(account: Account, room: int = LIMIT) -> str:
    """Return a session as Markdown of at most ``room`` bytes (or its heading), and count what is left out."""
    missed = [entry for entry in account.entries if entry.missed]
    head = _head(account)
    left = room - len(head.encode()) - 400  # for two notes on what was left out
    listed = _fitting(map(_item, missed), left // 2)
    text = head + (f"\n### Not as expected\n\n{listed}" if missed else "")
    text += _note(len(missed) - listed.count("\n"))
    text += by_models(account.entries, (room - len(text.encode())) // 2)
    left = room - len(text.encode()) - 400
    rows = _fitting(map(_row, account.entries), left)
    return f"{text}\n{_table(rows)}{_note(len(account.entries) - rows.count(chr(10)))}"


def _head(account: Account) -> str:
    entries = account.entries
    missed = any(entry.missed for entry in entries)
    mark = "❌" if any(entry.failed for entry in entries) else "⚠️" if missed or account.partial else "✅"
    lines = [f"## {mark} Claims about neurons", "", f"{escaped(tally(entries))}."]
    if account.partial:
        unknown = ", ".join(f"<code>{escaped(name)}</code>" for name in account.missing[:5])
        more = f" and {len(account.missing) - 5} more" if len(account.missing) > 5 else ""
        partial = account.partial[0].upper() + account.partial[1:]
        lines += ["", f"> **{escaped(partial)}.** Without a result: {unknown}{more}."]
    return "\n".join(lines) + "\n"


def _item(entry: Entry) -> str:
    """Return a list item: verdict, sentence, place and reason of a claim that is not as expected."""
    result = entry.result
    given = f" (<code>{escaped(own_id(result))}</code>)" if own_id(result) else ""
    where = f"{_place(entry)} on <code>{escaped(result.model)}</code>{given}"
    lines = [escaped(result.sentence), where, escaped(why(entry)), *_since(entry)]
    lines += [f"In the new model: {escaped(entry.rematch.sentence)}."] if entry.rematch else []
    return f"- {_mark(entry)} **{_verdict(entry)}**: {'<br>'.join(lines)}\n"


def _since(entry: Entry) -> list[str]:
    """Say what became of a claim since its baseline, unless nothing changed or it is said already."""
    told = entry.drift in (None, "held", "new") or entry.result.as_expected
    return [] if told else [f"Since the baseline: {escaped(entry.drift_reason)}"]


def _row(entry: Entry) -> str:
    result, evidence = entry.result, entry.result.evidence
    numbers = _numbers(result, evidence) if evidence else [""] * 4
    claim = escaped(result.sentence)
    cells = [
        _mark(entry),
        _verdict(entry),
        claim,
        *numbers,
        _place(entry),
        f"<code>{escaped(result.model)}</code>",
    ]
    return f"| {' | '.join(cells)} |\n"


def _numbers(result: Result, evidence: Evidence) -> list[str]:
    effect = escaped(effect_texts([evidence.effect], evidence.test is None)[0])
    p = escaped(p_value(evidence.test.p_adjusted)) if evidence.test else ""
    return [effect, p, escaped(counts_text(evidence)), escaped(rank_text(result))]


def _table(rows: str) -> str:
    if not rows:
        return ""
    titles = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n"
    return f"<details><summary>All claims</summary>\n\n{titles}{rows}\n</details>\n"


def _mark(entry: Entry) -> str:
    if entry.failed:
        return "❌"
    return "⚠️" if entry.missed else "✅"


def _verdict(entry: Entry) -> str:
    return escaped(", ".join(filter(None, headline(entry))))


def _place(entry: Entry) -> str:
    return f"<code>{escaped(f'{entry.result.file}:{entry.result.line}')}</code>"


def _fitting(lines: Iterable[str], room: int) -> str:
    """Return the first of some lines, as many as fit and as anyone reads."""
    shown: list[str] = []
    for line in lines:
        room -= len(line.encode())
        if room < 0 or len(shown) == ROWS:
            break
        shown.append(line)
    return "".join(shown)


def _note(count: int) -> str:
    if count <= 0:
        return ""
    claims = "1 more claim is" if count == 1 else f"{count:,} more claims are"
    return f"\n{claims} left out here, as there is no room; claims.json and index.html have them all.\n"
