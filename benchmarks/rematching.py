"""How often neurons are found that should be, and are said to have moved that have not: every neuron of the demo model.

    PYTHONPATH=tools python benchmarks/rematching.py [--steps 800] [--keep FOLDER]

Every neuron of the demo model is looked for in relatives of it whose answer is known, and in models that share nothing
with it but tokenizer and shape: random weights, and a training from another seed (``--steps``; 0 leaves it out, and 800
take about ten minutes on two cores). ``--keep`` keeps the models for the next time. The numbers stand in docs/adr/0041.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path

import numpy as np
from demo_model import variants

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.kinds import templates
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import open_model
from neuronclaims.rematch.halves import halved
from neuronclaims.rematch.search import Match, RematchPair, Remembered, matches
from neuronclaims.rematch.tokenwise import Held
from neuronclaims.sentences.subjects.neurons import Neuron

CLAIMS = Path(__file__).parents[1] / "claims"
FILES = ("places", "seed-000-true-false", "seed-003-article")
SITES = ("mlp_post", "resid_post")
RANDOM = (3, 4, 5)
TRAINED = 12
Truth = Mapping[int, np.ndarray]
"""By layer, where each neuron of mlp_post is now."""


def main() -> None:
    """Make the models that are not there, and print a line for every model, file and site."""
    parser = argparse.ArgumentParser(
        description="Measure how often moved neurons are found, and falsely found."
    )
    parser.add_argument("--steps", type=int, default=800, help="steps of the training from another seed")
    parser.add_argument("--keep", type=Path, help="folder for the models")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models = relatives(options.keep or Path(folder), options.steps)
        old = held(MODEL_FOLDER)
        print(
            "model file site neurons told-apart still moved moved-to-the-right-place not-found of-them-second-alike"
        )
        for (name, (path, truth)), file, site in product(models.items(), FILES, SITES):
            print(name, file, site, *counted(old, held(path), file, site, truth), flush=True)


def relatives(folder: Path, steps: int) -> dict[str, tuple[Path, Truth | None]]:
    """Return the folders of all models, made where they are not there, with the places of neurons where permuted."""
    seeds: dict[str, Callable[[Path], object]] = {
        f"random-{seed}": lambda out, seed=seed: variants.another_seed(MODEL_FOLDER, out, seed=seed, steps=0)  # type: ignore[misc]
        for seed in RANDOM
    }
    made: dict[str, Callable[[Path], object]] = {
        "same": lambda out: variants.saved_again(MODEL_FOLDER, out),
        "rounded": lambda out: variants.rounded(MODEL_FOLDER, out),
        "fine-tuned": lambda out: variants.fine_tuned(MODEL_FOLDER, out),
        **seeds,
    }
    if steps:
        made["trained"] = lambda out: variants.another_seed(MODEL_FOLDER, out, seed=TRAINED, steps=steps)
    for name, make in made.items():
        if not (folder / name / "config.json").is_file():
            make(folder / name)
    truth = variants.permuted(MODEL_FOLDER, folder / "permuted")
    return {"permuted": (folder / "permuted", truth), **{name: (folder / name, None) for name in made}}


def held(folder: Path) -> Held:
    """Load a model."""
    return Held(open_model(str(folder), Path()), RunOptions())


def counted(old: Held, new: Held, file: str, site: str, truth: Truth | None) -> list[int]:
    """Look for every neuron that changes at all on a file's prompts, and count what came of it."""
    halves = halved(read_claim_file(CLAIMS / f"{file}.claims.yaml", templates()))
    facts = old.facts
    neurons = tuple(
        Neuron(layer, index) for layer in facts.layers_at(site) for index in range(facts.widths[site])
    )
    known = Remembered.of(old, site, neurons, sorted(halves.searched | halves.checked))
    found = matches(RematchPair(known, new), sorted(halves.searched), sorted(halves.checked))
    looked = [match for match in found.values() if "same at every token" not in (match.why or "")]
    moved = [match for match in looked if match.status == "moved"]
    lost = [match for match in looked if match.status == "not found"]
    right = sum(is_right(match, site, truth) for match in moved)
    alike = sum("two neurons" in (match.why or "") for match in lost)
    return [
        len(neurons),
        len(looked),
        len(looked) - len(moved) - len(lost),
        len(moved),
        right,
        len(lost),
        alike,
    ]


def is_right(match: Match, site: str, truth: Truth | None) -> bool:
    """Say whether a neuron said to have moved really is there."""
    if truth is None or site != "mlp_post":
        return False
    return match.best == Neuron(match.old.layer, int(truth[match.old.layer][match.old.index]))


if __name__ == "__main__":
    main()
