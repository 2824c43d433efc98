"""Claims of corrupted neurons beside those of restored ones, against plain hooks on the demo model."""

from __future__ import annotations

import json

import numpy as np
import pytest
from changed_claims import judged_really, one_writer

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
    "a-token": f'corrupting {NEURONS} removes " an" in trees',
    "a-token-back": f'restoring {NEURONS} recovers at least 1% of " an" in trees',
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
    """The logit of " an" less that of " a", and alone: on each text, then with the other's neurons."""
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
        return float(logits[tokens[0]] - logits[tokens[1]]), float(logits[tokens[0]])

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
    return np.array(rows).transpose(2, 1, 0)


def test_what_is_removed_is_what_the_clean_text_loses(results, by_hand):
    clean, corrupted, restored, changed = by_hand[0]
    assert {name: result.error for name, result in results.items()} == dict.fromkeys(CLAIMS)
    whole = (clean - corrupted).sum()
    shares = {name: result.evidence.effect.value for name, result in results.items()}
    assert shares["enough"] == pytest.approx((restored - corrupted).sum() / whole, rel=1e-3)
    assert shares["needed"] == shares["much"] == pytest.approx((clean - changed).sum() / whole, rel=1e-3)
    assert shares["often"] == ((clean - changed > 0) & (clean > corrupted)).mean()
    assert results["enough"].evidence.effect.key == "share_recovered"
    assert results["needed"].evidence.effect.key == "share_removed"
    one, other, back, away = by_hand[1]
    assert shares["a-token"] == pytest.approx((one - away).sum() / (one - other).sum(), rel=1e-3)
    assert shares["a-token-back"] == pytest.approx((back - other).sum() / (one - other).sum(), rel=1e-3)
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


def test_what_two_neurons_write_alike_one_is_enough_for_and_neither_is_needed_for(tmp_path):
    """Neurons 0:3 and 0:4 both write "tree" at "dog": 8 each at residual 4 and -8 at residual 7, seen by a final norm.

    With k of them "tree" gets 3 x 8k / sqrt((2 + 2 (8k)^2) / 32): what one restores is what is left without one.
    """
    model = one_writer()
    first = model.model.transformer.h[0].mlp
    first.c_fc.weight.data[:, 4] = first.c_fc.weight.data[:, 3]
    first.c_proj.weight.data[4] = first.c_proj.weight.data[3]

    def tree(writers):
        return 24 * writers / ((2 + 2 * (8 * writers) ** 2) / 32) ** 0.5

    starts = [
        f"{one} {two}" for one in ("the", "a", "old") for two in ("red", "big", "small", "blue", "green")
    ]
    pairs = [{"clean": f"{start} dog", "corrupted": f"{start} cat"} for start in starts]
    head = f"pairs: {json.dumps({'animals': pairs})}\n"
    part = '" tree" over " river" in animals'.replace('"', '\\"')
    shares = {}
    for name, said in (
        ("enough", f"restoring mlp_post neuron 0:3 recovers {part}"),
        ("needed", f"corrupting mlp_post neuron 0:3 removes {part}"),
        ("both", f"corrupting mlp_post neurons 0:3, 0:4 removes at least 90% of {part}"),
        ("layer", f"corrupting mlp_post layer 0 removes at least 90% of {part}"),
    ):
        result = judged_really(tmp_path, f'"{said}"', head, model)
        assert result.error is None, result.error
        shares[name] = result.evidence.effect.value
    assert shares["enough"] == pytest.approx(tree(1) / tree(2), rel=1e-3)
    assert shares["needed"] == pytest.approx(1 - tree(1) / tree(2), rel=1e-2)
    assert shares["both"] == shares["layer"] == pytest.approx(1, rel=1e-4)
