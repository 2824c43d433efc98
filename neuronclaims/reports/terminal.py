"""The table of claims at the end of a pytest run, drawn with rich; in a narrow terminal, a list."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from itertools import groupby

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from neuronclaims.reports.sketch import sketch
from neuronclaims.reports.wording import counts_text, effect_text, headline, number, p_value, tally
from neuronclaims.results import Effect, Evidence, Result

NARROW = 110
"""Below this width the table becomes a list."""

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
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=False)
    table.add_column("verdict", no_wrap=True)
    table.add_column("claim", ratio=1, min_width=28)
    table.add_column(
        "effect with 95 % interval" if _level(results) == 0.95 else "effect with interval", min_width=22
    )
    table.add_column("p adj.", justify="right", no_wrap=True)
    table.add_column("n", no_wrap=True)
    table.add_column("rank in layer", no_wrap=True)
    table.add_column("distribution", no_wrap=True)
    for result in results:
        table.add_row(*_cells(result, verbosity, ascii_only))
    return table


def _cells(result: Result, verbosity: int, ascii_only: bool) -> list[RenderableType]:
    verdict = Text(headline(result).upper().replace(" AS EXPECTED", "\nas expected"), style=_style(result))
    claim = Text(result.sentence).append(f"\n{result.id}", style="dim")
    claim.append("".join(f"\n{line}" for line in _remarks(result, verbosity)), style="italic")
    if result.evidence is None:
        return [verdict, claim]
    evidence = result.evidence
    effects = Text("\n".join(effect_text(effect) for effect in _effects(evidence, verbosity)))
    rank = f"{evidence.rank.place} of {evidence.rank.among}" if evidence.rank else ""
    figure = Text(
        "\n".join(f"{bars} {label}" for label, bars in sketch(evidence.figure, ascii_only=ascii_only))
    )
    p = Text(p_value(evidence.test.p_adjusted)).append(f"\n{p_value(evidence.test.p_value)} raw", style="dim")
    return [verdict, claim, effects, p, counts_text(evidence), rank, figure]


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
            _indented(f"{bars} {label}") for label, bars in sketch(evidence.figure, ascii_only=ascii_only)
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


def _level(results: Sequence[Result]) -> float | None:
    levels = {result.evidence.effect.level for result in results if result.evidence}
    return levels.pop() if len(levels) == 1 else None


def _style(result: Result) -> str:
    return "bold green" if result.as_expected else f"bold {STYLES[result.verdict]}"
