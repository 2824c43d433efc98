"""Claims of every neuron of several and of some neuron of a layer, against plain enumeration and single claims."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats as scipy_stats
from skewed_sets import difference_interval, difference_p
from small_world import NEURONS, judged, values

MORE = "activates more for up than down"
ABOVE = "activates more for above than below"


def columns(neurons, name: str) -> np.ndarray:
    return np.column_stack([values(neuron, name) for neuron in neurons])


def largest_t_p(neurons) -> np.ndarray:
    """The share of relabellings whose largest t reaches each neuron's t, over every way to share prompts out."""
    pooled = np.vstack([columns(neurons, "up"), columns(neurons, "down")])

    def t(rows) -> np.ndarray:
        return scipy_stats.ttest_ind(pooled[list(rows)], np.delete(pooled, list(rows), axis=0)).statistic

    observed = t(range(6))
    largest = np.array([t(rows).max() for rows in combinations(range(12), 6)])
    return np.array([(largest >= each - 1e-9).mean() for each in observed]), observed


@pytest.mark.parametrize(
    ("layers", "which"), [("of layer 1", (1,)), ("of layers 0, 2", (0, 2)), ("", (0, 1, 2))]
)
def test_some_neuron_has_the_p_of_the_largest_statistic_and_is_named(tmp_path, layers, which):
    neurons = [neuron for neuron in NEURONS if neuron[0] in which]
    [result] = judged(tmp_path, f"some neuron {layers} {MORE}")
    p, t = largest_t_p(neurons)
    best = neurons[int(np.argmax(t))]
    evidence = result.evidence
    a, b = columns([best], "up")[:, 0], columns([best], "down")[:, 0]
    # Of the interval, which holds for all that were looked at.
    of_interval = len(neurons) * difference_p(a, b)
    assert evidence.test.p_value == pytest.approx(max(2 * p.min(), min(1, of_interval)), abs=1e-12)
    assert f"Found among {len(neurons)} neurons: neuron {best[0]}:{best[1]}." in evidence.notes
    assert evidence.figures[1].rows[0][0] == f"{best[0]}:{best[1]}"
    low, high = difference_interval(values(best, "up"), values(best, "down"), 1 - 0.05 / len(neurons))
    assert [evidence.effect.low, evidence.effect.high] == pytest.approx([low, high], rel=1e-7)
    assert (evidence.selection.how, evidence.selection.neurons) == ("searched", len(neurons))
    assert evidence.figures[0].axis.startswith(f"resid_post {best[0]}:{best[1]}")


def test_some_neuron_is_as_good_as_the_best_of_them_declared_as_searched(tmp_path):
    some, named = judged(
        tmp_path,
        f"some neuron of layer 2 {MORE}",
        f"{{claim: neuron 2:1 {MORE}, searched: layer 2}}",
    )
    assert some.evidence.test == named.evidence.test
    assert some.evidence.effect == named.evidence.effect
    assert some.evidence.rank == named.evidence.rank


def test_of_some_neuron_it_is_enough_that_one_is_beyond_the_number(tmp_path):
    """The quiet neuron is far the surest, and its difference is 0.15; others differ by 0.7 and 0.9."""
    any_at_all, beyond, none = judged(
        tmp_path,
        f"some neuron {ABOVE}",
        f"some neuron {ABOVE} by at least 0.2",
        f"some neuron {ABOVE} by at least 3",
        head="correction: none\nalpha: 0.1",
    )
    assert "neuron 0:2." in any_at_all.evidence.notes[2]
    layer, index = min(
        NEURONS, key=lambda one: difference_p(values(one, "above"), values(one, "below"), 0.2, "greater")
    )
    assert f"neuron {layer}:{index}." in beyond.evidence.notes[2]
    assert [any_at_all.verdict, beyond.verdict, none.verdict] == ["supported", "supported", "refuted"]
    assert beyond.evidence.effect.low >= 0.2
    assert beyond.evidence.test.p_value >= any_at_all.evidence.test.p_value
    # Twenty prompts can miss one in five, whichever of the twelve neurons it is: that is counted once.
    assert beyond.evidence.test.p_value == none.evidence.test.p_value == pytest.approx(0.8**20)
    assert any_at_all.evidence.test.p_value < 0.8**20


def test_some_neuron_can_activate_less(tmp_path):
    less, more = judged(
        tmp_path, "some neuron activates less for up than down", "some neuron activates more for down than up"
    )
    assert less.evidence.notes[2] == more.evidence.notes[2] == "Found among 12 neurons: neuron 0:3."
    assert less.evidence.test.p_value == more.evidence.test.p_value
    assert less.evidence.effect.value == -more.evidence.effect.value


