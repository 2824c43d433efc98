from __future__ import annotations

import tracemalloc
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import stats_brute as brute
from cases import for_each
from flat import max_statistic_tests, two_sample_test, two_sample_tests
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from stats_data import KINDS, quick, sample

from neuronclaims.stats import StatsError
from neuronclaims.stats.maximum import score_tiles, search_columns, successive_maxima
from neuronclaims.stats.maximum.screening import screen, single_bars
from neuronclaims.stats.maximum.search_design import search_design
from neuronclaims.stats.maximum.successive_maxima import count_maxima

DESIGNS = [(4, 4, False), (3, 5, False), (5, 3, False), (5, 5, True)]
STATISTICS = ["mean", "auroc"]
PLAIN = {"seed": 0, "alternative": "greater"}


def signed_square(numerator: Fraction, denominator: Fraction) -> tuple[int, Fraction]:
    """x |x| / y as (sign of infinity, finite part), which sorts as x / sqrt(y) does."""
    if denominator == 0:
        return (numerator > 0) - (numerator < 0), Fraction(0)
    return 0, numerator * abs(numerator) / denominator


def student(a, b, paired):
    if paired:
        differences = [x - y for x, y in zip(a, b, strict=True)]
        total = sum(differences, Fraction(0))
        return signed_square(total, len(a) * sum(x * x for x in differences) - total**2)
    if len(a) != len(b):
        return brute.signed_squared_welch(a, b)
    return signed_square(
        brute.difference(a, b), sum(sum((x - sum(s) / len(s)) ** 2 for x in s) for s in (a, b))
    )


def midranks(values):
    return [Fraction(sum(2 * (x < y) + (x == y) for x in values) + 1, 2) for y in values]


def fraction(value, *, meant):
    """Return a value exactly, or as ``meant`` when written with a single decimal: tenths in sums are tenths."""
    exact = Fraction(float(value))
    decimal = exact.limit_denominator(10)
    return decimal if meant and abs(exact - decimal) < 1e-14 * abs(exact) else exact


def table(first, second, paired, statistic):
    """The statistic of every neuron (column) under every relabelling (row), exactly; the observed one apart."""
    columns = []
    for a, b in zip(first.T, second.T, strict=True):
        a, b = ([fraction(x, meant=statistic == "mean") for x in side] for side in (a, b))
        if statistic == "auroc":
            ranks = midranks([*a, *b])
            a, b = ranks[: len(a)], ranks[len(a) :]
        arrangements = [(a, b), *brute.relabellings(a, b, paired)]
        if statistic == "mean":
            columns.append([student(*sets, paired) for sets in arrangements])
            continue
        gaps = [sum(x) / len(x) - sum(y) / len(y) for x, y in arrangements]
        spread = sum(gap**2 for gap in gaps[1:])  # over all relabellings the mean gap is 0
        columns.append([signed_square(gap, spread) for gap in gaps])
    rows = list(zip(*columns, strict=True))
    return rows[0], rows[1:]


def westfall_young(observed, relabelled):
    """Single-step and step-down one-sided p, as in algorithm 4.1 of Ge, Dudoit and Speed (2003)."""
    single = [sum(max(row) >= own for row in relabelled) for own in observed]
    order = sorted(range(len(observed)), key=lambda j: observed[j], reverse=True)
    step, highest = [0] * len(observed), 0
    for place, j in enumerate(order):
        reached = sum(max(row[k] for k in order[place:]) >= observed[j] for row in relabelled)
        highest = max(highest, reached)
        step[j] = highest
    total = len(relabelled)
    return [count / total for count in single], [count / total for count in step]


def searched(first, second, paired, statistic, **options):
    return max_statistic_tests(first, second, paired=paired, statistic=statistic, **{**PLAIN, **options})


def several(kinds, n1, n2, rng):
    return (np.stack([sample(kind, n, rng) for kind in kinds], axis=1) for n in (n1, n2))


