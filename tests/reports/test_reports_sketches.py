"""Figures of every type in a few narrow lines, whatever is in them, and as plain data."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from test_reports_pieces import EVIDENCE, RESULT

from neuronclaims.figures import (
    BinRow,
    Bins,
    Distributions,
    Figure,
    Matrix,
    Panel,
    Point,
    Points,
    Row,
    Surface,
    Table,
)
from neuronclaims.reports.plain import from_plain, to_plain
from neuronclaims.reports.terminal.sketch import ASCII, BLOCKS
from neuronclaims.reports.terminal.sketches import MOST_LINES, WIDTH, lines_of, lines_of_all

LABELS = st.text(max_size=40)
NUMBERS = st.floats(-1e9, 1e9)
MAYBE = st.none() | NUMBERS
POINTS = st.builds(
    lambda x, y, label, marked, near: Point(
        x, y, label, y - 1 if near else None, y + 1 if near else None, marked
    ),
    NUMBERS,
    NUMBERS,
    LABELS,
    st.booleans(),
    st.booleans(),
)
BIN = st.builds(
    BinRow, MAYBE, MAYBE, st.integers(0, 9), st.none() | st.floats(0, 1), MAYBE, MAYBE, st.booleans()
)


@st.composite
def surfaces(draw) -> Surface:
    width, height = draw(st.integers(0, 40)), draw(st.integers(0, 4))
    row = st.lists(MAYBE, min_size=width, max_size=width).map(tuple)
    rows = st.lists(row, min_size=height, max_size=height).map(tuple)
    panels = draw(st.lists(st.builds(Panel, LABELS, rows, st.just((1,) * height)), max_size=5))
    xs, ys = tuple(map(float, range(width))), tuple(map(float, range(height)))
    return Surface("x", "y", "z", xs, ys, tuple(panels))


@st.composite
def matrices(draw) -> Matrix:
    labels = tuple(draw(st.lists(LABELS, max_size=20)))
    row = st.lists(MAYBE, min_size=len(labels), max_size=len(labels)).map(tuple)
    return Matrix("m", labels, tuple(draw(st.lists(row, min_size=len(labels), max_size=len(labels)))))


@st.composite
def tables(draw) -> Table:
    width = draw(st.integers(0, 4))
    row = st.lists(LABELS, min_size=width, max_size=width).map(tuple)
    return Table("t", ("c",) * width, tuple(draw(st.lists(row, max_size=6))))


FIGURES = st.one_of(
    st.builds(
        Distributions,
        LABELS,
        st.lists(st.builds(Row, LABELS, st.lists(NUMBERS, max_size=9).map(tuple))).map(tuple),
    ),
    st.builds(Points, LABELS, LABELS, st.lists(POINTS, max_size=30).map(tuple)),
    st.builds(Bins, LABELS, LABELS, st.lists(BIN, max_size=30).map(tuple)),
    surfaces(),
    matrices(),
    tables(),
)


@given(FIGURES, st.booleans())
def test_any_figure_is_drawn_in_lines_that_fit_their_column(figure: Figure, plain: bool) -> None:
    for line in lines_of(figure, ascii_only=plain):
        assert cell_len(line) <= WIDTH
        assert "\n" not in line


@given(FIGURES)
def test_any_figure_survives_json_as_what_it_was(figure: Figure) -> None:
    result = replace(RESULT, evidence=replace(EVIDENCE, figures=(figure,), test=None))
    back = from_plain(json.loads(json.dumps(to_plain(result), allow_nan=False)))
    assert back == result
    assert type(back.evidence.figures[0]) is type(figure)


def test_every_type_of_figure_has_a_name_of_its_own() -> None:
    names = [figure.__dataclass_fields__["kind"].default for figure in get_args(Figure)]
    assert len(set(names)) == len(names)


def test_points_show_the_highest_at_each_place_and_name_the_claimed_ones() -> None:
    points = tuple(Point(float(i), float(i == 13), f"0:{i}", marked=i == 13) for i in range(14))
    strip, named = lines_of(Points("neuron", "recovered", points), ascii_only=True)
    assert strip == ASCII[1] * 13 + ASCII[-1] + " recovered"
    assert named == "0:13 1.00"


def test_a_surface_is_drawn_as_means_over_its_rows_on_one_scale() -> None:
    low = Panel("low", ((0.0, 1.0), (0.0, None)), (5, 5))
    high = Panel("high", ((2.0, None), (4.0, None)), (5, 5))
    surface = Surface("token", "layer", "z", (0.0, 1.0), (0.0, 1.0), (low, high))
    # Means are 0 and 1, 3 and nothing, on a scale from 0 to 3.
    assert lines_of(surface) == [f"{BLOCKS[1]}{BLOCKS[3]} low", f"{BLOCKS[8]}  high"]


def test_bins_leave_blank_what_has_too_few_values() -> None:
    shares = [0.0, 0.5, 1.0, 0.7]
    rows = tuple(BinRow(i, i + 1, 9, share, 0, 1, i == 3) for i, share in enumerate(shares))
    drawn = f"{BLOCKS[1]}{BLOCKS[4]}{BLOCKS[8]}  to 100% on"
    assert lines_of(Bins("activation", "on", rows)) == [drawn]


@pytest.mark.parametrize(
    ("shares", "heights", "top"),
    [
        ((0.0, 0.002, 0.004), (1, 4, 8), "0.40%"),
        ((0.0, 0.0), (1, 1), "0%"),
        ((0.25, None), (8, None), "25%"),
        ((0.031, 0.0155), (8, 4), "3.1%"),
    ],
)
def test_bins_are_drawn_up_to_their_largest_share_which_is_named(shares, heights, top) -> None:
    rows = tuple(BinRow(i, i + 1, 9, share, 0, 1) for i, share in enumerate(shares))
    bars = "".join(" " if height is None else BLOCKS[height] for height in heights)
    assert lines_of(Bins("activation", "on", rows)) == [f"{bars} to {top} on"]


def test_tables_stand_back_where_something_is_drawn() -> None:
    table = Table("t", ("a",), (("in words",),))
    drawing = Distributions("x", (Row("row", (1.0, 2.0)),))
    many = (drawing,) * 9
    assert lines_of_all((table,)) == ["in words"]
    assert lines_of_all((table, drawing)) == lines_of(drawing)
    assert lines_of_all((table, drawing), everything=True) == ["in words", *lines_of(drawing)]
    assert len(lines_of_all(many)) == MOST_LINES < len(lines_of_all(many, everything=True)) == 9


@pytest.mark.parametrize(
    "make",
    [
        lambda: Table("t", ("a", "b"), (("1",),)),
        lambda: Matrix("m", ("a", "b"), ((1.0, 2.0),)),
        lambda: Surface("x", "y", "z", (0.0,), (0.0,), (Panel("p", ((1.0, 2.0),), (1,)),)),
        lambda: Surface("x", "y", "z", (0.0,), (0.0,), (Panel("p", ((1.0,),), ()),)),
    ],
)
def test_a_figure_of_a_wrong_shape_is_refused(make) -> None:
    with pytest.raises(ValueError, match=r"must have \d+ rows|counts for"):
        make()
