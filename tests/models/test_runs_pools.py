"""The pools beside last, mean and max: shares of positions beyond a size, and positions one by one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_runs_positions import PROMPTS, full_pass

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, Generation, TokenRule
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.pools import LegacyGrowingPool, MassivePool
from neuronclaims.models.running.pooling import Positions, fold, made


def text_values(source, prompt: str) -> torch.Tensor:
    tokenizer = source.loaded.tokenizer
    ids = tokenizer(prompt)["input_ids"]
    special = {tokenizer.bos_token_id}
    keep = [token not in special for token in ids]
    return full_pass(source, ids, 1)[torch.tensor(keep)]


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_each_keeps_the_first_positions_in_order_after_their_number(hand_over, name) -> None:
    source = hand_over(name)
    asked = Activations("resid_post", 1, TokenRule("each 5", "prompt"), PROMPTS)
    width = source.facts().widths["resid_post"]
    for row, prompt in zip(measure(source, [asked])[asked], PROMPTS, strict=True):
        values = text_values(source, prompt)
        kept = min(5, len(values))
        assert row[0] == kept
        table = row[1:].reshape(5, width)
        np.testing.assert_allclose(table[:kept], values[:kept].numpy(), rtol=1e-4, atol=1e-5)
        assert not table[kept:].any()


@pytest.mark.parametrize("span", ["generated", "emitting"])
def test_each_of_a_continuation_agrees_with_its_mean_and_last(hand_over, span) -> None:
    source = hand_over("llama")
    pools = ("each 6", "mean", "last")
    asked = [Activations("resid_post", 1, TokenRule(pool, span), PROMPTS, Generation(6)) for pool in pools]
    answers = measure(source, asked)
    width = source.facts().widths["resid_post"]
    for each, mean, last in zip(*(answers[question] for question in asked), strict=True):
        table = each[1:].reshape(6, width)[: int(each[0])]
        np.testing.assert_allclose(table.mean(0), mean, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(table[-1], last, rtol=1e-4, atol=1e-5)


def test_beyond_is_the_share_of_positions_of_at_least_that_size(hand_over) -> None:
    source = hand_over("gpt2")
    asked = Activations("resid_post", 1, TokenRule("beyond 0.75", "prompt"), PROMPTS)
    for row, prompt in zip(measure(source, [asked])[asked], PROMPTS, strict=True):
        expected = (text_values(source, prompt).abs() >= 0.75).float().mean(0).numpy()
        np.testing.assert_allclose(row, expected, rtol=1e-4, atol=1e-6)
        assert 0 < row.mean() < 1


def test_massive_needs_size_and_distance_from_the_rest() -> None:
    values = torch.full((1, 3, 5), 0.05)
    values[0, 0, 2] = 150.0
    values[0, 1, 2] = 99.0
    values[0, 2] = torch.tensor([-200.0, 1.0, 1.0, 1.0, 1.0])
    positions = Positions.of(torch.ones(1, 3, dtype=torch.bool))
    found = made(MassivePool(), fold(MassivePool(), None, values, positions), torch.tensor([3]))
    np.testing.assert_allclose(found[0].numpy(), [0, 0, 1 / 3, 0, 0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("pool", ["beyond", "each 0", "median", "beyond x"])
def test_unknown_pools_are_refused(hand_over, pool) -> None:
    with pytest.raises(MeasurementError, match="No token rule"):
        measure(hand_over("gpt2"), [Activations("resid_post", 1, TokenRule(pool, "prompt"), PROMPTS)])


def growing(values: np.ndarray) -> np.ndarray:
    """Record at every step all tokens that were there before it, and average the records."""
    records = [values[token] for step in range(len(values)) for token in range(step)]
    return np.mean(records, axis=0)


def test_legacy_growing_weighs_tokens_by_those_after_them() -> None:
    values = torch.tensor([[[8.0], [4.0], [1.0]], [[8.0], [4.0], [1.0]]])
    positions = Positions.of(torch.tensor([[True, True, True], [True, False, True]]))
    found = made(
        LegacyGrowingPool(), fold(LegacyGrowingPool(), None, values, positions), torch.tensor([3, 2])
    )
    # (2 x 8 + 1 x 4 + 0 x 1) / 3, and (1 x 8 + 0 x 1) / 1
    np.testing.assert_allclose(found.numpy(), [[20 / 3], [8.0]], rtol=1e-6)


def test_legacy_growing_of_a_continuation_is_what_recording_all_so_far_at_each_step_gives(hand_over) -> None:
    source = hand_over("llama")
    each, weighted = (
        Activations("resid_post", 1, TokenRule(pool, "generated"), PROMPTS, Generation(6))
        for pool in ("each 6", "legacy_growing")
    )
    answers = measure(source, [each, weighted])
    width = source.facts().widths["resid_post"]
    for listed, found in zip(answers[each], answers[weighted], strict=True):
        table = listed[1:].reshape(6, width)[: int(listed[0])]
        np.testing.assert_allclose(growing(table), found, rtol=1e-4, atol=1e-5)


def test_a_single_token_has_no_weight_in_legacy_growing(hand_over) -> None:
    asked = Activations("resid_post", 1, TokenRule("legacy_growing", "generated"), PROMPTS, Generation(1))
    with pytest.raises(MeasurementError, match="a single token after the prompt"):
        measure(hand_over("gpt2"), [asked])
