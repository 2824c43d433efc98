"""The "An" neuron of SmolLM2-135M-Instruct: every effect told again by plain Transformers."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
FILE = HERE / "article.claims.yaml"
ONE, FAMILY = ((25, 1527),), ((25, 1527), (23, 1468), (19, 28))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Result]:
    study = Study(cache=tmp_path_factory.mktemp("cache"))
    return study.judge(read_claim_file(FILE, templates()), str(model_folder()))


def pairs(folder: str = "prompts") -> list[dict[str, str]]:
    with (HERE / folder / "article.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Changed:
    """The logit of " an" less that of " a", with neurons changed by hooks of plain PyTorch."""

    def __init__(self) -> None:
        self.plain = Plain()
        self.tokens = [self.plain.tokenizer(token)["input_ids"][0] for token in (" an", " a")]

    def difference(self, text: str) -> float:
        with torch.no_grad():
            logits = self.plain.model(torch.tensor([self.plain.tokenizer(text)["input_ids"]])).logits[0, -1]
        return float(logits[self.tokens[0]] - logits[self.tokens[1]])

    def patched(self, text: str, neurons: Sequence[tuple[int, int]], source: str) -> float:
        values = self.plain.mlp(source)
        with self._changing(neurons, lambda layer, own, index: torch.tensor(values[layer, :, index])):
            return self.difference(text)

    def scaled(self, text: str, neurons: Sequence[tuple[int, int]], factor: float) -> float:
        with self._changing(neurons, lambda layer, own, index: own[0, :, index] * factor):
            return self.difference(text)

    @contextmanager
    def _changing(self, neurons, put) -> Iterator[None]:
        handles = []
        for layer, index in neurons:

            def edit(_, args, layer=layer, index=index):
                own = args[0].clone()
                own[0, :, index] = put(layer, args[0], index)
                return (own,)

            module = self.plain.model.model.layers[layer].mlp.down_proj
            handles.append(module.register_forward_pre_hook(edit))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def by_group(values: Sequence[float]) -> np.ndarray:
    groups = [pair["group"] for pair in pairs()]
    return np.array(
        [
            np.mean([v for v, g in zip(values, groups, strict=True) if g == group])
            for group in sorted({*groups})
        ]
    )


@needs_smollm2
def test_every_claim_comes_out_as_expected(results) -> None:
    assert [f"{each.id}: {each.verdict}" for each in results.values() if not each.as_expected] == []


@needs_smollm2
def test_effects_are_those_of_plain_transformers(results) -> None:
    changed = Changed()
    clean, corrupted, restored, family, lost, zero, twice, four = (
        by_group([of(pair["clean"], pair["corrupted"]) for pair in pairs()])
        for of in (
            lambda x, y: changed.difference(x),
            lambda x, y: changed.difference(y),
            lambda x, y: changed.patched(y, ONE, x),
            lambda x, y: changed.patched(y, FAMILY, x),
            lambda x, y: changed.patched(x, ONE, y),
            lambda x, y: changed.scaled(x, ONE, 0.0),
            lambda x, y: changed.scaled(x, ONE, 2.0),
            lambda x, y: changed.scaled(x, ONE, 4.0),
        )
    )
    total = (clean - corrupted).sum()
    doses = np.array([0.0, 1.0, 2.0, 4.0])
    expected = {
        "an-neuron-restored": (restored - corrupted).sum() / total,
        "family-restored": (family - corrupted).sum() / total,
        "an-neuron-needed": (clean - lost).sum() / total,
        "an-scaled": np.polyfit(doses, np.stack([zero, clean, twice, four]), 1)[0].mean(),
    }
    shown = {name: results[name].evidence.effect.value for name in expected}
    assert shown == pytest.approx(expected, rel=2e-3, abs=1e-3)


@needs_smollm2
def test_the_neuron_that_writes_an_most_of_all_is_the_one_that_was_found_by_what_it_does() -> None:
    from find_article import written

    table = written(Plain())
    assert np.unravel_index(int(table.argmax()), table.shape) == ONE[0]


def test_no_frame_that_chose_a_neuron_tests_it() -> None:
    found, tested = pairs("discovery"), pairs()
    for column in ("clean", "corrupted"):
        assert not {row[column] for row in found} & {row[column] for row in tested}
    assert not {row["group"] for row in found} & {row["group"] for row in tested}
