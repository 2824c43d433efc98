import math
import os
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from demo_model.tokenizer import POSITIONS, train_tokenizer
from demo_model.train import Recipe, learning_rate, token_batches, train
from demo_model.world.documents import documents

TINY = Recipe(
    seed=5,
    steps=4,
    rows=4,
    warmup=2,
    blocks=2,
    width=16,
    neurons=32,
    heads=2,
    tokenizer_documents=500,
    threads=1,
)

ROOT = Path(__file__).parents[2]


def test_training_twice_gives_the_same_bytes_and_another_seed_gives_others(tmp_path):
    for name, recipe in (("a", TINY), ("b", TINY), ("c", replace(TINY, seed=6))):
        train(tmp_path / name, recipe, report=False)
    for file in ("model.safetensors", "tokenizer.json", "config.json", "tokenizer_config.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    first, other = ((tmp_path / name / "model.safetensors").read_bytes() for name in "ac")
    assert first != other


def test_training_starts_at_the_loss_of_a_uniform_guess_and_falls(tmp_path):
    record = train(tmp_path, replace(TINY, steps=60, learning_rate=1e-2), report=False)
    assert record["first_loss"] == pytest.approx(math.log(record["vocabulary"]), rel=0.05)
    assert record["final_loss"] < record["first_loss"]


def test_rows_are_full_and_begin_with_a_document():
    tokenizer = train_tokenizer(islice(documents("tests"), 500))
    for rows in islice(token_batches(tokenizer, TINY), 3):
        assert len(rows) == TINY.rows
        assert {len(row) for row in rows} == {POSITIONS + 1}
        assert {row[0] for row in rows} == {tokenizer.token_to_id("<|endoftext|>")}


def test_learning_rate_rises_then_falls_to_a_twentieth():
    recipe = Recipe(steps=1000, warmup=100, learning_rate=1.0)
    rates = [learning_rate(step, recipe) for step in range(recipe.steps)]
    assert rates[99] == rates[699] == 1.0 == max(rates)
    assert rates[:100] == sorted(rates[:100])
    assert rates[99:] == sorted(rates[99:], reverse=True)
    assert rates[850] == pytest.approx(0.5, abs=1e-9)
    assert rates[-1] == pytest.approx(0.05, abs=1e-9)


def test_importing_the_demo_and_its_prompts_loads_no_torch():
    code = (
        "import sys, neuronclaims.demo, demo_model.prompts; print({'torch', 'transformers'} & {*sys.modules})"
    )
    paths = [str(ROOT / "tools"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"
