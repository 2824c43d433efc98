"""How many files of claims hold any wrong verdict: claims at their boundary, judged through ``Study`` on claim files.

    python benchmarks/rule.py [files] [claims ...]

Every neuron is a claim of its own whose true effect lies exactly at the sentence's number, so that both "supported" and
"refuted" are wrong. Each line has the share of files with any of them and its exact binomial interval (95 %).
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.study import Study

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def _zeros(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return np.where(rng.random(shape) < 0.9, 0.0, rng.exponential(size=shape))


def _some_affected(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return rng.normal(size=shape) + 5 * (rng.random(shape) < 0.2)


VALUES: dict[str, tuple[Draw, float]] = {
    # how values are drawn, and their true standard deviation
    "normal": (lambda rng, shape: rng.normal(size=shape), 1.0),
    "lognormal": (lambda rng, shape: rng.lognormal(size=shape), np.sqrt((np.e - 1) * np.e)),
    "90 % zeros": (_zeros, np.sqrt(0.2 - 0.01)),
    "one in five": (_some_affected, np.sqrt(1 + 25 * 0.16)),
}
SENTENCES = {
    "more": ("neuron 0:{} activates more for up than down", 0.0),
    "at least 1 sd": ("neuron 0:{} activates more for up than down by at least 1 sd", 1.0),
    "AUROC at least 0.8": ("neuron 0:{} separates up from down with AUROC at least 0.8", None),
}
SIZES = (8, 20, 40)
CONFIG = {"model_type": "gpt2", "n_layer": 1, "n_embd": 128, "n_head": 2, "n_positions": 64, "vocab_size": 9}
"""A model of which nothing but its shape is read: the numbers are drawn."""


def _file(folder: Path, sentence: str, prompts: int, claims: int) -> Path:
    ups, downs = ([f"{name} {place:03d}" for place in range(prompts)] for name in ("up", "down"))
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "config.json").write_text(json.dumps(CONFIG))
    (folder / "model" / "model.safetensors").write_bytes(b"")
    path = folder / f"{prompts}-{claims}.claims.yaml"
    head = "version: 1\nmodels: [model]\nsite: resid_post\ntokens: last of prompt\n"
    head += f"sets: {{up: {ups}, down: {downs}}}\n"
    path.write_text(head + "claims:\n" + "".join(f"  - {sentence.format(n)}\n" for n in range(claims)))
    return path


def _shift(draw: Draw, sd: float, number: float | None) -> float | None:
    """Return how far the first set is moved, so that the effect lies at the number (None: at an AUROC of 0.8).

    None where no move does that: values that are mostly 0 have an AUROC that leaps over 0.8.
    """
    if number is not None:
        return number * sd
    rng = np.random.default_rng(1)
    first, second = draw(rng, (2, 400_000))
    shift = float(np.quantile(second - first, 0.8))
    found = float(np.mean(first + shift > second) + np.mean(first + shift == second) / 2)
    return shift if abs(found - 0.8) < 0.003 else None


def _wrong(name: str, kind: str, shift: float, prompts: int, claims: int, files: int) -> int:
    (draw, _), (sentence, _), wrong = VALUES[name], SENTENCES[kind], 0
    with tempfile.TemporaryDirectory() as folder:
        file = read_claim_file(_file(Path(folder), sentence, prompts, claims), templates())
        for seed in range(files):
            rng = np.random.default_rng(seed)

            def measure(source, measurements, **_):  # type: ignore[no-untyped-def]  # noqa: ARG001
                drawn = {}
                for need in sorted(measurements, key=str):
                    moved = shift if need.prompts[0].startswith("up") else 0.0
                    drawn[need] = (draw(rng, (prompts, CONFIG["n_embd"])) + moved).astype(np.float32)  # noqa: B023
                return drawn

            results = Study(measure=measure).judge(file, "model").values()
            wrong += any(result.verdict in ("supported", "refuted") for result in results)
    return wrong


def rows(files: int, families: tuple[int, ...]) -> Iterator[str]:
    """Yield one line of a table per cell."""
    for kind in SENTENCES:
        for name, (draw, sd) in VALUES.items():
            shift = _shift(draw, sd, SENTENCES[kind][1])
            for prompts, claims in product(SIZES, families):
                if shift is not None:
                    wrong = _wrong(name, kind, shift, prompts, claims, files)
                    low, high = binomtest(wrong, files).proportion_ci(0.95)
                    found = f"{wrong / files:.3f} [{low:.3f}, {high:.3f}]"
                    yield f"| {kind} | {name} | {prompts} + {prompts} | {claims} | {found} |"


if __name__ == "__main__":
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print("| claim | values | prompts | claims per file | any wrong verdict |\n|---|---|---|---|---|")
    for row in rows(many, tuple(map(int, sys.argv[2:])) or (1, 20)):
        print(row, flush=True)
