"""The values kept of claims that compare no two sets, on the embedded model: the effect comes out of them again."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from cases import for_each
from scipy.stats import spearmanr

from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.figures import Table
from neuronclaims.kinds import kinds, templates
from neuronclaims.kinds.shared.units import fit_to_keep, unit_key
from neuronclaims.reports.plain import from_plain, to_plain
from neuronclaims.study import Study

PROMPTS = Path(__file__).parents[2] / "claims" / "prompts"
BASE = [
    f"We {did} the {thing} today."
    for did in ("saw", "took")
    for thing in ("lake", "bridge", "parcel", "ring")
]
TREES = ["olive", "apple", "almond", "orange"]
PAIRS = [
    {
        "clean": f"I climbed up the {one} tree and picked",
        "corrupted": f"I climbed up the {two} tree and picked",
    }
    for one, two in zip(TREES, ["coconut", "lemon", "lime", "mango"], strict=True)
]
CLAIMS = {
    "restoration": 'mlp_post neuron 5:461 recovers at least 5% of " an" over " a" in trees',
    "restoration of several": 'mlp_post neurons 5:461, 3:384 recovers at least 5% of " an" over " a" in trees',
    "no restoration": 'mlp_post neuron 5:186 does not recover " an" over " a" in trees',
    "corruption": 'corrupting mlp_post neuron 5:461 removes at least 5% of " an" over " a" in trees',
    "outlier": "neuron 5:88 is an outlier beyond 6 in at least 6% of tokens in grouped",
    "no outlier": "neuron 5:88 is not an outlier beyond 6 in more than 6% of tokens in base",
    "massive": "neuron 5:88 is massive in base",
    "not massive": "neuron 5:88 is not massive in more than 40% of prompts in base",
    "band": "at least 90% of layer 2 lies within 4 of zero in base",
    "consistency": "neuron 5:110 is among the top 10 neurons for hanoi over base in at least 60% of prompts",
    "consistency of every one": "every neuron of 5:110, 5:88 is among the top 10 neurons for hanoi over base in at "
    "least 60% of prompts",
    "consistency of some": "some neuron of layer 5 is among the top 10 neurons for hanoi over base in at least 60% of "
    "prompts",
    "absence": "neuron 5:3 is not among the top 10 neurons for hanoi over base in more than 40% of prompts",
    "attention": "head 2:1 attends to the previous token from prompt in base with at least 5%",
    "no attention": "head 2:1 does not attend to first of prompt from last in grouped with more than 60%",
    "prediction": 'mlp_post neuron 5:461 predicts " an" in documents',
    "prediction of every one": 'mlp_post every neuron of 5:186, 5:461 predicts " an" in documents',
    "proportion": 'mlp_post neuron 5:461 above 0 predicts " an" in at least 5% of positions in documents',
    "share trend": 'the share of " an" among top predictions rises with mlp_post neuron 5:461 in documents',
    "plain ranking": "neuron 5:110 is among the top 10 neurons for hanoi in at least 60% of prompts",
    "plain absence": "neuron 5:3 is not among the top 10 neurons for hanoi in more than 40% of prompts",
    "exclusive ranking": "neuron 5:110 is among the top 10 neurons for hanoi and for none of base in at least 60% of "
    "prompts",
    "correlation": "neuron 5:110 goes with letters in counted",
    "position": "neuron 5:110 goes with position in documents",
    "no prediction": 'mlp_post neuron 5:3 does not predict " an" in documents',
}
NONE = {
    "period": "neuron 5:110 goes with letters in counted with period 3",
    "overlap": "hanoi and other share at least 2 of their top 10 neurons over base",
    "nearer overlap": "hanoi overlaps more with hanoi2 than with other over base",
    "concept matrix": "hanoi and hanoi2 share more of their top 10 neurons over base than any other two of "
    "them and other",
    "congruence": 'mlp_post neuron 5:186 writes " an" more than 99% of tokens',
}
SCALES = {
    "restoration": "ratio",
    "corruption": "ratio",
    "massive": "share",
    "not massive": "share",
    "consistency": "share",
}
SCALES |= {
    "absence": "share",
    "prediction": "mean AUROC",
    "proportion": "share",
    "correlation": "correlation",
    "position": "mean",
}
SCALES |= dict.fromkeys(("plain ranking", "plain absence", "exclusive ranking"), "share")
HANOI = ["The old town of Hanoi lies by the", "In Hanoi we ate", "A train to Hanoi left", "Hanoi is the"]
HANOI += ["My aunt moved to Hanoi and", "The road to Hanoi was", "A letter from Hanoi", "Rain fell on Hanoi"]


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Every claim judged once: the file, the study and the results."""
    folder = tmp_path_factory.mktemp("kinds")
    sets = {
        "base": BASE,
        "grouped": [{"text": text, "group": text.split()[-2]} for text in BASE],
        "counted": [{"text": text, "numbers": {"letters": len(text)}} for text in HANOI],
        "hanoi": HANOI,
        "hanoi2": [f"{text} now" for text in HANOI],
        "other": [f"{text} again" for text in BASE],
        "documents": {"file": "few.csv", "column": "text"},
    }
    with (PROMPTS / "documents.csv").open(encoding="utf-8", newline="") as documents:
        (folder / "few.csv").write_text("".join(itertools.islice(documents, 201)), encoding="utf-8")
    lines = []
    for name, sentence in {**CLAIMS, **NONE}.items():
        said = f"restoring {sentence}" if "restoration" in name else sentence
        more = {"no restoration": "margin: 0.1", "no prediction": "margin: 0.1"}.get(name)
        lines.append(f"  - id: {name.replace(' ', '-')}\n    claim: {json.dumps(said)}")
        lines += [f"    {more}"] if more else []
    path = folder / "x.claims.yaml"
    path.write_text(
        "version: 1\nmodels: [demo]\nsite: resid_post\ntokens: mean of prompt\n"
        f"sets: {json.dumps(sets)}\npairs: {json.dumps({'trees': PAIRS})}\nclaims:\n"
        + "\n".join(lines)
        + "\n"
    )
    file = read_claim_file(path, templates(), PromptFolders(folder, (PROMPTS,)))
    study = Study()
    results = study.judge(file, "demo")
    assert not [result.error for result in results.values() if result.error]
    return file, study, results


