"""Claims about named tokens of SmolLM2-135M-Instruct, in texts and in chats, against plain Transformers."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from find_at_countries import last_token
from plain_smollm2 import Plain, model_folder, needs_smollm2

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.results import Result
from neuronclaims.study import Study

HERE = Path(__file__).parent
ABLATED = {13: [1223], 16: [61, 864]}


@pytest.fixture(scope="module")
def plain() -> Plain:
    return Plain()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Result]:
    study = Study(cache=tmp_path_factory.mktemp("cache"))
    return study.judge(read_claim_file(HERE / "tokens.claims.yaml", templates()), str(model_folder()))


def rows(continent: str) -> list[dict[str, str]]:
    with (HERE / "prompts" / "countries.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["continent"] == continent]


def chat(plain: Plain, question: str) -> str:
    said = [{"role": "user", "content": question}]
    return plain.tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)


@torch.no_grad()
def change(plain: Plain, text: str, place: int) -> float:
    """How far " Europe" over " Asia" moves when some neurons hold 0 at one token."""

    def logits() -> float:
        found = plain.model(torch.tensor([plain.tokenizer(text)["input_ids"]])).logits[0, -1]
        europe, asia = (plain.tokenizer(token)["input_ids"][0] for token in (" Europe", " Asia"))
        return float(found[europe] - found[asia])

    def zero(columns: list[int]):
        def put(_: object, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor]:
            values = args[0].clone()
            values[0, place, columns] = 0
            return (values,)

        return put

    before = logits()
    handles = [
        plain.model.model.layers[layer].mlp.down_proj.register_forward_pre_hook(zero(columns))
        for layer, columns in ABLATED.items()
    ]
    after = logits()
    for handle in handles:
        handle.remove()
    return after - before


@needs_smollm2
def test_every_claim_comes_out_as_expected(results) -> None:
    assert [f"{each.id}: {each.verdict}" for each in results.values() if not each.as_expected] == []


@needs_smollm2
@pytest.mark.parametrize("claim", ["at-the-country", "in-a-chat", "before-it"])
def test_values_are_those_at_the_token_that_is_named(claim, results, plain) -> None:
    sides = []
    for continent in ("europe", "asia"):
        own = []
        for row in rows(continent):
            text = chat(plain, row["question"]) if claim == "in-a-chat" else row["text"]
            ids = plain.tokenizer(text, add_special_tokens=False)["input_ids"]
            place = 0 if claim == "before-it" else last_token(plain, text, row["country"])
            own.append(plain.mlp(ids)[24, place, 751])
        sides.append(np.array(own))
    evidence = results[claim].evidence
    for row, own in zip(evidence.figures[0].rows, sides, strict=True):
        np.testing.assert_allclose(np.sort(row.values), np.sort(own), rtol=1e-3, atol=1e-4)
    assert evidence.effect.value == pytest.approx(sides[0].mean() - sides[1].mean(), rel=1e-3, abs=1e-6)


@needs_smollm2
@pytest.mark.parametrize("claim", ["needed-there", "needed-before-it"])
def test_neurons_are_changed_at_the_token_that_is_named(claim, results, plain) -> None:
    changes = [
        change(
            plain,
            row["text"],
            last_token(plain, row["text"], row["country"]) if claim == "needed-there" else 0,
        )
        for row in rows("europe")
    ]
    assert results[claim].evidence.effect.value == pytest.approx(np.mean(changes), rel=1e-2, abs=1e-4)
