"""Compare workers of Ray with this process, one thread each, taking turns.

python benchmarks/engines.py [ROUNDS] [PROMPTS]

Prints for each run the seconds of all of it (Python, Ray and its workers start, import torch, load the model and end),
of the measuring alone, and the texts that were measured in a second of CPU time of the busiest process. The last says
how evenly work is shared, and what the engine itself costs, also on a machine that others use at the same time. All
ratios are medians over the rounds. Linux only.
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
import hashlib, os, sys, time
start = time.perf_counter()
from pathlib import Path
from neuronclaims.engines.measure import measure_each
from neuronclaims.measurements import Activations
from neuronclaims.measurements.activations import TokenRule
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import open_model

def cpu():
    if workers == 0:
        return {0: time.process_time()}
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cmdline").read_bytes().startswith(b"ray::ModelServer"):
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                found[entry.name] = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            pass
    return found

def progress(step):
    if step.stage == "measuring" and step.workers == workers:
        seen.append((time.perf_counter(), step.done, cpu() if not seen or step.done == step.total else {}))

workers = int(sys.argv[3].partition(":")[2] or 0)
texts = tuple(Path(sys.argv[2]).read_text().splitlines())
asked = [Activations("mlp_post", layer, TokenRule("mean", "prompt"), texts) for layer in range(8)]
seen = []
found = measure_each(
    open_model(sys.argv[1], Path()), asked, options=RunOptions(engine=sys.argv[3]), progress=progress
)
assert not found.failed
values = hashlib.sha256(b"".join(found[each].tobytes() for each in asked))
(first, done, before), (last, total, after) = seen[0], seen[-1]
busiest = max(after[each] - before.get(each, 0) for each in after)
print(time.perf_counter() - start, (last - first) / (total - done), busiest / (total - done), values.hexdigest())
"""
PARTS = ("the whole run", "measuring", "CPU of the busiest")


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
    """Return texts of 35 words, all of them different."""
    words = "the old river town was quiet and Tom went to Hanoi with Anna by train".split()  # noqa: SIM905
    draw = random.Random(0)
    return "\n".join(" ".join(draw.choices(words, k=35)) for _ in range(count))


def main(rounds: int, count: int) -> None:
    """Run all engines in turn, and print what they took."""
    with tempfile.TemporaryDirectory() as name:
        folder, texts = Path(name) / "model", Path(name) / "texts.txt"
        model_of(folder)
        texts.write_text(texts_of(count))
        found: dict[str, list[list[float]]] = {}
        for _ in range(rounds):
            hashes = set()
            for engine in ("local", "ray:1", "ray:2"):
                command = [sys.executable, "-c", RUN, str(folder), str(texts), engine]
                env = {**os.environ, "OMP_NUM_THREADS": "1"}
                done = subprocess.run(
                    command, capture_output=True, text=True, env=env, check=True
                ).stdout.split()
                taken = [float(each) for each in done[:3]]
                found.setdefault(engine, []).append(taken)
                hashes.add(done[3])
                rates = f"{1 / taken[1]:5.0f} texts/s, {1 / taken[2]:5.0f} texts/s of CPU"
                print(f"{engine:6} {taken[0]:6.1f} s in all, {rates}", flush=True)
            print("equal to the bit" if len(hashes) == 1 else "NOT EQUAL")
    for part, word in enumerate(PARTS):
        for one, other in (("ray:1", "local"), ("local", "ray:2"), ("ray:1", "ray:2")):
            ratios = [a[part] / b[part] for a, b in zip(found[one], found[other], strict=True)]
            all_of = ", ".join(f"{ratio:.2f}" for ratio in ratios)
            print(f"{word}: {one} / {other} = {statistics.median(ratios):.2f} ({all_of})")


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]]
    main(*given, *(3, 3000)[len(given) :])
