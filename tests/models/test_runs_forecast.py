"""The disk that a run is foretold to take, against the cache folder that it leaves behind, kind by kind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.engines.forecast import Ways
from neuronclaims.engines.kept import KeptModels
from neuronclaims.kinds import templates
from neuronclaims.models.options import RunOptions
from neuronclaims.planning.model_plans import planned
from neuronclaims.planning.run_plans import run_plan

NAMES = ("Tom", "Ann", "Bo", "Cyril", "Di", "Edmund", "Fay", "Gustav", "Hilda", "Ina")
SETS = {
    "hanoi": [f"{name} {'gladly ' * (number % 3)}lives in Hanoi." for number, name in enumerate(NAMES)],
    "baseline": [f"{name} paints a door." for name in NAMES],
    "prose": [" ".join(f"{name} and {other} walk to the river." for other in NAMES) for name in NAMES[:6]],
}
PAIRS = {"edits": [{"clean": f"{name} ate an", "corrupted": f"{name} ate the"} for name in NAMES]}
CLAIMS = {
    "pooled activations": ("neuron 2:340 activates more for hanoi than baseline",),
    "all layers": (
        "neuron 2:340 is among the top 10 neurons for hanoi over baseline in at least 60% of prompts",
    ),
    "documents": (
        'neuron 2:340 predicts " an" in prose with AUROC at least 0.6',
        'neuron 2:340 predicts " a" in prose with AUROC at least 0.6',
        "neuron 2:340 goes with position in prose",
    ),
    "changes": (
        'ablating neuron 2:340 lowers " an" over " a" in hanoi',
        "ablating neurons 2:340, 2:7 raises loss of baseline",
    ),
    "pairs": ('restoring neuron 2:340 recovers at least 30% of " a" over " the" in edits',),
    "attention": ("head 1:2 attends to the previous token from last in hanoi with at least 40%",),
    "continuations": ('ablating neuron 2:340 lowers continuations that begin with "the" in hanoi',),
}
kept = KeptModels()


@pytest.fixture(scope="module", params=CLAIMS)
def case(request, tmp_path_factory) -> Iterator[tuple[Path, object]]:
    folder = tmp_path_factory.mktemp("planned")
    path = folder / "x.claims.yaml"
    path.write_text(
        "version: 1\nmodels: [demo]\nsite: mlp_post\ntokens: mean of prompt\ngenerate: {max_new_tokens: 4}\n"
        f"sets: {json.dumps(SETS)}\npairs: {json.dumps(PAIRS)}\nclaims: {json.dumps(CLAIMS[request.param])}\n"
    )
    plan = planned([read_claim_file(path, templates())], "demo")
    assert not plan.fails
    return folder / "cache", plan


def size_of(cache: Path) -> int:
    return sum(path.stat().st_size for path in cache.rglob("*") if path.is_file())


def test_the_planned_bytes_are_those_of_the_cache(case) -> None:
    folder, plan = case
    ways = Ways(pilot=False, cache=RunCache(folder), options=RunOptions(batch_prompts=4))
    before = size_of(folder)
    foretold = run_plan(plan, ways).forecast.disk
    kept(plan.source, plan.needs, cache=ways.cache, options=ways.options, progress=None)
    assert foretold == pytest.approx(size_of(folder) - before, rel=0.1)
    again = run_plan(plan, ways).forecast
    assert (again.disk, again.seconds, again.cached) == (0, 0.0, again.texts)


def test_the_planned_bytes_are_those_of_a_cache_in_16_bits(case, tmp_path) -> None:
    _, plan = case
    ways = Ways(pilot=False, cache=RunCache(tmp_path), options=RunOptions(batch_prompts=4, store="bfloat16"))
    foretold = run_plan(plan, ways).forecast.disk
    kept(plan.source, plan.needs, cache=ways.cache, options=ways.options, progress=None)
    assert foretold == pytest.approx(size_of(tmp_path), rel=0.1)
