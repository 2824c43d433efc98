"""How often a neuron without an effect is found somewhere in a series of checkpoints, and how well an onset is known.

    python benchmarks/series.py [files] [none|closed|open ...] [courses, by their beginning ...]

Claim files are judged through ``Study``, each with 20 claims about neurons that have nothing to do with each other and
``correction: none``: 20 series a file, of 50 checkpoints with 20 + 20 normal prompts. ``correlation`` is that of one
prompt's values at any two checkpoints. "Any wrong" counts series with any wrong verdict at any checkpoint, with its
exact binomial interval (95 %). An effect that appears does so at checkpoint 20.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.results import Result
from neuronclaims.study import Study

LOOKS, PROMPTS, CLAIMS, APPEARS = 50, 20, 20, 20
CORRELATIONS = (0.0, 0.5, 0.9)
SERIES = ("none", "closed", "open")
MORE = "neuron 0:{} activates more for up than down"
CONFIG = {"model_type": "gpt2", "n_layer": 1, "n_embd": 32, "n_head": 2, "n_positions": 64, "vocab_size": 9}
"""A model of which nothing but its shape is read: the numbers are drawn."""


@dataclass(frozen=True)
class Course:
    """A claim with the true effect at every checkpoint, ``before`` and from ``APPEARS`` on, and its number."""

    name: str
    sentence: str
    number: float
    before: float
    after: float

    def effect(self, look: int) -> float:
        return self.after if look >= APPEARS else self.before

    def wrong(self, look: int, verdict: str | None) -> bool:
        effect = self.effect(look)
        return (verdict == "supported" and effect <= self.number) or (
            verdict == "refuted" and effect >= self.number
        )


COURSES = (
    Course("more: no effect", MORE, 0.0, 0.0, 0.0),
    Course("at least 1 sd: effect 1 sd", MORE + " by at least 1 sd", 1.0, 1.0, 1.0),
    Course("more: 1.5 appears", MORE, 0.0, 0.0, 1.5),
    Course("at least 0.75: 1.5 appears, 0 before", MORE + " by at least 0.75", 0.75, 0.0, 1.5),
)


def written(folder: Path, course: Course, series: str) -> Path:
    """Write the claim file and its models into a folder."""
    models = [f"step{look}" for look in range(1, LOOKS + 1)]
    for model in models:
        (folder / model).mkdir(exist_ok=True)
        (folder / model / "config.json").write_text(json.dumps(CONFIG))
        (folder / model / "model.safetensors").write_bytes(b"")
    sets = {name: [f"{name} {place:03d}" for place in range(PROMPTS)] for name in ("up", "down")}
    head = f"version: 1\nmodels: {json.dumps(models)}\n" + (f"series: {series}\n" if series != "none" else "")
    head += f"correction: none\nsite: resid_post\ntokens: last of prompt\nsets: {json.dumps(sets)}\nclaims:\n"
    path = folder / f"{series}.claims.yaml"
    path.write_text(head + "".join(f"  - {course.sentence.format(n)}\n" for n in range(CLAIMS)))
    return path


def values_of(course: Course, correlation: float, seed: int) -> dict[str, np.ndarray]:
    """Return the values [prompts of both sets, neurons] at every checkpoint."""
    rng = np.random.default_rng(seed)
    shape = (2 * PROMPTS, CONFIG["n_embd"])
    common = rng.normal(size=shape)
    found = {}
    for look in range(1, LOOKS + 1):
        values = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * rng.normal(size=shape)
        values[:PROMPTS] += course.effect(look)
        found[f"step{look}"] = values.astype(np.float32)
    return found


def judged(path: Path, values: dict[str, np.ndarray]) -> list[list[Result]]:
    """Return the results of every claim, in the order of the checkpoints."""

    def measure(source, measurements, **_):
        found = values[source.name]
        return {
            need: found[:PROMPTS] if need.prompts[0].startswith("up") else found[PROMPTS:]
            for need in measurements
        }

    file, study = read_claim_file(path, templates()), Study(measure=measure)
    by_model = [study.judge(file, model) for model in file.models]
    return [[found[claim.id] for found in by_model] for claim in file.claims]


def _row(course: Course, series: str, correlation: float, files: int) -> str:
    courses: list[list[Result]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), course, series)
        for seed in range(files):
            courses += judged(path, values_of(course, correlation, seed))
    wrong = sum(any(course.wrong(look, one.verdict) for look, one in enumerate(each, 1)) for each in courses)
    low, high = binomtest(wrong, len(courses)).proportion_ci(0.95)
    told = [f"{wrong / len(courses):.3f} [{low:.3f}, {high:.3f}]"]
    if course.after > course.number:
        there = [[one.verdict == "supported" for one in each] for each in courses]
        told += [
            f"{np.mean([each[APPEARS - 1] for each in there]):.2f}",
            f"{np.mean([any(each) for each in there]):.2f}",
            f"{np.mean([np.mean(each[APPEARS - 1 :]) for each in there]):.2f}",
        ]
        onsets = [each[0].look.onset for each in courses if each[0].look is not None]
        if onsets:
            sizes = np.quantile([len(onset.candidates) for onset in onsets], [0.25, 0.5, 0.75])
            told += [
                f"{np.mean([APPEARS in onset.candidates for onset in onsets]):.3f}",
                f"{sizes[1]:.0f} ({sizes[0]:.0f} to {sizes[2]:.0f})",
            ]
    told += [""] * (6 - len(told))
    return f"| {course.name} | {series} | {correlation:g} | {len(courses)} | {' | '.join(told)} |"


def rows(files: int, chosen: Sequence[str]) -> Iterator[str]:
    """Yield a line for every cell, or for those of the kinds of series and the courses chosen."""
    kinds = [series for series in SERIES if series in chosen] or list(SERIES)
    courses = [each for each in COURSES if any(each.name.startswith(word) for word in chosen)] or list(
        COURSES
    )
    for course in courses:
        for series in kinds:
            for correlation in CORRELATIONS:
                yield _row(course, series, correlation, files)


if __name__ == "__main__":
    print(
        "| claim | series | correlation | series judged | any wrong | at 20 | ever | from 20 on | onset in set | size |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for row in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 25, sys.argv[2:]):
        print(row, flush=True)
