"""Claims of corrupted neurons beside those of restored ones, against plain hooks on the demo model."""

from __future__ import annotations

import json

import numpy as np
import pytest

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.kinds import templates
from neuronclaims.study import Study

LAYER, INDICES = 5, (461, 472)
TREES = (("olive", "coconut"), ("apple", "lemon"), ("almond", "lime"), ("orange", "mango"))
TEXTS = [
    tuple(f"{who} climbed up the {tree} tree and picked" for tree in trees) for who in "IW" for trees in TREES
]
NEURONS = "neurons 5:461, 5:472"
CLAIMS = {
    "enough": f'restoring {NEURONS} recovers " an" over " a" in trees',
    "needed": f'corrupting {NEURONS} removes " an" over " a" in trees',
    "much": f'corrupting {NEURONS} removes at least 90% of " an" over " a" in trees',
    "often": f'corrupting {NEURONS} removes " an" over " a" in trees for at least 50% of pairs',
    "single": 'corrupting neuron 5:461 removes at least 1% of " an" over " a" in trees',
    "nothing": 'corrupting neuron 0:1 does not remove " an" over " a" in trees',
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    path = tmp_path_factory.mktemp("corruption") / "x.claims.yaml"
    claims = [{"id": name, "claim": claim} for name, claim in CLAIMS.items()]
    claims[-1]["margin"] = "0.3"
    claims[-2]["controls"] = "layer"
    pairs = {"trees": [{"clean": clean, "corrupted": corrupted} for clean, corrupted in TEXTS]}
    head = {
        "version": 1,
        "models": ["demo"],
        "correction": "none",
        "site": "mlp_post",
        "tokens": "last of prompt",
    }
    path.write_text(json.dumps({**head, "pairs": pairs, "claims": claims}), encoding="utf-8")
    return Study().judge(read_claim_file(path, templates()), "demo")


@pytest.fixture(scope="module")
def by_hand():
    """The logit of " an" less that of " a": on clean and corrupted texts, and on each with the neurons of the other."""
    torch = pytest.importorskip("torch")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(MODEL_FOLDER).eval()
    tokenizer = AutoTokenizer.from_pretrained(MODEL_FOLDER)
    tokens = [tokenizer(token, add_special_tokens=False)["input_ids"][0] for token in (" an", " a")]
    seen, put = [], []

    def hook(module, args):
        seen.append(args[0].clone())
        if not put:
            return None
        values = args[0].clone()
        values[:, :, list(INDICES)] = put[0][:, :, list(INDICES)]
        return (values, *args[1:])

    model.transformer.h[LAYER].mlp.c_proj.register_forward_pre_hook(hook)

    def difference(text):
        with torch.inference_mode():
            logits = model(**tokenizer(text, return_tensors="pt")).logits[0, -1]
        return float(logits[tokens[0]] - logits[tokens[1]])

    rows = []
    for texts in TEXTS:
        put.clear()
        row = [difference(text) for text in texts]
        for text, other in (texts[::-1], texts):
            put.clear()
            difference(other)
            put.append(seen[-1])
            row.append(difference(text))
        rows.append(row)
    return np.array(rows).T


def test_what_is_removed_is_what_the_clean_text_loses(results, by_hand):
    clean, corrupted, restored, changed = by_hand
    assert {name: result.error for name, result in results.items()} == dict.fromkeys(CLAIMS)
    whole = (clean - corrupted).sum()
    shares = {name: result.evidence.effect.value for name, result in results.items()}
    assert shares["enough"] == pytest.approx((restored - corrupted).sum() / whole, rel=1e-3)
    assert shares["needed"] == shares["much"] == pytest.approx((clean - changed).sum() / whole, rel=1e-3)
    assert shares["often"] == ((clean - changed > 0) & (clean > corrupted)).mean()
    assert results["enough"].evidence.effect.key == "share_recovered"
    assert results["needed"].evidence.effect.key == "share_removed"
    [size] = [each for each in results["needed"].evidence.other_effects if each.key == "clean_less_changed"]
    assert size.value == pytest.approx((clean - changed).mean(), rel=1e-3)


def test_it_is_tested_against_its_share_and_ranked_as_restoration_is(results):
    tested = {name: result.evidence.test.alternative for name, result in results.items()}
    assert tested["nothing"] == "not greater"
    single = results["single"].evidence
    points = [figure for figure in single.figures if figure.kind == "points"]
    [own] = [point for point in points[0].points if point.marked]
    assert own.y == pytest.approx(single.effect.value, rel=1e-3)
    assert any("Corrupted at all tokens of the clean text" in note for note in single.notes)
    [table] = [figure for figure in results["needed"].evidence.figures if figure.kind == "table"]
    assert table.columns[4] == "clean, changed"
