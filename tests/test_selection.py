"""Where neurons come from, end to end, against plain enumeration: searched claims, joint corrections, reports."""

from __future__ import annotations

import hashlib
import json
import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy_stats
from skewed_sets import difference_interval, difference_p
from statsmodels.stats.power import TTestIndPower

from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.results import Selection
from neuronclaims.study import Study

CONFIG = {"model_type": "gpt2", "n_layer": 3, "n_embd": 4, "n_head": 2, "n_positions": 64, "vocab_size": 9}
SETS = {
    "up": [f"up {word}" for word in ("a", "b", "c", "d", "e", "f")],
    "down": [f"down {word}" for word in ("a", "b", "c", "d", "e", "f")],
    "few": [f"few {word}" for word in ("a", "b", "c", "d")],
}
LAYERS, WIDTH = range(3), range(4)
FIRST = "neuron 1:2 activates more for up than down"


def value(prompt: str, layer: int, index: int) -> float:
    """Noise; neuron 1:2 is higher for "up", neuron 0:3 lower, both clearly but not wholly apart."""
    digest = hashlib.sha256(f"{prompt} {layer} {index}".encode()).digest()
    lift = (
        {(1, 2): 0.7, (0, 3): -0.6, (0, 0): 0.3}.get((layer, index), 0.0) if prompt.startswith("up") else 0.0
    )
    return float(np.float32(int.from_bytes(digest[:4], "big") / 2**32 + lift))


def measure(source, measurements, *, cache, options, progress):
    return {
        m: np.array([[value(p, m.layer, i) for i in WIDTH] for p in m.prompts], np.float32)
        for m in measurements
    }


@pytest.fixture
def write(tmp_path: Path):
    def write(*claims: str, head: str = "") -> ClaimFile:
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model" / "config.json").write_text(json.dumps(CONFIG))
        (tmp_path / "model" / "model.safetensors").write_bytes(b"")
        lines = ["version: 1", "models: [model]", "site: resid_post", "tokens: mean of prompt"]
        lines += [*head.splitlines(), f"sets: {json.dumps(SETS)}", "claims:", *(f"  - {c}" for c in claims)]
        path = tmp_path / "x.claims.yaml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read_claim_file(path, templates())

    return write


@pytest.fixture
def judge(write):
    def judge(*claims: str, head: str = ""):
        return Study(measure=measure).judge(write(*claims, head=head), "model")

    return judge


def columns(neurons, name: str) -> np.ndarray:
    return np.array([[value(prompt, *neuron) for neuron in neurons] for prompt in SETS[name]])


def step_down(first: np.ndarray, second: np.ndarray, welch: bool) -> np.ndarray:
    """Westfall and Young's step-down p for "greater", over every way to share the rows out."""
    pooled, n = np.vstack([first, second]), len(first)

    chosen = np.array(list(combinations(range(len(pooled)), n)))  # the first is what was observed
    others = np.array([np.delete(np.arange(len(pooled)), rows) for rows in chosen])
    relabelled = scipy_stats.ttest_ind(pooled[chosen], pooled[others], axis=1, equal_var=not welch).statistic
    observed = relabelled[0]
    p, order = np.empty(len(observed)), np.argsort(-observed)
    for place, column in enumerate(order):
        largest = relabelled[:, order[place:]].max(axis=1)
        p[column] = (largest >= observed[column] - 1e-9).mean()
    p[order] = np.maximum.accumulate(p[order])
    return p


def two_sided(first: np.ndarray, second: np.ndarray, welch: bool) -> np.ndarray:
    """Twice the smaller of both step-down p, at most 1."""
    sides = step_down(first, second, welch), step_down(-first, -second, welch)
    return np.minimum(1, 2 * np.minimum(*sides))


def interval_p(first: np.ndarray, second: np.ndarray, many: int = 1) -> np.ndarray:
    """The p of intervals of differences of means that hold for ``many`` neurons at once (Bonferroni)."""
    return np.minimum(1, many * np.array([difference_p(*two) for two in zip(first.T, second.T, strict=True)]))


ALL = [(layer, index) for layer in LAYERS for index in WIDTH]


@pytest.mark.parametrize(
    ("searched", "layers"), [("all layers", (0, 1, 2)), ("layer 1", (1,)), ("layers 0, 1", (0, 1))]
)
def test_a_searched_neurons_p_and_interval_allow_for_all_that_were_searched(judge, searched, layers):
    neurons = [neuron for neuron in ALL if neuron[0] in layers]
    [result] = judge(f"{{claim: {FIRST}, searched: '{searched}'}}").values()
    up, down = columns(neurons, "up"), columns(neurons, "down")
    place = neurons.index((1, 2))
    test, effect = result.evidence.test, result.evidence.effect
    larger = np.maximum(two_sided(up, down, welch=False), interval_p(up, down, len(neurons)))
    assert test.p_value == pytest.approx(larger[place], abs=1e-12)
    level = 1 - 0.05 / len(neurons)
    low, high = difference_interval(up[:, place], down[:, place], level)
    assert [effect.low, effect.high] == pytest.approx([low, high], rel=1e-7)
    assert effect.level == pytest.approx(level, abs=1e-15)
    assert effect.method.endswith(f"widened for the {len(neurons)} neurons searched")
    assert result.evidence.selection.how == "searched"
    assert result.evidence.selection.neurons == len(neurons)
    assert "too large on average" in result.evidence.notes[1]


