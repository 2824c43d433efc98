"""Figures of what relabelling gives claims of two sets: searched, of every one, within blocks, or none at all."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from null_histograms import nulls_of, share_beyond
from scipy.stats import ttest_ind
from skewed_sets import difference_p
from small_world import NEURONS, judged, values

MORE = "activates more for up than down"


def pooled(neurons) -> np.ndarray:
    """Return the values of neurons, [6 of up and 6 of down, neurons]."""
    return np.column_stack(
        [np.concatenate([values(each, name) for name in ("up", "down")]) for each in neurons]
    )


def every_t(found: np.ndarray) -> np.ndarray:
    """Return t of every column however the 12 prompts are shared out, [924, columns]; the first is as observed."""
    ways = [list(rows) for rows in combinations(range(12), 6)]
    return np.array([ttest_ind(found[rows], np.delete(found, rows, axis=0)).statistic for rows in ways])


@pytest.mark.parametrize("which", [0, 1, 2])
def test_the_null_of_a_picked_neuron_is_the_maximum_of_all_that_are_no_clearer(tmp_path, which):
    t = every_t(pooled(NEURONS))
    column = int(np.argsort(-t[0])[which])
    layer, index = NEURONS[column]
    [result] = judged(tmp_path, f"{{claim: neuron {layer}:{index} {MORE}, searched: all layers}}")
    [null] = nulls_of(result)
    compared = t[:, t[0] <= t[0, column] + 1e-9]
    of = "12 neurons" if which == 0 else f"the {12 - which} neurons that are no clearer"
    assert null.axis == f"largest t of {of}"
    assert null.observed == pytest.approx(t[0, column], rel=1e-5)
    values = pooled(NEURONS)[:, column]
    of_interval = 12 * difference_p(values[:6], values[6:])  # of the interval, for all twelve
    p = 2 * share_beyond(null, compared.max(axis=1))
    assert result.evidence.test.p_value == pytest.approx(max(p, min(1, of_interval)))


def test_the_null_of_some_neuron_is_that_of_the_one_found(tmp_path):
    some, named = judged(
        tmp_path,
        f"some neuron of layer 2 {MORE}",
        f"{{claim: neuron 2:1 {MORE}, searched: layer 2}}",
    )
    assert nulls_of(some) == nulls_of(named) != []


def test_the_null_of_every_neuron_is_that_of_the_one_whose_p_it_is(tmp_path):
    [result] = judged(tmp_path, f"every neuron of 1:2, 0:2, 0:0 {MORE}")
    shares = {}
    for each in ((1, 2), (0, 2), (0, 0)):
        found = pooled([each])[:, 0]
        means = [
            found[list(rows)].mean() - np.delete(found, rows).mean() for rows in combinations(range(12), 6)
        ]
        shares[each] = np.mean(np.array(means) >= means[0] - 1e-9), means
    worst = max(shares, key=lambda each: shares[each][0])
    [null] = nulls_of(result)
    assert null.axis == f"difference of means of {worst[0]}:{worst[1]}, whose p is the largest"
    of_intervals = [difference_p(*np.split(pooled([each])[:, 0], 2)) for each in shares]
    p = 2 * share_beyond(null, shares[worst][1])
    assert result.evidence.test.p_value == pytest.approx(max(p, *of_intervals))


def within_blocks(statistic) -> list[float]:
    """Return a statistic of (values, blocks, labels) for every exchange within two blocks of 3 and 3 prompts."""
    found, blocks = pooled([(1, 2)])[:, 0], np.tile([0, 1], 6)
    ways = [list(combinations(np.flatnonzero(blocks == block), 3)) for block in (0, 1)]
    chosen = [np.isin(np.arange(12), [*one, *other]) for one, other in product(*ways)]
    return [statistic(found, blocks, labels) for labels in chosen]


def adjusted_difference(found, blocks, labels) -> float:
    columns = np.column_stack([labels, blocks == 0, blocks == 1]).astype(float)
    return float(np.linalg.lstsq(columns, found, rcond=None)[0][0])


def auroc_within(found, blocks, labels) -> float:
    pairs = [
        (found[i] > found[j]) + 0.5 * (found[i] == found[j])
        for i in np.flatnonzero(labels)
        for j in np.flatnonzero(~labels)
        if blocks[i] == blocks[j]
    ]
    return float(np.mean(pairs))


def test_nulls_within_blocks_exchange_within_blocks_alone(tmp_path):
    contrast, separation = judged(
        tmp_path, "neuron 1:2 activates more for high than low", "neuron 1:2 separates high from low"
    )
    [means], [ranks] = nulls_of(contrast), nulls_of(separation)
    assert means.axis == "difference of means, adjusted for blocks"
    assert ranks.axis == "AUROC within blocks"
    p = share_beyond(means, within_blocks(adjusted_difference))
    assert min(1, 2 * p) == pytest.approx(contrast.evidence.test.p_value)
    p = share_beyond(ranks, within_blocks(auroc_within))
    assert min(1, 2 * p) <= separation.evidence.test.p_value


def test_what_is_tested_against_a_margin_has_no_null(tmp_path):
    [result] = judged(tmp_path, "{claim: neuron 2:3 does not activate more for up than down, margin: 0.5 sd}")
    assert result.error is None
    assert nulls_of(result) == []