@for_each("kind", [kind for kind in KINDS if kind != "wild exponents"])
@for_each("n1, n2, paired", DESIGNS)
@for_each("statistic", STATISTICS)
def test_p_are_those_of_westfall_and_young_over_all_relabellings_in_fractions(
    kind, n1, n2, paired, statistic
):
    rng = np.random.default_rng([n1, n2, len(kind)])
    first, second = several([kind] * 5, n1, n2, rng)
    first[:, 1] += first[:, 0]
    first[:, 2], second[:, 2] = first[:, 0], second[:, 0]  # two neurons that tie always
    if paired and statistic == "mean":
        first, second = first - second, np.zeros_like(second)  # what is flipped is the float64 difference
    varies = (first != second).any(axis=0) if paired else np.ptp(np.vstack([first, second]), axis=0) > 0
    seen, rows = table(first[:, varies], second[:, varies], paired, statistic)
    for alternative, sign in (("greater", 1), ("less", -1)):
        found = searched(first, second, paired, statistic, alternative=alternative)
        turned = [[(sign * infinite, sign * x) for infinite, x in row] for row in [seen, *rows]]
        single, step = westfall_young(turned[0], turned[1:])
        alone = [sum(row[j] >= own for row in turned[1:]) / len(rows) for j, own in enumerate(turned[0])]
        for name, truth in (("p_value", alone), ("p_single_step", single), ("p_step_down", step)):
            expected = np.ones(5)
            expected[varies] = truth
            p = getattr(found, name)
            if statistic == "mean" and n1 != n2:  # Welch's t-test may raise p, as it does for one neuron
                floor = two_sample_tests(
                    first, second, paired=paired, statistic="mean", seed=0, alternative=alternative
                )
                expected = np.maximum(
                    expected, np.where(floor.p_value > floor.p_permutation, floor.p_value, 0)
                )
            np.testing.assert_allclose(p, expected, rtol=1e-15, err_msg=name)


@for_each("n1, n2, paired", [(6, 6, False), (5, 7, False), (8, 4, False), (9, 9, True)])
@for_each("statistic", STATISTICS)
@for_each("alternative", ["greater", "less", "two-sided"])
def test_a_single_neuron_has_the_p_of_the_test_of_one_neuron(n1, n2, paired, statistic, alternative):
    rng = np.random.default_rng(n1)
    for kind in ("float64", "relu", "small integers", "bfloat16 around 1000"):
        first, second = several([kind], n1, n2, rng)
        options = {"paired": paired, "statistic": statistic, "alternative": alternative, "seed": 5}
        for limits in ({}, {"exact_limit": 0, "resamples": 400}):
            many = two_sample_tests(first, second, **options, **limits)
            found = max_statistic_tests(first, second, **options, **limits)
            assert found.p_value[0] == found.p_single_step[0] == found.p_step_down[0]
            assert found.exact == many.exact
            assert found.smallest_p == many.smallest_p
            if (
                limits
            ):  # the same law, but other draws: those of one neuron are of its units in order of value
                near = 6 * np.hypot(found.standard_error[0], many.standard_error[0]) + 2 / 401
                assert abs(found.p_value[0] - many.p_value[0]) <= near
                continue
            assert found.p_value[0] == many.p_value[0]
            assert found.standard_error[0] == found.step_down_error[0] == many.standard_error[0]
            assert found.resolved[0] == found.step_down_resolved[0] == many.resolved[0]
        alone = two_sample_test(first[:, 0], second[:, 0], **options)
        one = max_statistic_tests(first, second, **options).one(0)
        assert one.p_value == alone.p_value
        assert one.p_greater == (1 if alternative == "less" else alone.p_greater)
        assert one.p_less == (1 if alternative == "greater" else alone.p_less)


