"""Claims of steered, scaled and clamped neurons, against plain hooks on the demo model; and what is wrong in them."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest
from skewed import mean_interval

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.kinds import templates
from neuronclaims.sentences.misread.misses import SentenceError
from neuronclaims.sentences.parser import parse
from neuronclaims.study import Study

LAYER, INDICES = 5, (461, 472)
TEXTS = [
    f"{who} {did} the {tree} tree and {took}"
    for who, did in (("I", "climbed up"), ("We", "saw"), ("They", "sat in"), ("She", "looked at"))
    for tree, took in (("olive", "picked"), ("lemon", "ate"), ("apple", "sold"), ("coconut", "found"))
]
CHANGES = {
    "adding 4 to neuron 5:461": (INDICES[:1], lambda own: own + 4),
    "adding -1.5 to mlp_post neurons 5:461, 5:472": (INDICES, lambda own: own - 1.5),
    "scaling neuron 5:472 by -2": (INDICES[1:], lambda own: own * -2),
    "ablating layer 5": (range(512), lambda own: 0 * own),
    "scaling layer 5 and mlp_post neurons 5:461, 5:472 by -2": (range(512), lambda own: own * -2),
    "clamping neurons 5:461, 5:472 to 3": (INDICES, lambda own: 0 * own + 3),
}

TRENDS = {
    "adding 1, 2, 6 to neuron 5:461": (INDICES[:1], [0, 1, 2, 6], lambda own, amount: own + amount),
    "scaling neurons 5:461, 5:472 by 0, 3": (INDICES, [0, 1, 3], lambda own, amount: own * amount),
    "clamping neuron 5:472 to -1, 0, 4": (INDICES[1:], [-1, 0, 4], lambda own, amount: 0 * own + amount),
}
"""The neurons, the amounts at which the curve is known, and what an amount does."""


def named(change: str) -> str:
    """The id of a change's claim."""
    return change.replace(" ", "-").replace(",", "").replace(".", "_")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    path = tmp_path_factory.mktemp("steering") / "x.claims.yaml"
    claims = [{"id": named(change), "claim": f'{change} raises " an" in texts'} for change in CHANGES]
    claims += [
        {"id": named(trend), "claim": f'{trend} raises " an" in texts by at least 0.01 per unit'}
        for trend in TRENDS
    ]
    claims += [
        {
            "id": "often",
            "claim": 'adding 1, 2, 6 to neuron 5:461 raises " an" in texts for at least 70% of prompts',
        },
        {"id": "flat", "claim": 'adding 1, 2 to neuron 0:1 does not change " an" in texts', "margin": "0.5"},
        {"id": "last", "claim": 'adding 4 to neuron 5:461 raises " an" in texts', "at": "last"},
        {
            "id": "nothing",
            "claim": 'scaling neuron 0:1 by 1.0001 does not change " an" in texts',
            "margin": "0.5",
        },
    ]
    head = {
        "version": 1,
        "models": ["demo"],
        "site": "mlp_post",
        "tokens": "last of prompt",
        "sets": {"texts": TEXTS},
        "claims": claims,
    }
    path.write_text(json.dumps(head), encoding="utf-8")
    return Study().judge(read_claim_file(path, templates()), "demo")


def logits(change=None, last=False) -> np.ndarray:
    """The logit of " an" after every text, a change made by a plain hook before the output projection."""
    torch = pytest.importorskip("torch")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(MODEL_FOLDER).eval()
    tokenizer = AutoTokenizer.from_pretrained(MODEL_FOLDER)
    (token,) = tokenizer(" an", add_special_tokens=False)["input_ids"]

    def hook(module, args):
        indices, made = change
        values = args[0].clone()
        where = slice(-1, None) if last else slice(None)
        values[:, where, list(indices)] = made(values[:, where, list(indices)])
        return (values, *args[1:])

    if change is not None:
        model.transformer.h[LAYER].mlp.c_proj.register_forward_pre_hook(hook)
    with torch.inference_mode():
        rows = [model(**tokenizer(text, return_tensors="pt")).logits[0, -1, token] for text in sorted(TEXTS)]
    return np.array([float(row) for row in rows])


