"""The names of values in figures of what a model predicts: each is that of the text whose value stands beside it."""

from __future__ import annotations

import json

import pytest
from changed_claims import FAKE_CONFIG, claim_file
from sklearn.metrics import roc_auc_score
from test_kinds_ablation import BEFORE, CHANGE
from test_kinds_ablation import SETS as ABLATED
from test_kinds_ablation import measure as measure_ablation
from test_kinds_prediction import NAMES, SENTENCE, TOPS, VALUES
from test_kinds_prediction import measure as measure_readout

from neuronclaims.study import Study


def rows_of(folder, claim: str, sets: dict, measure):
    file = claim_file(folder, json.dumps(claim), head=f"sets: {json.dumps(sets)}\n", config=FAKE_CONFIG)
    [result] = Study(measure=measure).judge(file, "model").values()
    return next(figure for figure in result.evidence.figures if figure.kind == "distributions").rows


def test_predictions_before_and_after_an_ablation_are_named_by_their_prompts(tmp_path) -> None:
    claim = 'ablating neuron 1:2 lowers " an" over " a" in text'
    before, after = rows_of(tmp_path, claim, ABLATED, measure_ablation)
    texts = {name: place for place, name in enumerate(ABLATED["text"])}
    assert before.names == after.names
    assert sorted(before.names) == sorted(texts)
    assert before.values == pytest.approx([BEFORE[texts[name]] for name in before.names])
    assert after.values == pytest.approx([(BEFORE + CHANGE)[texts[name]] for name in after.names])


@pytest.mark.parametrize("grouped", [False, True])
def test_aurocs_are_named_by_their_documents_and_groups_that_tell_nothing_have_none(
    tmp_path, grouped
) -> None:
    found = {
        name: roc_auc_score(top, values)
        for name, top, values in zip(NAMES, TOPS, VALUES[2], strict=True)
        if top.any()
    }
    if grouped:  # each document with its neighbour, the first of the two naming them
        corpus = [{"text": name, "group": str(place // 2)} for place, name in enumerate(NAMES)]
        pairs = [[found[name] for name in NAMES[i : i + 2] if name in found] for i in range(0, len(NAMES), 2)]
        found = {f"{NAMES[2 * i]} (and 1 more of its unit)": sum(p) / len(p) for i, p in enumerate(pairs)}
    [row] = rows_of(tmp_path, SENTENCE, {"corpus": corpus if grouped else NAMES}, measure_readout)
    assert sorted(row.names) == sorted(found)
    assert row.values == pytest.approx([found[name] for name in row.names])
    assert list(row.values) == sorted(row.values)
