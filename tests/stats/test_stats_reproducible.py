"""The same numbers, to the last bit, in any order, in any blocks, on any number of threads, at any time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cases import for_each
from stats_public import COLUMNS, GRIDS, SINGLE, everything, exact_text

from neuronclaims.stats.permutation import arrangements

RNG = np.random.default_rng(77)
FIRST, SECOND = RNG.normal(0.3, 1, (7, 30)), RNG.normal(0, 1.5, (9, 30))
FIRST[:, :10], SECOND[:, :10] = np.round(FIRST[:, :10], 1), np.round(SECOND[:, :10], 1)
FIRST[:, 10:15] *= RNG.random((7, 5)) > 0.6


def samples(name):
    return (FIRST, SECOND[:7]) if "paired" in name else (FIRST, SECOND)


def shuffled(name, first, second, rng):
    """Return both samples in another order of prompts; pairs stay together."""
    order = rng.permutation(len(first))
    return first[order], second[order if "paired" in name else rng.permutation(len(second))]


@for_each("name", COLUMNS)
@for_each("order", [0, 1])
def test_neither_the_order_of_prompts_nor_that_of_neurons_changes_a_bit(name, order):
    rng = np.random.default_rng(order)
    a, b = samples(name)
    columns = rng.permutation(a.shape[1])
    there = np.argsort(columns)
    plain, moved = COLUMNS[name](a, b), COLUMNS[name](*(x[:, columns] for x in shuffled(name, a, b, rng)))
    if isinstance(plain, np.ndarray):
        assert plain.tobytes() == moved[there].tobytes()
        return
    for field in ("statistic", "p_value", "p_greater", "p_less", "standard_error", "resolved", "degenerate"):
        assert getattr(plain, field).tobytes() == getattr(moved, field)[there].tobytes()
    assert (plain.exact, plain.arrangements, plain.smallest_p) == (
        moved.exact,
        moved.arrangements,
        moved.smallest_p,
    )


@for_each("name", SINGLE)
@for_each("column", [0, 12, 29])
def test_the_order_of_prompts_changes_no_bit_of_one_neurons_result(name, column):
    a, b = (x[:, column] for x in samples(name))
    plain = exact_text(SINGLE[name](a, b))
    for order in range(3):
        assert exact_text(SINGLE[name](*shuffled(name, a, b, np.random.default_rng(order)))) == plain


BY_PLACE = ("top_k_members", *(name for name in GRIDS if "max_statistic" in name))
"""What has one row per prompt, or adds up prompts in the order given, which is that of their texts."""


@for_each("name", [name for name in GRIDS if name not in BY_PLACE])
def test_the_order_of_prompts_changes_no_bit_of_a_search(name):
    a, b = samples(name)
    plain = exact_text(GRIDS[name](a, b))
    for order in range(2):
        assert exact_text(GRIDS[name](*shuffled(name, a, b, np.random.default_rng(order)))) == plain


@for_each("name", [name for name in COLUMNS if "drawn" in name or "exact" in name])
def test_a_neuron_gets_the_same_bits_alone_as_among_others(name):
    a, b = samples(name)
    together = COLUMNS[name](a, b)
    for column in (0, 11, 29):
        alone = COLUMNS[name](a[:, column : column + 1], b[:, column : column + 1])
        for field in ("statistic", "p_value", "p_greater", "p_less", "standard_error"):
            assert getattr(alone, field)[0].hex() == getattr(together, field)[column].hex()


@pytest.mark.parametrize("cells", [60, 997, 50_000_000])
def test_the_size_of_blocks_changes_nothing(monkeypatch, cells):
    plain = everything(3)
    monkeypatch.setattr(arrangements, "_BLOCK_CELLS", cells)
    assert arrangements.block_rows(10, 10) == max(1, cells // 10)
    assert everything(3) == plain


def test_neither_repetition_nor_what_was_asked_before_changes_anything():
    plain = everything(4)
    everything(5)
    np.random.seed(0)
    np.random.rand(3)
    assert everything(4) == plain


@pytest.mark.parametrize("name", ["test of means", "auroc_estimate", "hedges_g_estimate"])
def test_lists_float32_and_strided_arrays_of_the_same_values_give_the_same_bits(name):
    a, b = FIRST[:, 0].astype(np.float32), SECOND[:, 0].astype(np.float32)
    plain = exact_text(SINGLE[name](a.astype(np.float64), b.astype(np.float64)))
    assert exact_text(SINGLE[name](a, b)) == plain
    assert exact_text(SINGLE[name](a.tolist(), b.tolist())) == plain
    assert exact_text(SINGLE[name](np.repeat(a, 2)[::2], np.repeat(b, 3)[::3])) == plain


@for_each("name", COLUMNS)
def test_how_columns_lie_in_memory_changes_nothing(name):
    a, b = samples(name)
    fortran = COLUMNS[name](np.asfortranarray(a), np.asfortranarray(b))
    assert exact_text(fortran) == exact_text(COLUMNS[name](a, b))


def test_the_number_of_threads_changes_nothing():
    here = Path(__file__).parent
    found = set()
    for threads in ("1", "2"):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = os.environ | dict.fromkeys(names, threads) | {"PYTHONHASHSEED": threads}
        command = [sys.executable, str(here / "stats_public.py")]
        found.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    found.add(everything(1) + "\n")
    assert len(found) == 1
