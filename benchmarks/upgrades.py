"""What is said of the demo claims on relatives of the demo model, whose answers are known; for docs/upgrades.md.

    PYTHONPATH=tools python benchmarks/upgrades.py [--again 100] [--keep FOLDER] [--only NAME ...]

A baseline of all files in ``claims/`` is saved on the demo model, and compared with the demo model itself, the same
weights in another file, rounded weights, silenced neurons, a short and a hard fine-tuning, permuted neurons and a
training from another seed (``--steps``). ``--again`` measures two of the files as often, each time anew with batches of
another size, and counts what drifts: the answer is nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from demo_model import variants

from neuronclaims.demo import MODEL_FOLDER

CLAIMS = Path(__file__).parents[1] / "claims"
AGAIN = ("places.claims.yaml", "flowers.claims.yaml")
WORDS = ("held", "weaker", "stronger", "lost", "gained", "unclear", "untestable", "edited", "new")
OTHER_BATCHES = """
import os
import pytest
from neuronclaims.models.options import RunOptions
from neuronclaims.pytest_session.opening import model_nodes
from neuronclaims.study import Study


@pytest.fixture(scope="session")
def claims_study(request):
    options = RunOptions(batch_tokens=int(os.environ["BATCH_TOKENS"]))
    study = Study(cache=None, options=options)
    for node in model_nodes(request.session.items):
        study.expect(node.claim_file, node.spec)
    return study
"""


def main() -> None:
    """Save a baseline, and print a line for each relative and one for all repetitions."""
    parser = argparse.ArgumentParser(
        description="Count what is said of the demo claims on relatives of their model."
    )
    parser.add_argument("--again", type=int, default=0, help="measure the same model anew so many times")
    parser.add_argument(
        "--steps", type=int, default=0, help="steps of the training from another seed; 0: left out"
    )
    parser.add_argument("--keep", type=Path, help="folder for the models and caches")
    parser.add_argument("--only", nargs="*", help="relatives to look at")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = (options.keep or Path(folder)).resolve()
        claims = home / "claims"
        (home / "conftest.py").unlink(missing_ok=True)
        shutil.rmtree(claims, ignore_errors=True)
        shutil.copytree(CLAIMS, claims, ignore=shutil.ignore_patterns("published", ".baselines"))
        pytest(home, "claims", "--claims-save")
        print("model", *WORDS, "| what drifted")
        for name, make in relatives(options.steps).items():
            if options.only is None or name in options.only:
                row(name, compared(home, name, make))
        if options.again:
            again(home, options.again)


def relatives(steps: int) -> dict[str, Callable[[Path], object] | None]:
    """Return how each relative is made, None for the demo model itself."""
    made: dict[str, Callable[[Path], object] | None] = {
        "itself": None,
        "saved-again": lambda out: variants.saved_again(MODEL_FOLDER, out),
        "rounded": lambda out: variants.rounded(MODEL_FOLDER, out),
        "zeroed-2-340": lambda out: variants.zeroed(MODEL_FOLDER, out, 2, 340),
        "zeroed-5-500": lambda out: variants.zeroed(MODEL_FOLDER, out, 5, 500),
        "zeroed-0-95": lambda out: variants.zeroed(MODEL_FOLDER, out, 0, 95),
        "fine-tuned": lambda out: variants.fine_tuned(MODEL_FOLDER, out),
        "fine-tuned-hard": lambda out: variants.fine_tuned(MODEL_FOLDER, out, steps=100, rate=2e-3),
        "permuted": lambda out: variants.permuted(MODEL_FOLDER, out),
    }
    if steps:
        made["another-seed"] = lambda out: variants.another_seed(MODEL_FOLDER, out, seed=12, steps=steps)
    return made


def compared(home: Path, name: str, make: Callable[[Path], object] | None) -> dict[str, str]:
    """Return what is said of each claim on one relative."""
    folder, report = home / "models" / name, home / f"report-{name}"
    if make is not None and not (folder / "config.json").is_file():
        make(folder)
    model = [] if make is None else [f"--claims-model=demo={folder}"]
    pytest(
        home,
        "claims",
        "--claims-compare",
        "--claims-fail-on=lost,weaker:20%,missing",
        f"--claims-report={report}",
        *model,
    )
    return drift_words(report)


def again(home: Path, times: int) -> None:
    """Compare the demo model with itself, measured anew each time in batches of another size."""
    rng = random.Random(0)
    (home / "conftest.py").write_text(OTHER_BATCHES, encoding="utf-8")
    said: Counter[str] = Counter()
    files = [str(Path("claims") / name) for name in AGAIN]
    for _ in range(times):
        size = str(rng.randint(40, 4000))
        pytest(
            home, *files, "--claims-compare", f"--claims-report={home / 'report-again'}", BATCH_TOKENS=size
        )
        said.update(drift_words(home / "report-again").values())
    print(f"measured {times} times:", dict(said))


def drift_words(report: Path) -> dict[str, str]:
    """Return the word for each claim of a report, and forget the report."""
    claims = json.loads((report / "claims.json").read_text(encoding="utf-8"))["claims"]
    shutil.rmtree(report)
    return {claim["nodeid"]: claim["drift"] or "nothing" for claim in claims}


def row(name: str, said: dict[str, str]) -> None:
    """Print how often each word is said, and of which claims another than held."""
    counts = Counter(said.values())
    drifted = [f"{word} {node.partition('/')[2]}" for node, word in said.items() if word in WORDS[1:6]]
    print(
        name,
        *(counts.pop(word, 0) for word in WORDS),
        dict(counts) or "",
        "|",
        "; ".join(drifted),
        flush=True,
    )


def pytest(home: Path, *arguments: str, **environment: str) -> None:
    """Run a session of its own; one that neither passes nor fails is an error here."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--rootdir={home}",
        *arguments,
    ]
    done = subprocess.run(command, cwd=home, env=os.environ | environment, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(done.stdout + done.stderr)


if __name__ == "__main__":
    main()
