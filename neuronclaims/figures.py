"""What a report needs to draw a claim, as plain data; writers choose shapes, colours and scales.

All values are plain Python and few enough for JSON. ``kind`` tells figures apart for readers that know no classes.
A figure of another package's own kind keeps its data and is shown as a table.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Literal, Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Row:
    """One named group of values, one value per unit; ``names`` are those of the units, empty where none are told.

    Raises ValueError for another number of names than of values.
    """

    label: str
    values: tuple[float, ...]
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.names and len(self.names) != len(self.values):
            raise ValueError(
                f"The row {self.label!r} has {len(self.names)} names for {len(self.values)} values."
            )


@dataclass(frozen=True, slots=True)
class Distributions:
    """Groups of values on one axis."""

    axis: str
    rows: tuple[Row, ...]
    kind: Literal["distributions"] = "distributions"


@dataclass(frozen=True, slots=True)
class Point:
    """One named value at one place, with its interval where it has one; ``marked`` where the claim is about it."""

    x: float
    y: float
    label: str
    low: float | None = None
    high: float | None = None
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """Named values over a number: neurons by their index, tokens by their rank. ``bounds`` are heights in the claim."""

    x_axis: str
    y_axis: str
    points: tuple[Point, ...]
    bounds: tuple[float, ...] = ()
    kind: Literal["points"] = "points"


@dataclass(frozen=True, slots=True)
class Panel:
    """One grid of a surface: ``values[y][x]``, None where nothing is known, and how many units each y rests on."""

    label: str
    values: tuple[tuple[float | None, ...], ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Surface:
    """Values over two axes, one panel per set of prompts; raises ValueError for a panel of another shape."""

    x_axis: str
    y_axis: str
    z_axis: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    panels: tuple[Panel, ...]
    kind: Literal["surface"] = "surface"

    def __post_init__(self) -> None:
        for panel in self.panels:
            _check(f"The panel {panel.label!r}", panel.values, len(self.ys), len(self.xs))
            if len(panel.counts) != len(self.ys):
                raise ValueError(
                    f"The panel {panel.label!r} has {len(panel.counts)} counts for {len(self.ys)} rows."
                )


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under named columns; raises ValueError for a row of another length."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kind: Literal["table"] = "table"

    def __post_init__(self) -> None:
        _check(f"The table {self.title!r}", self.rows, len(self.rows), len(self.columns))


@dataclass(frozen=True, slots=True)
class Matrix:
    """One value for each two of some named things; raises ValueError where the values are not a square of them."""

    title: str
    labels: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    kind: Literal["matrix"] = "matrix"

    def __post_init__(self) -> None:
        _check(f"The matrix {self.title!r}", self.values, len(self.labels), len(self.labels))


@dataclass(frozen=True, slots=True)
class BinRow:
    """One half-open bin, ``start`` included and ``stop`` not, None where it is open to that side.

    ``share`` of its ``count`` values has the property asked for, with its interval; None in an empty bin. ``sparse``
    where there are too few values to look at.
    """

    start: float | None
    stop: float | None
    count: int
    share: float | None
    low: float | None
    high: float | None
    sparse: bool = False


@dataclass(frozen=True, slots=True)
class Bins:
    """A share over the bins of a value, lowest bin first."""

    x_axis: str
    y_axis: str
    bins: tuple[BinRow, ...]
    kind: Literal["bins"] = "bins"


@dataclass(frozen=True, slots=True)
class Null:
    """What exchanging labels alone gives a statistic, and the value ``observed``.

    ``counts`` are the arrangements in bins of one width from ``low`` to ``high``; a single bin may have none.
    ``every`` where all arrangements were looked at, otherwise random ones, the first of the test's own stream.
    """

    axis: str
    low: float
    high: float
    counts: tuple[int, ...]
    observed: float
    every: bool
    kind: Literal["null"] = "null"


DRAWN = (Distributions, Points, Surface, Matrix, Bins, Null)
"""The figures that reports draw."""

KINDS = frozenset({"distributions", "points", "surface", "table", "matrix", "bins", "null"})
"""The kinds of our own figures."""


@dataclass(frozen=True, slots=True)
class OtherFigure:
    """A figure of another package's own kind: reports show its ``table`` and keep its ``data``.

    ``data`` is made plain: dictionaries, lists, strings, numbers, None for numbers that are not finite. A ``kind`` of
    our own becomes "other KIND".

    >>> counts = Table("Heads", ("head", "weight"), (("0:1", "0.4"),))
    >>> OtherFigure("attention", counts, {"weights": (0.4, float("nan"))}).data
    {'weights': [0.4, None]}
    """

    kind: str
    table: Table
    data: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", f"other {self.kind}" if self.kind in KINDS else str(self.kind))
        object.__setattr__(self, "data", {str(key): _plain(value) for key, value in self.data.items()})


class ForeignFigure(Protocol):
    """What another package's class of figures must have to be reported; a dataclass's fields become its data."""

    @property
    def kind(self) -> str:
        """The word that readers of ``claims.json`` know the figure by."""

    def as_table(self) -> Table:
        """Return the figure as a table, for reports that cannot draw it."""


Figure: TypeAlias = Distributions | Points | Surface | Table | Matrix | Bins | Null | OtherFigure
"""Anything a report shows of a claim."""


def as_known(figure: Figure | ForeignFigure) -> Figure:
    """Return a figure that every report can show: our own as they are, others as a table with their data.

    Never raises for a figure of another package: where it gives no table, its data are put into one.

    >>> @dataclass(frozen=True)
    ... class Heads:
    ...     weights: tuple[float, ...]
    ...     kind: str = "heads"
    ...
    ...     def as_table(self) -> Table:
    ...         return Table("Heads", ("weight",), tuple((f"{weight}",) for weight in self.weights))
    >>> as_known(Heads((0.25, 0.75)))
    OtherFigure(kind='heads', table=Table(title='Heads', columns=('weight',), rows=(('0.25',), ('0.75',)), \
kind='table'), data={'weights': [0.25, 0.75]})
    """
    if isinstance(figure, (*DRAWN, Table, OtherFigure)):
        return figure
    kind = str(getattr(figure, "kind", type(figure).__name__))
    held = _plain(figure)
    data = {key: value for key, value in held.items() if key != "kind"} if isinstance(held, dict) else {}
    try:
        table = figure.as_table()
        if not isinstance(table, Table):
            raise TypeError(f"as_table of {kind} must return a Table")
    except Exception:
        table = Table(kind, ("data", "value"), tuple((key, _short(value)) for key, value in data.items()))
    return OtherFigure(kind, table, data)


def table_of(figure: Figure) -> Table | None:
    """Return the table that a figure is shown as, None for one that is drawn."""
    if isinstance(figure, OtherFigure):
        return figure.table
    return figure if isinstance(figure, Table) else None


LONGEST = 120
"""Characters of a value in a table that is made of a figure's data alone."""


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _plain(value: object) -> object:
    """Return a value as JSON knows it; of what has no plain form, the name of its class."""
    if hasattr(value, "tolist"):  # NumPy's arrays and numbers
        value = value.tolist()
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, (bool, int, str, type(None))):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Collection) and not isinstance(value, (bytes, bytearray)):
        return [_plain(each) for each in value]
    return type(value).__name__


def _check(what: str, rows: Sequence[Sequence[object]], height: int, width: int) -> None:
    if len(rows) != height or any(len(row) != width for row in rows):
        raise ValueError(f"{what} must have {height} rows of {width} entries each.")