@pytest.fixture(scope="module")
def claims(judged):
    """The evidence of each claim."""
    return {name: result.evidence for name, result in judged[2].items()}


@for_each("name", [name.replace(" ", "-") for name in CLAIMS])
def test_every_effect_comes_out_of_the_values_that_are_kept(judged, claims, name):
    evidence = claims[name]
    found = evidence.units
    first, second = (np.array(side) for side in found.values)
    again = first.sum() / second.sum() if len(second) else first.mean()
    if found.scale == "correlation":
        again = spearmanr(first, second)[0]
    assert again == pytest.approx(evidence.effect.value, rel=1e-6, abs=1e-9)
    assert found.scale == SCALES[name] if name == "position" else SCALES.get(judged[2][name].kind, "mean")
    assert len(set(found.keys[0])) == len(first) == evidence.counts[0][1]
    assert len(second) == (len(first) if found.scale in ("ratio", "correlation") else 0)


def test_every_kind_is_tested_here_or_compares_two_sets_or_has_no_values(judged):
    seen = {result.kind for result in judged[2].values()}
    two_sets = {"contrast", "separation", "activity", "activity alike"}
    two_sets |= {f"attention {each}" for each in ("contrast", "separation", "preference")}
    before_and_after = {"ablation", "steering", "scaling", "clamping"}
    assert {kind.name for kind in kinds()} - seen - two_sets - before_and_after == {"activity somewhere"}


@for_each("name", [name.replace(" ", "-") for name in NONE])
def test_what_is_no_mean_of_single_units_has_none(claims, name):
    assert claims[name].units is None


def test_each_pair_lies_under_its_own_texts_with_what_is_recovered_of_it(claims):
    evidence = claims["restoration"]
    found = evidence.units
    table = next(figure for figure in evidence.figures if isinstance(figure, Table))
    for clean, corrupted, *_, share in table.rows:
        place = found.keys[0].index(unit_key([f"{len(clean)}:{clean}{corrupted}"]))
        recovered = found.values[0][place] / found.values[1][place]
        assert f"{100 * recovered:.3g} %" == share
    assert found.keys[0] == found.keys[1]


def test_groups_lie_under_all_their_texts(claims):
    found = claims["outlier"].units
    lake = unit_key(["We saw the lake today.", "We took the lake today."])
    assert lake in found.keys[0]
    assert len(found.keys[0]) == 4


def test_of_several_neurons_the_one_the_verdict_rests_on_is_named(claims):
    evidence = claims["prediction-of-every-one"]
    found = evidence.units
    each = {name: claims[name].units for name in ("prediction",)}
    assert found.of.startswith("mlp_post 5:186 ")
    assert each["prediction"].of.startswith("mlp_post 5:461 ")
    assert found.values != each["prediction"].values


@for_each("name", ["restoration", "outlier", "consistency", "prediction"])
def test_values_from_which_the_effect_does_not_come_are_not_kept(claims, name):
    evidence = claims[name]
    assert fit_to_keep(evidence.units, evidence.effect.value) is not None
    assert fit_to_keep(evidence.units, evidence.effect.value * 1.001 + 1e-6) is None


def test_the_results_of_every_kind_cross_to_another_process(judged):
    execnet = pytest.importorskip("execnet")
    for result in judged[2].values():
        assert from_plain(execnet.loads(execnet.dumps(to_plain(result)))) == result
