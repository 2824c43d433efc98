"""Odd data through the front door: a claim file on a stand-in model gives verdicts or clear errors, no traceback."""

from __future__ import annotations

import dataclasses
import json
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from cases import for_each

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.kinds import templates
from neuronclaims.study import Study

CONFIG = {"model_type": "gpt2", "n_layer": 1, "n_embd": 3, "n_head": 1, "n_positions": 64, "vocab_size": 9}
CLAIMS = {
    "more": "neuron 0:1 activates more for first than second",
    "less": "neuron 0:1 activates less for first than second",
    "by-sd": "neuron 0:1 activates more for first than second by at least 0.5 sd",
    "by-unit": "neuron 0:1 activates more for first than second by at least 0.25",
    "apart": "neuron 0:1 separates first from second",
    "far-apart": "neuron 0:1 separates first from second with AUROC at least 0.8",
}
DIGITS = [0.3, 0.1, 0.7, 0.2, 0.9, 0.4]
VALUES = {
    "the same value everywhere": ([2.5] * 6, [2.5] * 6),
    "zeros": ([0.0] * 6, [-0.0] * 6),
    "constant in each set": ([3.0] * 6, [1.0] * 6),
    "constant in one set": ([3.0] * 6, DIGITS),
    "ties everywhere": ([0, 1, 1, 0, 1, 1], [0, 0, 1, 0, 0, 1]),
    "one value that differs": ([0.0] * 5 + [1.0], [0.0] * 6),
    "the same values in both sets": (DIGITS, DIGITS),
    "an outlier a million times larger": ([*DIGITS[:5], 1e6], DIGITS[::-1]),
    "subnormal values": (1e-45 * np.arange(1, 7), 1e-45 * np.array([3, 1, 0, 2, 2, 1])),
    "the largest of float32": (np.full(6, 3.4e38) * DIGITS, -np.full(6, 3.4e38) * DIGITS),
    "whole numbers": ([5, 3, 9, 1, 2, 7], [2, 2, 0, 1, 4, 3]),
    "two prompts in each set": ([0.3, 0.1], [0.7, 0.2]),
}
DESIGNS = ("prompts", "pairs", "groups", "shared groups")


class StandIn:
    """Answers with the values given for each prompt at neuron 1, and with ordinary ones beside it."""

    def __init__(self, values):
        self.values = values

    def __call__(self, source, measurements, *, cache, options, progress):
        def row(prompt):
            return [len(prompt) % 7 + ord(prompt[-1]) / 50, self.values[prompt], ord(prompt[-1]) % 5]

        return {m: np.array([row(p) for p in m.prompts], np.float32) for m in measurements}


def write(folder: Path, first, second, claims=CLAIMS, design="prompts", settings=()) -> Path:
    """Write a model folder and a claim file whose sets are lists of rows, each a prompt's text and label."""
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "config.json").write_text(json.dumps(CONFIG))
    (folder / "model" / "model.safetensors").write_bytes(b"")
    lines = [
        "version: 1",
        "models: [model]",
        "site: resid_post",
        "tokens: mean of prompt",
        *settings,
        "sets:",
    ]
    for name, rows in (("first", first), ("second", second)):
        records = [{"text": text, "label": label} for text, label in rows]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        key = {"pairs": ", pair: label", "prompts": ""}.get(design, ", group: label")
        lines.append(f"  {name}: {{file: {name}.jsonl, column: text{key}}}")
    lines += ["claims:", *(f"  - {{id: {name}, claim: {claim}}}" for name, claim in claims.items())]
    path = folder / "odd.claims.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def rows_of(which, n, design):
    label = {"pairs": "p{i}", "groups": which + "{i}", "shared groups": "g{i}"}.get(design, "")
    return [(f"{which} prompt {chr(97 + i)}", label.format(i=i)) for i in range(n)]


def results_of(path, values):
    """Judge a file with every floating-point accident and every warning made an error."""
    with np.errstate(all="raise", under="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        return Study(measure=StandIn(values)).judge(read_claim_file(path, templates()), "model")


@pytest.mark.parametrize("settings", [(), ("searched: layer 0",), ("correction: max-statistic",)])
@for_each("kind", VALUES)
@for_each("design", DESIGNS)
def test_every_claim_on_odd_values_gets_a_verdict_with_plain_numbers(tmp_path, kind, design, settings):
    one, two = (np.asarray(x, dtype=np.float32) for x in VALUES[kind])
    first, second = rows_of("first", len(one), design), rows_of("second", len(two), design)
    values = dict(zip([text for text, _ in first + second], [*one, *two], strict=True))
    results = results_of(write(tmp_path, first, second, design=design, settings=settings), values)
    assert list(results) == list(CLAIMS)
    for result in results.values():
        assert result.error is None
        assert result.verdict in ("supported", "refuted", "inconclusive")
        assert re.fullmatch(r"[A-Z].*\.", result.reason)
        json.dumps(dataclasses.asdict(result), allow_nan=False)
        assert 0 < result.evidence.test.p_value <= result.evidence.test.p_adjusted <= 1
    if kind in ("the same value everywhere", "zeros"):
        assert {r.verdict for r in results.values()} <= {"inconclusive", "refuted"}
        assert results["more"].verdict == "inconclusive"
        assert "nothing to test" in results["more"].reason
    if kind == "two prompts in each set" and design != "groups":
        assert results["more"].verdict == "inconclusive"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("settings", [(), ("searched: layer 0",)])
def test_a_broken_value_is_an_error_of_the_claims_that_use_it(tmp_path, value, settings):
    first, second = rows_of("first", 6, "prompts"), rows_of("second", 6, "prompts")
    values = dict(zip([text for text, _ in first + second], [value, *DIGITS[1:], *DIGITS], strict=True))
    for result in results_of(write(tmp_path, first, second, settings=settings), values).values():
        assert result.verdict is None
        assert f"is {value} for the prompt 'first prompt a'" in result.error


ONE, MANY = [("a lonely prompt", "x")], rows_of("second", 6, "prompts")


@pytest.mark.parametrize(
    ("first", "second", "design", "words"),
    [
        (ONE, MANY, "prompts", "has 1 prompt; it needs at least 2"),
        ([], MANY, "prompts", "empty|no prompt|no column"),
        (MANY[:2], MANY, "prompts", "second prompt a"),
        ([*MANY[:2], MANY[0]], rows_of("first", 5, "prompts"), "prompts", "second prompt a"),
        ([("one", "g"), ("two", "g")], [("three", "h"), ("four", "h")], "groups", "has 1 group"),
        ([("one", "g"), ("two", "g")], [("three", "g"), ("four", "g")], "groups", "Only 1 group occurs"),
        ([("one", "g"), ("two", "h")], [("three", "g"), ("four", "")], "groups", "group|label"),
        ([("one", "g"), ("two", "h")], [("three", "i"), ("four", "j")], "pairs", "No pair occurs"),
    ],
)
def test_sets_that_cannot_be_tested_are_an_error_that_says_why(tmp_path, first, second, design, words):
    values = {text: 1.0 for text, _ in first + second}
    path = write(tmp_path, first, second, design=design)
    try:
        errors = [result.error or "" for result in results_of(path, values).values()]
    except NeuronClaimsError as error:
        errors = [str(error)]
    assert errors
    for error in errors:
        assert re.search(words, error), error
        assert "Traceback" not in error
