"""Show a table as it is."""

from __future__ import annotations

from neuronclaims.figures import Table
from neuronclaims.reports.html.figures.drawing import Drawing, Numbers


def draw(figure: Table) -> Drawing:
    """Show the rows as they are."""
    return Drawing(figure.title, (), (Numbers(figure.columns, figure.rows),))
