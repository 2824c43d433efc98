"""Claims whose whole layers do not fit the memory are refused by themselves; those read block by block are judged."""

from __future__ import annotations

import json

import numpy as np
import pytest

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import kind_of, templates
from neuronclaims.kinds.layer_copies import EACH_TEXT, LayerCopies
from neuronclaims.models.sources import open_model
from neuronclaims.planning.model_plans import planned
from neuronclaims.study import Study

SETS = {name: [f"{name} has text {number}." for number in range(40)] for name in ("a", "b", "c")}
CLAIMS = [
    "neuron 2:340 activates more for a than b",
    "neuron 2:7 activates more for a than b",  # of the same layer, so nothing more is copied
    "neuron 3:340 activates more for a than b",
    "neuron 2:340 is not an outlier beyond 6 in more than 6% of tokens in a",
    {"claim": "neuron 2:340 activates more for a than c", "searched": "layer 2"},
]
LAYER = 40 * 512 * 4
"""Bytes of a layer of one set as it is measured."""
TEXTS = 80 * EACH_TEXT


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "x.claims.yaml"
    path.write_text(
        f"version: 1\nmodels: [demo]\nsite: mlp_post\ntokens: mean of prompt\nsets: {json.dumps(SETS)}\n"
        f"claims: {json.dumps(CLAIMS)}\n"
    )
    return read_claim_file(path, templates())


def measured(source, measurements, *, cache, options, progress):
    rng = np.random.default_rng(0)
    widths = {need: need.request.need.width(source.facts()) for need in measurements}
    return {need: rng.random((len(need.prompts), width)).astype(np.float32) for need, width in widths.items()}


def test_what_is_copied_is_counted_once_for_all_claims_that_share_it(file, tmp_path) -> None:
    facts = open_model("demo", tmp_path).facts()
    copies, totals = LayerCopies(facts), []
    for claim in file.claims:
        needs = kind_of(claim.sentence).needs(claim, facts)
        assert copies.of(claim, needs) == copies.add(claim, needs)
        totals.append(copies.total)
    one, two = (2 * 2 * number * LAYER + TEXTS for number in (1, 2))
    # The third needs another layer, the last one layer 2 of a third set, and searches it.
    assert totals == [one, one, two, two, 2 * 5 * LAYER + TEXTS + 8 * 2 * LAYER]


@pytest.mark.parametrize(("free", "judged"), [(2 * 4 * LAYER + TEXTS, 4), (TEXTS, 1), (None, 5)])
def test_claims_that_do_not_fit_are_refused_alone(file, monkeypatch, free, judged) -> None:
    monkeypatch.setattr("neuronclaims.judging.findings.free_memory", lambda: free)
    found = list(Study(measure=measured).judge(file, "demo").values())
    refused = [each for each in found if each.error]
    assert len(found) - len(refused) == judged
    assert found[3].verdict is not None  # an outlier is read block by block
    for each in refused:
        assert "To judge this claim takes about 0.0 GB of memory" in each.error


def test_the_plan_says_what_judging_copies(file, tmp_path) -> None:
    from neuronclaims.engines.forecast import Ways
    from neuronclaims.planning.run_plans import run_plan

    found = run_plan(planned([file], "demo"), Ways(pilot=False)).forecast.memory
    assert found.judging == 2 * 5 * LAYER + TEXTS + 8 * 2 * LAYER
    assert (
        found.total == found.libraries + found.rows + found.model
    )  # the model takes more, and is gone by then