def test_a_searched_neurons_p_with_sets_of_different_sizes_is_that_of_welchs_t(judge):
    claim = "neuron 1:2 activates more for up than few"
    [result] = judge(f"{{claim: {claim}, searched: all layers}}").values()
    up, few = columns(ALL, "up"), columns(ALL, "few")
    right = np.maximum(two_sided(up, few, welch=True), interval_p(up, few, len(ALL)))
    # With sets of such unequal size only the smaller one's degrees of freedom are sure.
    welch = scipy_stats.ttest_ind(up, few, equal_var=False).statistic
    right = np.maximum(right, np.minimum(1, len(ALL) * 2 * scipy_stats.t.sf(np.abs(welch), 4 - 1)))
    assert result.evidence.test.p_value == pytest.approx(right[ALL.index((1, 2))], abs=1e-12)


def test_a_search_never_makes_a_claim_look_better_and_costs_no_reachability(judge, write):
    results = judge(
        *(f"{{id: s{s}, claim: {FIRST}, searched: {t}}}" for s, t in enumerate(["layer 1", "all layers"]))
    )
    alone = judge(FIRST)
    [plain] = alone.values()
    p = [r.evidence.test.p_value for r in (plain, *results.values())]
    assert p == sorted(p)
    lows = [r.evidence.effect.low for r in (plain, *results.values())]
    assert lows == sorted(lows, reverse=True)
    assert {r.evidence.test.smallest_p for r in results.values()} == {plain.evidence.test.smallest_p}


def test_a_search_through_layers_the_model_lacks_is_an_error_of_that_claim(judge):
    results = judge(f"{{id: a, claim: {FIRST}, searched: layers 1 to 3}}", FIRST)
    assert results["a"].error == (
        "The claim says that its neuron was picked from layers 1 to 3, but model has no layer 3: "
        "it has 3 layers, 0 to 2."
    )
    assert sum(result.error is None for result in results.values()) == 1


def test_found_elsewhere_changes_no_number_and_is_reported(judge, tmp_path):
    [plain] = judge(FIRST).values()
    (tmp_path / "found.txt").write_text("up z\ndown z\nUP  z\n", encoding="utf-8")
    [found] = judge(FIRST, head="discovered_on: {file: found.txt}").values()
    assert found.evidence.test == plain.evidence.test
    assert found.evidence.effect == plain.evidence.effect
    assert found.evidence.selection == Selection("discovered", ("found.txt",), prompts=2)
    assert found.evidence.notes[0] == "Found on 2 other prompts, none of which is tested here."
    assert (plain.evidence.selection, plain.evidence.notes) == (
        Selection("beforehand"),
        (
            "The claim file does not say how the neuron was chosen; p is right only if it was chosen before these "
            "prompts were looked at.",
        ),
    )


