"""A measurement of another package is planned, described, run, kept and refused like ours, with no change here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from entropy_measurement import NextTokenEntropy

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.cost import cost_of, refused
from neuronclaims.engines.measure import measure
from neuronclaims.engines.noise import noise_floor
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.measurement import describe
from neuronclaims.models.tokenization_check import check_tokenization

PROMPTS = ("the old dog ran to the river", "she sat", "food in the old market was new")
ENTROPY = NextTokenEntropy(1, PROMPTS)


def test_it_is_measured_beside_ours_and_kept(hand_over, tmp_path: Path) -> None:
    source = hand_over("llama")
    ours = Activations("resid_post", 1, TokenRule("last", "prompt"), PROMPTS)
    found = measure(source, [ENTROPY, ours], cache=RunCache(tmp_path))
    columns = ENTROPY.columns(found[ENTROPY])
    np.testing.assert_allclose(columns.length, np.linalg.norm(found[ours], axis=1), rtol=1e-5)
    for prompt, entropy in zip(PROMPTS, columns.entropy, strict=True):
        ids = torch.tensor([source.loaded.tokenizer(prompt)["input_ids"]])
        with torch.no_grad():
            p = source.loaded.model(ids).logits[0, -1].softmax(-1)
        assert abs(float(torch.distributions.Categorical(p).entropy()) - entropy) < 1e-5
    stages: list[str] = []
    again = measure(
        source, [ENTROPY], cache=RunCache(tmp_path), progress=lambda step: stages.append(step.stage)
    )
    assert (again[ENTROPY] == found[ENTROPY]).all()
    assert set(stages) == {"cached", "verifying"}


def test_it_is_planned_described_checked_and_told_apart_from_rounding(source_of) -> None:
    source = source_of("llama")
    facts = source.facts()
    cost = cost_of(facts, [ENTROPY])
    assert cost.texts == {"undecided text": 3}
    assert cost.passes == {"entropies": 3.0}
    assert cost.places == {"resid_post": (1,)}
    assert cost.stored == 3 * 2 * 4
    assert describe([ENTROPY]) == "entropies at resid_post; layer 1; 3 prompts"
    known = check_tokenization(source, [NextTokenEntropy(1, ("the " * 100,))])
    assert known is not None
    assert "takes 64 at most" in next(iter(known.refused.values()))
    assert noise_floor(source, [ENTROPY])[ENTROPY].largest < 1e-4


def test_it_is_refused_where_it_means_nothing(source_of) -> None:
    facts = source_of("llama").facts()
    assert "there is no layer 7" in str(refused(facts, NextTokenEntropy(7, PROMPTS)))
    assert refused(facts, ENTROPY) is None
    assert "predicts no next token" in str(refused(source_of("bert").facts(), ENTROPY))
    with pytest.raises(MeasurementError, match="there is no layer 7"):
        measure(source_of("llama"), [NextTokenEntropy(7, PROMPTS)])
