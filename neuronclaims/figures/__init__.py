"""What a report needs to draw a claim, as plain data; writers choose shapes, colours and scales.

All values are plain Python and few enough for JSON. ``kind`` tells figures apart for readers that know no classes.
A figure of another package's own kind keeps its data and is shown as a table.
"""

from neuronclaims.figures.estimated import Estimated
from neuronclaims.figures.known import (
    DRAWN,
    KINDS,
    Figure,
    ForeignFigure,
    OtherFigure,
    as_known,
    table_of,
    with_estimate,
)
from neuronclaims.figures.shapes import (
    BinRow,
    Bins,
    Distributions,
    Matrix,
    Null,
    Panel,
    Point,
    Points,
    Ranks,
    Row,
    Surface,
    Table,
)
from neuronclaims.figures.token_maps import Speaks, TokenMap, TokenRow

__all__ = [
    "DRAWN",
    "KINDS",
    "BinRow",
    "Bins",
    "Distributions",
    "Estimated",
    "Figure",
    "ForeignFigure",
    "Matrix",
    "Null",
    "OtherFigure",
    "Panel",
    "Point",
    "Points",
    "Ranks",
    "Row",
    "Speaks",
    "Surface",
    "Table",
    "TokenMap",
    "TokenRow",
    "as_known",
    "table_of",
    "with_estimate",
]
