"""All benchmarks one after the other, their tables written to ``docs/performance.md``.

    python benchmarks/run.py [--peer benchmarks/peers/with_nnsight.py=PYTHON ...]

Peers need environments of their own, so they are timed only where their scripts are named, each with the Python that
has them. Every figure is a ratio of two things measured in one run on one machine; bare seconds say nothing elsewhere.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
LIBRARIES = ("torch", "transformers", "numpy", "scipy", "pytest")
SCRIPTS = (
    (
        "Measuring",
        ("capture.py", "--rounds", "3"),
        "Aim: at most 1.05 of the body without its LM head, and of plain generation. Layers above the highest one "
        "needed are not computed. The figures include the run's own checks (one text is run again alone); these are a "
        "fixed cost, so their share falls with the number of texts.",
    ),
    (
        "A very wide layer",
        ("memory.py",),
        "Values that are looked at for a whole layer are copied some columns at a time (`stats.inputs.ROOM`).",
    ),
    (
        "Changing neurons",
        ("patching.py", "--repetitions", "3"),
        "Aim: every neuron of a layer at least 10 times faster than the loop over single neurons.",
    ),
    (
        "A claim about one neuron",
        ("controls.py", "--repetitions", "3"),
        "Aim: at most 4 plain forwards per prompt, controls included. The run's own checks are in it.",
    ),
    (
        "Plans and runs",
        ("plan.py",),
        "Aim: time within a factor of 1.5. The figures are the plan of `neuronclaims plan` for a run with an empty "
        "cache, divided by the measured run. The processor time is the reliable figure; wall-clock time includes other "
        "work on the machine.",
    ),
    (
        "Claims on a warm cache",
        ("warm.py", "--rounds", "3", "--most", "10000"),
        "Aim: 1,000 claims at most 2 times pytest running 1,000 empty tests. No torch is imported. Claims on the same "
        "sets are tested together, and a layer is averaged and ranked once for all of them.",
    ),
    (
        "Tests of whole layers",
        ("max_statistic.py", "--quick"),
        "Aims: at least .45 (40 prompts) and .8 (200) of the matrix-product rate; the exact test of a whole GPT-2 "
        "small below 3 times the bare product; 10 times SciPy at its best batch size.",
    ),
)
PEERS = """Other libraries on the same model and texts, each in an environment of its own (`benchmarks/peers/`). They
capture the same sites, pooled to their mean; none of them checks its own results:

| what | against | ratio |
|---|---|---|"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer", action="append", default=[], metavar="SCRIPT=PYTHON")
    peers = dict(given.split("=", 1) for given in parser.parse_args().peer)
    parts = [head()]
    for title, command, aim in SCRIPTS:
        table = output(title, [sys.executable, str(HERE / command[0]), *command[1:]])
        parts.append(f"## {title}\n\n`python benchmarks/{' '.join(command)}`. {aim}\n\n{table}\n")
        if title == "Measuring" and peers:
            rows = [output(Path(script).name, [python, script]) for script, python in peers.items()]
            parts.append("\n".join([PEERS, *rows]) + "\n")
    PAGE.write_text("\n".join(parts), encoding="utf-8")


def output(title: str, command: list[str]) -> str:
    """Run a benchmark and return the table it prints."""
    start = time.perf_counter()
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": "tools"},
        check=True,
    )
    print(f"{title}: {time.perf_counter() - start:.0f} s", flush=True)
    return done.stdout.strip()


def head() -> str:
    """Describe the page and the machine."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        "# Speed\n\n"
        "Made by `python benchmarks/run.py`. All figures are ratios measured in one run, medians of several rounds in "
        "turns with their range. One thread; other work may run on the machine.\n\n"
        f"Measured with {os.cpu_count()} cores ({platform.machine()}, {platform.system()}), Python "
        f"{platform.python_version()}, {libraries}.\n"
    )


if __name__ == "__main__":
    main()
