"""Show claims by models in a terminal: words and numbers if they fit, only marks for many models."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import JustifyMethod, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from neuronclaims.reports.matrix import MARKS, NO_RESULT, ClaimsByModels, ModelCell
from neuronclaims.reports.terminal.table import colour_of, user_text

SIGNS = "".join((*MARKS.values(), NO_RESULT))
"""What an encoding must be able to write for us to mark verdicts with more than ASCII."""

ASCII = {"✓": "+", "✗": "x", NO_RESULT: "-"}
CLAIM = 24
"""Columns that claims need beside words and numbers."""

WORD = max(len(word) for word in MARKS) + 2
"""Columns of a mark and a verdict."""

GAP = 2


def by_models(matrix: ClaimsByModels, width: int, plain: bool) -> Iterator[RenderableType]:
    """Yield a heading and the claims of a file by its models, for a terminal of ``width`` columns.

    A cell has mark and verdict over the effect with its interval, or its value alone, or where even that is too wide
    nothing but the mark, with a line that explains them. ``plain`` keeps to ASCII.
    """
    characters = "-" if plain else "─"
    yield Rule(
        user_text(f"By model: {matrix.file}", "bold"), align="left", style="dim", characters=characters
    )
    for intervals in (True, False):
        columns = _columns(matrix, intervals)
        if CLAIM + sum(columns) + GAP * len(columns) <= width:
            yield from _in_words(matrix, columns, (intervals, plain), width)
            break
    else:
        yield from _in_marks(matrix, width, plain)
    for line in matrix.lines:
        if line.onset is not None:
            yield user_text(f"{line.name}: {line.story}", "dim")


def _columns(matrix: ClaimsByModels, intervals: bool) -> list[int]:
    """Return the width of the column of each model."""
    return [
        max([WORD, *(cell_len(_numbers(line.cells[place], intervals)) for line in matrix.lines)])
        for place in range(len(matrix.models))
    ]


def _numbers(cell: ModelCell | None, intervals: bool) -> str:
    return "" if cell is None else cell.numbers if intervals else cell.value


def _in_words(
    matrix: ClaimsByModels, columns: list[int], how: tuple[bool, bool], width: int
) -> Iterator[RenderableType]:
    """Yield a table in words; ``how`` says whether with intervals, and whether in ASCII."""
    intervals, plain = how
    first = _first(matrix, width - sum(columns) - GAP * len(columns))
    grid = _grid([first, *columns], GAP)
    grid.add_row("", *(user_text(model, "dim") for model in matrix.models))
    for line in matrix.lines:
        cells = [_in_word(cell, _numbers(cell, intervals), plain) for cell in line.cells]
        effect = user_text(line.short_effect if line.effect else "", "dim")
        if cell_len(line.name) <= first:
            grid.add_row(
                user_text(f"{line.name}\n" if effect.plain else line.name).append_text(effect), *cells
            )
            continue
        yield grid
        yield _whole(line.name)
        grid = _grid([first, *columns], GAP)
        grid.add_row(effect, *cells)
    yield grid


def _first(matrix: ClaimsByModels, room: int) -> int:
    """Return the width of the column of claims: that of the longest name that has room. Longer ones have a line."""
    names = [cell_len(line.name) for line in matrix.lines if cell_len(line.name) <= room]
    return min(room, max([1, *names, *(cell_len(line.short_effect) for line in matrix.lines if line.effect)]))


def _grid(columns: list[int], gap: int, justify: JustifyMethod = "left") -> Table:
    grid = Table.grid(padding=(0, gap, 0, 0))
    for place, width in enumerate(columns):
        grid.add_column(width=width, overflow="fold", justify=justify if place else "left")
    return grid


def _whole(name: str) -> Text:
    """Return a name that is never broken, so that it can be copied."""
    text = user_text(name)
    text.no_wrap, text.overflow = True, "ignore"
    return text


def _in_word(cell: ModelCell | None, numbers: str, plain: bool) -> Text:
    if cell is None:
        return user_text(f"{_sign(NO_RESULT, plain)} no result", "dim")
    text = user_text(f"{_sign(cell.mark, plain)} {cell.verdict}", colour_of(cell.entry))
    return text.append(f"\n{numbers}" if numbers else "", style="dim")


def _in_marks(matrix: ClaimsByModels, width: int, plain: bool) -> Iterator[RenderableType]:
    """Yield tables of marks, with models by number, as many side by side as fit."""
    room = len(str(len(matrix.models)))
    most = max((width - CLAIM) // (room + 1), 1)
    numbered = [f"{number}={model}" for number, model in enumerate(matrix.models, start=1)]
    yield user_text(", ".join(numbered), "dim")
    for start in range(0, len(matrix.models), most):
        places = range(start, min(start + most, len(matrix.models)))
        yield from _marks(matrix, places, room, plain, width)
    found = dict.fromkeys(
        cell.verdict if cell else "no result" for line in matrix.lines for cell in line.cells
    )
    words = [word for word in (*MARKS, "no result") if word in found]
    yield user_text(", ".join(f"{_sign(MARKS.get(word, NO_RESULT), plain)} {word}" for word in words), "dim")


def _marks(
    matrix: ClaimsByModels, places: range, room: int, plain: bool, width: int
) -> Iterator[RenderableType]:
    left = width - (room + 1) * len(places)
    fitting = [cell_len(line.name) for line in matrix.lines if cell_len(line.name) <= left]
    columns = [max([min(CLAIM - 1, left), *fitting]), *(room for _ in places)]
    grid = _grid(columns, 1, "right")
    grid.add_row("", *(user_text(str(place + 1), "dim") for place in places))
    for line in matrix.lines:
        marks = [_mark(line.cells[place], plain) for place in places]
        if cell_len(line.name) <= columns[0]:
            grid.add_row(user_text(line.name), *marks)
            continue
        yield grid
        yield _whole(line.name)
        grid = _grid(columns, 1, "right")
        grid.add_row("", *marks)
    yield grid


def _mark(cell: ModelCell | None, plain: bool) -> Text:
    mark, colour = (NO_RESULT, "dim") if cell is None else (cell.mark, colour_of(cell.entry))
    return user_text(_sign(mark, plain), colour)


def _sign(mark: str, plain: bool) -> str:
    return ASCII.get(mark, mark) if plain else mark
