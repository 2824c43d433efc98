"""Cold runs killed, and files of the run cache damaged: what the next run makes of it.

    PYTHONPATH=tools python benchmarks/reliability.py [--kills 100] [--flips 200] [--starts 10 --processes 8]
        [--fills 20]
    PYTHONPATH=tools python benchmarks/reliability.py --files

Each kill: a process measures the demo model into an empty cache and is killed (SIGKILL) at a random moment after its
first batch was asked for; the next run must give, to the last bit, what an undisturbed one gives, and measure only
texts that no finished batch holds. Each flip: one random byte of one random file of a full cache is changed; the next
run must give the same values, and ``verify`` must find the damage first in a second copy. Each start: so many processes
are started at once on an empty cache; all must give the same values, and together run every text once. Each fill:
files cannot grow past a random size (as on a full disk) while an empty cache is filled; the run must end with one
sentence, and the next one give the same values. Prints a table of counts.

With --files, instead: 2,000 claim files, 500 tables, 400 model folders, 300 shards and 600 JSON files are damaged at
random and read. Each must be read as it stands or refused in a sentence: no traceback, no trial that takes more than 10
seconds, no value that the file does not hold, less than 1 GB of memory.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
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
from demo_model.prompts import prompts

from neuronclaims.cache.maintenance import contents, verify
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.errors import CacheError, RunWarning
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import open_model

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
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--fills", type=int, default=20)
    parser.add_argument("--cold", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--limit", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--files", nargs="?", type=float, const=1.0, metavar="SHARE")
    options = parser.parse_args()
    if options.files is not None:
        sys.exit(damaged(options.files))
    if options.cold is not None:
        cold(options.cold, options.limit)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "whole").mkdir()
        expected, _ = run(RunCache(folder / "whole"))
        whole = undisturbed(folder)
        killed = Counter(kill(folder, expected, seed, whole) for seed in range(options.kills))
        flipped = Counter(flip(folder, expected, seed) for seed in range(options.flips))
        started_together = Counter(
            together(folder, expected, seed, options.processes) for seed in range(options.starts)
        )
        filled = Counter(fill(folder, expected, seed) for seed in range(options.fills))
    print(f"{len(TEXTS)} texts, {len(ASKED)} layers, batches of {OPTIONS.batch_prompts}\n")
    print("| trial | outcome | times |\n|---|---|---|")
    trials = {
        "killed": killed,
        "bit changed": flipped,
        f"{options.processes} processes started cold together": started_together,
        "disk full": filled,
    }
    for what, counts in trials.items():
        for outcome, count in sorted(counts.items()):
            print(f"| {what} | {outcome} | {count} |")
    bad = any(outcome.startswith("WRONG") for counts in trials.values() for outcome in counts)
    sys.exit(1 if bad else 0)


def damaged(share: float) -> int:
    """Damage files of every sort, a share of the usual number of times; return 1 where anything is wrong."""
    from fuzz.every import EVERY
    from fuzzing import fuzzed, table

    tallies = {fuzz.name: fuzzed(fuzz, max(1, round(fuzz.trials * share))) for fuzz in EVERY}
    print("\n".join(table(tallies)))
    faults = [fault for tally in tallies.values() for fault in tally.faults]
    print("\n".join(faults))
    return int(bool(faults) or any(tally.memory > 1e9 for tally in tallies.values()))


def run(cache: RunCache, telling: bool = False) -> tuple[list[bytes], int]:
    """Measure, and return the bytes of all answers and how many texts were run."""
    counted = 0

    def heard(progress: Progress) -> None:
        nonlocal counted
        if progress.stage == "measuring":
            counted = progress.done
            if telling and progress.done == 0:
                print("measuring", flush=True)
        if telling and progress.stage == "waiting":
            print("waiting", flush=True)

    answers = measure(open_model("demo", Path(".")), ASKED, cache=cache, options=OPTIONS, progress=heard)
    return [np.ascontiguousarray(answers[asked]).tobytes() for asked in ASKED], counted


def started(cache: RunCache) -> subprocess.Popen[bytes]:
    """Start a cold run in a process of its own, and return it when it begins to measure."""
    command = [sys.executable, __file__, "--cold", str(cache.folder)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert child.stdout is not None
    child.stdout.readline()
    return child


def cold(folder: Path, limit: int | None) -> None:
    """Measure in this process, and tell what of, what came of it, and whether it had to wait."""
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        found, counted = run(RunCache(folder), telling=True)
    except CacheError as error:
        print(f"refused: {error}", flush=True)
        return
    print(f"measured {counted} {hashlib.sha256(b''.join(found)).hexdigest()}", flush=True)


def together(folder: Path, expected: list[bytes], seed: int, processes: int) -> str:
    """Start processes at once on an empty cache, and say what came of it."""
    cache = folder / f"together{seed}"
    command = [sys.executable, __file__, "--cold", str(cache)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    children = [
        subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
        for _ in range(processes)
    ]
    said = [child.communicate()[0].splitlines() for child in children]
    shutil.rmtree(cache)
    last = [lines[-1].split() if lines else [] for lines in said]
    digest = hashlib.sha256(b"".join(expected)).hexdigest()
    if any(len(words) != 3 or words[2] != digest for words in last):
        return "WRONG: other values, or none"
    counts = [int(words[1]) for words in last]
    if sorted(counts) != [0] * (processes - 1) + [len(TEXTS)]:
        return f"WRONG: texts run by each: {counts}"
    waited = sum("waiting" in lines for lines in said)
    return f"one ran the model, {waited} said they wait, the same values in all"


def fill(folder: Path, expected: list[bytes], seed: int) -> str:
    """Let a cold run meet a full disk, run again, and say what came of it."""
    cache = RunCache(folder / f"full{seed}")
    sizes = [path.stat().st_size for path in (folder / "whole").rglob("*.safetensors")]
    limit = random.Random(f"fill {seed}").randrange(min(sizes) // 2, max(sizes))
    command = [sys.executable, __file__, "--cold", str(cache.folder), "--limit", str(limit)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    kept = sum(each.prompts for each in contents(cache))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RunWarning)
        found, counted = run(cache)
    left = list(cache.folder.rglob("*.tmp"))
    shutil.rmtree(cache.folder)
    if not said or not said[-1].startswith("refused: The run cache in"):
        return "WRONG: not told"
    if found != expected or left or counted != len(TEXTS) - kept:
        return "WRONG: other values, leftovers, or what was kept was measured again"
    return "told, nothing half-written, the next run gives the same values"


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
