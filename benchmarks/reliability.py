"""Cold runs killed, and files of the run cache damaged: what the next run makes of it.

    python benchmarks/reliability.py [--kills 100] [--flips 200]

Each kill: a process measures the demo model into an empty cache and is killed (SIGKILL) at a random moment after its
first batch was asked for; the next run must give, to the last bit, what an undisturbed one gives, and measure only
texts that no finished batch holds. Each flip: one random byte of one random file of a full cache is changed; the next
run must give the same values, and ``verify`` must find the damage first in a second copy. Prints a table of counts.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from neuronclaims.demo.prompts import prompts
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.runs import Progress, RunCache, RunOptions, RunWarning, measure, open_model
from neuronclaims.runs.upkeep import contents, verify

TOPICS = ("hanoi", "places", "violent", "peaceful", "true_statements")
TEXTS = tuple(sorted({prompt.text for topic in TOPICS for prompt in prompts(topic, "heldout")}))
ASKED = [
    Activations(site, layer, TokenRule("mean", "prompt"), TEXTS)
    for site in ("mlp_post", "resid_post")
    for layer in range(6)
]
OPTIONS = RunOptions(batch_prompts=4)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--flips", type=int, default=200)
    parser.add_argument("--cold", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.cold is not None:
        run(RunCache(options.cold), telling=True)
        print("measured", flush=True)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "whole").mkdir()
        expected, _ = run(RunCache(folder / "whole"))
        whole = undisturbed(folder)
        killed = Counter(kill(folder, expected, seed, whole) for seed in range(options.kills))
        flipped = Counter(flip(folder, expected, seed) for seed in range(options.flips))
    print(f"{len(TEXTS)} texts, {len(ASKED)} layers, batches of {OPTIONS.batch_prompts}\n")
    print("| trial | outcome | times |\n|---|---|---|")
    for what, counts in (("killed", killed), ("byte changed", flipped)):
        for outcome, count in sorted(counts.items()):
            print(f"| {what} | {outcome} | {count} |")
    bad = sum(count for outcome, count in (killed + flipped).items() if outcome.startswith("WRONG"))
    sys.exit(1 if bad else 0)


def run(cache: RunCache, telling: bool = False) -> tuple[list[bytes], int]:
    """Measure, and return the bytes of all answers and how many texts were run."""
    counted = 0

    def heard(progress: Progress) -> None:
        nonlocal counted
        if progress.stage == "measuring":
            counted = progress.done
            if telling and progress.done == 0:
                print("measuring", flush=True)

    answers = measure(open_model("demo", Path(".")), ASKED, cache=cache, options=OPTIONS, progress=heard)
    return [np.ascontiguousarray(answers[asked]).tobytes() for asked in ASKED], counted


def started(cache: RunCache) -> subprocess.Popen[bytes]:
    """Start a cold run in a process of its own, and return it when it begins to measure."""
    command = [sys.executable, __file__, "--cold", str(cache.folder)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert child.stdout is not None
    child.stdout.readline()
    return child


def undisturbed(folder: Path) -> float:
    """Return how many seconds a cold run measures, from its first batch to its last."""
    child = started(RunCache(folder / "undisturbed"))
    start = time.perf_counter()
    assert child.stdout is not None
    child.stdout.readline()
    return time.perf_counter() - start


def kill(folder: Path, expected: list[bytes], seed: int, whole: float) -> str:
    """Kill a cold run at a random moment, run again, and say what came of it."""
    cache = RunCache(folder / f"killed{seed}")
    child = started(cache)
    time.sleep(random.Random(seed).uniform(0, whole))
    child.send_signal(signal.SIGKILL)
    child.wait()
    kept = sum(each.prompts for each in contents(cache)) if (cache.folder / "README.txt").exists() else 0
    with warnings.catch_warnings():
        warnings.simplefilter("error", RunWarning)
        found, counted = run(cache)
    shutil.rmtree(cache.folder)
    if found != expected:
        return "WRONG: other values"
    if counted != len(TEXTS) - kept:
        return f"WRONG: {counted} texts measured again, {len(TEXTS) - kept} were unfinished"
    part = "all" if kept == len(TEXTS) else "none" if kept == 0 else "some"
    return f"same values, {part} of the batches kept and only the others measured"


def flip(folder: Path, expected: list[bytes], seed: int) -> str:
    """Change one byte of a full cache, run again, and say what came of it."""
    rng = random.Random(f"flip {seed}")
    copies = [RunCache(folder / name) for name in ("flipped", "checked")]
    for copy in copies:
        shutil.copytree(folder / "whole", copy.folder)
    place = rng.random()
    for copy, drawn in zip(copies, (rng.getstate(),) * 2, strict=True):
        rng.setstate(drawn)
        path = rng.choice(sorted(contents(copy)[0].folder.glob("*.safetensors")))
        data = bytearray(path.read_bytes())
        data[int(place * len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(bytes(data))
    _, damaged = verify(copies[1])
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", RunWarning)
        found, counted = run(copies[0])
    for copy in copies:
        shutil.rmtree(copy.folder)
    if found != expected:
        return "WRONG: other values"
    if not damaged:
        return "WRONG: verify found nothing" if told else "same values; what changed is nothing that is read"
    return "found by verify, told, measured again, same values" if counted and told else "WRONG: not told"


if __name__ == "__main__":
    main()
