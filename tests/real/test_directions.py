"""A direction from English to French in SmolLM2-135M-Instruct: read, added, taken out; told again by Transformers."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
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
LAYER = 20


def sentences(folder: str, language: str) -> list[str]:
    """The sentences of a language."""
    with (HERE / folder / "languages.csv").open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file) if row["language"] == language]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Result]:
    study = Study(cache=tmp_path_factory.mktemp("cache"))
    return study.judge(read_claim_file(HERE / "directions.claims.yaml", templates()), str(model_folder()))


class Watched:
    """The model with a hook behind one block."""

    def __init__(self) -> None:
        self.plain = Plain()

    def loss(self, text: str, edit: Callable[[torch.Tensor], torch.Tensor]) -> tuple[np.ndarray, float]:
        """Return the state at the last token behind the block, and the loss of the text where it is edited there."""
        kept: list[np.ndarray] = []

        def hook(_: object, __: object, output: object) -> object:
            state = output if isinstance(output, torch.Tensor) else output[0]  # type: ignore[index]
            kept.append(state[0, -1].double().numpy())
            new = edit(state)
            return new if isinstance(output, torch.Tensor) else (new, *output[1:])  # type: ignore[index]

        handle = self.plain.model.model.layers[LAYER].register_forward_hook(hook)
        try:
            loss = self.plain.loss(text)
            return kept[0], loss
        finally:
            handle.remove()

    @cache  # noqa: B019 - one object, for one test
    def as_it_is(self, text: str) -> tuple[np.ndarray, float]:
        """Return the state and the loss where nothing is changed."""
        return self.loss(text, lambda state: state)

    def states(self, folder: str, language: str) -> np.ndarray:
        """Return the states of all sentences of a language."""
        return np.array([self.as_it_is(text)[0] for text in sentences(folder, language)])

    def rise(self, language: str, edit: Callable[[torch.Tensor], torch.Tensor]) -> float:
        """Return by how much an edit raises the loss of a language's sentences in the mean."""
        texts = sentences("prompts", language)
        return float(np.mean([self.loss(text, edit)[1] - self.as_it_is(text)[1] for text in texts]))


@needs_smollm2
def test_every_claim_comes_out_as_expected(results) -> None:
    assert [
        f"{each.id}: {each.verdict} {each.error}" for each in results.values() if not each.as_expected
    ] == []


@needs_smollm2
def test_effects_are_those_of_plain_hooks(results) -> None:
    watched = Watched()
    found = [watched.states("discovery", language) for language in ("french", "english")]
    step = found[0].mean(0) - found[1].mean(0)
    read = [
        (watched.states("prompts", language) @ step / (step @ step)).mean()
        for language in ("french", "english")
    ]
    assert results["french-read"].evidence.effect.value == pytest.approx(read[0] - read[1], rel=1e-3)
    v = torch.tensor(step, dtype=torch.float32)
    edits = {
        "english-made-worse": lambda state: state + v,
        "taken-out": lambda state: state - (state @ v / (v @ v))[..., None] * v,
    }
    for name, edit in edits.items():
        rises = {language: watched.rise(language, edit) for language in ("french", "english")}
        more = rises["english"] - rises["french"]
        expected = more if name == "english-made-worse" else -more
        assert results[name].evidence.effect.value == pytest.approx(expected, rel=2e-3, abs=1e-3), name
