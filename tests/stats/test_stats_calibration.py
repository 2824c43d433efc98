"""Under the null hypothesis a test rejects as often as it says; and the command that shows it at length."""

from __future__ import annotations

import json
from importlib import import_module
from io import StringIO
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from cases import for_each
from flat import two_sample_tests
from rich.console import Console
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.nonparametric import rank_compare_2indep
from thorough import THOROUGH, draws

from neuronclaims.stats.permutation.montecarlo import Tally

SETS = 2000
BAND = {alpha: stats.binom.ppf([0.0005, 0.9995], SETS, alpha) / SETS for alpha in (0.05, 0.01)}
DRAWS = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "heavy tails": lambda rng, shape: rng.standard_t(3, shape),
    "lognormal": lambda rng, shape: rng.lognormal(0, 1.5, shape),
    "spikes at zero": lambda rng, shape: np.where(rng.random(shape) < 0.7, 0, rng.exponential(1, shape)),
}


@for_each("kind", DRAWS)
@for_each(
    "n1, n2, paired, statistic",
    [
        (5, 10, False, "mean"),
        (8, 8, False, "mean"),
        (20, 20, False, "mean"),
        (5, 10, False, "auroc"),
        (9, 9, True, "mean"),
    ],
)
def test_false_positives_stay_in_the_binomial_band(kind, n1, n2, paired, statistic):
    rng = np.random.default_rng([n1, n2])
    a, b = (DRAWS[kind](rng, (n, SETS)).astype(np.float32) for n in (n1, n2))
    found = two_sample_tests(
        a,
        b,
        paired=paired,
        statistic=statistic,
        alternative="two-sided",
        seed=1,
        resamples=999,
        exact_limit=20_000,
    )
    for alpha, (low, high) in BAND.items():
        rejected = np.mean(found.p_value <= alpha)
        attained = np.floor(alpha / found.smallest_p) * found.smallest_p  # exact p-values come in steps
        assert rejected <= high
        if kind != "spikes at zero":  # the permutation p alone: Welch's t-test as a second opinion is careful
            assert np.mean(found.p_permutation <= alpha) >= low - (alpha - attained)


