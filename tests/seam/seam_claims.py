"""A claim file with claims of kinds that another package brings, and of one of our own."""

from __future__ import annotations

import json

CONFIG = {"model_type": "gpt2", "n_layer": 2, "n_embd": 6, "n_head": 2, "n_positions": 64, "vocab_size": 9}
NAMES = [f"{a}{b}" for a in "ABCD" for b in "aeiou"]
MORE = [*NAMES, *(f"{a}{b}" for a in "EF" for b in "aeiou")]
"""In a file of nine claims a share restored takes so many pairs: 9 x 0.8^20 = .10, 9 x 0.8^30 = .011."""
CLAIMS = {
    "high": "neuron 0:5 has an index of at least 5",
    "low": "neuron 0:4 has an index of at least 5",
    "beyond": "neuron 0:0 goes beyond 1 in over 60% of tall",
    "not-beyond": "neuron 0:0 goes beyond 1 in over 20% of short",
    "few-beyond": "neuron 0:0 goes beyond 1 in over 80% of few",
    "restores": "neuron 0:0 restores 50% in apart",
    "restores-not": "neuron 0:1 restores 50% in apart",
    "nothing": "neuron 0:0 restores 50% in alike",
    "flat": "neuron 0:1 stays flat over high and wide and few",
    "steep": "neuron 0:0 stays flat over high and wide and few",
    "contrast": "neuron 0:0 activates more for tall than short",
}


def claim_text() -> str:
    sets = {
        "tall": [f"{name} is tall" for name in NAMES],
        "short": [f"{name} is small" for name in NAMES],
        "high": [f"{name} is a tall one" for name in MORE],
        "wide": [f"{name} is a broad one" for name in MORE],
        "few": ["a tall tower", "a tall tree", "no tower"],
    }
    pairs = {
        "apart": [{"clean": f"{name} is near", "corrupted": f"{name} is far"} for name in MORE],
        "alike": [{"clean": f"{name} is same", "corrupted": f"{name} is very same"} for name in NAMES],
    }
    claims = [{"id": name, "claim": claim} for name, claim in CLAIMS.items()]
    head = {"version": 1, "models": ["model"], "site": "resid_post", "tokens": "mean of prompt", "height": 1}
    return json.dumps({**head, "sets": sets, "pairs": pairs, "claims": claims}, indent=1)
