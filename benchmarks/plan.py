"""What `neuronclaims plan` foretells, against a cold run that is measured: time, memory and disk.

    python benchmarks/plan.py [--repeats 3] [--only demo]

Each repeat starts three processes, one after the other, each with nothing in its cache: a plan by the processor's
time, a plan by the clock on the wall, and the run itself, whose time counts from the first import of a library to the
last value in the cache, and whose memory is the largest that its process had. ``NEURONCLAIMS_REAL_MODELS`` names a
folder in which SmolLM2-135M-Instruct lies (`make real` brings it); models that are not here are left out. Printed are
ratios, planned / measured: medians with their range.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
STORIES = ROOT.parent / "shared" / "models" / "stories260k"
REAL = Path(os.environ.get("NEURONCLAIMS_REAL_MODELS") or ROOT / "models") / "SmolLM2-135M-Instruct"


@dataclass(frozen=True)
class Case:
    """Some claim files on one model; ``folder`` is where the model lies, None for the demo model."""

    name: str
    files: tuple[str, ...]
    spec: str = "demo"
    folder: Path | None = None

    @property
    def here(self) -> bool:
        """Whether the model is on this machine."""
        return self.folder is None or self.folder.is_dir()


CASES = (
    Case("demo, places and labels", ("claims/places.claims.yaml", "claims/labels.claims.yaml")),
    Case("demo, heads", ("claims/heads.claims.yaml",)),
    Case("demo, outcomes", ("claims/outcomes.claims.yaml",)),
    Case("demo, article", ("claims/seed-003-article.claims.yaml",)),
    Case("stories260k", ("tests/real_models/stories260k.claims.yaml",), "stories260k", STORIES),
    Case("SmolLM2-135M, spans", ("tests/real/spans.claims.yaml",), "smollm2", REAL),
    Case("SmolLM2-135M, heads", ("tests/real/heads.claims.yaml",), "smollm2", REAL),
    Case("SmolLM2-135M, losses", ("tests/real/losses.claims.yaml",), "smollm2", REAL),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default="", metavar="WORD", help="only cases with this word in their name")
    parser.add_argument("--child", nargs=2, metavar=("WHAT", "CASE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        what, number = options.child
        print(json.dumps(CHILDREN[what](CASES[int(number)])))
        return
    print("| claims | processor time | time | memory | disk |\n|---|---|---|---|---|")
    for number, case in enumerate(CASES):
        if case.here and options.only in case.name:
            rounds = [one_round(number) for _ in range(options.repeats)]
            cells = " | ".join(told([each[column] for each in rounds]) for column in rounds[0])
            print(f"| {case.name} | {cells} |", flush=True)


def one_round(number: int) -> dict[str, float]:
    """Return planned / measured of one repeat, by column."""
    by_processor, by_wall, real = (child(what, number) for what in CHILDREN)
    return {
        "processor": by_processor["seconds"] / real["processor"],
        "wall": by_wall["seconds"] / real["wall"],
        "memory": by_processor["memory"] / real["memory"],
        "disk": by_processor["disk"] / real["disk"],
    }


def told(ratios: list[float]) -> str:
    low, high = min(ratios), max(ratios)
    return f"{median(ratios):.2f} ({low:.2f} to {high:.2f})" if high - low >= 0.005 else f"{low:.2f}"


def child(what: str, number: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--child", what, str(number)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def planned(case: Case, clock: Callable[[], float]) -> Mapping[str, float]:
    from neuronclaims.cache.run_cache import RunCache
    from neuronclaims.engines.forecast import Ways
    from neuronclaims.planning.run_plans import run_plan

    with tempfile.TemporaryDirectory() as folder:
        found = run_plan(plan_of(case), Ways(cache=RunCache(Path(folder)), clock=clock)).forecast
    return {"seconds": found.seconds, "memory": found.memory.total, "disk": found.disk}


def measured(case: Case) -> Mapping[str, float]:
    import resource

    from neuronclaims.cache.run_cache import RunCache
    from neuronclaims.engines.measure import measure_each

    plan = plan_of(case)
    with tempfile.TemporaryDirectory() as folder:
        wall, processor = time.perf_counter(), time.process_time()
        measure_each(plan.source, plan.needs, cache=RunCache(Path(folder)))
        return {
            "wall": time.perf_counter() - wall,
            "processor": time.process_time() - processor,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            * (1 if sys.platform == "darwin" else 1024),
            "disk": sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()),
        }


def plan_of(case: Case):
    from neuronclaims.planning.model_plans import plans_of
    from neuronclaims.scripting.given import files_of

    files = [file for name in case.files for file in files_of(ROOT / name, [], {})]
    models = {} if case.folder is None else {case.spec: case.folder}
    return plans_of([(file, case.spec) for file in files], models)[0]


CHILDREN = {
    "plan": lambda case: planned(case, time.process_time),
    "plan by the wall": lambda case: planned(case, time.perf_counter),
    "measure": measured,
}

if __name__ == "__main__":
    main()
