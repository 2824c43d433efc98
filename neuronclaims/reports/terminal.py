"""The table of claims at the end of a pytest run, drawn with rich; in a narrow terminal, a list."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from itertools import groupby
from typing import Literal

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from neuronclaims.reports.sketch import sketch
from neuronclaims.reports.wording import counts_text, effect_text, headline, number, p_value, tally
from neuronclaims.results import Effect, Evidence, Result

TITLES = ("verdict", "claim", "effect with interval", "p adj.", "n", "rank in layer", "distribution")
WIDTHS = (12, None, 31, 9, 8, 13, 28)
"""Columns of the table; the sentence takes what is left."""

NARROW = 132
"""Below this width the table becomes a list."""

BINS = 14

STYLES = {"supported": "green", "refuted": "red", "inconclusive": "yellow", None: "red"}


def draw(
    results: Sequence[Result], *, width: int, colour: bool, verbosity: int = 0, ascii_only: bool = False
) -> str:
    """Return the report of a session as text for a terminal of ``width`` columns.

    ``verbosity`` below 0 shows only what was not as expected, above 0 every reason, effect and note.
    """
    file = StringIO()
    console = Console(
        file=file,
        width=max(width, 40),
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    shown = [result for result in results if verbosity >= 0 or not result.as_expected]
    for (path, model), group in groupby(shown, key=lambda result: (result.file, result.model)):
        members = list(group)
        console.print(
            Rule(
                Text(f"{path} on {model}", style="bold"), align="left", characters="-" if ascii_only else "─"
            )
        )
        layout = _table if width >= NARROW else _list
        console.print(layout(members, verbosity, ascii_only))
    console.print(Text(tally(results), style="green" if all(r.as_expected for r in results) else "red"))
    return file.getvalue()


def _table(results: Sequence[Result], verbosity: int, ascii_only: bool) -> RenderableType:
    head = _grid()
    head.add_row(*(Text(title, style="dim") for title in TITLES))
    rows: list[RenderableType] = [head]
    for result in results:
        row = _grid()
        row.add_row(*_cells(result, verbosity, ascii_only))
        rows.append(row)
        rows += [
            Padding(Text(line, style="italic"), (0, 0, 0, WIDTHS[0] + 2))
            for line in _remarks(result, verbosity)
        ]
    return Group(*rows)


def _grid() -> Table:
    # One grid per claim, all of the same widths, so that remarks can run under a row at full width.
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for title, width in zip(TITLES, WIDTHS, strict=True):
        justify: Literal["right", "left"] = "right" if title.startswith("p ") else "left"
        grid.add_column(width=width, ratio=None if width else 1, justify=justify, overflow="fold")
    return grid


def _cells(result: Result, verbosity: int, ascii_only: bool) -> list[RenderableType]:
    verdict = Text(headline(result).upper().replace(" AS EXPECTED", "\nas expected"), style=_style(result))
    claim = Group(Text(result.sentence), Text(result.id, style="dim", no_wrap=True, overflow="ellipsis"))
    if result.evidence is None:
        return [verdict, claim]
    evidence = result.evidence
    effects = Text("\n".join(effect_text(effect) for effect in _effects(evidence, verbosity)))
    p = Text(p_value(evidence.test.p_adjusted)).append(f"\n{p_value(evidence.test.p_value)} raw", style="dim")
    rank = f"{evidence.rank.place} of {evidence.rank.among}" if evidence.rank else ""
    bars = sketch(evidence.figure, bins=BINS, ascii_only=ascii_only)
    figure = Text("\n".join(f"{bar} {_short(label, WIDTHS[-1] - BINS - 1)}" for label, bar in bars))
    return [verdict, claim, effects, p, counts_text(evidence), rank, figure]


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _list(results: Sequence[Result], verbosity: int, ascii_only: bool) -> RenderableType:
    return Group(*(_entry(result, verbosity, ascii_only) for result in results))


def _entry(result: Result, verbosity: int, ascii_only: bool) -> RenderableType:
    head = Text(headline(result).upper().replace(" AS EXPECTED", " as expected"), style=_style(result))
    head.append(f"  {result.sentence}", style="default")
    lines: list[RenderableType] = [head]
    if result.evidence is not None:
        evidence = result.evidence
        lines += [_indented(effect_text(effect)) for effect in _effects(evidence, verbosity)]
        rank = f", rank {evidence.rank.place} of {evidence.rank.among}" if evidence.rank else ""
        lines.append(
            _indented(f"p adj. {p_value(evidence.test.p_adjusted)}, n {counts_text(evidence)}{rank}")
        )
        lines += [
            _indented(f"{bars} {label}")
            for label, bars in sketch(evidence.figure, bins=BINS, ascii_only=ascii_only)
        ]
    lines += [_indented(line, "italic") for line in _remarks(result, verbosity)]
    return Padding(Group(*lines), (0, 0, 1, 0))


def _indented(text: str, style: str = "") -> RenderableType:
    return Padding(Text(text, style=style), (0, 0, 0, 2))


def _remarks(result: Result, verbosity: int) -> list[str]:
    """Return the sentences to be read under a claim: its reason when it matters, all that is known with ``-v``."""
    if result.error is not None:
        return [result.error]
    lines = [result.reason] if verbosity > 0 or not result.as_expected else []
    if verbosity > 0:
        lines += [f"Because: {result.because}"] if result.because else []
        lines += [f"Read at {result.site}, {result.tokens}."]
        if result.evidence is not None:
            lines += [_test_text(result.evidence), *result.evidence.notes]
    return lines


def _test_text(evidence: Evidence) -> str:
    test = evidence.test
    statistic = "" if test.statistic is None else f" = {number(test.statistic, signed=True)}"
    return f"Test: {test.method}{statistic}, {test.alternative}; {test.correction} over {test.family} claims."


def _effects(evidence: Evidence, verbosity: int) -> list[Effect]:
    return [evidence.effect, *evidence.other_effects[: None if verbosity > 0 else 1]]


def _style(result: Result) -> str:
    return "bold green" if result.as_expected else f"bold {STYLES[result.verdict]}"