@pytest.mark.parametrize(("n1", "n2", "paired"), [(7, 7, False), (5, 9, False), (11, 11, True)])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_many_parts_and_tiles_give_the_p_of_all_maxima_written_out(n1, n2, paired, statistic):
    rng = np.random.default_rng(n2)
    shared = rng.standard_normal((n1 + n2, 1))
    pooled = rng.standard_normal((n1 + n2, 1000)) + shared * rng.standard_normal(1000)
    pooled[:, ::3] = np.where(pooled[:, ::3] < 0.4, 0, np.round(pooled[:, ::3], 1))
    pooled[0, ::3] = 1  # so that every neuron varies
    first, second = pooled[:n1] + np.where(np.arange(1000) % 10, 0, 1.5), pooled[n1:]
    found = searched(first, second, paired, statistic)
    t = every_t(first, second, paired, statistic)
    seen = t[0]
    near = 1e-9
    order = np.argsort(seen)
    maxima = np.maximum.accumulate(t[:, order], axis=1)
    step = np.maximum.accumulate((maxima >= seen[order] - near).mean(axis=0)[::-1])[::-1]
    np.testing.assert_allclose(
        found.p_single_step, (t.max(axis=1)[:, None] >= seen - near).mean(axis=0), rtol=1e-12
    )
    np.testing.assert_allclose(found.p_step_down[order], step, rtol=1e-12)
    assert (found.p_step_down < found.p_single_step).any()


def every_t(first, second, paired, statistic):
    """The statistic under all relabellings [relabellings, m], the observed one first, by plain NumPy."""
    n1, pooled = len(first), np.concatenate([first, second])
    if statistic == "auroc":
        pooled = stats.rankdata(pooled, axis=0)
    if paired:
        differences = pooled[:n1] - pooled[n1:]
        signs = 1 - 2 * ((np.arange(2**n1)[:, None] >> np.arange(n1)) & 1)
        r = signs @ differences / np.sqrt((differences**2).sum(axis=0))
        return r if statistic == "auroc" else r / np.sqrt(np.maximum(n1 - r**2, 0) / (n1 - 1))
    places = list(combinations(range(len(pooled)), n1))
    chosen = np.array([[place in marked for place in range(len(pooled))] for marked in places], dtype=float)
    n2 = len(pooled) - n1
    centred = pooled - pooled.mean(axis=0)
    sums, squares, everything = chosen @ centred, chosen @ centred**2, (centred**2).sum(axis=0)
    gap = sums / n1 + sums / n2
    if statistic == "auroc":
        return gap / gap.std(axis=0)
    inside = (squares - sums**2 / n1) / (n1 - 1) / n1
    return gap / np.sqrt(inside + (everything - squares - sums**2 / n2) / (n2 - 1) / n2)


@quick
@given(
    st.sampled_from(DESIGNS),
    st.sampled_from(STATISTICS),
    st.sampled_from([{}, {"exact_limit": 0, "resamples": 60}]),
    st.integers(0, 2**32),
    st.data(),
)
def test_orders_units_of_measurement_and_names_of_sets_change_nothing(design, statistic, limits, seed, data):
    n1, n2, paired = design
    values = hnp.arrays(np.float64, (n1 + n2, 30), elements=st.integers(-9, 9))
    pooled = data.draw(values) + np.random.default_rng(seed).integers(-900, 900, (n1 + n2, 30)) * 16.0
    first, second = pooled[:n1], pooled[n1:]
    rng = np.random.default_rng(seed)
    neurons, rows, others = rng.permutation(30), rng.permutation(n1), rng.permutation(n2)
    if limits:  # random draws mark units by their place
        rows, others = np.arange(n1), np.arange(n2)
    others = rows if paired else others
    scale, shift = 2.0 ** rng.integers(-3, 4, 30) * 3, rng.integers(-50, 50, 30)
    found = searched(first, second, paired, statistic, **limits)
    if paired and statistic == "auroc":
        shift = 0 * shift
    moved = [(side * scale + shift)[:, neurons] for side in (first[rows], second[others])]
    again = searched(*moved, paired, statistic, **limits)
    for name in ("p_value", "p_single_step", "p_step_down", "p_greater", "p_less", "standard_error"):
        np.testing.assert_allclose(getattr(again, name), getattr(found, name)[neurons], rtol=1e-12)
    if limits:
        return
    swapped = searched(second, first, paired, statistic, alternative="less", **limits)
    for name in ("p_value", "p_single_step", "p_step_down", "standard_error", "resolved"):
        np.testing.assert_allclose(getattr(swapped, name), getattr(found, name), rtol=1e-12)
    np.testing.assert_allclose(swapped.p_greater, found.p_less, rtol=1e-12)
    np.testing.assert_allclose(swapped.statistic, -found.statistic, rtol=1e-12, atol=1e-12)


