"""The order in which a file lists its prompts changes no number, whatever is drawn at random."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import numpy as np
from cases import for_each
from thorough import draws

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.results import Evidence
from neuronclaims.study import Study

LIFT = 0.25
"""So little that every p is one that was drawn, and not the least that so many pairs can have."""
CONFIG = {"model_type": "gpt2", "n_layer": 3, "n_embd": 4, "n_head": 2, "n_positions": 64, "vocab_size": 9}
WORDS = "abcdefghijklmnopqrst"
"""Enough prompts a set that relabellings, and flips of pairs, are drawn and not enumerated."""


def noise(prompt: str, layer: int, index: int) -> float:
    digest = hashlib.sha256(f"{prompt} {layer} {index}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 + LIFT * (prompt.startswith("up") and layer == 1)


def measure(source, measurements, *, cache, options, progress):
    return {
        m: np.array([[noise(p, m.layer, i) for i in range(4)] for p in m.prompts], np.float32)
        for m in measurements
    }


def prompts(design: str, name: str) -> list[dict[str, str]]:
    """Return a set whose prompts stand alone, in pairs, in groups, or in blocks of one source each."""
    texts = [f"{name} {word}" for word in (WORDS[:13] if name == "few" else WORDS)]
    if design == "paired":
        return [{"text": text, "pair": f"pair {text[-1]}"} for text in texts]
    if design == "grouped":
        return [
            {"text": f"{text} {again}", "group": f"{name} {text[-1]}"} for text in texts for again in "xy"
        ]
    return [{"text": text} for text in texts]


def judged(
    folder: Path, claims: list[str], sets: dict[str, list[dict[str, str]]], head: str
) -> list[Evidence]:
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "config.json").write_text(json.dumps(CONFIG))
    (folder / "model" / "model.safetensors").write_bytes(b"")
    lines = ["version: 1", "models: [model]", "site: resid_post", "tokens: mean of prompt", head]
    lines += [f"sets: {json.dumps(sets)}", "claims:", *(f"  - {claim}" for claim in claims)]
    path = folder / "x.claims.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = Study(measure=measure).judge(read_claim_file(path, templates()), "model").values()
    assert all(result.error is None for result in found)
    return [result.evidence for result in found]


@for_each("design, second", [("alone", "down"), ("alone", "few"), ("grouped", "down"), ("paired", "down")])
@for_each("head", ["correction: holm", "correction: max-statistic"])
def test_the_order_of_prompts_in_a_file_changes_no_number(
    tmp_path: Path, design: str, second: str, head: str
) -> None:
    claims = [
        f"some neuron of layers 0, 1 activates more for up than {second}",
        f"some neuron of layer 1 separates up from {second}",
        f"{{claim: neuron 1:2 activates more for up than {second}, searched: all layers}}",
        f"neuron 1:0 activates more for up than {second}",
        f"neuron 0:3 activates more for up than {second}",
    ]
    sets = {name: prompts(design, name) for name in ("up", second)}
    plain = judged(tmp_path, claims, sets, head)
    assert not any(evidence.test.exact for evidence in plain)
    assert len({evidence.test.p_value for evidence in plain}) == len(plain)
    for seed in range(draws(1, 3)):
        moved = {name: random.Random(seed).sample(rows, len(rows)) for name, rows in sets.items()}
        random.Random(seed).shuffle(moved[second])
        assert judged(tmp_path, claims, moved, head) == plain
