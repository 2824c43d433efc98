"""The claim files that ship with the project: they hold as recorded, on prompts that had no part in finding neurons."""

import csv
from pathlib import Path

import pytest

from neuronclaims import stats
from neuronclaims.demo.prompts import TOPICS, prompts
from neuronclaims.kinds import phrases
from neuronclaims.language import read_claim_file
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.runs import RunCache, measure, open_model
from neuronclaims.study import judge

CLAIMS = Path(__file__).parent.parent / "claims"
FILES = sorted(CLAIMS.glob("*.claims.yaml"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.split(".")[0])
def test_every_claim_comes_out_as_recorded(path, cache):
    results = judge(path, cache=cache)
    assert [(r.id, r.verdict, r.error) for r in results] == [(r.id, r.expect, None) for r in results]


def test_some_claims_are_recorded_as_false():
    expected = {claim.settings.expect for path in FILES for claim in read_claim_file(path, phrases()).claims}
    assert expected >= {"supported", "refuted"}


def test_no_prompt_of_a_claim_had_a_part_in_finding_its_neuron():
    discovery = {prompt.text for topic in TOPICS for prompt in prompts(topic, "discovery")}
    frames = {prompt.frame for topic in TOPICS for prompt in prompts(topic, "discovery")}
    for path in FILES:
        for chosen in read_claim_file(path, phrases()).sets.values():
            assert not {prompt.text for prompt in chosen.prompts} & discovery
    for path in (CLAIMS / "prompts").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            assert not {row["frame"] for row in csv.DictReader(file)} & frames


def test_every_claimed_neuron_was_found_at_its_site_by_discovery():
    with (CLAIMS / "discovery.csv").open(encoding="utf-8", newline="") as file:
        found = {(row["site"], row["neuron"]) for row in csv.DictReader(file)}
    for path in FILES:
        for claim in read_claim_file(path, phrases()).claims:
            assert (claim.settings.site, str(claim.sentence.neuron)) in found


def test_discovery_is_what_the_embedded_model_says_on_the_discovery_split(cache):
    with (CLAIMS / "discovery.csv").open(encoding="utf-8", newline="") as file:
        row = next(
            r for r in csv.DictReader(file) if r["first"] == "true_statements" and r["site"] == "mlp_post"
        )
    layer, index = map(int, row["neuron"].split(":"))
    sides = [prompts(row[side], "discovery") for side in ("first", "second")]
    asked = [
        Activations("mlp_post", layer, TokenRule("last", "prompt"), tuple(p.text for p in s)) for s in sides
    ]
    answers = measure(open_model("demo", CLAIMS), asked, cache=RunCache(cache))
    design = stats.two_sample_design(*([p.group for p in side] for side in sides))
    a, b = design.units(*(answers[measurement] for measurement in asked))
    assert float(stats.auroc_many(a, b)[index]) == pytest.approx(float(row["auroc"]), abs=2e-3)