@for_each("kind", KINDS)
@for_each("n1, n2, paired", DESIGNS)
@for_each("statistic", STATISTICS)
@for_each("alternative", ["greater", "less", "two-sided"])
def test_corrected_p_are_ordered_never_0_and_not_below_exact_ones(
    kind, n1, n2, paired, statistic, alternative
):
    first, second = several([kind] * 8, n1, n2, np.random.default_rng(4))
    options = {"paired": paired, "statistic": statistic, "alternative": alternative, "seed": 0}
    alone = two_sample_tests(first, second, **options)
    found = max_statistic_tests(first, second, **options)
    assert (alone.p_value * (1 - 1e-12) <= found.p_value).all()
    assert (found.p_value <= found.p_step_down).all()
    assert (found.p_step_down <= found.p_single_step).all()
    assert (found.p_single_step <= 1).all()
    assert (found.p_value >= found.smallest_p).all()
    if alternative != "two-sided" and (n1 == n2 or statistic == "auroc"):
        height = -found.statistic if alternative == "less" else found.statistic
        above = np.greater.outer(height, height + 1e-9) & ~np.logical_or.outer(
            found.degenerate, found.degenerate
        )
        for p in (found.p_step_down, found.p_single_step):
            assert not (above & np.greater.outer(p, p)).any()


@for_each("n1, n2, paired", DESIGNS)
@for_each("statistic", STATISTICS)
def test_neurons_that_never_vary_have_p_1_and_change_no_other(n1, n2, paired, statistic):
    first, second = several(["float64"] * 4, n1, n2, np.random.default_rng(1))
    first -= 3
    found = searched(first, second, paired, statistic)
    constant = np.full((n1, 2), 7.0), np.full((n2, 2), 7.0)
    more = searched(np.hstack([constant[0], first]), np.hstack([constant[1], second]), paired, statistic)
    np.testing.assert_array_equal(more.p_step_down, [1, 1, *found.p_step_down])
    np.testing.assert_array_equal(more.p_single_step, [1, 1, *found.p_single_step])
    np.testing.assert_array_equal(more.degenerate, [True, True, False, False, False, False])
    np.testing.assert_array_equal(more.statistic[:2], 0)
    alone = searched(*constant, paired, statistic)
    np.testing.assert_array_equal(alone.p_single_step, 1)
    assert alone.degenerate.all()


@pytest.mark.parametrize(("n1", "n2"), [(5, 5), (4, 7)])
def test_infinite_t_ranks_first_and_hides_no_other_neuron(n1, n2):
    rng = np.random.default_rng(2)
    first, second = rng.standard_normal((n1, 30)), rng.standard_normal((n2, 30))
    second[:, 1] = first[:, 1].min() - 1 - rng.random(n2)  # all above, but with spread
    before = searched(first, second, False, "mean")
    first[:, 0], second[:, 0] = 2.0, 1.0
    found = searched(first, second, False, "mean")
    assert found.statistic[0] == np.inf
    assert found.one(0).statistic is None
    assert found.p_single_step[0] == found.p_value[0] == found.smallest_p
    assert found.p_step_down[1] == before.p_step_down[1] == found.smallest_p
    assert np.isfinite(found.p_step_down).all()


@pytest.mark.parametrize(
    ("n1", "n2", "paired", "statistic"),
    [(9, 9, False, "mean"), (6, 9, False, "mean"), (12, 12, True, "auroc")],
)
def test_random_draws_estimate_the_exact_corrected_p(n1, n2, paired, statistic):
    rng = np.random.default_rng(11)
    first, second = several(["relu", "float32", "float32", "small integers"] * 5, n1, n2, rng)
    first[:, :6] += np.arange(6) / 4
    exact = searched(first, second, paired, statistic)
    drawn = searched(first, second, paired, statistic, exact_limit=0, resamples=20_000)
    assert not drawn.exact
    assert drawn.arrangements == 20_000
    for truth, estimate in (
        (exact.p_single_step, drawn.p_single_step),
        (exact.p_step_down, drawn.p_step_down),
    ):
        for p, about in zip(truth, estimate, strict=True):
            assert p == about == 1 or stats.binomtest(round(about * 20_001) - 1, 20_000, p).pvalue > 1e-5


