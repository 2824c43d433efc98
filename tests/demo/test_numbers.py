"""Numbers per prompt, periods, classes of tokens and rankings on the demo model, told again by plain Transformers."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch
from scipy import stats as scipy_stats
from sklearn.metrics import roc_auc_score
from transformers import AutoModelForCausalLM, AutoTokenizer

from neuronclaims import judge
from neuronclaims.demo import MODEL_FOLDER as FOLDER

WORDS = [
    "the",
    "old",
    "sailor",
    "and",
    "his",
    "friend",
    "went",
    "to",
    "the",
    "market",
    "in",
    "Lima",
    "to",
    "buy",
    "a",
    "red",
    "apple",
    "and",
    "a",
    "green",
    "pear",
]
PROMPTS = [
    " ".join(WORDS[start : start + length]) for length in range(2, 14) for start in (0, length % 4 + 1)
]
COUNTS = [len(prompt.split()) for prompt in PROMPTS]
LAYER, INDEX, K = 4, 40, 10


@pytest.fixture(scope="module")
def plain():
    model = AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    found = []
    for prompt in PROMPTS:
        ids = tokenizer(prompt, return_tensors="pt").input_ids
        with torch.no_grad():
            made = model(ids, output_hidden_states=True)
        states = torch.stack(made.hidden_states)[:-1, 0].double().numpy()
        tops = [tokenizer.decode([token]) for token in made.logits[0].argmax(-1).tolist()]
        special = np.isin(ids[0].numpy(), tokenizer.all_special_ids)
        found.append((states[:, ~special], [top for top, no in zip(tops, special, strict=True) if not no]))
    return found


def judged(tmp_path, *claims):
    sets = {"texts": [{"text": p, "numbers": {"words": n}} for p, n in zip(PROMPTS, COUNTS, strict=True)]}
    path = tmp_path / "x.claims.yaml"
    path.write_text(
        "version: 1\nmodels: [demo]\nsite: resid_pre\ntokens: last of prompt\n"
        f"sets: {json.dumps(sets)}\nclaims: {json.dumps(list(claims))}\n"
    )
    return judge(path, cache=None)


def test_the_numbers_are_those_of_a_plain_script(tmp_path, plain):
    neuron = f"neuron {LAYER}:{INDEX}"  # resid_pre of a block is the hidden state that goes into it
    ends = np.array([states[:, -1] for states, _ in plain])
    layer, index = np.unravel_index(ends[:4].mean(axis=0).argmax(), ends[0].shape)
    results = judged(
        tmp_path,
        f"{neuron} goes with words in texts",
        f"{neuron} goes with words in texts with period 4",
        f'{neuron} predicts tokens matching "[a-z]+" in texts',
        f"neuron {layer}:{index} is among the top {K} neurons for texts in at least 50% of prompts",
        f"{neuron} goes with position in texts",
    )
    assert [result.error for result in results] == [None] * 5
    found = [result.evidence.effect.value for result in results]
    last = np.array([states[LAYER, -1, INDEX] for states, _ in plain])
    assert found[0] == pytest.approx(scipy_stats.spearmanr(last, COUNTS)[0], abs=1e-9)
    x = np.array(COUNTS, dtype=float)
    line = np.column_stack([np.ones_like(x), x])
    wave = np.column_stack([line, np.cos(np.pi * x / 2), np.sin(np.pi * x / 2)])
    left = [
        ((ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0]) ** 2).sum()
        for ranks in (scipy_stats.rankdata(last),)
        for design in (line, wave)
    ]
    assert found[1] == pytest.approx(1 - left[1] / left[0])
    aurocs = []
    for states, tops in plain:
        hits = np.array([re.fullmatch("[a-z]+", top.strip()) is not None for top in tops])
        if 0 < hits.sum() < len(hits):
            aurocs.append(roc_auc_score(hits, states[LAYER, :, INDEX]))
    assert found[2] == pytest.approx(np.mean(aurocs), abs=1e-6)
    along = [states[LAYER, :, INDEX] for states, _ in plain]
    within = [scipy_stats.spearmanr(one, np.arange(len(one)))[0] for one in along if len(one) > 2]
    assert found[4] == pytest.approx(np.mean(within), abs=1e-6)
    above = (ends > ends[:, layer, index][:, None, None]).sum(axis=(1, 2))
    assert found[3] == (above < K).mean() > 0
