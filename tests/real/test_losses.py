"""Losses of French and English without some neurons of SmolLM2-135M-Instruct, told again by Transformers and SciPy."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from plain_smollm2 import Plain, model_folder, needs_smollm2
from skewed import mean_interval, mean_p

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.results import Result
from neuronclaims.study import Study

HERE = Path(__file__).parent
FILE = HERE / "losses.claims.yaml"


def sentences(language: str) -> list[str]:
    """The sentences of a language in the order of what they say."""
    with (HERE / "prompts" / "languages.csv").open(encoding="utf-8", newline="") as file:
        found = [row for row in csv.DictReader(file) if row["language"] == language]
    return [row["text"] for row in sorted(found, key=lambda row: int(row["sentence"]))]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Result]:
    study = Study(cache=tmp_path_factory.mktemp("cache"))
    return study.judge(read_claim_file(FILE, templates()), str(model_folder()))


@pytest.fixture(scope="module")
def changes() -> Mapping[str, np.ndarray]:
    """By how much the loss of each sentence rises while the neurons of the first claim hold 0, by language."""
    claim = read_claim_file(FILE, templates()).claims[0]
    neurons = [(neuron.layer, neuron.index) for neuron in claim.sentence.neurons]
    plain = Plain()
    return {
        language: np.array(
            [plain.loss(text, zero=neurons) - plain.loss(text) for text in sentences(language)]
        )
        for language in ("french", "english")
    }


@needs_smollm2
def test_every_claim_comes_out_as_expected(results) -> None:
    assert [
        f"{each.id}: {each.verdict} {each.error}" for each in results.values() if not each.as_expected
    ] == []
    assert {each.verdict for each in results.values()} == {"supported", "refuted"}


@needs_smollm2
def test_effects_and_p_are_those_of_plain_transformers_and_scipy(results, changes) -> None:
    between = changes["french"] - changes["english"]
    expected = {
        "french-is-lost": (between, 0.3),
        "english-is-kept": (changes["english"], None),
        "in-perplexity": (changes["french"], np.log(1.3)),
        "turned-round": (-between, 0.0),
    }
    for name, (values, number) in expected.items():
        effect = results[name].evidence.effect
        low, high = mean_interval(values)
        assert (effect.value, effect.low, effect.high) == pytest.approx(
            (values.mean(), low, high), rel=1e-3, abs=1e-4
        ), name
        if number is not None:
            least = mean_p(values - number)
            assert results[name].evidence.test.p_value >= 0.99 * least, name
    loss = {each.key: each for each in results["in-perplexity"].evidence.other_effects}
    ratio = loss["ratio_of_perplexities"]
    assert ratio.value == pytest.approx(np.exp(changes["french"].mean()), rel=1e-3)