def test_some_neuron_is_refuted_only_where_all_are(tmp_path):
    for_all = judged(
        tmp_path, *(f"{{claim: 'neuron 2:{i} {ABOVE} by at least 0.8', searched: layer 2}}" for i in range(4))
    )
    [some] = judged(tmp_path, f"some neuron of layer 2 {ABOVE} by at least 0.8")
    assert {r.verdict for r in for_all} == {"refuted", "inconclusive"}
    assert some.verdict == "inconclusive"


@pytest.mark.parametrize(
    "claim",
    [
        "activates more for up than down",
        "separates up from down",
        "activates more for up than down by at least 0.2 sd",
    ],
)
@pytest.mark.parametrize("neurons", [((1, 2), (2, 1)), ((1, 2), (0, 0), (2, 1)), ((1, 2), (0, 3))])
def test_every_neuron_has_the_largest_p_and_is_supported_only_if_each_is(tmp_path, claim, neurons):
    names = [f"{layer}:{index}" for layer, index in neurons]
    head = "correction: none"
    [every] = judged(tmp_path, f"every neuron of {', '.join(names)} {claim}", head=head)
    alone = judged(tmp_path, *(f"neuron {name} {claim}" for name in names), head=head)
    p = [result.evidence.test.p_value for result in alone]
    verdicts = [result.verdict for result in alone]
    worst = min(verdicts, key=["refuted", "inconclusive", "supported"].index)
    if worst == "refuted":  # any of them could have refuted it by chance
        p_refuted = len(p) * min(
            one for one, verdict in zip(p, verdicts, strict=True) if verdict == "refuted"
        )
        assert every.evidence.test.p_value == pytest.approx(min(1, p_refuted))
        assert every.verdict == ("refuted" if p_refuted <= 0.05 else "inconclusive")
    else:
        assert (every.evidence.test.p_value, every.verdict) == (max(p), worst)
    assert every.evidence.effect in [result.evidence.effect for result in alone]
    [table] = [figure for figure in every.evidence.figures if figure.kind == "table"]
    assert [row[0] for row in table.rows] == names
    assert [float(row[-1]) for row in table.rows] == pytest.approx(p, rel=1e-3)
    assert sum("the largest of theirs" in note for note in every.evidence.notes) == 1


def test_every_neuron_does_not_is_the_intersection_of_the_denials(tmp_path):
    names, denial = ["0:1", "1:1", "0:3"], "does not activate more for above than below"
    [every] = judged(tmp_path, f"{{claim: 'every neuron of {', '.join(names)} {denial}', margin: 0.3}}")
    alone = judged(
        tmp_path, *(f"{{claim: neuron {n} {denial}, margin: 0.3}}" for n in names), head="correction: none"
    )
    p = [result.evidence.test.p_value for result in alone]
    assert every.evidence.test.p_value == max(p) > min(p) == pytest.approx(0.8**20)
    assert every.evidence.effect.high == max(result.evidence.effect.high for result in alone)


def test_every_neuron_picked_on_these_prompts_allows_for_the_search(tmp_path):
    every, *alone = judged(
        tmp_path,
        *(
            f"{{claim: '{who} {MORE}', searched: all layers}}"
            for who in ("every neuron of 1:2, 2:1", "neuron 1:2", "neuron 2:1")
        ),
    )
    assert every.evidence.test.p_value == max(result.evidence.test.p_value for result in alone)
    assert every.evidence.effect.low == min(result.evidence.effect.low for result in alone)


def test_the_order_in_which_neurons_are_named_changes_no_number(tmp_path):
    [there] = judged(tmp_path, f"every neuron of 1:2, 0:0, 2:1 {MORE}")
    [back] = judged(tmp_path, f"every neuron of 2:1, 0:0, 1:2 {MORE}")
    assert there.evidence.effect == back.evidence.effect
    assert there.evidence.test == back.evidence.test
    assert there.reason == back.reason


@pytest.mark.parametrize(
    ("claim", "error"),
    [
        (
            f"every neuron of 1:2, 0:9 {MORE}",
            "model has no neuron 0:9 at resid_post: a layer has 4 there, 0 to 3.",
        ),
        (f"some neuron of layers 2, 3 {MORE}", "The claim is about layers 2 to 3, but model has no layer 3"),
        ("some neuron of layer 1 activates more for high than low", "cannot be tested within blocks"),
    ],
)
def test_what_a_model_or_design_does_not_allow_is_an_error_of_that_claim(tmp_path, claim, error):
    bad, fine = judged(tmp_path, claim, f"neuron 1:2 {MORE}")
    assert error in (bad.error or "")
    assert fine.error is None


def test_claims_of_several_neurons_are_exchanges_of_their_own(tmp_path):
    claims = [f"neuron 1:2 {MORE}", f"every neuron of 1:2, 2:1 {MORE}", f"some neuron of layer 1 {MORE}"]
    results = judged(tmp_path, *claims, head="correction: max-statistic")
    for result in results:
        test = result.evidence.test
        assert test.p_adjusted == pytest.approx(min(1, 3 * test.p_value))