@pytest.mark.parametrize("partly", [False, True])
def test_the_chance_of_any_false_discovery_is_alpha_however_neurons_correlate(partly):
    rng = np.random.default_rng(8)
    wrong = 0
    for _ in range(400):
        shared = rng.standard_normal((11, 1))
        pooled = 0.7 * rng.standard_t(3, (11, 40)) + shared
        first, second = pooled[:5], pooled[5:]
        first[:, 30:] += 20 if partly else 0
        found = searched(first, second, False, "mean")
        wrong += (found.p_step_down[:30] <= 0.05).any()
    assert stats.binomtest(wrong, 400, 0.05, alternative="greater").pvalue > 1e-3
    assert wrong > 0


def test_picking_the_best_of_noise_passes_without_correction_and_not_with_it():
    rng = np.random.default_rng(3)
    naive, corrected = 0, 0
    for _ in range(40):
        first, second = rng.standard_normal((5, 500)), rng.standard_normal((6, 500))
        found = searched(first, second, False, "auroc")
        best = int(np.argmax(found.statistic))
        naive += found.p_value[best] <= 0.05
        corrected += found.one(best).p_value <= 0.05
    assert naive == 40
    assert corrected <= stats.binom.ppf(0.9999, 40, 0.05)


@pytest.mark.parametrize(("n1", "n2", "paired"), [(12, 12, True), (12, 12, False), (9, 14, False)])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_random_draws_do_not_depend_on_the_order_of_neurons(n1, n2, paired, statistic):
    rng = np.random.default_rng(6)
    first, second = several(["relu", "float32", "small integers"] * 60, n1, n2, rng)
    options = {"exact_limit": 0, "resamples": 99, "alternative": "two-sided"}
    found = searched(first, second, paired, statistic, **options)
    neurons = rng.permutation(180)
    again = searched(first[:, neurons], second[:, neurons], paired, statistic, **options)
    np.testing.assert_allclose(again.p_value, found.p_value[neurons], rtol=1e-12)
    np.testing.assert_allclose(again.p_step_down, found.p_step_down[neurons], rtol=1e-12)


@for_each("kind", [*KINDS, "all kinds"])
@for_each("n1, n2, paired", [(9, 9, False), (6, 13, False), (14, 14, True), (60, 60, False)])
def test_single_precision_changes_no_count(kind, n1, n2, paired):
    rng = np.random.default_rng([n1, n2, len(kind)])
    kinds = KINDS * 40 if kind == "all kinds" else [kind] * 400
    first, second = several(kinds, n1, n2, rng)
    first[:, ::7] = first[:, 1:2]  # many neurons that tie
    second[:, ::7] = second[:, 1:2]
    first[:, ::5] += np.abs(first[:, ::5]).mean(axis=0)  # some that do differ
    design = search_design(first, second, paired=paired, statistic="mean")
    blocks = list(design.law.arrangements.drawn(3, 0, 1100))
    blocks += [np.ones((1, n1), dtype=np.bool_)] if paired else []
    pairs = [count_maxima(design, blocks, ["upper", "lower"], screened=flag) for flag in (True, False)]
    for screened, reference in zip(*pairs, strict=True):
        for name in ("alone", "single", "step"):
            np.testing.assert_array_equal(getattr(screened, name), getattr(reference, name), err_msg=name)


