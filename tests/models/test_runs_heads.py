"""What changing a head does, against hooks of PyTorch at the input of the output projection."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Ablation, AblationSweep, Pair, Prediction, Restoration, RestorationSweep
from neuronclaims.measurements.changing.interventions import Scale
from neuronclaims.measurements.views.heads import HEADS

PROMPTS = ("the old dog ran to the river", "she sat", "food in the old market was new")
REFERENCE = ("a small bird sang", "they ate rice and saw the lake")
PAIR = ("the old dog ran to the river", "the old cat ran to the river")
ASKED, LAYER, HEADS_THERE, SIZE = Prediction(" dog", " cat"), 1, 4, 8
OUT = {"gpt2": "transformer.h.1.attn.c_proj", "llama": "model.layers.1.self_attn.o_proj"}


class PlainHeads:
    """A model run text by text, with the numbers of its heads [tokens, heads, numbers] read and changed."""

    def __init__(self, name, loaded) -> None:
        self.model, self.tokenizer = loaded.model, loaded.tokenizer
        self.out = self.model.get_submodule(OUT[name])
        self.ids = [self.tokenizer.convert_tokens_to_ids(word) for word in ("dog", "cat")]

    def run(self, text, change=lambda heads: None):
        seen = []

        def hook(_, given):
            values = given[0].clone()
            heads = values[0].view(-1, HEADS_THERE, SIZE)
            seen.append(heads.clone())
            change(heads)
            return (values,)

        handle = self.out.register_forward_pre_hook(hook)
        with torch.no_grad():
            logits = self.model(**self.tokenizer(text, return_tensors="pt")).logits[0, -1]
        handle.remove()
        return float(logits[self.ids[0]] - logits[self.ids[1]]), seen[0]


@pytest.mark.parametrize("name", OUT)
def test_heads_are_changed_as_hooks_change_them(hand_over, name):
    source, plain = hand_over(name), PlainHeads(name, hand_over(name).loaded)
    own = ((LAYER, 2),)
    asked = {
        "zero": Ablation(HEADS, own, "zero", ASKED, PROMPTS),
        "mean": Ablation(HEADS, own, "mean", ASKED, PROMPTS, REFERENCE),
        "scale": Ablation(HEADS, own, Scale(3.0), ASKED, PROMPTS),
        "two": Ablation(HEADS, ((LAYER, 0), (LAYER, 2)), "zero", ASKED, PROMPTS),
        "each": AblationSweep(HEADS, LAYER, "zero", ASKED, PROMPTS),
        "restored": Restoration(HEADS, own, ASKED, (Pair(*PAIR),)),
        "each restored": RestorationSweep(HEADS, LAYER, ASKED, (Pair(*PAIR),)),
    }
    found = measure(source, list(asked.values()))
    special = plain.tokenizer(REFERENCE[0], return_special_tokens_mask=True)["special_tokens_mask"][0]
    known = torch.cat([plain.run(text)[1][special:] for text in REFERENCE])

    def put(columns, value):
        def change(heads):
            heads[:, columns] = value(heads[:, columns])

        return change

    wanted = {
        "zero": put([2], torch.zeros_like),
        "mean": put([2], lambda _: known[:, [2]].mean(0)),
        "scale": put([2], lambda heads: 3 * heads),
        "two": put([0, 2], torch.zeros_like),
    }
    for key, change in wanted.items():
        after = [plain.run(text, change)[0] for text in PROMPTS]
        assert asked[key].columns(found[asked[key]]).after == pytest.approx(after, abs=1e-4), key
    each = [
        [plain.run(text, put([head], torch.zeros_like))[0] for head in range(HEADS_THERE)] for text in PROMPTS
    ]
    assert np.allclose(asked["each"].columns(found[asked["each"]]).after, each, atol=1e-4)
    clean = plain.run(PAIR[0])[1]
    restored = [
        plain.run(PAIR[1], put([head], lambda _, h=head: clean[:, [h]]))[0] for head in range(HEADS_THERE)
    ]
    assert asked["restored"].columns(found[asked["restored"]]).patched == pytest.approx(
        [restored[2]], abs=1e-4
    )
    sweep = asked["each restored"]
    assert np.allclose(sweep.columns(found[sweep]).patched, [restored], atol=1e-4)
