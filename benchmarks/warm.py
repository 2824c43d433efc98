"""Claims that were judged before, nothing having changed, against pytest running as many empty tests.

    python benchmarks/warm.py [--claims 1000] [--rounds 5]

Whole processes, in turns, one thread each, processor time; every ratio is between neighbours in time, and the median of
these is shown. All claims compare the same two sets of 40 prompts on the demo model; none holds, nearly all are
inconclusive and recorded so, and some 2 % are refuted by chance and fail. The last line is what ten times the claims on
the same prompts cost.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

WORDS = "the dog cat river Hanoi Vietnam tulip rose market school garden sister brother bread coffee"
PROMPTS = 40
MLP, RESIDUAL, LAYERS = 512, 128, 6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--claims", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=int, default=0, help="so many claims, too, once")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n")
        few, many = options.claims // 10, options.claims
        for count in (few, many):
            (folder / f"c{count}.claims.yaml").write_text(claim_file(count))
            (folder / f"test_{count}.py").write_text(empty_tests(count))
        for count in (many, few):
            run(folder, f"c{count}.claims.yaml")
        most = ratio_of(folder, options.most) if options.most else None
        rounds = [
            [
                run(folder, file)
                for count in (few, many)
                for file in (f"c{count}.claims.yaml", f"test_{count}.py")
            ]
            for _ in range(options.rounds)
        ]
    print("| what | ratio |\n|---|---|")
    if most is not None:
        print(f"| {options.most:,} claims / {options.most:,} empty tests, once | {most:.2f} |")
    for what, ratios in (
        (f"{many:,} claims / {many:,} empty tests", [row[2] / row[3] for row in rounds]),
        (f"{few:,} claims / {few:,} empty tests", [row[0] / row[1] for row in rounds]),
        (f"{many:,} claims / {few:,} claims", [row[2] / row[0] for row in rounds]),
    ):
        print(f"| {what} | {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |")


def ratio_of(folder: Path, count: int) -> float:
    (folder / f"c{count}.claims.yaml").write_text(claim_file(count))
    (folder / f"test_{count}.py").write_text(empty_tests(count))
    run(folder, f"c{count}.claims.yaml")
    return run(folder, f"c{count}.claims.yaml") / run(folder, f"test_{count}.py")


def claim_file(count: int) -> str:
    """Write contrasts and separations on ever other neurons of the demo model."""
    sets = "".join(
        f"  {name}:\n" + "".join(f"    - {text}\n" for text in texts(seed)) for seed, name in enumerate("ab")
    )
    return f"version: 1\nmodels: [demo]\ntokens: mean of prompt\nsets:\n{sets}claims:\n" + "".join(
        f"  - claim: {claim(number)}\n    expect: inconclusive\n" for number in range(count)
    )


def claim(number: int) -> str:
    for site, width in (("mlp_post", MLP), ("resid_post", RESIDUAL), ("mlp_pre", MLP), ("mlp_out", RESIDUAL)):
        for said in ("activates more for a than b", "separates a from b"):
            if number < LAYERS * width:
                return f"{site} neuron {number // width}:{number % width} {said}"
            number -= LAYERS * width
    raise ValueError("so many different claims there are not")


def texts(seed: int) -> list[str]:
    drawn = Random(seed)
    found: dict[str, None] = {}
    while len(found) < PROMPTS:
        found[" ".join(drawn.choice(WORDS.split()) for _ in range(8)).capitalize() + "."] = None
    return list(found)


def empty_tests(count: int) -> str:
    return f"import pytest\n\n@pytest.mark.parametrize('i', range({count}))\ndef test_nothing(i):\n    pass\n"


def run(folder: Path, file: str) -> float:
    """Return how much processor time a whole pytest process takes, in seconds."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", file]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    environment.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # else pytest rewrites and compiles every module every time
    start = spent()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if "error" in done.stdout.splitlines()[-1]:
        raise SystemExit(done.stdout)
    return spent() - start


def spent() -> float:
    """Return the processor time of all processes started and ended so far, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
