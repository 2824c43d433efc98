"""The gallery's findings on SmolLM2-135M-Instruct: all verdicts, and effects told again by hooks of plain PyTorch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from plain_smollm2 import Plain, model_folder, needs_smollm2
from scipy import stats

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.results import Result
from neuronclaims.study import Study

FOLDER = Path(__file__).parents[2] / "claims" / "published" / "smollm2"
MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
Row = dict[str, Any]
Places = Sequence[tuple[int, int]]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Result]]:
    """Judge an entry, once."""
    study = Study(models={MODEL: str(model_folder())}, cache=tmp_path_factory.mktemp("cache"))

    @cache
    def judge(name: str) -> dict[str, Result]:
        file = read_claim_file(FOLDER / f"smollm2-{name}.claims.yaml", templates())
        return dict(study.judge(file, MODEL))

    return judge


@pytest.fixture(scope="module")
def plain() -> Plain:
    return Plain()


def rows(name: str, file: str = "test", which: str | None = None) -> list[Row]:
    """The rows of a set of the half that tests, those of a pair in one order."""
    text = (FOLDER / f"smollm2-{name}" / f"{file}.jsonl").read_text(encoding="utf-8")
    found = [json.loads(line) for line in text.splitlines()]
    return sorted(
        (row for row in found if which is None or row["set"] == which), key=lambda row: row.get("pair", "")
    )


def ids(plain: Plain, row: Row) -> list[int]:
    """The tokens of a text, or those of a chat as the model's own template puts it."""
    if "text" in row:
        return list(plain.tokenizer(row["text"])["input_ids"])
    text = plain.tokenizer.apply_chat_template(row["messages"], add_generation_prompt=True, tokenize=False)
    return list(plain.tokenizer(text, add_special_tokens=False)["input_ids"])


@contextmanager
def zeroed(plain: Plain, places: Places) -> Iterator[None]:
    """Let neurons hold 0 at all tokens."""
    handles = []
    for layer, index in places:

        def change(_: Any, args: tuple[torch.Tensor], index: int = index) -> tuple[torch.Tensor]:
            values = args[0].clone()
            values[..., index] = 0
            return (values,)

        module = plain.model.model.layers[layer].mlp.down_proj
        handles.append(module.register_forward_pre_hook(change))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@torch.no_grad()
def logits(plain: Plain, tokens: list[int], places: Places = ()) -> np.ndarray:
    """The logits after every token: float64 [tokens, vocabulary]."""
    with zeroed(plain, places):
        return plain.model(torch.tensor([tokens])).logits[0].double().numpy()


def number(plain: Plain, token: str) -> int:
    (found,) = plain.tokenizer(token, add_special_tokens=False)["input_ids"]
    return int(found)


@needs_smollm2
@pytest.mark.parametrize("name", ["language", "an", "refusal", "system", "names"])
def test_every_claim_comes_out_as_the_gallery_says(name: str, judged) -> None:
    results = judged(name)
    assert [f"{each.id}: {each.verdict}" for each in results.values() if not each.as_expected] == []


@needs_smollm2
@pytest.mark.parametrize(
    ("name", "claim", "neuron", "sets"),
    [
        ("language", "found-1-25-314", (25, 314), ("test french", "test english")),
        ("language", "found-3-25-1120", (25, 1120), ("test french", "test english")),
        ("language", "not-for-german", (25, 1120), ("test french", "german")),
        ("refusal", "found-1-18-86", (18, 86), ("test act", "test tell")),
        ("system", "found-1-13-125", (13, 125), ("test pirate", "test helper")),
        ("system", "words-alone", (1, 104), ("sailor", "test helper")),
        ("names", "found-1-19-954", (19, 954), ("test people", "test cities")),
        ("names", "cities-over-things", (19, 954), ("test cities", "things")),
    ],
)
def test_differences_are_those_of_plain_transformers(name, claim, neuron, sets, judged, plain) -> None:
    def value(row: Row) -> float:
        layer, index = neuron
        if name == "names":
            tokens, place = plain.subject(row["text"], row["word"])
            return float(plain.mlp(tokens)[layer, place, index])
        values = plain.mlp(ids(plain, row))[layer, :, index]
        return float(values.mean() if name == "language" else values[-1])

    first, second = (np.array([value(row) for row in rows(name, *which.split())]) for which in sets)
    shown = judged(name)[claim].evidence
    assert shown.effect.value == pytest.approx((first - second).mean(), rel=2e-3, abs=1e-5)
    for row, own in zip(shown.figures[0].rows, (first, second), strict=True):
        np.testing.assert_allclose(np.sort(row.values), np.sort(own), rtol=2e-3, atol=2e-4)
    signed = stats.wilcoxon(first - second).pvalue  # another test of the same question, for the clear ones
    if judged(name)[claim].verdict != "inconclusive":
        assert signed < 1e-3


