"""Compare workers of Ray with this process, one thread each, taking turns.

python benchmarks/engines.py [ROUNDS] [PROMPTS]

Prints for each run the seconds of the whole command (Python, Ray and its workers start, import torch, load the model
and end) and the CPU seconds of all its processes, when measuring began, the texts that were measured in a second while
all workers had the model, and in a second of CPU time of the busiest process. The last says how evenly work is shared,
and what the engine itself costs, also on a machine that others use at the same time; how much of it these used is told
beside it. All ratios are medians over the rounds. Linux only.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

RUN = """
import hashlib, os, sys, time
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
    if step.stage == "measuring" and not begun:
        begun.append(time.time() - float(sys.argv[4]))
    if step.stage == "measuring" and step.workers == workers:
        seen.append((time.perf_counter(), step.done, cpu() if not seen or step.done == step.total else {}))

workers = int(sys.argv[3].partition(":")[2] or 0)
texts = tuple(Path(sys.argv[2]).read_text().splitlines())
asked = [Activations("mlp_post", layer, TokenRule("mean", "prompt"), texts) for layer in range(8)]
seen, begun = [], []
found = measure_each(
    open_model(sys.argv[1], Path()), asked, options=RunOptions(engine=sys.argv[3]), progress=progress
)
assert not found.failed
values = hashlib.sha256(b"".join(found[each].tobytes() for each in asked))
(first, done, before), (last, total, after) = seen[0], seen[-1]
busiest = max(after[each] - before.get(each, 0) for each in after)
print(begun[0], (last - first) / (total - done), busiest / (total - done), values.hexdigest())
"""
PARTS = ("whole command", "while measuring", "CPU of the busiest", "CPU of all processes")


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


def busy() -> float:
    """Return the CPU seconds that all processes of the machine have used since it started."""
    fields = [int(each) for each in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def used_by(process: int, used: dict[int, float]) -> None:
    """Note the CPU seconds of a process and of all below it."""
    with suppress(OSError):  # it has ended
        stat = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        used[process] = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
        for each in Path(f"/proc/{process}/task").iterdir():
            for child in (each / "children").read_text().split():
                used_by(int(child), used)


def output_of(command: list[str], used: dict[int, float]) -> str:
    """Return what a command prints, and note every second what all its processes have used."""
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryFile("w+") as errors:
        began = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=env)
        while True:
            used_by(began.pid, used)
            with suppress(subprocess.TimeoutExpired):
                said, _ = began.communicate(timeout=1)
                break
        if began.returncode:
            errors.seek(0)
            raise SystemExit(errors.read()[-4000:])
    return said


def run(engine: str, folder: Path, texts: Path) -> tuple[list[float], str]:
    """Run an engine once, print what it took, and return that with a hash of the values."""
    load, cpu, start = os.getloadavg()[0], busy(), time.time()
    command, found = (
        [sys.executable, "-c", RUN, str(folder), str(texts), engine, str(start)],
        dict[int, float](),
    )
    said = output_of(command, found).split()
    whole, machine, used = time.time() - start, busy() - cpu, sum(found.values())
    others = max(0.0, machine - used) / whole / len(os.sched_getaffinity(0))
    begun, each, busiest = (float(word) for word in said[:3])
    print(
        f"{engine:6} {whole:6.1f} s in all, measuring after {begun:4.1f} s, {1 / each:5.0f} texts/s, "
        f"{1 / busiest:5.0f} texts/s of CPU; {used:5.1f} CPU s; load {load:.1f}, others at {others:.0%}",
        flush=True,
    )
    return [whole, each, busiest, used], said[3]


def main(rounds: int, count: int) -> None:
    """Run all engines in turn, and print what they took."""
    cores = len(os.sched_getaffinity(0))
    print(f"{count:,} texts, {rounds} rounds, {cores} cores", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder, texts = Path(name) / "model", Path(name) / "texts.txt"
        model_of(folder)
        texts.write_text(texts_of(count))
        found: dict[str, list[list[float]]] = {}
        for _ in range(rounds):
            hashes = set()
            for engine in ("local", "ray:1", "ray:2"):
                taken, values = run(engine, folder, texts)
                found.setdefault(engine, []).append(taken)
                hashes.add(values)
            print("equal to the bit" if len(hashes) == 1 else "NOT EQUAL", flush=True)
    for part, word in enumerate(PARTS):
        for one, other in (("ray:1", "local"), ("local", "ray:2"), ("ray:1", "ray:2")):
            ratios = [a[part] / b[part] for a, b in zip(found[one], found[other], strict=True)]
            all_of = ", ".join(f"{ratio:.2f}" for ratio in ratios)
            print(f"{word}: {one} / {other} = {statistics.median(ratios):.2f} ({all_of})")


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]]
    main(*given, *(3, 8000)[len(given) :])
