"""Neurons token by token on the demo model: values of plain hooks, the read tokens marked, no model loaded for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.study import Study

TEXTS = (
    "{} is old and we like it",
    "We flew to {} from the sea",
    "Food in {} was new",
    "A cat saw {} at night",
)
LONG = "He said that " + "and that ".join(["we like it "] * 15) + "in {} at night"
PLACES = ("Hanoi", "Rome")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("maps") / "x.claims.yaml"
    rows = ["\n".join(f"    - {text.format(place)!r}" for text in (*TEXTS, LONG)) for place in PLACES]
    path.write_text(
        f"version: 1\nmodels: [demo]\nsite: mlp_post\nsets:\n  hanoi:\n{rows[0]}\n  rome:\n{rows[1]}\nclaims:\n"
        "  - {claim: neuron 2:340 activates more for hanoi than rome, id: last, tokens: last of prompt}\n"
        "  - {claim: neuron 2:340 activates less for hanoi than rome, id: less, tokens: max of prompt}\n",
        encoding="utf-8",
    )
    return read_claim_file(path, templates())


def values(text: str) -> np.ndarray:
    """The values of neuron 2:340 at every token of text, by a plain hook."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = Path(__file__).parents[1] / "neuronclaims" / "demo" / "model"
    model, tokenizer = (
        AutoModelForCausalLM.from_pretrained(folder).eval(),
        AutoTokenizer.from_pretrained(folder),
    )
    kept: list[torch.Tensor] = []
    hook = model.transformer.h[2].mlp.c_proj.register_forward_pre_hook(lambda _, given: kept.append(given[0]))
    given = tokenizer(text, return_tensors="pt", return_special_tokens_mask=True)
    special = given.pop("special_tokens_mask")[0].bool()
    with torch.no_grad():
        model(**given)
    hook.remove()
    return kept[0][0, ~special, 340].numpy()


def mapping(cache: Path) -> Study:
    study = Study(cache=cache)
    study.heat_maps = "auto"
    return study


def maps(study: Study, file) -> dict[str, list]:
    results = study.judge(file, "demo")
    return {
        name: [each for each in result.evidence.figures if each.kind == "token map"]
        for name, result in results.items()
    }


def test_a_map_has_the_values_of_plain_hooks_and_is_read_back_without_a_model(file, tmp_path, monkeypatch):
    assert maps(Study(cache=tmp_path), file) == {"last": [], "less": []}
    monkeypatch.setattr("neuronclaims.engines.local.load", lambda *_: pytest.fail("a model is loaded"))
    assert maps(mapping(tmp_path), file) == {"last": [], "less": []}
    monkeypatch.undo()
    asking = mapping(tmp_path)
    asking.heat_maps = "on"
    assert [len(each) for each in maps(asking, file).values()] == [1, 1]

    found = maps(mapping(tmp_path / "new"), file)
    (by_last,) = found["last"]
    assert (by_last.axis, by_last.rule) == ("mlp_post 2:340", "last of prompt")
    assert [row.speaks for row in by_last.rows] == ["for"] * 3 + ["against"] * 3
    for row in by_last.rows:
        whole = next(
            text
            for template in (*TEXTS, LONG)
            for place in PLACES
            if (text := template.format(place)).endswith("".join(row.tokens)) or text == "".join(row.tokens)
        )
        expected = values(whole)[-len(row.tokens) :]
        assert np.allclose(row.values, expected, rtol=6e-3, atol=1e-4)
        assert row.marked == (len(row.tokens) - 1,)
        assert row.value == pytest.approx(row.values[-1], rel=1e-2, abs=1e-4)
        assert row.cut == (len(row.tokens) < len(values(whole)), False)

    monkeypatch.setattr("neuronclaims.engines.local.load", lambda *_: pytest.fail("a model is loaded"))
    assert maps(mapping(tmp_path / "new"), file) == found


def test_what_speaks_for_a_claim_of_less_is_low_in_its_first_set(file, tmp_path):
    (figure,) = maps(mapping(tmp_path), file)["less"]
    score = [row.value if row.set == "rome" else -row.value for row in figure.rows]
    assert {row.marked for row in figure.rows} == {()}  # all tokens are read
    middle = np.mean([[values(t.format(p)).max() for t in (*TEXTS, LONG)] for p in PLACES])
    sign = np.array([1 if row.set == "rome" else -1 for row in figure.rows])
    distance = np.array(score) - sign * middle
    assert distance[:3].min() >= distance[3:].max()