def test_each_verb_does_what_a_plain_hook_does(results):
    before = logits()
    for claim, change in CHANGES.items():
        moved = logits(change) - before
        result = results[named(claim)]
        assert result.error is None, result.error
        effect = result.evidence.effect
        assert effect.value == pytest.approx(moved.mean(), rel=1e-3, abs=1e-4), claim
        assert [effect.low, effect.high] == pytest.approx(list(mean_interval(moved)), rel=1e-2, abs=1e-3)
        assert result.verdict in ("supported" if moved.mean() > 0 else "refuted", "inconclusive")
    moved = logits(CHANGES["adding 4 to neuron 5:461"], last=True) - before
    assert results["last"].evidence.effect.value == pytest.approx(moved.mean(), rel=1e-3)
    nothing = results["nothing"].evidence
    assert (nothing.test.alternative, abs(nothing.effect.value) < 1e-3) == ("within", True)
    assert nothing.effect.high < 0.5


def test_several_amounts_are_tested_by_the_slope_of_each_prompt(results):
    for claim, (indices, amounts, made) in TRENDS.items():
        curve = np.array([logits((indices, partial(made, amount=amount))) for amount in amounts])
        slopes = np.polyfit(amounts, curve, 1)[0]
        result = results[named(claim)]
        assert result.error is None, result.error
        effect = result.evidence.effect
        assert (effect.key, effect.value) == ("slope_of_logit", pytest.approx(slopes.mean(), rel=1e-3))
        assert [effect.low, effect.high] == pytest.approx(list(mean_interval(slopes)), rel=1e-2, abs=1e-3)
        steady = (np.diff(curve, axis=0) > 0).all(axis=0).mean()
        [found] = [each for each in result.evidence.other_effects if each.key == "share_steady"]
        assert found.value == pytest.approx(steady)
        [figure] = [figure for figure in result.evidence.figures if figure.kind == "points"]
        assert [point.x for point in figure.points] == amounts
        moved = (curve - logits()).mean(axis=1)
        assert [point.y for point in figure.points] == pytest.approx(moved.tolist(), rel=1e-3, abs=1e-4)
        if claim.startswith("adding"):
            often = results["often"].evidence.effect
            assert (often.key, often.value) == (
                "share_changed_as_claimed",
                pytest.approx((slopes > 0).mean()),
            )
    flat = results["flat"].evidence
    assert [note for note in results["ablating-layer-5"].evidence.notes if "compared with no others" in note]
    assert (flat.effect.key, flat.test.alternative) == ("slope_of_logit", "within")


def test_notes_say_what_was_done(results):
    said = {claim: " ".join(result.evidence.notes) for claim, result in results.items()}
    assert "4 is added to the neurons' own values at all tokens" in said["adding-4-to-neuron-5:461"]
    assert "Whether adding does harm elsewhere" in said["adding-4-to-neuron-5:461"]
    assert "own values are multiplied by -2" in said["scaling-neuron-5:472-by--2"]
    assert "The neurons hold 3" in said["clamping-neurons-5:461-5:472-to-3"]


@pytest.mark.parametrize(
    "sentence",
    [
        'ablating mlp_out layers 3, 5 and neuron 2:5 lowers " x" in a',
        "adding 2 to neurons 1:2, 0:3 and resid_post neuron 1:2 and layer 4 raises loss of a",
        'scaling resid_mid layers 0 to 3 by 0, 0.5, 2 raises " x" in a by at least 0.1 per unit',
        'restoring attn_out layer 3 and mlp_out layer 3 recovers " x" over " y" in p',
        'corrupting neuron 1:2 and neurons 0:3, 0:4 does not remove " x" over " y" in p',
    ],
)
def test_layers_and_several_sites_are_said_together(sentence):
    assert parse(sentence, templates()).text == sentence


