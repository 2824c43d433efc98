"""Any figure, as every report can show it: our own as they are, those of other packages as tables."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Protocol, TypeAlias

from neuronclaims.figures.estimated import Estimated
from neuronclaims.figures.shapes import Bins, Distributions, Matrix, Null, Points, Ranks, Surface, Table
from neuronclaims.figures.token_maps import TokenMap

DRAWN = (Distributions, Ranks, Points, Surface, Matrix, Bins, Null, TokenMap)
"""The figures that reports draw."""

KINDS = frozenset(
    {"distributions", "ranks", "points", "surface", "table", "matrix", "bins", "null", "token map"}
)
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


Figure: TypeAlias = (
    Distributions | Ranks | Points | Surface | Table | Matrix | Bins | Null | TokenMap | OtherFigure
)
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


def with_estimate(
    figures: Sequence[Figure], estimate: Estimated | None, *, paired: bool
) -> tuple[Figure, ...]:
    """Return figures of a claim, the estimate beside the first that shows the values it was made of.

    >>> from neuronclaims.figures.shapes import Row
    >>> values = Distributions("x", (Row("a", (3.0, 5.0)),))
    >>> found = with_estimate((Table("t", (), ()), values), Estimated("mean", 4.0, 2.0, 6.0, 0.95), paired=False)
    >>> found[1].estimate.value
    4.0
    """
    if estimate is None or not math.isfinite(estimate.value):
        return tuple(figures)
    for place, each in enumerate(figures):
        if isinstance(each, (Ranks, Distributions)):
            return (*figures[:place], _beside(each, estimate, paired), *figures[place + 1 :])
    return tuple(figures)


def _beside(figure: Distributions | Ranks, estimate: Estimated, paired: bool) -> Distributions | Ranks:
    if isinstance(figure, Distributions) and paired and figure.paired == "no" and len(figure.rows) == 2:
        return replace(figure, estimate=estimate, paired="first - second")
    return replace(figure, estimate=estimate)


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