@for_each("kind", KINDS)
@for_each("n1, n2, paired", [(20, 20, False), (7, 150, False), (90, 90, True), (400, 400, False)])
def test_scores_beyond_the_bars_of_single_precision_are_beyond_them_in_float64(kind, n1, n2, paired):
    rng = np.random.default_rng([n1, len(kind)])
    first, second = several([kind] * 30, n1, n2, rng)
    design = search_design(first, second, paired=paired, statistic="mean")
    columns = design.columns.of(slice(None))
    made = screen(design.law, columns)
    weights = design.law.weights(next(design.law.arrangements.drawn(0, 0, 300)))
    singles = weights.astype(np.float32)
    nearly = made.scores(singles, np.empty((2, 300 * columns.shape[1]), dtype=np.float32))
    backwards = screen(design.law, columns[::-1]).scores(
        singles[:, ::-1].copy(), np.empty((2, 300 * columns.shape[1]), dtype=np.float32)
    )
    scores = design.law.scores(columns, weights)
    if n1 == n2:
        np.testing.assert_array_equal(nearly, backwards)  # added up without error, in whatever order
    for bars in scores[:20]:
        low, high = single_bars(design.law, bars, made.slack)
        assert (scores[nearly >= high] >= np.broadcast_to(bars, scores.shape)[nearly >= high]).all()
        assert (scores[nearly < low] < np.broadcast_to(bars, scores.shape)[nearly < low]).all()
        assert (high - low < 2e-3).all()


@pytest.mark.parametrize(("n1", "n2", "paired"), [(6, 6, False), (5, 8, False), (9, 9, True)])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_p_do_not_depend_on_how_many_neurons_and_draws_are_treated_together(
    n1, n2, paired, statistic, monkeypatch
):
    first, second = several(
        ["float32", "relu", "bfloat16 around 1000"] * 60, n1, n2, np.random.default_rng(9)
    )
    first[:, 0] += 2
    options = {"exact_limit": 0, "resamples": 999, "alternative": "two-sided"}
    whole = searched(first, second, paired, statistic, **options)
    for module, name, value in [
        (search_columns, "_SLAB_CELLS", 300),
        (search_columns, "_KEPT_CELLS", 0),
        (successive_maxima, "_CHUNK_ROWS", 130),
        (successive_maxima, "_COLUMNS", 48),
        (score_tiles, "_ROWS", 50),
    ]:
        monkeypatch.setattr(module, name, value)
    apart = searched(first, second, paired, statistic, **options)
    for name in ("p_value", "p_single_step", "p_step_down", "p_greater", "p_less"):
        np.testing.assert_array_equal(getattr(apart, name), getattr(whole, name))
    np.testing.assert_allclose(apart.statistic, whole.statistic, rtol=1e-12, atol=1e-12)


def test_memory_stays_below_200_mb_whatever_the_input():
    rng = np.random.default_rng(0)
    for n, neurons in ((60, 40_000), (500, 16_000)):
        values = rng.standard_normal((n, neurons), dtype=np.float32)
        tracemalloc.start()
        searched(values[: n // 2], values[n // 2 :], False, "mean", resamples=60)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 200e6


def test_the_method_says_in_words_what_was_done():
    first, second = (
        np.random.default_rng(0).standard_normal((15, 4096)).T.copy().T[:5],
        np.ones((10, 4096)) * 0.1,
    )
    found = searched(first, second, False, "mean", unit="prompt")
    assert found.method == (
        "exact permutation of 15 prompts (all 3,003 ways to exchange the labels), largest Welch's t of 4,096 neurons"
    )
    assert found.one(7).method == found.method + ", step-down"
    drawn = searched(
        first[:, :3],
        second[:5, :3],
        True,
        "auroc",
        alternative="two-sided",
        exact_limit=0,
        resamples=50,
        column="head",
    )
    assert drawn.method == (
        "permutation within 5 units (50 ways to exchange the labels, drawn at random), "
        "largest and lowest standardised rank sum of 3 heads"
    )


def test_input_no_test_can_be_made_on_is_refused():
    good = np.random.default_rng(0).standard_normal((4, 3))
    bad = good.copy()
    bad[1, 2] = np.nan
    with pytest.raises(StatsError, match="1 of 12 values are NaN"):
        searched(good, bad, False, "mean")
    with pytest.raises(StatsError, match="3 and 2 neurons"):
        searched(good, good[:, :2], False, "mean")
    with pytest.raises(StatsError, match="Paired values must match"):
        searched(good, good[:3], True, "mean")
    with pytest.raises(StatsError, match="no neurons"):
        searched(good[:, :0], good[:, :0], False, "mean")
    with pytest.raises(StatsError, match="statistic must be one of"):
        searched(good, good, False, "median")