@pytest.mark.parametrize(
    ("sentence", "meant"),
    [
        ('steering mlp_post neuron 1:2 by 4 raises " x" in a', "adding 4 to mlp_post neuron 1:2"),
        ('increasing neurons 1:2, 0:3 by 1, 2 raises " x" in a', "adding 1, 2 to neurons 1:2, 0:3"),
        ('zeroing neuron 1:2 lowers " x" in a', "ablating"),
        ('setting neuron 1:2 to 4 lowers " x" in a', "clamping"),
        ('multiplying neuron 1:2 by 4 lowers " x" in a', "scaling"),
        ('patching neuron 1:2 recovers " x" over " y" in a', "restoring"),
        ('scalling neuron 1:2 by 4 lowers " x" in a', "scaling"),
    ],
)
def test_other_words_for_a_change_are_met_with_ours(sentence, meant):
    with pytest.raises(SentenceError) as found:
        parse(sentence, templates())
    assert (found.value.column, found.value.suggestion) == (1, meant)


@pytest.mark.parametrize(
    ("sentence", "column", "message"),
    [
        ('adding 0 to neuron 1:2 raises " x" in a', 8, "0 leaves everything as it is"),
        ('scaling neuron 1:2 by 1 raises " x" in a', 23, "1 leaves everything as it is"),
        ('adding 4 neuron 1:2 raises " x" in a', 10, "expected 'to', found 'neuron'"),
        ('adding to neuron 1:2 raises " x" in a', 8, "expected a number such as 4"),
        ('clamping neuron 1:2 by 4 raises " x" in a', 21, "expected 'to', found 'by'"),
        ('scaling neurons 1:2 by 2 raises " x" in a', 9, "here one neuron is named"),
        ('scaling neuron 1:2, 3:4 by 2 raises " x" in a', 9, "here are several neurons"),
        ('scaling mlp_post nueron 1:2 by 2 raises " x" in a', 18, "expected 'neuron', 'neurons', 'layer'"),
        ('adding 1,5 to neuron 1:2 raises " x" in a', 8, "expected a number such as 4, found '1,5'"),
        (
            'adding 4 to neuron 1:2 raises " x" in a by at least -1',
            53,
            "the least change claimed must be above 0",
        ),
        ('adding 4, 2 to neuron 1:2 raises " x" in a', 11, "2 must stand before the larger ones"),
        ('adding 2, 2 to neuron 1:2 raises " x" in a', 11, "2 is named twice"),
        ('adding 2, to neuron 1:2 raises " x" in a', 11, "expected a number such as 4"),
        ('adding 1, 2 to neuron 1:2 raises " x" in a by at least 1', 56, "it is a slope that is claimed"),
        ('adding 2 to neuron 1:2 raises " x" in a by at least 1 per unit', 55, "with several amounts"),
        ("adding 4 to neuron", 19, "expected neurons such as"),
        ('ablating all layers lowers " x" in a', 10, "expected a site, 'neuron', 'neurons', 'layer'"),
        ('ablating layers 3 to lowers " x" in a', 22, "expected the number of a layer"),
        ('ablating neuron 1:2 and neuron 1:2 lowers " x" in a', 32, "neuron 1:2 is named twice"),
        (
            'ablating neuron 1:2 and hanoi 3 lowers " x" in a',
            25,
            "expected a site, 'neuron', 'neurons', 'layer'",
        ),
        ("scaling", 8, "expected a site, 'neuron', 'neurons', 'layer'"),
    ],
)
def test_a_change_that_cannot_be_read_is_told_at_its_word(sentence, column, message):
    with pytest.raises(SentenceError) as found:
        parse(sentence, templates())
    assert message in found.value.message
    assert found.value.column == column
