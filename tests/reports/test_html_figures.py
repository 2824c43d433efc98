"""What figures are made of: bins, densities, thinned points, scales, and the tables beside them."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hostile import ATTACK, figures
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ecdf, gaussian_kde

from neuronclaims.figures import Distributions, Estimated, Null, Panel, Point, Points, Row, Surface
from neuronclaims.reports.html.figures import GridCell, draw, draw_grid
from neuronclaims.reports.html.figures.bins import middle, span
from neuronclaims.reports.html.figures.drawing import NUMERIC, colour_range, label, side_by_side
from neuronclaims.reports.html.figures.points import MOST, thinned
from neuronclaims.reports.html.figures.spread.densities import (
    MOST_BINS,
    common_edges,
    cumulative,
    density,
    shares,
)

VALUES = st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 3)), min_size=1, max_size=60)


@given(VALUES, VALUES)
def test_common_bins_hold_every_value_of_every_group(one: list[float], other: list[float]) -> None:
    edges = common_edges([one, other])
    assert np.all(np.diff(edges) > 0)
    for group in (one, other):
        heights, counts = shares(group, edges)
        assert sum(counts) == len(group)
        assert sum(heights) == pytest.approx(100)


@given(VALUES)
def test_cumulative_shares_are_scipy_s_distribution_function(values: list[float]) -> None:
    places, heights = cumulative(values)
    expected = ecdf(values).cdf
    last = dict(zip(places, heights, strict=True))
    assert list(last) == pytest.approx(list(expected.quantiles))
    assert [height / 100 for height in last.values()] == pytest.approx(list(expected.probabilities))


def test_a_density_is_scipy_s_at_silverman_s_bandwidth() -> None:
    values = np.random.default_rng(1).gamma(2.0, size=50)
    found = density(list(values))
    assert found is not None
    iqr = np.subtract(*np.percentile(values, [75, 25]))
    width = 0.9 * min(values.std(ddof=1), iqr / 1.34) * 50**-0.2
    expected = gaussian_kde(values, bw_method=width / values.std(ddof=1))
    assert found[1] == pytest.approx(expected(found[0]))
    assert np.trapezoid(found[1], found[0]) == pytest.approx(1, abs=0.05)


def test_groups_far_apart_keep_bins_in_which_their_shapes_are_seen() -> None:
    draws = np.random.default_rng(3)
    low, high = draws.normal(-100, 1, size=200), draws.normal(100, 30, size=200)
    edges = common_edges([list(low), list(high)])
    assert len(edges) - 1 == MOST_BINS
    alone = len(np.histogram_bin_edges(high, "auto")) - 1
    assert len(common_edges([list(high), [float(high.min()), float(high.max())]])) - 1 == alone


@pytest.mark.parametrize("values", [[1.0] * 20, [1.0, 2.0, 3.0], [0.5, 0.6, *[1.0] * 40]])
def test_no_density_is_drawn_where_it_would_be_made_up(values: list[float]) -> None:
    assert density(values) is None


def test_thinned_points_keep_every_place_its_lowest_and_highest() -> None:
    heights = np.random.default_rng(2).normal(size=20_000)
    heights[[7, 12_345]] = 50.0, -50.0
    points = [Point(float(place), float(y), str(place)) for place, y in enumerate(heights)]
    kept = thinned(points)
    assert len(kept) <= MOST
    assert {"7", "12345"} <= {point.label for point in kept}
    for start in range(0, 20_000, 500):
        here = [point.y for point in kept if start <= point.x < start + 500]
        assert max(here) == heights[start : start + 500].max()
        assert min(here) == heights[start : start + 500].min()
    assert thinned(points[:MOST]) == points[:MOST]


def test_thinning_never_drops_what_the_claim_is_about_and_says_what_it_did() -> None:
    points = [Point(float(place), 0.0, f"0:{place}", marked=place == 77) for place in range(5_000)]
    drawing = draw(Points("index", "value", tuple(points)))
    assert "of 5,000" in drawing.caption
    assert drawing.tables[0].rows[0][:2] == ("0:77", "77")
    assert [
        trace["x"] for trace in drawing.plots[0].data if trace.get("name") == "what the claim is about"
    ] == [[77.0]]


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [([-1.0, 3.0], -3, 3), ([1.0, 4.0], 1, 4), ([2.0, 2.0], 1.5, 2.5), ([None], -0.5, 0.5)],
)
def test_a_colour_scale_is_even_around_zero_where_values_lie_on_both_sides(values, low, high) -> None:
    assert colour_range(values)[:2] == (low, high)


def late(counts: tuple[int, ...]) -> Surface:
    """Two layers by four tokens, the last of them far out."""
    values = ((0.0, 1.0), (1.0, -2.0), (0.5, 0.5), (90.0, -90.0))
    return Surface(
        "layer", "token", "activity (sd)", (0.0, 1.0), (1.0, 2.0, 3.0, 4.0), (Panel("a", values, counts),)
    )


def test_rows_of_few_units_neither_set_the_scale_nor_make_the_shape() -> None:
    solid, flat = draw(late((40, 40, 10, 9))).plots
    assert [plot.layout["coloraxis"]["cmax"] for plot in (solid, flat)] == [2.0, 2.0]
    assert solid.data[0]["z"][2:] == [[0.5, 0.5], [None, None]]
    assert flat.data[0]["z"][3] == [90.0, -90.0]
    assert flat.layout["shapes"][0]["y0"] == 2.5
    everything = draw(late((9, 9, 9, 9))).plots[1].layout
    assert (everything["coloraxis"]["cmax"], everything["shapes"]) == (90.0, [])


def test_a_surface_of_one_token_is_a_line_per_set() -> None:
    panels = (Panel("a", ((1.0, 2.0),), (5,)), Panel("b", ((3.0, None),), (4,)))
    drawing = draw(Surface("layer", "token", "activity", (0.0, 1.0), (1.0,), panels))
    (plot,) = drawing.plots
    assert [(line["name"], line["x"], line["y"]) for line in plot.data] == [
        ("a", [0.0, 1.0], [1.0, 2.0]),
        ("b", [0.0, 1.0], [3.0, None]),
    ]
    assert plot.data[1]["customdata"] == [4, 4]
    assert drawing.caption == "activity over layer, for a and b"
    upright = draw(
        Surface("layer", "token", "activity", (3.0,), (1.0, 2.0), (Panel("a", ((1.0,), (2.0,)), (5, 2)),))
    )
    assert upright.plots[0].data[0]["y"] == [1.0, 2.0]
    assert upright.plots[0].data[0]["customdata"] == [5, 2]


def test_panels_lie_side_by_side_without_touching() -> None:
    for count in range(1, 5):
        ends = side_by_side(count)
        assert ends[0][0] == 0
        assert ends[-1][1] == pytest.approx(1, abs=1e-3)
        assert all(one[1] < other[0] for one, other in pairwise(ends))


def test_open_and_closed_bins_are_drawn_where_they_are() -> None:
    bins = figures()[5].bins
    assert [middle(row, 1.0) for row in bins] == [-1.5, -0.5, 0.5, 1.5]
    assert [span(row) for row in bins] == ["below -1", "-1 to 0", "0 to 1", "1 or more"]


def test_tables_beside_figures_tell_the_numbers() -> None:
    distributions, points, surface, table, matrix, bins, null, _, ranks, tokens = (
        draw(figure).tables[0] for figure in figures()
    )
    assert distributions.rows[1][:5] == ("second ", "8", "-0.62", "1.62", "-3.00")
    assert distributions.rows[3][:3] == ("none ", "0", "")
    assert points.rows[0] == ("0:2 ", "2", "5.00", "[4.00, 6.00]", "what the claim is about")
    assert surface.rows[0] == ("lie ", "layer  0", "0.00", "")
    assert surface.rows[-1] == ("truth ", "token  2", "-0.50", "2")
    assert table.rows == (("0:1 ", "10 %"), ("0:2", "5 %"))
    assert matrix.rows == (("a ", "10.0", "3.00"), ("b", "3.00", ""))
    assert bins.rows[0] == ("-1 to 0", "50", "0.10", "[0.050, 0.20]", "")
    assert null.rows == (("70", "0.10", "0.90", "0.95"),)
    assert ranks.rows[0] == ("first ", "3", "2", "1", "2", "30")
    assert tokens.rows[0] == ("most for the claim", "first ", "2.00", " two", "2.00")


def test_an_effect_stands_beside_its_values_with_its_interval_and_what_it_is_held_against() -> None:
    changed, ranks = figures()[-3:-1]
    (plot,) = draw(changed).plots
    beside = {trace["name"]: trace for trace in plot.data if trace.get("yaxis") == "y3"}
    assert beside["held against 0.40"]["x"] == [0.4, 0.4]
    assert beside["no effect: 0.00"]["x"] == [0.0, 0.0]
    dot = beside["effect, 95 % interval"]
    assert (dot["x"], dot["error_x"]["array"], dot["error_x"]["arrayminus"]) == ([0.75], [0.0], [0.25])
    differences = next(trace for trace in plot.data if trace.get("name") == "difference of a pair")
    assert differences["x"] == [1.0, 0.5]
    assert "mean : 0.75 (95 % interval 0.50 to ?), held against 0.40" in plot.words
    (plot,) = draw(ranks).plots
    assert plot.data[0]["y"] == [1.0, 2.0, 30.0]
    limit = next(trace for trace in plot.data if trace["name"] == "place 10, the last that counts")
    assert limit["y"] == [10, 10]
    assert "among the first 10 in 2 of 3 prompts" in plot.words


def test_few_values_are_dots_and_many_are_histograms() -> None:
    effect = Estimated("difference", 1.0, 0.5, 1.5, 0.95)
    for many, sort in ((False, "scatter"), (True, "bar")):
        row = Row("a", tuple(float(place) for place in range(60 if many else 6)))
        assert draw(Distributions("x", (row,), effect)).plots[0].data[0]["type"] == sort


def test_what_relabelling_gives_says_how_many_exchanges_it_is_of() -> None:
    drawn = draw(Null("AUROC", 0.0, 1.0, (10, 30), 1.0, every=False))
    assert "40 random exchanges" in drawn.caption
    bars, line = drawn.plots[0].data
    assert (bars["x"], bars["y"], bars["width"]) == ([0.25, 0.75], [25.0, 75.0], 0.5)
    assert line["x"] == [1.0, 1.0]
    assert "all 6 ways to exchange them" in draw(Null("AUROC", 0.5, 0.5, (6,), 0.5, every=True)).caption


@pytest.mark.parametrize("figure", figures(ATTACK), ids=lambda figure: type(figure).__name__)
def test_plots_are_plain_json_whose_texts_plotly_shows_as_they_are(figure) -> None:
    for plot in draw(figure).plots:
        texts = json.dumps([plot.data, plot.layout], allow_nan=False)
        assert "<script" not in texts
        assert "<img" not in texts
        assert "<b>" not in texts


@given(st.text())
def test_a_label_has_no_markup_but_line_breaks(text: str) -> None:
    rest = label(text).replace("<br>", "")
    assert not set(rest) & set("<>")
    assert "\x1b" not in rest


def test_prompts_are_told_at_their_values_and_the_furthest_are_listed() -> None:
    values = tuple(float(place) for place in range(100))
    names = tuple(f"prompt {place}" for place in range(100))
    drawing = draw(Distributions("x", (Row("a", values, names), Row("b", (200.0, -5.0), ("<high>", "low")))))
    ticks = [trace for trace in drawing.plots[0].data if trace.get("yaxis") == "y2"]
    assert dict(zip(ticks[0]["text"], ticks[0]["x"], strict=True)) == dict(zip(names, values, strict=True))
    assert ticks[1]["text"][0] == "&lt;high&gt;"
    listed = drawing.tables[1]
    assert listed.rows[:2] == (("b", "<high>", "200"), ("a", "prompt 99", "99.0"))
    assert listed.rows[-1] == ("b", "low", "-5.00")
    assert len(listed.rows) == 16
    assert listed.note == "the 86 between them are in claims.json"


def cells(*models: str, sets: int = 2) -> list[GridCell]:
    """Comparisons of different values, one per model named."""
    return [
        GridCell(
            model,
            f"claim {place}",
            Distributions("x", tuple(Row(f"set {n % sets}", (n, place)) for n in range(2))),
        )
        for place, model in enumerate(models)
    ]


def domains(cells: list[GridCell]) -> list[tuple[float, float]]:
    """Where panels begin, from the left and from the bottom."""
    layout = draw_grid(cells).plots[0].layout
    count = sum(key.startswith("xaxis") for key in layout)
    return [(layout[f"xaxis{n}"]["domain"][0], layout[f"yaxis{n}"]["domain"][0]) for n in range(1, count + 1)]


def test_a_grid_has_a_row_of_panels_per_model_and_breaks_long_rows() -> None:
    places = domains(cells("a", "a", "b", "b", "b", "b", "b"))
    rows = sorted({up for _, up in places}, reverse=True)
    assert [rows.index(up) for _, up in places] == [0, 0, 1, 1, 1, 1, 2]
    assert places[0][0] == places[2][0] == places[6][0] == 0
    assert draw_grid(cells("a", "a", "b")).plots[0].classes == "plot rows-2"


def test_a_grid_shows_each_comparison_once_and_needs_two() -> None:
    twice = [*cells("a"), GridCell("a", "another claim", cells("a")[0].figure)]
    assert draw_grid(twice) is None
    assert draw_grid([]) is None
    assert len(domains([*twice, *cells("a", "b")[1:]])) == 2


def test_a_grid_that_would_be_too_long_says_how_many_it_leaves_out() -> None:
    drawing = draw_grid(cells(*(f"model {place}" for place in range(20))))
    assert "(the first 8 of 20)" in drawing.caption
    assert len(drawing.tables[0].rows) == 16


def test_a_set_has_one_colour_in_all_panels_and_one_entry_in_the_legend() -> None:
    one, other = cells("a", "b")
    turned = GridCell("b", "turned", Distributions("x", other.figure.rows[::-1]))
    data = draw_grid([one, turned]).plots[0].data
    colours = {(trace["name"], trace["marker"]["color"]) for trace in data}
    assert len(colours) == 2
    assert sorted(trace["name"] for trace in data if trace["showlegend"]) == ["set 0", "set 1"]


def test_panels_name_their_sets_where_there_are_too_many_for_a_legend() -> None:
    many = [
        GridCell("demo", str(n), Distributions("x", (Row(f"<b>set {n}", (1.0, n)), Row("other", (2.0,)))))
        for n in range(6)
    ]
    notes = draw_grid(many).plots[0].layout["annotations"]
    assert notes[5]["text"] == "demo<br>x<br>&lt;b&gt;set 5 / other"
    assert draw_grid(many[:5]).plots[0].layout["annotations"][0]["text"] == "demo<br>x"


def test_an_empty_figure_is_no_plot() -> None:
    assert draw(Distributions("x", (Row("a", ()),))).plots == ()
    assert draw(Points("x", "y", ())).plots == ()


@pytest.mark.parametrize(
    ("cell", "number"), [("1", True), ("-0.5", True), ("12.5 %", True), ("3 of 4", False), ("5:1", False)]
)
def test_numbers_are_told_from_words(cell: str, number: bool) -> None:
    assert bool(NUMERIC.fullmatch(cell)) is number
