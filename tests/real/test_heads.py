"""Heads of SmolLM2-135M-Instruct that look at a repeated name, told again by Transformers' own attentions."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from plain_smollm2 import Plain, model_folder, needs_smollm2

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.results import Result
from neuronclaims.study import Study

HERE = Path(__file__).parent
FILE = HERE / "heads.claims.yaml"


def texts(folder: str) -> list[str]:
    with (HERE / folder / "names.csv").open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Result]:
    study = Study(cache=tmp_path_factory.mktemp("cache"))
    return study.judge(read_claim_file(FILE, templates()), str(model_folder()))


@cache
def told_again() -> dict[str, np.ndarray]:
    """The attention of the heads from the last token, by claim: [prompts]."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        model_folder(), dtype=torch.float32, attn_implementation="eager"
    ).eval()
    found: dict[str, list[float]] = {}
    for text in texts("prompts"):
        ids = Plain().tokenizer(text)["input_ids"]
        with torch.no_grad():
            weights = [
                each[0, :, -1] for each in model(torch.tensor([ids]), output_attentions=True).attentions
            ]
        last = len(ids) - 1
        copies = [place for place in range(last) if ids[place] == ids[last]]
        followed = [place + 1 for place in copies if place + 1 < last]
        assert copies
        values = {
            "repeated-name": weights[8][1, copies].sum(),
            "what-followed": weights[17][4, followed].sum(),
            "rather-than-the-name": weights[17][4, followed].sum() - weights[17][4, copies].sum(),
            "previous-token": weights[11][1, last - 1],
        }
        for name, value in values.items():
            found.setdefault(name, []).append(float(value))
    return {name: np.array(values) for name, values in found.items()}


def test_no_text_was_a_text_of_discovery() -> None:
    assert not {*texts("prompts")} & {*texts("discovery")}


@needs_smollm2
def test_attention_is_that_of_transformers(results: Mapping[str, Result]) -> None:
    for name, values in told_again().items():
        assert results[name].error is None
        assert results[name].evidence.effect.value == pytest.approx(values.mean(), abs=1e-4), name


@needs_smollm2
def test_verdicts_are_as_expected(results: Mapping[str, Result]) -> None:
    expected = {claim.id: claim.settings.expect for claim in read_claim_file(FILE, templates()).claims}
    assert {name: result.verdict for name, result in results.items()} == expected
    assert "alike" in results["rather-than-the-name"].reason
