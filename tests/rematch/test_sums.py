"""Correlations from sums are those of the values themselves, however the tokens come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuronclaims.rematch.rotations import Rotation
from neuronclaims.rematch.sums import Sums


def summed(x: np.ndarray, y: np.ndarray, cuts: list[int]) -> Sums:
    sums = Sums()
    for rows in np.split(np.arange(len(x)), sorted(cuts)):
        sums.add(x[rows].astype(np.float32), y[rows].astype(np.float32))
    return sums


@given(seed=st.integers(0, 2**32), tokens=st.integers(3, 60), cuts=st.lists(st.integers(0, 60), max_size=5))
def test_correlations_are_numpys_whatever_the_steps(seed, tokens, cuts):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(tokens, 2)).astype(np.float32)
    y = (rng.normal(size=(tokens, 4)) + x[:, :1]).astype(np.float32)
    expected = np.corrcoef(x.T.astype(float), y.T.astype(float))[:2, 2:]
    np.testing.assert_allclose(summed(x, y, cuts).correlations(), expected, atol=1e-9)


def test_a_large_mean_costs_no_digits():
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(500, 1)) + 3e4).astype(np.float32)
    y = np.concatenate([x * 2, rng.normal(size=(500, 1)) - 5e4], axis=1).astype(np.float32)
    expected = np.corrcoef(x.T.astype(float), y.T.astype(float))[:1, 1:]
    np.testing.assert_allclose(summed(x, y, [7, 300]).correlations(), expected, atol=1e-9)


def test_what_never_changes_goes_with_nothing():
    x = np.array([[1.0, 0.1], [2.0, 0.1], [4.0, 0.1]])
    y = np.array([[5.0, 0.7], [6.0, 0.7], [8.0, 0.7]])
    sums = summed(x, y, [1])
    np.testing.assert_allclose(sums.correlations(), [[1.0, 0.0], [0.0, 0.0]])
    assert sums.still().tolist() == [False, True]


def test_scales_are_means_and_standard_deviations():
    y = np.random.default_rng(1).normal(3, 2, size=(40, 5)).astype(np.float32)
    mean, deviation = summed(y[:, :1], y, [10]).scales()
    np.testing.assert_allclose(mean, y.astype(float).mean(0))
    np.testing.assert_allclose(deviation, y.astype(float).std(0))


@pytest.mark.parametrize("width", [1, 2, 7, 128, 301])
def test_a_rotation_keeps_all_lengths_and_angles(width):
    values = np.random.default_rng(2).normal(size=(20, width)).astype(np.float32)
    turned = Rotation.of(width, 3, 4).turned(values)
    np.testing.assert_allclose(turned @ turned.T, values @ values.T, rtol=1e-4, atol=1e-3)


def test_axes_of_a_rotation_are_made_of_many_neurons_and_differ_by_seed():
    axes = Rotation.of(256, 0, 0).turned(np.eye(256, dtype=np.float32))
    share = (axes**2).max(0)  # the largest share any one neuron has in an axis; their squares add up to 1
    assert share.max() < 0.15
    assert not np.allclose(axes, Rotation.of(256, 0, 1).turned(np.eye(256, dtype=np.float32)))
    np.testing.assert_array_equal(axes, Rotation.of(256, 0, 0).turned(np.eye(256, dtype=np.float32)))
