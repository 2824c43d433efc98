"""All cells, in the order of the page."""

from __future__ import annotations

from calibration_cells.cell import Cell
from calibration_cells.files import (
    attention,
    changes,
    contrasts,
    families,
    numbers,
    one_set,
    part_of_set,
    power,
    rankings,
    ranks,
    real,
    searches,
    series,
    shares,
)
from calibration_cells.parts import association, blocked, coverage, false_positives, tokens
from calibration_cells.parts import shares as exact_shares

CELLS: tuple[Cell, ...] = (
    *contrasts.CELLS,
    *ranks.CELLS,
    *one_set.CELLS,
    *shares.CELLS,
    *searches.CELLS,
    *families.CELLS,
    *real.CELLS,
    *series.CELLS,
    *power.CELLS,
    *attention.CELLS,
    *numbers.CELLS,
    *part_of_set.CELLS,
    *changes.CELLS,
    *rankings.CELLS,
    *false_positives.CELLS,
    *blocked.CELLS,
    *tokens.CELLS,
    *coverage.CELLS,
    *association.CELLS,
    *exact_shares.CELLS,
)


def chosen(wanted: list[str]) -> list[Cell]:
    """Return the cells named, by section ("V4") or by key ("V6/pairs"); all when none is named."""
    if not wanted:
        return list(CELLS)
    names = {name.lower() for name in wanted}
    return [cell for cell in CELLS if {cell.section.lower(), cell.key.lower()} & names]
