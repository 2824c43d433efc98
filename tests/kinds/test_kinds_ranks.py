"""Ranks among the neurons of all layers, against NumPy and SciPy over all of them; nothing else of a claim changes."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, spearmanr, ttest_ind

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.engines.cost import cost_of
from neuronclaims.kinds import kind_of, templates
from neuronclaims.models.sources import open_model
from neuronclaims.reports.wording import rank_text
from neuronclaims.study import Study

LAYERS, WIDTH, UNITS = 3, 8, 12
CONFIG = {"model_type": "gpt2", "n_layer": LAYERS, "n_embd": WIDTH, "n_head": 2, "vocab_size": 9}
RNG = np.random.default_rng(11)
NUMBERS = [3, 1, 4, 15, 9, 2, 6, 5, 35, 8, 97, 93]
SETS = {
    "up": [{"text": f"up {place:02}", "numbers": {"size": size}} for place, size in enumerate(NUMBERS)],
    "down": [f"down {place:02}" for place in range(UNITS)],
}
VALUES = {
    name: RNG.normal(size=(LAYERS, UNITS, WIDTH)).astype(np.float32) for name in SETS
}  # by layer, prompt and neuron
VALUES["up"] += np.linspace(-1.5, 1.5, LAYERS * WIDTH, dtype=np.float32).reshape(LAYERS, 1, WIDTH)
UP, DOWN = (np.concatenate(VALUES[name].astype(float), axis=1) for name in SETS)
T = ttest_ind(UP, DOWN, equal_var=False).statistic
AUROC = mannwhitneyu(UP, DOWN).statistic / UNITS**2
RHO = np.array([spearmanr(column, NUMBERS).statistic for column in UP.T]).round(10)  # ranks of 12 often tie


def measure(source, measurements, *, cache, options, progress):
    return {
        m: np.stack([VALUES[name][m.layer][int(place)] for name, place in (p.split() for p in m.prompts)])
        for m in measurements
    }


@pytest.fixture
def put(tmp_path):
    def read(claim: str, scope: str | None, more: str = ""):
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model" / "config.json").write_text(json.dumps(CONFIG))
        (tmp_path / "model" / "model.safetensors").write_bytes(b"")
        entry = {"claim": claim, **({"rank_among": scope} if scope else {})}
        lines = ["version: 1", "models: [model]", "site: resid_post", "tokens: last of prompt", more]
        lines += [*([] if more else [f"sets: {json.dumps(SETS)}"]), f"claims: {json.dumps([entry])}"]
        path = tmp_path / "x.claims.yaml"
        path.write_text("\n".join(lines))
        return read_claim_file(path, templates())

    return read


def judged(file):
    [result] = Study(measure=measure).judge(file, "model").values()
    assert result.error is None
    return result


@pytest.mark.parametrize(
    ("claim", "strengths"),
    [
        ("neuron 1:5 activates more for up than down", T),
        ("neuron 1:5 activates less for up than down", -T),
        ("neuron 2:1 separates up from down", abs(AUROC - 0.5)),
        ("some neuron of layer 1 activates more for up than down", T),
        ("every neuron of 0:2, 2:1 activates more for up than down", T),
        ("neuron 1:5 rises with size in up", RHO),
        ("neuron 1:5 falls with size in up", -RHO),
        ("neuron 1:5 goes with size in up", abs(RHO)),
        ("some neuron of layer 1 goes with size in up", abs(RHO)),
        ("neuron 1:5 goes with size in up with period 10", None),
    ],
)
def test_the_place_among_all_layers_is_that_of_numpy_and_all_else_stays(put, claim, strengths):
    here, everywhere = (judged(put(claim, scope)) for scope in (None, "model"))
    near, far = here.evidence.rank, everywhere.evidence.rank
    assert (near.among, near.scope, far.among, far.scope) == (WIDTH, "layer", LAYERS * WIDTH, "model")
    same = replace(everywhere.evidence, rank=near)
    assert (everywhere.verdict, same) == (here.verdict, here.evidence)
    assert near == judged(put(claim, "layer")).evidence.rank
    assert far.place >= near.place
    said = f"{far.place} of {LAYERS * WIDTH} at resid_post, all layers"
    assert (rank_text(here), rank_text(everywhere)) == (f"{near.place} of {WIDTH}", said)
    if strengths is None:
        return
    layers = strengths.reshape(LAYERS, WIDTH)
    if claim.startswith("neuron"):
        layer, index = map(int, claim.split()[1].split(":"))
    else:
        layer, index = (1, int(layers[1].argmax())) if "some" in claim else (0, 2)
    own = layers[layer, index]
    assert (near.place, far.place) == (1 + (layers[layer] > own).sum(), 1 + (strengths > own).sum())


def test_the_plan_has_all_layers_in_the_same_passes(put):
    costs = []
    for scope in ("layer", "model"):
        file = put("neuron 2:5 activates more for up than down", scope)
        facts = open_model("model", file.path.parent, {}, weights=False).facts()
        costs.append(cost_of(facts, kind_of(file.claims[0].sentence).needs(file.claims[0], facts)))
    near, far = costs
    assert (near.passes, near.places) == ({"activations": 2 * UNITS}, {"resid_post": (2,)})
    assert (far.passes, far.places) == (near.passes, {"resid_post": (0, 1, 2)})
    assert far.stored == LAYERS * near.stored


def test_a_claim_that_reports_no_rank_is_not_given_one(put):
    file = put("neuron 1:5 goes with position in up", "model", f"sets: {json.dumps(SETS)}")
    [result] = Study(measure=measure).judge(file, "model").values()
    assert "only those named are" in result.error
