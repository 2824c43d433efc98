"""Which neurons of stories260k are among the top 10, counted again from plain Hugging Face and SciPy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from independent import Traces
from scipy.stats import binomtest, fisher_exact

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.study import Study

FOLDER = Path(__file__).parents[3] / "shared" / "models" / "stories260k"
pytestmark = pytest.mark.skipif(not (FOLDER / "config.json").is_file(), reason="needs stories260k")

NAMES = ("Tim", "Lily", "Sam", "Anna", "Ben", "Mia", "Tom", "Sue", "Max", "Amy", "Bob", "Jane")
SETS = {
    "dogs": [f"{name} had a big dog. The dog liked to" for name in NAMES],
    "baseline": [
        f"One day, {name} went to the {place}."
        for name, place in zip(NAMES, ["park", "shop"] * 6, strict=True)
    ],
}
LAYERS, WIDTH, K, NEW = 5, 172, 10, 8
RULES = {"last of prompt": "", "mean of generated": "", "legacy_growing": "weighting: legacy_growing\n"}


@cache
def traces() -> Traces:
    return Traces(FOLDER)


def pooled(text: str, rule: str) -> np.ndarray:
    """All neurons of mlp_post on one text: [layers x width]."""
    if rule != "legacy_growing":
        rows = [traces().pooled("mlp_post", layer, rule, NEW, text) for layer in range(LAYERS)]
        return np.concatenate(rows)
    ids, length, values = traces().of(text, NEW)
    kept = [
        place for place in range(length, len(ids)) if ids[place] not in traces().tokenizer.all_special_ids
    ]
    records = [place for step in range(len(kept)) for place in kept[:step]]
    return np.concatenate([layer[records].astype(float).mean(0) for layer in values["mlp_post"]])


def hits(rule: str) -> Iterator[np.ndarray]:
    """In how many prompts of each set each neuron is among the top 10, each baseline prompt against the others."""
    values = {name: np.array([pooled(text, rule) for text in texts]) for name, texts in SETS.items()}
    base = values["baseline"]
    away = [np.delete(base, row, axis=0).mean(0) for row in range(len(base))]
    for scores in (values["dogs"] - base.mean(0), base - np.array(away)):
        tops = np.argsort(-scores, axis=1)[:, :K]
        yield np.bincount(tops.ravel(), minlength=LAYERS * WIDTH)


@pytest.mark.parametrize("rule", RULES)
def test_counts_and_p_agree_with_counting_anew(tmp_path, rule):
    own, base = hits(rule)
    asked = np.argsort(-(own + base), kind="stable")[:6]
    claims = [
        f"neuron {column // WIDTH}:{column % WIDTH} is among the top 10 neurons for dogs over baseline "
        "in at least 20% of prompts"
        for column in asked
    ]
    tokens = "mean of generated" if rule == "legacy_growing" else rule
    (tmp_path / "model").symlink_to(FOLDER, target_is_directory=True)
    path = tmp_path / "x.claims.yaml"
    path.write_text(
        f"version: 1\nmodels: [model]\nsite: mlp_post\ntokens: {tokens}\ngenerate: {{max_new_tokens: {NEW}}}\n"
        f"{RULES[rule]}sets: {json.dumps(SETS)}\nclaims: {json.dumps(claims)}\n"
    )
    results = Study().judge(read_claim_file(path, templates()), "model")
    assert own.max() >= 6
    for column, result in zip(asked, results.values(), strict=True):
        evidence, a, b = result.evidence, int(own[column]), int(base[column])
        assert evidence.effect.value == a / 12
        assert evidence.other_effects[0].value == b / 12
        table = [[a, 12 - a], [b, 12 - b]]
        # Both parts must hold, so the larger p counts; one that fails refutes, at twice its p. All of it two-sided.
        holds = max(binomtest(a, 12, 0.2, "greater").pvalue, fisher_exact(table, "greater").pvalue)
        fails = 2 * min(binomtest(a, 12, 0.2, "less").pvalue, fisher_exact(table, "less").pvalue)
        assert evidence.test.p_value == pytest.approx(min(1.0, 2 * min(holds, fails)), rel=1e-6)
