"""What neurons of stories260k say of its next token, told again from plain Hugging Face, scikit-learn and SciPy."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from independent import Traces
from scipy.stats import permutation_test, t
from skewed import mean_p
from sklearn.metrics import roc_auc_score

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.study import Study

FOLDER = Path(__file__).parents[3] / "shared" / "models" / "stories260k"
pytestmark = pytest.mark.skipif(not (FOLDER / "config.json").is_file(), reason="needs stories260k")

NAMES = ("Tim", "Lily", "Sam", "Anna", "Ben", "Mia", "Tom", "Sue", "Max", "Amy", "Bob", "Jane")
STORIES = [
    f"Once upon a time, there was a {animal} named {name}. One day, {name} went to the park and saw a big {what}. "
    f"{name} wanted to play with the {what}, but it was too high. Mom was not happy."
    for name, animal, what in zip(
        NAMES, ["dog", "cat", "bird", "frog"] * 3, ["red ball", "kite"] * 6, strict=True
    )
]
LAYERS, WIDTH = 5, 172


@cache
def traces() -> Traces:
    return Traces(FOLDER)


@cache
def read(text: str, legacy: bool) -> tuple[np.ndarray, np.ndarray]:
    """Whether " was" is on top at each position of text [positions], and all neurons there [positions, all]."""
    one = traces()
    ids, length, values = one.of(text, 0)
    counted = [place for place in range(length) if ids[place] not in one.tokenizer.all_special_ids]
    last: list[torch.Tensor] = []
    handle = one.model.model.norm.register_forward_pre_hook(lambda _, args: last.append(args[0][0]))
    with torch.no_grad():
        logits = one.model(torch.tensor([ids])).logits[0]
        if legacy:
            state = last[0].double()
            small = one.model.config.rms_norm_eps
            normed = state / (state.square().mean(-1, keepdim=True) + small).sqrt()
            logits = normed @ one.model.get_input_embeddings().weight.double().T
    handle.remove()
    top = logits.argmax(-1).numpy()[counted] == one.tokenizer.convert_tokens_to_ids("▁was")
    return top, np.concatenate([layer[counted] for layer in values["mlp_post"]], axis=1)


def aurocs(column: int, legacy: bool) -> np.ndarray:
    """One per document in which " was" is on top somewhere."""
    documents = [read(text, legacy) for text in STORIES]
    return np.array([roc_auc_score(top, values[:, column]) for top, values in documents if top.any()])


@pytest.mark.parametrize("readout", ["model", "legacy_embed"])
def test_aurocs_p_and_bins_agree_with_reading_anew(tmp_path, readout):
    legacy = readout == "legacy_embed"
    means = np.array([aurocs(column, legacy).mean() for column in range(0, LAYERS * WIDTH, 20)])
    asked = [int(20 * place) for place in np.argsort(means)[[-1, len(means) // 2, 0]]]
    claims = [f'neuron {one // WIDTH}:{one % WIDTH} predicts " was" in stories' for one in asked]
    (tmp_path / "model").symlink_to(FOLDER, target_is_directory=True)
    path = tmp_path / "x.claims.yaml"
    path.write_text(
        "version: 1\nmodels: [model]\nsite: mlp_post\ntokens: last of prompt\n"
        f"readout: {readout}\nbins: {{start: -1, stop: 1, width: 0.1}}\n"
        f"sets: {json.dumps({'stories': STORIES})}\nclaims: {json.dumps(claims)}\n"
    )
    results = Study().judge(read_claim_file(path, templates()), "model")
    for column, result in zip(asked, results.values(), strict=True):
        evidence, single = result.evidence, aurocs(column, legacy)
        assert evidence.effect.value == pytest.approx(single.mean())
        flips = [
            permutation_test(
                (single - 0.5,), np.mean, permutation_type="samples", alternative=side, n_resamples=np.inf
            ).pvalue
            for side in ("greater", "less")
        ]
        # The shown interval is Wilson's, with Student's quantile and the dispersion of the values (ADR 11), or that of
        # the skewed mean, which is farther here (ADR 45).
        n, mean = len(single), single.mean()
        dispersion = max(single.var(ddof=1) / (mean * (1 - mean)), 1 / (2 * n))
        interval = 2 * t.sf(abs(mean - 0.5) / np.sqrt(0.25 * dispersion / n), n - 1)
        assert evidence.test.p_value == pytest.approx(
            max(min(1.0, 2 * min(flips)), interval, mean_p(single, 0.5)), rel=1e-4
        )
        top = np.concatenate([read(text, legacy)[0] for text in STORIES])
        values = np.concatenate([read(text, legacy)[1][:, column] for text in STORIES]).astype(np.float64)
        for one in evidence.figures[0].bins:
            start = -np.inf if one.start is None else one.start
            stop = np.inf if one.stop is None else one.stop
            inside = (values >= start) & (values < stop)
            assert one.count == inside.sum()
            assert one.share == (pytest.approx(top[inside].mean()) if inside.any() else None)
    assert [result.verdict for result in results.values()][::2] == ["supported", "refuted"]
