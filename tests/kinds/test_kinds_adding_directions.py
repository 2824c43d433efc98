"""Claims that add a direction, take it out, or change it with neurons, against plain hooks on the demo model."""

from __future__ import annotations

import json

import numpy as np
import pytest

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.kinds import templates
from neuronclaims.study import Study

LAYER = 3
GLAD = [
    f"They were glad to find the {thing}" for thing in ("lake", "ring", "bridge", "parcel", "house", "boat")
]
SAD = [f"We were sad to lose the {thing}" for thing in ("lake", "ring", "bridge", "parcel", "house", "boat")]
TEXTS = [
    f"{who} saw the {tree} tree and" for who in ("I", "We") for tree in ("olive", "lemon", "apple", "coconut")
]
CLAIMS = {
    "added": 'adding 2 mood at layer 3 raises " an" in texts',
    "trend": 'adding -1, 2 mood at layer 3 raises " an" in texts',
    "ablated": 'ablating direction mood at layer 3 lowers " an" in texts',
    "with-a-set": 'adding 2 to direction mood at layer 3 and mlp_post writers raises " an" in texts',
    "at-last": 'adding 2 mood at layer 3 raises " an" in texts',
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    path = tmp_path_factory.mktemp("directions") / "x.claims.yaml"
    claims = [{"id": name, "claim": claim} for name, claim in CLAIMS.items()]
    claims[-1]["at"] = "last"
    head = {
        "version": 1,
        "models": ["demo"],
        "correction": "none",
        "site": "resid_post",
        "tokens": "last of prompt",
        "sets": {"glad": GLAD, "sad": SAD, "texts": TEXTS},
        "directions": {"mood": {"from": ["glad", "sad"], "method": "mean difference"}},
        "neurons": {"writers": ["5:461", "5:472"]},
    }
    path.write_text(json.dumps(head | {"claims": claims}), encoding="utf-8")
    file = read_claim_file(path, templates())
    assert [claim.text for claim in file.claims] == [*CLAIMS.values()]
    return Study().judge(file, "demo")


@pytest.fixture(scope="module")
def model():
    torch = pytest.importorskip("torch")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_grad_enabled(False)
    yield (
        AutoModelForCausalLM.from_pretrained(MODEL_FOLDER).eval(),
        AutoTokenizer.from_pretrained(MODEL_FOLDER),
    )
    torch.set_grad_enabled(True)


def logits(model, change=None, writers=0.0) -> np.ndarray:
    """The logit of " an" after every text; ``change`` is made to what the block gives, ``writers`` is added."""
    loaded, tokenizer = model
    (token,) = tokenizer(" an", add_special_tokens=False)["input_ids"]

    def after(_, __, output):
        hidden = output if not isinstance(output, tuple) else output[0]
        changed = change(hidden)
        return changed if not isinstance(output, tuple) else (changed, *output[1:])

    def before(_, args):
        values = args[0].clone()
        values[..., [461, 472]] += writers
        return (values, *args[1:])

    handles = [loaded.transformer.h[5].mlp.c_proj.register_forward_pre_hook(before)]
    if change is not None:
        handles.append(loaded.transformer.h[LAYER].register_forward_hook(after))
    rows = [
        float(loaded(**tokenizer(text, return_tensors="pt")).logits[0, -1, token]) for text in sorted(TEXTS)
    ]
    for handle in handles:
        handle.remove()
    return np.array(rows)


def direction(model):
    """The difference of means at the last token, of what block 3 gives."""
    loaded, tokenizer = model

    def mean(texts):
        states = [
            loaded(**tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states[
                LAYER + 1
            ][0, -1]
            for text in texts
        ]
        return sum(states) / len(states)

    return mean(GLAD) - mean(SAD)


def test_adding_takes_so_many_of_the_vector_and_ablating_projects_it_out(results, model):
    assert {name: result.error for name, result in results.items()} == dict.fromkeys(CLAIMS)
    vector, before = direction(model), logits(model)

    def last(hidden):
        hidden = hidden.clone()
        hidden[:, -1] += 2 * vector
        return hidden

    moved = {
        "added": logits(model, lambda hidden: hidden + 2 * vector) - before,
        "ablated": logits(
            model, lambda hidden: hidden - (hidden @ vector / (vector @ vector))[..., None] * vector
        )
        - before,
        "with-a-set": logits(model, lambda hidden: hidden + 2 * vector, writers=2.0) - before,
        "at-last": logits(model, last) - before,
    }
    for name, change in moved.items():
        assert results[name].evidence.effect.value == pytest.approx(change.mean(), rel=1e-3, abs=1e-4), name
    curve = np.array([logits(model, lambda hidden, by=by: hidden + by * vector) for by in (-1, 0, 2)])
    slope = np.polyfit([-1, 0, 2], curve, 1)[0].mean()
    assert results["trend"].evidence.effect.value == pytest.approx(slope, rel=1e-3)
