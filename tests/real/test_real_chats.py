"""Claims about chats with SmolLM2-135M-Instruct, against its own template and plain Transformers."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from find_in_chats import SYSTEMS, tokens
from plain_smollm2 import Plain, model_folder, needs_smollm2
from scipy import stats

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.results import Result
from neuronclaims.study import Study

HERE = Path(__file__).parent
FILE = HERE / "chats.claims.yaml"


@pytest.fixture(scope="module")
def plain() -> Plain:
    return Plain()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Result]:
    study = Study(cache=tmp_path_factory.mktemp("cache"))
    return study.judge(read_claim_file(FILE, templates()), str(model_folder()))


def questions() -> list[str]:
    with (HERE / "prompts" / "questions.csv").open(encoding="utf-8", newline="") as file:
        return [row["question"] for row in csv.DictReader(file)]


@cache
def mlp(plain: Plain, ids: tuple[int, ...]) -> np.ndarray:
    """What the MLPs hold, once for each chat."""
    return plain.mlp(list(ids))


def values(plain: Plain, system: str | None, layer: int, neuron: int, span: str) -> np.ndarray:
    """A neuron's value for each question: where the assistant begins, over the question, or over what is written."""
    found = []
    for question in questions():
        ids = tokens(plain, question, system)
        if span == "generated":
            ids, made = plain.greedy(ids, 6)
            special = set(plain.tokenizer.all_special_ids)
            rows = [len(ids) + place for place, token in enumerate(made) if token not in special]
            found.append(mlp(plain, (*ids, *made))[layer, rows, neuron].mean())
        elif span == "user":
            own = plain.tokenizer(question, add_special_tokens=False)["input_ids"]
            starts = [place for place in range(len(ids)) if ids[place : place + len(own)] == own]
            assert len(starts) == 1
            found.append(mlp(plain, tuple(ids))[layer, starts[0] : starts[0] + len(own), neuron].mean())
        else:
            found.append(mlp(plain, tuple(ids))[layer, -1, neuron])
    return np.array(found)


@needs_smollm2
def test_every_claim_comes_out_as_expected(results) -> None:
    assert [f"{each.id}: {each.verdict}" for each in results.values() if not each.as_expected] == []
    assert {each.verdict for each in results.values()} == {"supported", "refuted", "inconclusive"}


@needs_smollm2
@pytest.mark.parametrize(
    ("claim", "other", "neuron", "span"),
    [
        ("pirate", "helper", (13, 125), "prompt"),
        ("without-system", None, (13, 125), "prompt"),
        ("turned-round", "helper", (13, 60), "prompt"),
        ("in-the-question", "helper", (13, 125), "user"),
        ("answers", "helper", (13, 125), "generated"),
    ],
)
def test_values_and_verdicts_are_those_of_the_models_own_template(
    claim, other, neuron, span, results, plain
) -> None:
    pirate = values(plain, SYSTEMS["pirate"], *neuron, span)
    against = values(plain, SYSTEMS.get(other), *neuron, span)
    evidence = results[claim].evidence
    for row, own in zip(evidence.figures[0].rows, (pirate, against), strict=True):
        np.testing.assert_allclose(np.sort(row.values), np.sort(own), rtol=1e-3, atol=1e-4)
    shifts = pirate - against
    if claim == "in-the-question":
        hedges = 1 - 3 / (4 * (len(shifts) - 1) - 1)
        assert evidence.effect.value == pytest.approx(hedges * shifts.mean() / shifts.std(ddof=1), rel=1e-3)
        assert results[claim].verdict == "refuted"
        return
    assert evidence.effect.value == pytest.approx(shifts.mean(), rel=1e-3)
    assert (results[claim].verdict == "supported") == (shifts.mean() > 0)
    assert stats.permutation_test((shifts,), np.mean, permutation_type="samples", rng=1).pvalue < 0.05
