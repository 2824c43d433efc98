"""The figures that we draw, one class per sort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from neuronclaims.figures.estimated import Estimated


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
    """Groups of values on one axis, and the effect that a verdict rests on where it was made of them.

    ``paired`` says which is taken from which where the values of one place in two rows belong together.

    >>> rows = Row("before", (3.0, 5.0)), Row("after", (1.0, 4.0))
    >>> Distributions("x", rows, paired="second - first").differences
    Row(label='after - before', values=(-2.0, -1.0), names=())
    """

    axis: str
    rows: tuple[Row, ...]
    estimate: Estimated | None = None
    paired: Literal["no", "first - second", "second - first"] = "no"
    kind: Literal["distributions"] = "distributions"

    @property
    def differences(self) -> Row | None:
        """The differences of pairs; None where there are no pairs."""
        if self.paired == "no" or len(self.rows) != 2:
            return None
        one, two = self.rows if self.paired == "first - second" else self.rows[::-1]
        if not one.values or len(one.values) != len(two.values):
            return None
        values = tuple(a - b for a, b in zip(one.values, two.values, strict=True))
        return Row(f"{one.label} - {two.label}", values, one.names)


@dataclass(frozen=True, slots=True)
class Ranks:
    """The place of one neuron among ``among`` in each prompt, 1 being the first, and the last place that counts."""

    axis: str
    rows: tuple[Row, ...]
    among: int
    limit: int
    estimate: Estimated | None = None
    kind: Literal["ranks"] = "ranks"


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


def _check(what: str, rows: Sequence[Sequence[object]], height: int, width: int) -> None:
    if len(rows) != height or any(len(row) != width for row in rows):
        raise ValueError(f"{what} must have {height} rows of {width} entries each.")
