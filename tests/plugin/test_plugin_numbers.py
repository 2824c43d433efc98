"""The numbers of a session: right by an independent reckoning, and the same however the session was called."""

from __future__ import annotations

import json

import numpy as np
import pytest
from fake_study import value
from inner import MORE, SETS, claim_text, report_of
from skewed_sets import difference_interval, difference_p
from worlds import OUTCOMES, World

LEFT_OUT_OF_REPORTS = "left-out"
NEURONS = {
    "wrongly-refuted": (1, 0),
    "known-undecided": (1, 2),
    "undecided-xfail": (0, 3),
    "undecided": (0, 2),
}


SHOWN = 5e-6
"""How far a number with the six digits of a report may be off."""


def reckoned() -> dict[str, dict[str, float]]:
    """Effect, interval and p of every contrast between tall and short, by SciPy; Holm over the file by statsmodels."""
    stats = pytest.importorskip("scipy.stats")
    multipletests = pytest.importorskip("statsmodels.stats.multitest").multipletests
    found: dict[str, dict[str, float]] = {}
    for name in [*OUTCOMES, LEFT_OUT_OF_REPORTS]:
        layer, index = NEURONS.get(name, (0, 1 if OUTCOMES.get(name, ("",))[0] == "refuted" else 0))
        first, second = ("few", "tall") if name == "few" else ("tall", "short")
        layer, index = (1, 1) if name == "apart" else (layer, index)
        a, b = (np.array([value(p, layer, index) for p in sorted(SETS[s])]) for s in (first, second))
        low, high = difference_interval(a, b)
        found[name] = {
            "difference": a.mean() - b.mean(),
            "low": low,
            "high": high,
            "auroc": stats.mannwhitneyu(a, b).statistic / (len(a) * len(b)),
            "p": _p(stats, name, a, b),
        }
    found["no-such-neuron"]["p"] = 1.0  # in error it keeps its place in the family
    for name, adjusted in zip(
        found, multipletests([f["p"] for f in found.values()], method="holm")[1], strict=True
    ):
        found[name]["p adjusted"] = adjusted
    return found


def _newcombe_p(stats, auroc: float, n1: int, n2: int) -> float:
    """Newcombe's score test of an AUROC of 1/2 (2006, method 5), whose variance is that of Hanley and McNeil."""
    star = (n1 + n2) / 2 - 1
    variance = 0.25 * (1 + star / 3 + star / 3) / (n1 * n2)
    return float(2 * stats.norm.sf(abs(auroc - 0.5) / np.sqrt(variance)))


def _p(stats, name: str, a, b) -> float:
    if name == "apart":
        ranks = stats.mannwhitneyu(a, b, method="exact")
        return float(
            max(ranks.pvalue, _newcombe_p(stats, ranks.statistic / (len(a) * len(b)), len(a), len(b)))
        )
    studentised = len(a) != len(b)

    def statistic(x, y, axis):
        difference = x.mean(axis) - y.mean(axis)
        if not studentised:
            return difference
        variance = x.var(axis, ddof=1) / x.shape[axis] + y.var(axis, ddof=1) / y.shape[axis]
        return difference / np.sqrt(variance)

    exact = stats.permutation_test(
        (a, b), statistic, alternative="two-sided", n_resamples=np.inf, vectorized=True
    )
    # The larger one of this p and of that of the interval shown counts.
    return float(max(exact.pvalue, difference_p(a, b)))


def test_the_numbers_are_those_of_scipy_and_statsmodels(worlds) -> None:
    world: World = worlds("plain")
    right = reckoned()
    for name, claim in world.claims.items():
        if name == "no-such-neuron":
            assert claim["evidence"] is None
            continue
        test, effect = claim["evidence"]["test"], claim["evidence"]["effect"]
        expected = right[name]
        assert test["p_value"] == pytest.approx(expected["p"], rel=SHOWN), name
        assert test["p_adjusted"] == pytest.approx(expected["p adjusted"], rel=SHOWN), name
        assert test["family"] == len(right)
        if name == "apart":
            assert effect["value"] == pytest.approx(expected["auroc"], rel=SHOWN)
            continue
        assert effect["value"] == pytest.approx(expected["difference"], rel=SHOWN)
        assert [effect["low"], effect["high"]] == pytest.approx(
            [expected["low"], expected["high"]], rel=SHOWN
        ), name


def without_time(world: World) -> str:
    report = {key: entry for key, entry in world.report.items() if key != "made"}
    return json.dumps(report).replace(str(world.folder), "FOLDER")


def test_xdist_changes_nothing_but_the_time_in_the_report(worlds) -> None:
    plain = without_time(worlds("plain"))
    assert without_time(worlds("loadscope")) == plain
    assert without_time(worlds("load")) == plain


REVERSED = """
def pytest_collection_modifyitems(items):
    items.reverse()
"""


def test_neither_choice_nor_order_changes_a_number(write, run, pytester) -> None:
    claims = [
        f"{{id: a, claim: neuron 0:0 {MORE}}}",
        f"{{id: b, claim: neuron 0:2 {MORE}}}",
        "neuron 1:1 separates tall from few",
    ]

    def numbers(*arguments: str) -> dict[str, object]:
        run("--claims-report=.", *arguments)
        return {claim["id"]: claim["evidence"] for claim in report_of(pytester.path)["claims"]}

    write(people=claim_text(*claims))
    whole = numbers()
    assert len(whole) == 3
    assert numbers("-k", "b") == {"b": whole["b"]}
    pytester.makepyfile(backwards=REVERSED)
    pytester.syspathinsert()
    assert numbers("-p", "backwards") == whole
    write(people=claim_text(*reversed(claims)))
    assert numbers() == whole