@needs_smollm2
def test_french_needs_its_neurons_by_plain_hooks(judged, plain) -> None:
    places = ((25, 314), (21, 715), (25, 1120))

    def change(row: Row) -> float:
        tokens = ids(plain, row)
        before, after = (
            torch.nn.functional.cross_entropy(
                torch.tensor(logits(plain, tokens, taken)[:-1]), torch.tensor(tokens[1:])
            )
            for taken in ((), places)
        )
        return float(after - before)

    french, english = (
        np.array([change(row) for row in rows("language", "test", which)]) for which in ("french", "english")
    )
    effect = judged("language")["french-needs-them"].evidence.effect
    assert effect.value == pytest.approx((french - english).mean(), rel=2e-3, abs=1e-4)
    assert stats.wilcoxon(french, alternative="greater").pvalue < 1e-4
    assert stats.wilcoxon(french - english, alternative="greater").pvalue < 1e-4


@needs_smollm2
def test_an_is_predicted_and_needed_by_plain_hooks(judged, plain) -> None:
    an, a = number(plain, " an"), number(plain, " a")
    found: dict[int, list[float]] = {an: [], a: []}
    for row in rows("an"):
        tokens = ids(plain, row)
        top, values = logits(plain, tokens).argmax(-1), plain.mlp(tokens)[25, :, 1527]
        for token, aurocs in found.items():
            on_top = top == token
            if 0 < on_top.sum() < len(top):
                wins = stats.mannwhitneyu(values[on_top], values[~on_top]).statistic
                aurocs.append(float(wins / (on_top.sum() * (~on_top).sum())))
    for claim, token in (("found-1-25-1527", an), ("not-for-a", a)):
        effect = judged("an")[claim].evidence.effect
        assert effect.value == pytest.approx(np.mean(found[token]), rel=2e-3, abs=2e-3)

    one, three = ((25, 1527),), ((25, 1527), (27, 20), (25, 126))
    outcome = np.array(
        [
            [last[an] - last[a] for taken in ((), one, three) for last in [logits(plain, tokens, taken)[-1]]]
            for tokens in (ids(plain, row) for row in rows("an", "beginnings"))
        ]
    )
    for claim, place in (("an-needs-it", 1), ("an-needs-them", 2)):
        changes = outcome[:, place] - outcome[:, 0]
        assert judged("an")[claim].evidence.effect.value == pytest.approx(changes.mean(), rel=2e-3, abs=1e-3)
        assert changes.max() < 0


@needs_smollm2
def test_refusal_stays_without_its_neurons_by_plain_hooks(judged, plain) -> None:
    places = ((18, 86), (11, 946), (17, 1117))
    begins = [number(plain, token) for token in ("I", "'m", " sorry")]

    def after(row: Row, taken: Places) -> tuple[float, bool]:
        """The probability of "I" as the answer's first token, and whether "I'm sorry" is the likeliest begin."""
        found = logits(plain, [*ids(plain, row), *begins[:2]], taken)[-3:]
        chances = np.exp(found[0] - found[0].max())
        return float(chances[begins[0]] / chances.sum()), found.argmax(-1).tolist() == begins

    act = rows("refusal", "test", "act")
    before, without = ([after(row, taken) for row in act] for taken in ((), places))
    effect = judged("refusal")["first-token-needs-them"].evidence.effect
    change = np.mean([one - other for (one, _), (other, _) in zip(without, before, strict=True)])
    assert effect.value == pytest.approx(change, rel=2e-2, abs=1e-5)
    declined = [[said for _, said in each] for each in (before, without)]
    assert declined[0] == declined[1]
    assert judged("refusal")["declining-needs-them"].evidence.effect.value == pytest.approx(0)
    assert 2 * sum(declined[0]) > len(act), "most are declined"
