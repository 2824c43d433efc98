"""The table of a paper in Markdown, as GitHub and Pandoc read it."""

from __future__ import annotations

from collections.abc import Sequence

from neuronclaims.reports.markdown.markdown import escaped
from neuronclaims.reports.tables.paper import PaperRow, headings


def markdown_table(rows: Sequence[PaperRow]) -> str:
    """Return a table with a line for each claim; all text in it is shown as it is.

    >>> row = PaperRow("a | b", "demo", "9 + 8", "AUROC", "0.90 [0.80, 0.95]", "0.020", "supported", None)
    >>> print(markdown_table([row]))
    | claim | model | n | effect [interval] | adjusted p | verdict |
    |---|---|---|---|---|---|
    | a &#124; b | demo | 9 + 8 | AUROC 0.90 &#91;0.80, 0.95&#93; | 0.020 | supported |
    <BLANKLINE>
    """
    titles = headings(rows)
    lines = [" | ".join(titles), *(" | ".join(_cells(row, len(titles))) for row in rows)]
    lines = [f"| {line} |" for line in lines]
    lines.insert(1, f"|{'---|' * len(titles)}")
    return "\n".join(lines) + "\n"


def _cells(row: PaperRow, count: int) -> list[str]:
    effect = f"{row.effect} {row.numbers}".strip()
    cells = [row.claim, row.model, row.n, effect, row.p, row.verdict, row.reported or ""]
    return [escaped(cell) for cell in cells[:count]]
