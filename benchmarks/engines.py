"""Compare workers of Ray with this process: whole runs of about a minute, one thread each, taking turns.

python benchmarks/engines.py [ROUNDS] [PROMPTS]

Prints the seconds of each run as a whole and of its measuring alone, and the median ratio of runs side by side. A run
as a whole starts Python, Ray and its workers, which import torch and load the model, and ends them all.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUN = """
import sys, time
start = time.perf_counter()
from pathlib import Path
from neuronclaims.engines.measure import measure_each
from neuronclaims.measurements import Activations
from neuronclaims.measurements.activations import TokenRule
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import open_model
texts = tuple(Path(sys.argv[2]).read_text().splitlines())
asked = [Activations("mlp_post", layer, TokenRule("mean", "prompt"), texts) for layer in range(8)]
seen = []
found = measure_each(
    open_model(sys.argv[1], Path()), asked, options=RunOptions(engine=sys.argv[3]),
    progress=lambda step: seen.append(time.perf_counter()) if step.stage == "measuring" else None,
)
assert not found.failed
import hashlib
values = hashlib.sha256(b"".join(found[each].tobytes() for each in asked))
print(time.perf_counter() - start, seen[-1] - seen[0], values.hexdigest())
"""


def model_of(folder: Path) -> None:
    """Write a GPT-2 of 256 dimensions and 8 layers with random weights, and the tokenizer of the demo."""
    import torch
    from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

    from neuronclaims.demo import MODEL_FOLDER

    tokenizer = AutoTokenizer.from_pretrained(MODEL_FOLDER)
    torch.manual_seed(0)
    shape = {"n_embd": 256, "n_layer": 8, "n_head": 4, "vocab_size": len(tokenizer), "n_positions": 256}
    GPT2LMHeadModel(GPT2Config(**shape)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def texts_of(count: int) -> str:
    """Return texts of about 40 tokens, all of them different."""
    words = "the old river town was quiet and Tom went to Hanoi with Anna by train".split()  # noqa: SIM905
    draw = random.Random(0)
    return "\n".join(" ".join(draw.choices(words, k=draw.randint(20, 50))) for _ in range(count))


def main(rounds: int, count: int) -> None:
    """Run all engines in turn, and print what they took."""
    with tempfile.TemporaryDirectory() as name:
        folder, texts = Path(name) / "model", Path(name) / "texts.txt"
        model_of(folder)
        texts.write_text(texts_of(count))
        found: dict[str, list[tuple[float, float]]] = {}
        for _ in range(rounds):
            hashes = set()
            for engine in ("local", "ray:1", "ray:2"):
                command = [sys.executable, "-c", RUN, str(folder), str(texts), engine]
                env = {**os.environ, "OMP_NUM_THREADS": "1"}
                done = subprocess.run(
                    command, capture_output=True, text=True, env=env, check=True
                ).stdout.split()
                found.setdefault(engine, []).append((float(done[0]), float(done[1])))
                hashes.add(done[2])
                print(f"{engine:6} {float(done[0]):6.1f} s, measuring {float(done[1]):6.1f} s", flush=True)
            print("equal to the bit" if len(hashes) == 1 else "NOT EQUAL")
    for part, word in enumerate(("whole", "measuring")):
        for one, other in (("ray:1", "local"), ("local", "ray:2"), ("ray:1", "ray:2")):
            ratios = [a[part] / b[part] for a, b in zip(found[one], found[other], strict=True)]
            print(
                f"{word}: {one} / {other} = {statistics.median(ratios):.2f} ({', '.join(f'{r:.2f}' for r in ratios)})"
            )


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]]
    main(*given, *(3, 3000)[len(given) :])