@pytest.fixture
def command(monkeypatch, tmp_path):
    """The calibration command with its own store and page: takes arguments, gives status and output."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "1")  # the command sets them if nobody has
    calibration = import_module("calibration")

    def run(*arguments: str) -> tuple[int, str]:
        console = Console(file=StringIO(), width=200)
        places = ["--store", str(tmp_path / "store"), "--docs", str(tmp_path / "docs")]
        return calibration.main([*arguments, *places], console), console.file.getvalue()

    return run


FEW = ("--only", "C1/AUROC", "C4/dz", "C13", "--repetitions", "200", "--write")


def _written(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_a_stopped_calibration_goes_on_and_a_finished_one_only_reads(command, monkeypatch, tmp_path):
    calibration = import_module("calibration")
    timed, ran = calibration._timed, []

    def stopped_at_the_second(cell, repetitions, seed):
        if len(ran) == 1:
            raise KeyboardInterrupt
        ran.append(cell.key)
        return timed(cell, repetitions, seed)

    with monkeypatch.context() as patch:
        patch.setattr(calibration, "_timed", stopped_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            command(*FEW)
    ran.clear()
    with monkeypatch.context() as patch:
        patch.setattr(calibration, "_timed", lambda cell, *rest: ran.append(cell.key) or timed(cell, *rest))
        assert command(*FEW)[0] == 0
    assert ran == ["C4/dz", "C13/shares"]
    pages = _written(tmp_path / "docs")
    with monkeypatch.context() as patch:
        patch.setattr(calibration, "_timed", None)
        status, output = command(*FEW)
    assert status == 0
    assert "3 of 3 cells were finished before" in output
    assert _written(tmp_path / "docs") == pages


def test_a_changed_library_or_seed_or_size_makes_cells_run_again(command, monkeypatch, tmp_path):
    store_module = import_module("calibration_cells.store")
    cell = import_module("calibration_cells.registry").chosen(["C13"])[0]
    store = store_module.Store(tmp_path)
    store.write(cell, 10, 0, store_module.Done([], 1.0))
    assert store.read(cell, 10, 0) == store_module.Done([], 1.0)
    assert store.read(cell, 10, 1) is None
    assert store.read(cell, 11, 0) is None
    monkeypatch.setattr(store_module, "_common", lambda: "another library")
    assert store.read(cell, 10, 0) is None


def test_comments_do_not_make_cells_run_again_but_code_does(command, tmp_path):
    code = import_module("calibration_cells.store")._code
    texts = ("def f():\n    'Doc.'\n    return 1", "# why\ndef f():\n    return 1", "def f():\n    return 2")
    paths = [tmp_path / f"{place}.py" for place in range(3)]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    assert code(paths[0]) == code(paths[1]) != code(paths[2])


def test_a_test_that_rejects_too_often_fails_its_cells_and_says_so(command, monkeypatch, tmp_path):
    right = Tally.p_values
    monkeypatch.setattr(Tally, "p_values", lambda *arguments, **named: right(*arguments, **named) / 2)
    status, output = command(*FEW)
    assert status == 1
    assert "outside C1/AUROC" in output
    assert "outside C13" not in output
    written = _written(tmp_path / "docs")
    assert "**not held**" in written["calibration.md"]
    outcomes = {row[-1] for row in json.loads(written["calibration.json"])["rows"]}
    assert outcomes == {"pass", "fail", "published"}


def test_an_interval_that_is_too_short_fails_its_cell(command, monkeypatch):
    coverage = import_module("calibration_cells.parts.coverage")
    right = coverage.stats.mean_difference_estimate
    monkeypatch.setattr(
        coverage.stats, "mean_difference_estimate", lambda a, b: right(a, b, level=0.8), raising=False
    )
    status, output = command("--only", "C4/independent", "--repetitions", draws("100", "200"))
    assert status == 1
    assert "difference of means (Welch)" in output


def test_bands_are_those_of_the_binomial_distribution_and_of_the_protocol(command):
    bands = import_module("calibration_cells.bands")
    for n, level in ((200, 0.05), (5000, 0.05), (10_000, 0.01), (5000, 0.95)):
        low, high = (round(share * n) for share in bands.band(n, level))
        assert stats.binom.cdf(low - 1, n, level) < 0.0005 <= stats.binom.cdf(low, n, level)
        assert stats.binom.sf(high, n, level) <= 0.0005 < stats.binom.sf(high - 1, n, level)
    assert bands.band(5000, 0.05) == pytest.approx((0.0402, 0.0604), abs=1e-4)
    assert bands.attained(0.05, 2 / 252) == pytest.approx(12 / 252)
    assert bands.attained(0.05, 2 / 70) == pytest.approx(2 / 70)


def test_the_level_of_the_rank_sum_test_is_that_of_scipys_exact_law(command):
    level = import_module("calibration_cells.parts.false_positives").rank_sum_level
    splits = [np.isin(np.arange(9), chosen) for chosen in combinations(range(9), 4)]
    for alpha in (0.05, 0.2):
        p = [stats.mannwhitneyu(np.arange(9.0)[s], np.arange(9.0)[~s], method="exact").pvalue for s in splits]
        assert level(4, 5, alpha) == pytest.approx(np.mean(np.array(p) <= alpha * (1 + 1e-12)))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # SciPy's, about values as few as four data sets give
def test_the_published_tables_are_those_that_every_cell_gives_today(command, monkeypatch):
    for module, name, few in (
        ("series", "LOOKS", 3),
        ("series", "CLAIMS", 2),
        ("calibration_cells.files.power", "CLAIMS", 2),
        ("calibration_cells.files.real", "MODELS", ("demo",)),
    ):
        monkeypatch.setattr(import_module(module), name, few)
    docs = Path(__file__).parents[2] / "docs"
    published = json.loads((docs / "calibration.json").read_text(encoding="utf-8"))
    given = {}
    for cell in import_module("calibration_cells.registry").CELLS:
        if hasattr(cell.run, "lines"):
            lines = list(cell.run.lines())
            given |= {(cell.key, line.table): None for line in lines}
            assert {row.table for row in lines[0].rows(1, 0)} == {lines[0].table}
        else:
            given |= {(cell.key, row.table): None for row in cell.run(1 if cell.of_files else 4, 0)}
    assert {(row[0], published["tables"][row[1]]): None for row in published["rows"]} == given


@pytest.mark.skipif(not THOROUGH, reason="judges some hundred files (THOROUGH=1)")
def test_files_whose_claims_are_not_corrected_together_do_not_hold(command):
    lines = import_module("calibration_cells.stand_in.lines")
    contrasts = import_module("calibration_cells.files.contrasts")
    normal = import_module("calibration_cells.stand_in.values").NORMAL
    for heads, held in (((), "pass"), (("correction: none",), "fail")):
        file = contrasts.layout(contrasts.MORE, (10, 10), claims=20, heads=heads)
        draw = contrasts.two_sets(normal, (10, 10), 0.0, claims=20)
        line = lines.Line("table", {"case": "one"}, file, draw, contrasts._welch(0.0), beyond=False)
        wrong, textbook = line.rows(30, 0)
        assert (wrong.outcome, wrong.counted, textbook.outcome) == (held, True, "published")


def test_textbook_tests_are_those_of_scipy_and_statsmodels(command):
    textbook = import_module("calibration_cells.stand_in.textbook")
    rng = np.random.default_rng(3)
    first, second = np.round(rng.normal(0.6, 2.0, (9, 5)), 1), np.round(rng.normal(size=(14, 5)), 1)
    for column, (p, side) in enumerate(zip(*textbook.brunner_munzel(first, second, 0.7), strict=True)):
        peer = rank_compare_2indep(first[:, column], second[:, column])
        assert p == pytest.approx(peer.test_prob_superior(0.7).pvalue)
        assert side == np.sign(peer.prob1 - 0.7)
    p, _ = textbook.noncentral(first, second, 0.0)
    assert p == pytest.approx(stats.ttest_ind(first, second).pvalue)
    assert textbook.noncentral_one(first, 0.0).p == pytest.approx(stats.ttest_1samp(first, 0.0).pvalue)
    order = np.arange(9.0)
    peers = [stats.spearmanr(order, column) for column in first.T]
    p, side = textbook.spearman(first, order)
    assert p == pytest.approx([peer.pvalue for peer in peers])
    assert side.tolist() == [np.sign(peer.statistic) for peer in peers]
    assert textbook.binomial(np.array([3, 9]), 12, 0.5).p == pytest.approx(
        [stats.binomtest(k, 12, 0.5).pvalue for k in (3, 9)]
    )
    p = np.array([0.04, 0.001, 0.2, 0.03])
    assert textbook.holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_what_is_true_of_values_is_what_many_draws_show(command):
    values = import_module("calibration_cells.stand_in.values")
    for population in values.ALL:
        first, second = (population.draw(np.random.default_rng(5), (200_000,), lift) for lift in (1.0, 0.0))
        assert first.mean() == pytest.approx(population.mean(1.0), abs=4 * first.std() / 400)
        if population is not values.T3:  # its fourth moment does not exist
            assert second.std() == pytest.approx(population.sd(), rel=0.05)
        few = slice(0, 4000)
        u = stats.mannwhitneyu(first[few], second[few]).statistic / 4000**2
        assert u == pytest.approx(population.auroc(1.0), abs=0.025)
        assert population.auroc(population.lift_to(0.6)) == pytest.approx(0.6, abs=1e-3)


def test_numbers_go_with_values_as_closely_as_their_lines_say(command):
    numbers = import_module("calibration_cells.files.numbers")
    rng = np.random.default_rng(7)
    x = np.sort(rng.random(40_000))
    for rho, shapes in ((0.0, numbers.NONE), (0.5, numbers.HALF)):
        for follow in shapes.values():
            assert stats.spearmanr(x, follow(rng, x, 1)[:, 0]).statistic == pytest.approx(rho, abs=0.03)
    every = np.tile(np.arange(40), 500)
    waves = import_module("neuronclaims.stats.numbers.periodicity").Waves.of(every, numbers.PERIOD)
    values = numbers.amplitude(0.3, 40) * np.cos(2 * np.pi * every / numbers.PERIOD)
    assert waves.explained(values + rng.normal(size=len(every)))[0] == pytest.approx(0.3, abs=0.015)
