"""All cells, in the order of the page."""

from __future__ import annotations

from calibration_cells import (
    association,
    blocked,
    coverage,
    equivalence,
    false_positives,
    families,
    maps,
    more_coverage,
    planned,
    power,
    ratios,
    searches,
    selection,
    shares,
    signs,
    spreads,
    stability,
    tokens,
    verdicts,
)
from calibration_cells.cell import Cell

CELLS: tuple[Cell, ...] = (
    *false_positives.CELLS,
    *blocked.CELLS,
    *tokens.CELLS,
    *spreads.CELLS,
    *coverage.CELLS,
    *more_coverage.CELLS,
    *power.CELLS,
    *planned.CELLS,
    *families.CELLS,
    *selection.CELLS,
    *searches.CELLS,
    *maps.CELLS,
    *verdicts.CELLS,
    *stability.CELLS,
    *ratios.CELLS,
    *association.CELLS,
    *shares.CELLS,
    *equivalence.CELLS,
    *signs.CELLS,
)


def chosen(wanted: list[str]) -> list[Cell]:
    """Return the cells named, by section ("C4") or by key ("C4/pairs"); all when none is named."""
    if not wanted:
        return list(CELLS)
    names = {name.lower() for name in wanted}
    return [cell for cell in CELLS if {cell.section.lower(), cell.key.lower()} & names]
