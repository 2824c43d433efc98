"""Neurons looked for by what they predict: the statistic of the claim itself, in documents that tell something."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from cases import for_each

from neuronclaims import NeuronClaimsError, discover, judge
from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.cli import main
from neuronclaims.discovery.candidates import candidates, plan_for
from neuronclaims.discovery.question import Sought, question_of
from neuronclaims.discovery.sorts import sort_of
from neuronclaims.discovery.sorts.measuring import SearchedHalf
from neuronclaims.discovery.split import split
from neuronclaims.discovery.values import UnitTable
from neuronclaims.kinds import templates
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.stats import TwoSampleDesign

LABELLED = Path(__file__).parents[2] / "claims" / "prompts" / "labelled.csv"
TEXTS = [
    f"We {verb} the {noun}." for verb in ("saw", "left", "liked") for noun in ("harbour", "old man", "hill")
]


def test_what_ranks_is_the_mean_of_the_documents_that_tell_something():
    groups = [str(place // 2) for place in range(8)]
    rows = [{"text": text, "group": group} for text, group in zip(TEXTS[:8], groups, strict=True)]
    wanted = Sought("prediction", None, None, 10, {"token": " an"})
    asked = question_of({"corpus": rows}, wanted, "demo", {"site": "mlp_post"})
    half = split(asked.claim, asked.names, asked.sort.unit)
    claim = asked.claim
    design = TwoSampleDesign("group", True, ((0, 1), (2, 3), (4, 5), (6, 7)), ((0, 1),) * 4, (0, 0))
    facts = SimpleNamespace(layers_at=lambda _: range(2), width_of=lambda _: 2, causal=True)
    hits = np.array([1, 2, 0, 4, 0, 0, 4, 1])  # of 4 positions each: documents 2, 4, 5 and 3, 6 have no AUROC
    aurocs = np.array([[1, 0.5, 0], [0.75, 0.25, 1], *[[-1] * 3] * 5, [2 / 3, 1, 1 / 3]])

    def ask(needs):
        made = {}
        for need in needs:
            values = aurocs[:, [need.layer, 2]]
            made[need] = np.column_stack([np.full(8, 4), hits, values]).astype(np.float32)
        return made

    found = asked.sort.measured(SearchedHalf(claim, ("corpus",), design, facts, (0, 1), ask))
    expected = np.array([[0.875, 0.5, 0.375, 0.5], [2 / 3, 1 / 3, 1, 1 / 3]])
    np.testing.assert_array_equal(found.table.first, expected)
    assert (found.searched, found.share) == (4, 0.5)
    assert [str(each) for each in found.neurons] == ["0:0", "0:1", "1:0", "1:1"]
    assert half.designs[0].unit == "group"
    assert half.designs[0].counts == (2, 2)


def test_a_neuron_that_predicts_is_found_and_planned_for_the_documents_that_tell_something():
    generator = np.random.default_rng(4)
    rows = tuple((place,) for place in range(40))
    design, sort = (
        TwoSampleDesign("document", True, rows, rows, (0, 0)),
        sort_of("prediction", 10, {"label": "x"}),
    )
    first, seen, expected = [], [], []
    for seed in range(8):
        values = generator.beta(3, 3, size=(20, 300))
        values[:, 7] = generator.beta(8, 2, size=20)
        table = UnitTable(values, np.full_like(values, 0.5), paired=True)
        neurons = [Neuron(0, index) for index in range(300)]
        found = candidates(sort, table, neurons, plan_for(sort, design, 0.05, 3, 0.5), seed=seed)
        first.append(found[0].neuron.index)
        seen.append(found[0].seen)
        expected.append(found[0].expected)
        assert found[0].claimed
        assert found[0].number is None or 0.5 < found[0].number < found[0].expected
        assert not any(each.claimed for each in found[1:] if each.p > 0.2)
    assert first == [7] * 8
    assert np.mean(seen) >= np.mean(expected)
    assert np.mean(expected) == pytest.approx(0.8, abs=0.03)  # three standard errors of 160 values
    with pytest.raises(NeuronClaimsError, match="has 40 documents, of which 10% are"):
        plan_for(sort, design, 0.05, 3, 0.1)


@pytest.fixture(scope="module")
def labelled():
    """Some labelled documents of the demo, and what is found in half of them."""
    with LABELLED.open(encoding="utf-8") as lines:
        rows = [{"text": row["text"], "labels": json.loads(row["labels"])} for row in csv.DictReader(lines)]
    keys = {"site": "mlp_post", "layers": "layer 0", "cache": None, "progress": False}
    return discover({"documents": rows[:44]}, "demo", kind="prediction", label="capital", **keys)


def test_what_is_found_in_one_half_is_tested_in_the_other_with_its_labels(labelled, tmp_path):
    assert (
        str(labelled.candidates[0].neuron) == "0:129"
    )  # which claims/find_labels.py found on other documents
    assert 'ranked for label "capital" in documents on 22 documents' in labelled.summary
    path = labelled.write(tmp_path / "found.claims.yaml")
    read = read_claim_file(path, templates(), PromptFolders.around(path))
    assert all(prompt.labels for prompt in read.sets["documents"].prompts)
    tested = {prompt.text for prompt in read.sets["documents"].prompts}
    assert len(tested) == 22
    assert tested.isdisjoint(prompt.text for prompt in read.claims[0].discovered.prompts)
    results = judge(path, cache=None, progress=False)
    assert [each.kind for each in results] == ["prediction"] * sum(each.claimed for each in labelled)
    assert results[0].verdict == "supported"
    own = {"file": "found/discovery.jsonl", "column": "text", "labels": "labels"}
    sentence = 'neuron 0:129 predicts label "capital" in searched'
    text = json.dumps(
        {
            "version": 1,
            "models": ["demo"],
            "site": "mlp_post",
            "tokens": "mean of prompt",
            "sets": {"searched": own},
            "claims": [sentence],
        }
    )
    (tmp_path / "again.claims.yaml").write_text(text, encoding="utf-8")
    again = judge(tmp_path / "again.claims.yaml", cache=None, progress=False)
    assert again[0].evidence.effect.value == pytest.approx(labelled.candidates[0].seen, abs=1e-12)


SETS = {"corpus": [f"{text} It was number {place}." for place, text in enumerate(TEXTS * 3)]}


@for_each(
    "given, more, said",
    [
        (SETS, {}, "Say what neurons are to predict"),
        (SETS, {"token": " an", "label": "noun"}, "not token and label together"),
        (SETS, {"token": ""}, "The token is empty"),
        (SETS, {"matching": "[0-9"}, "no regular expression"),
        (SETS, {"token": " an", "against": "rest"}, "leave out 'rest'"),
        (
            {**SETS, "rest": ["One."]},
            {"token": " an"},
            "Say in which set neurons are looked for; the sets are corpus",
        ),
        (SETS, {"kind": "contrast", "token": " an"}, "'token' has no part in a search by contrast"),
        (SETS, {"token": " antidisestablishment"}, "antidisestablishment"),
        (SETS, {"label": "noun"}, "noun"),
    ],
)
def test_what_is_wrong_is_one_sentence(given, more, said):
    keys = {"site": "mlp_post", "layers": "layer 0", "cache": None, "progress": False, "kind": "prediction"}
    with pytest.raises(NeuronClaimsError) as error:
        discover(given, "demo", **{**keys, **more})
    assert said in str(error.value)


def test_the_command_looks_in_one_file_for_what_predicts_a_token(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("corpus.txt").write_text("\n".join(SETS["corpus"]), encoding="utf-8")
    command = ["discover", "corpus.txt", "--model", "demo", "--site", "mlp_post", "--layers", "layer 5"]
    command += ["--kind", "prediction", "--matching", "[a-z]+", "--anyway"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "a token matching" in said
    assert "predicts tokens matching" in Path("found.claims.yaml").read_text(encoding="utf-8")