def rank_step_down(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Westfall and Young's two-sided step-down p of rank sums: twice the smaller of the two one-sided ones."""
    pooled, n = np.vstack([first, second]), len(first)
    assert all(
        len(set(column)) == len(pooled) for column in pooled.T
    )  # no ties: rank sums compare as they are
    ranks = scipy_stats.rankdata(pooled, axis=0) - (len(pooled) + 1) / 2
    relabelled = np.array([ranks[list(rows)].sum(axis=0) for rows in combinations(range(len(pooled)), n)])
    sides = []
    for sign in (1, -1):
        sums, observed = sign * relabelled, sign * relabelled[0]
        p, order = np.empty(len(observed)), np.argsort(-observed)
        for place, column in enumerate(order):
            p[column] = (sums[:, order[place:]].max(axis=1) >= observed[column]).mean()
        p[order] = np.maximum.accumulate(p[order])
        sides.append(p)
    return np.minimum(1, 2 * np.minimum(*sides))


def test_a_searched_separation_is_two_sided_over_all_that_were_searched(judge):
    [result] = judge("{claim: 'neuron 0:3 separates up from down', searched: all layers}").values()
    right = rank_step_down(columns(ALL, "up"), columns(ALL, "down"))
    # The larger of this p and of that of the interval for all twelve counts.
    assert result.evidence.test.p_value >= right[ALL.index((0, 3))] - 1e-12
    assert result.evidence.effect.name == "AUROC"
    assert result.evidence.effect.level == pytest.approx(1 - 0.05 / 12, abs=1e-15)


def test_separations_on_the_same_exchange_are_corrected_jointly(judge):
    results = judge(
        *(f"neuron {layer}:{index} separates up from down" for layer, index in CLAIMED),
        head="correction: max-statistic",
    )
    right = rank_step_down(columns(CLAIMED, "up"), columns(CLAIMED, "down"))
    assert adjusted(results) == pytest.approx(right, abs=1e-12)


def test_a_file_that_is_not_corrected_speaks_of_no_other_claims(judge):
    claims = [f"neuron {layer}:{index} activates more for up than down" for layer, index in CLAIMED]
    for result in judge(*claims, head="correction: none").values():
        test = result.evidence.test
        assert test.p_adjusted == test.p_value
        assert test.corrected == "not corrected"
        told = (result.reason, test.method, result.evidence.plan.said)
        assert not any(
            word in text for text in told for word in ("together", "adjusted", "limit down to", "/ 3")
        )


def test_a_search_is_planned_for_all_the_neurons_that_were_searched(judge):
    claim = "neuron 0:1 activates more for up than down"
    [plain] = judge(claim).values()
    [searched] = judge(f"{{claim: {claim}, searched: all layers}}").values()
    assert plain.verdict == searched.verdict == "inconclusive"
    alone, among = (result.evidence.plan.effects[1].enough for result in (plain, searched))
    # 0.8 sd: the two-sided t test at .05, and at .05 / 12, by statsmodels.
    assert alone == (26, 26)
    assert among == (math.ceil(TTestIndPower().solve_power(0.8, alpha=0.05 / 12, power=0.8)),) * 2
    assert plain.reason.endswith(plain.evidence.plan.said)


CLAIMED = [(1, 2), (0, 3), (2, 0)]
TOGETHER = (
    FIRST,
    "neuron 0:3 activates less for up than down",
    "neuron 2:0 activates more for up than down by at least 0.1",
)


def joint_p() -> np.ndarray:
    up, down = columns(CLAIMED, "up") - np.array([0.0, 0.0, np.float32(0.1)]), columns(CLAIMED, "down")
    return np.maximum(two_sided(up, down, welch=False), interval_p(up, down))


def adjusted(results) -> list[float]:
    return [result.evidence.test.p_adjusted for result in results.values() if result.evidence]


def test_claims_on_the_same_exchange_are_corrected_jointly_whatever_their_direction(judge):
    results = judge(*TOGETHER, head="correction: max-statistic")
    assert adjusted(results) == pytest.approx(joint_p(), abs=1e-12)
    holm = judge(*TOGETHER)
    assert [r.evidence.test.p_value for r in results.values()] == [
        r.evidence.test.p_value for r in holm.values()
    ]
    assert {r.evidence.test.correction for r in results.values()} == {"max-statistic"}


def test_different_exchanges_are_corrected_by_their_number(judge):
    others = (
        "neuron 0:0 separates up from down",  # another statistic
        "neuron 0:0 activates more for down than up",  # another order
        "neuron 0:0 activates more for up than few",  # another set
        "{id: seeded, claim: neuron 0:0 activates more for up than down, seed: 3}",
        "{id: searched, claim: neuron 0:0 activates more for up than down, searched: layer 0}",
    )
    results = judge(*TOGETHER, *others, head="correction: max-statistic")
    assert adjusted(results)[:3] == pytest.approx(np.minimum(1, 6 * joint_p()), abs=1e-12)
    alone = [result.evidence.test for result in results.values()][3:]
    assert [test.p_adjusted for test in alone] == pytest.approx([min(1, 6 * t.p_value) for t in alone])


@pytest.mark.parametrize(
    "broken", ["neuron 9:0 activates more for up than down", "neuron 9:0 separates up from few"]
)
def test_a_claim_in_error_keeps_its_place_among_those_it_would_have_been_tested_with(judge, broken):
    results = judge(*TOGETHER, broken, head="correction: max-statistic")
    assert [result.error is None for result in results.values()] == [True, True, True, False]
    assert adjusted(results) == pytest.approx(np.minimum(1, 2 * joint_p()), abs=1e-12)


def test_breaking_a_claim_never_helps_its_neighbours(judge):
    pairs = [("up", "down"), ("up", "few"), ("few", "down")]
    claims = [f"neuron {n} activates more for {a} than {b}" for a, b in pairs for n in ("1:2", "0:0", "2:1")]
    whole = judge(*claims, head="correction: max-statistic")
    for place, claim in enumerate(claims):
        cut = [*claims[:place], claim.replace("neuron ", "neuron 7"), *claims[place + 1 :]]
        for after, before in zip(
            judge(*cut, head="correction: max-statistic").values(), whole.values(), strict=True
        ):
            if after.evidence is not None:
                assert after.evidence.test.p_adjusted >= before.evidence.test.p_adjusted - 1e-12


def test_neither_order_nor_company_on_other_sets_changes_joint_p(judge):
    there = judge(*TOGETHER, head="correction: max-statistic")
    back = judge(*reversed(TOGETHER), head="correction: max-statistic")
    assert {name: r.evidence.test for name, r in there.items()} == {
        name: r.evidence.test for name, r in back.items()
    }
