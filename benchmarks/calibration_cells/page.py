"""The published page and its numbers, from finished cells."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import scipy
from scipy.stats import binomtest

from calibration_cells.cell import Cell, Row
from calibration_cells.sections import SECTIONS, Section
from calibration_cells.store import Done


@dataclass(frozen=True, slots=True)
class Run:
    """What was run: the form (short or long), the seed, and every finished cell with its repetitions."""

    form: str
    seed: int
    cells: list[tuple[Cell, int, Done]]

    def rows(self, section: str) -> list[Row]:
        """Return the rows of one section."""
        return [row for cell, _, done in self.cells if cell.section == section for row in done.rows]

    def seconds(self, section: str) -> float:
        """Return the processor time of one section."""
        return sum(done.seconds for cell, _, done in self.cells if cell.section == section)


def page(run: Run) -> str:
    """Return the page as Markdown."""
    parts = [_opening(run), _summary(run)]
    parts += [_section(section, run) for section in SECTIONS if run.rows(section.id)]
    parts += [_again(run), _environment(), _times(run)]
    return "\n\n".join(parts) + "\n"


def numbers(run: Run) -> str:
    """Return all numbers as JSON: one row per line, each a list as ``columns`` says."""
    columns = ["cell", "table", "case", "measure", "value", "data_sets", "low", "high", "outcome"]
    tables: list[str] = []
    lines = []
    for cell, _, done in run.cells:
        for row in done.rows:
            if row.table not in tables:
                tables.append(row.table)
            place, case = tables.index(row.table), list(row.case.values())
            limits = [None if limit is None else round(limit, 6) for limit in (row.low, row.high)]
            entries = [cell.key, place, case, row.measure, round(row.value, 6), row.n, *limits, row.outcome]
            lines.append(json.dumps(entries, ensure_ascii=False, separators=(",", ":")))
    head = {"form": run.form, "seed": run.seed, **_versions(), "tables": tables, "columns": columns}
    text = json.dumps(head, ensure_ascii=False, indent=1)
    return text[:-2] + ',\n "rows": [\n' + ",\n".join(lines) + "\n ]\n}\n"


def judged(rows: Iterable[Row]) -> tuple[int, int]:
    """Return how many rows have limits, and how many of them fail."""
    outcomes = [row.outcome for row in rows]
    return len(outcomes) - outcomes.count("published"), outcomes.count("fail")


def _opening(run: Run) -> str:
    limited, failed = judged(row for cell in run.cells for row in cell[2].rows)
    fate = "all of them are kept" if not failed else f"{failed} of them are not kept, and marked **not held**"
    return (
        "# Calibration\n\n"
        "How often is a verdict wrong? Claim files are judged on values whose truth is known, with the default "
        "settings. The promise: **if all assumptions hold, at most 5 in 100 files have any wrong verdict, "
        "supported or refuted** ([statistics.md](statistics.md)). V1 to V13 and V15 to V19 test the cases in "
        "which this is hardest: effects lie exactly at their boundaries, so that any verdict is wrong.\n\n"
        "A share is shown with its exact 95 % interval in brackets, and with its limit: the central 99.9 % of the "
        "binomial distribution around 5 %. A share beyond it is chance only once in 2,000 times. **Held**: the "
        "limit is kept. **Not held**: the limit is not kept, so do not trust such verdicts. **Left open**: the "
        "limit is kept because such claims stay inconclusive, even if effects lie well beyond their boundaries "
        "and a textbook test would find them. The next columns show textbook tests of the same boundaries on the "
        "same values, corrected for the file by Holm. C1 to C13 are about single tests and intervals.\n\n"
        f"This page holds {limited:,} numbers with limits; {fate}. Numbers without limits are published for comparison."
    )


def _summary(run: Run) -> str:
    lines = ["| cell | question | numbers with limits | not held |", "|---|---|---|---|"]
    for section in SECTIONS:
        rows = run.rows(section.id)
        link = f"[{section.id}](#{_anchor(section)})" if rows else section.id
        limited, failed = judged(rows)
        lines.append(
            f"| {link} | {section.question} | {limited or '-'} | {f'**{failed}**' if failed else '-'} |"
        )
    return "## In short\n\n" + "\n".join(lines)


def _fate(rows: list[Row]) -> str:
    limited, failed = judged(rows)
    if failed:
        return "**not held**"
    if any(row.left_open for row in rows):
        return "left open"
    return "held" if limited else "-"


def _anchor(section: Section) -> str:
    kept = "".join(c for c in f"{section.id} {section.title}".lower() if c.isalnum() or c in " -")
    return kept.replace(" ", "-")


def _section(section: Section, run: Run) -> str:
    tables: dict[str, list[Row]] = {}
    for row in run.rows(section.id):
        tables.setdefault(row.table, []).append(row)
    parts = [f"## {section.id} {section.title}", f"**{section.question}** {section.text}"]
    return "\n\n".join(parts + [_table(title, rows) for title, rows in tables.items()])


def _table(title: str, rows: list[Row]) -> str:
    """Return one table: a line per case, a column per measure."""
    measures = list(dict.fromkeys(row.measure for row in rows))
    lines: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in rows:
        lines.setdefault(tuple(row.case.values()), {})[row.measure] = row
    head = [*rows[0].case, *measures]
    notes = list(dict.fromkeys(row.note for row in rows if row.note))
    text = [f"**{title}**{_sizes(rows)}", "", _line([*head, ""]), "|" + "---|" * (len(head) + 1)]
    for case, found in lines.items():
        entries = [_entry(found[measure], notes) if measure in found else "" for measure in measures]
        text.append(_line([*case, *entries, _fate(list(found.values()))]))
    text += ["", *(f"{_mark(place)} {note}." for place, note in enumerate(notes))] if notes else []
    return "\n".join(text)


def _sizes(rows: list[Row]) -> str:
    sizes = sorted({row.n for row in rows if row.n})
    if not sizes:
        return " (computed)"
    span = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
    return f" ({span} files or data sets per number)"


def _line(entries: list[str]) -> str:
    return "| " + " | ".join(entries) + " |"


def _entry(row: Row, notes: list[str]) -> str:
    mark = _mark(notes.index(row.note)) if row.note else ""
    digits = 3 if row.counted or row.outcome == "published" else 4
    value = f"{row.value:.4g}" if abs(row.value) > 1 else f"{row.value:.{digits}f}"
    shown = f"**{value}**" if row.outcome == "fail" else value
    return f"{shown}{_exact(row)}{_limits(row)}{mark}"


def _exact(row: Row) -> str:
    if not row.counted:
        return ""
    low, high = binomtest(round(row.value * row.n), row.n).proportion_ci(0.95)
    return f" [{low:.3f}, {high:.3f}]"


def _limits(row: Row) -> str:
    if row.low is not None and row.low > 0 and row.high is not None:
        return f" ({row.low:.4f} to {row.high:.4f})"
    if row.high is not None:
        return f" (at most {row.high:.{3 if row.counted else 4}f})"
    return f" (at least {row.low:.4f})" if row.low is not None else ""


def _mark(place: int) -> str:
    return "\\*" * (place + 1)


def _again(run: Run) -> str:
    return (
        "## Running it again\n\n"
        "```\npython benchmarks/calibration.py            # the short form\n"
        "python benchmarks/calibration.py --long     # about ten times the files, some hours\n"
        "python benchmarks/calibration.py --only V4  # some cells, without writing the page\n```\n\n"
        "Finished cells are kept in `benchmarks/.calibration/`, so a run that was stopped goes on where it "
        "was; a change of the library or of a cell makes the cells concerned run again. The command ends with "
        f"status 1 when a cell fails. This is the {run.form} form with seed {run.seed}. All numbers but the "
        "times at the end are the same on every run with the versions named here. "
        "They stand in [calibration.json](calibration.json) too."
    )


def _environment() -> str:
    return "## Versions\n\n" + ", ".join(f"{name} {version}" for name, version in _versions().items()) + "."


def _versions() -> dict[str, str]:
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, "numpy": np.__version__, "scipy": scipy.__version__}


def _times(run: Run) -> str:
    total = sum(done.seconds for _, _, done in run.cells)
    lines = ["| cell | share of the processor time |", "|---|---|"]
    lines += [
        f"| {section.id} | {100 * run.seconds(section.id) / max(total, 1e-9):.0f} % |"
        for section in SECTIONS
        if run.rows(section.id)
    ]
    return f"## Time\n\n{total / 60:.0f} minutes of processor time in all.\n\n" + "\n".join(lines)
