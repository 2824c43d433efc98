"""Answers in chats, spans, and a change at a span on SmolLM2-135M-Instruct, told again by Transformers and SciPy."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from independent import Interval, contrast_p, differences
from plain_smollm2 import Plain, model_folder, needs_smollm2
from skewed import mean_interval, mean_p
from statsmodels.stats.multitest import multipletests

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.results import Result
from neuronclaims.study import Study

HERE = Path(__file__).parent
FILE = HERE / "spans.claims.yaml"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Result]:
    study = Study(cache=tmp_path_factory.mktemp("cache"))
    return study.judge(read_claim_file(FILE, templates()), str(model_folder()))


def table(name: str, folder: str = "prompts") -> list[dict[str, Any]]:
    with (HERE / folder / name).open(encoding="utf-8", newline="") as file:
        return [json.loads(line) for line in file] if name.endswith("jsonl") else list(csv.DictReader(file))


@pytest.fixture(scope="module")
def told_again() -> dict[str, tuple[np.ndarray, np.ndarray, bool]]:
    """The values of both sides of every claim, and whether they are pairs."""
    plain = Plain()

    def answered(layer: int, neuron: int, kind: str) -> np.ndarray:
        found = []
        for row in table("answers.jsonl"):
            question, answer = (message["content"] for message in row["messages"])
            if row["kind"] == kind:
                ids = plain.chat(question)
                place = len(ids)
                found.append(plain.mlp([*ids, *plain.tokenizer(answer)["input_ids"]])[layer, place, neuron])
        return np.array(found)

    def subjects(layer: int, neuron: int, kind: str, at_end: bool) -> np.ndarray:
        found = []
        for row in table("subjects.csv"):
            if row["kind"] == kind:
                ids, place = plain.subject(row["text"], row["subject"])
                found.append(plain.mlp(ids)[layer, -1 if at_end else place, neuron])
        return np.array(found)

    def french(zero: bool) -> np.ndarray:
        coded = [plain.subject(row["text"], row["subject"]) for row in table("france.csv")]
        return np.array(
            [plain.logit(ids, " French", (22, 655, place) if zero else None) for ids, place in coded]
        )

    return {
        "refusals": (answered(13, 1333, "refusal"), answered(13, 1333, "answer"), True),
        "countries": (subjects(20, 764, "country", False), subjects(20, 764, "animal", False), False),
        "countries-at-the-end": (
            subjects(20, 764, "country", True),
            subjects(20, 764, "animal", True),
            False,
        ),
        "french-at-france": (french(True), french(False), True),
    }


def p_of(x: np.ndarray, y: np.ndarray, paired: bool) -> float:
    """Two-sided: twice the smaller exact p of an exchange, or that of the interval, whichever is larger.

    Of pairs no p is below the chance that so few hold none of one in five.
    """
    exchanged = min(1.0, 2 * min(contrast_p(x, y, paired, side)[0] for side in ("greater", "less")))
    return max(
        exchanged,
        max(float(mean_p(x - y)), 0.8 ** len(x)) if paired else differences(x, y, False)["difference"].p(0.0),
    )


@needs_smollm2
def test_verdicts_effects_and_numbers_of_units_are_those_of_plain_transformers_and_scipy(
    results, told_again
) -> None:
    assert results.keys() == told_again.keys()
    adjusted = multipletests([p_of(*told_again[name]) for name in results], method="holm")[1]
    for (name, result), q in zip(results.items(), adjusted, strict=True):
        x, y, paired = told_again[name]
        evidence, difference = result.evidence, x.mean() - y.mean()
        assert evidence.effect.value == pytest.approx(difference, rel=1e-3, abs=1e-5), name
        found: Interval | None = None if paired else differences(x, y, False)["difference"]
        limits = mean_interval(x - y) if found is None else (found.low, found.high)
        assert (evidence.effect.low, evidence.effect.high) == pytest.approx(
            tuple(limits), rel=2e-3, abs=1e-4
        ), name
        verdict = "inconclusive" if q > 0.05 else "supported" if difference > 0 else "refuted"
        assert (result.verdict, result.as_expected) == (verdict, True), name
        assert {len(row.values) for row in evidence.figures[0].rows} >= {len(x)}, name
        assert evidence.test.p_adjusted == pytest.approx(float(q), rel=0.05, abs=2e-3), name


def test_no_text_that_chose_a_neuron_tests_it() -> None:
    for name, column in (("subjects.csv", "text"), ("france.csv", "text")):
        one, other = ({row[column] for row in table(name, folder)} for folder in ("prompts", "discovery"))
        assert one
        assert not one & other
    one, other = (
        {json.dumps(row["messages"]) for row in table("answers.jsonl", folder)}
        for folder in ("prompts", "discovery")
    )
    assert not one & other
