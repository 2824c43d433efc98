"""A stand-in model of 3 layers of 4 neurons, whose values are noise with a few lifts, and claims put to it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.results import Result
from neuronclaims.study import Study

CONFIG = {"model_type": "gpt2", "n_layer": 3, "n_embd": 4, "n_head": 2, "n_positions": 64, "vocab_size": 9}
LETTERS = "abcdef"
MANY = "abcdefghijklmnopqrst"
"""So many that one prompt in five is hardly missed: 0.8^20 = .012."""
SETS: dict[str, list] = {
    "up": [f"up {letter}" for letter in LETTERS],
    "down": [f"down {letter}" for letter in LETTERS],
    "few": [f"few {letter}" for letter in LETTERS[:4]],
    "ups": [{"text": f"up {letter}", "pair": letter} for letter in LETTERS],
    "downs": [{"text": f"down {letter}", "pair": letter} for letter in LETTERS],
    "high": [{"text": f"up {letter}", "block": str(place % 2)} for place, letter in enumerate(LETTERS)],
    "low": [{"text": f"down {letter}", "block": str(place % 2)} for place, letter in enumerate(LETTERS)],
    "above": [f"up {letter}" for letter in MANY],
    "below": [f"down {letter}" for letter in MANY],
    "fewer": [f"few {letter}" for letter in MANY[:14]],
    "aboves": [{"text": f"up {letter}", "pair": letter} for letter in MANY],
    "belows": [{"text": f"down {letter}", "pair": letter} for letter in MANY],
    "highs": [{"text": f"up {letter}", "block": str(place % 2)} for place, letter in enumerate(MANY)],
    "lows": [{"text": f"down {letter}", "block": str(place % 2)} for place, letter in enumerate(MANY)],
}
NEURONS = [(layer, index) for layer in range(3) for index in range(4)]
LIFTS = {(1, 2): 0.7, (0, 3): -0.6, (0, 0): 0.3, (2, 1): 0.9, (0, 2): 0.15}
"""How much higher a neuron is for "up"; its noise lies between 0 and 1, that of ``QUIET`` between 0 and 0.02."""
QUIET = (0, 2)


def value(prompt: str, layer: int, index: int) -> float:
    digest = hashlib.sha256(f"{prompt} {layer} {index}".encode()).digest()
    lift = LIFTS.get((layer, index), 0.0) if prompt.startswith("up") else 0.0
    noise = int.from_bytes(digest[:4], "big") / 2**32 * (0.02 if (layer, index) == QUIET else 1.0)
    return float(np.float32(noise + lift))


def values(neuron: tuple[int, int], name: str) -> np.ndarray:
    """What a neuron says to each prompt of a set."""
    return np.array([value(p if isinstance(p, str) else p["text"], *neuron) for p in SETS[name]])


def measure(source, measurements, *, cache, options, progress):
    return {
        m: np.array([[value(p, m.layer, i) for i in range(4)] for p in m.prompts], np.float32)
        for m in measurements
    }


def claim_file(folder: Path, *claims: str, head: str = "") -> ClaimFile:
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "config.json").write_text(json.dumps(CONFIG))
    (folder / "model" / "model.safetensors").write_bytes(b"")
    lines = ["version: 1", "models: [model]", "site: resid_post", "tokens: mean of prompt"]
    lines += [*head.splitlines(), f"sets: {json.dumps(SETS)}", "claims:", *(f"  - {c}" for c in claims)]
    path = folder / "x.claims.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_claim_file(path, templates())


def judged(folder: Path, *claims: str, head: str = "") -> list[Result]:
    return list(Study(measure=measure).judge(claim_file(folder, *claims, head=head), "model").values())
