"""The claim files that ship with the project: they hold as recorded, on prompts that had no part in finding neurons."""

import csv
import functools
import re
from pathlib import Path

import pytest
from demo_model.prompts import TOPICS, prompts

from neuronclaims import Allow, judge, stats
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.engines.measure import measure
from neuronclaims.kinds import templates
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.models.sources import open_model

CLAIMS = Path(__file__).parent.parent / "claims"
FILES = sorted(CLAIMS.glob("*.claims.yaml"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@functools.cache
def claims():
    return tuple(claim for path in FILES for claim in read_claim_file(path, templates()).claims)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.split(".")[0])
def test_every_claim_comes_out_as_recorded(path, cache):
    results = judge(path, cache=cache)
    assert [(r.id, r.verdict, r.error) for r in results] == [(r.id, r.expect, None) for r in results]


def test_some_claims_are_recorded_as_false():
    expected = {claim.settings.expect for claim in claims()}
    assert expected >= {"supported", "refuted"}


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def texts_of(path):
    return {
        row[column] for row in rows_of(path) for column in ("text", "clean", "corrupted") if column in row
    }


def texts_under_test(claim):
    """All texts a claim is tested on: of its sets and pairs, not of those its directions are fitted on."""
    return {p.text for chosen in (*claim.sets.values(), *claim.pairs.values()) for p in chosen.prompts}


DISCOVERY = CLAIMS / "prompts" / "discovery"


def test_no_prompt_of_a_claim_had_a_part_in_finding_its_neuron():
    discovery = {text for path in DISCOVERY.glob("*.csv") for text in texts_of(path)}
    assert {prompt.text for topic in TOPICS for prompt in prompts(topic, "discovery")} <= discovery
    for claim in claims():
        assert not texts_under_test(claim) & discovery, claim.id


def test_sentence_frames_of_both_splits_are_different():
    frames = {prompt.frame for topic in TOPICS for prompt in prompts(topic, "discovery")}
    for path in (CLAIMS / "prompts").glob("*.csv"):
        assert not {row.get("frame", row.get("group")) for row in rows_of(path)} & frames, path


def test_directions_were_fitted_on_discovery_prompts():
    discovery = {text for path in DISCOVERY.glob("*.csv") for text in texts_of(path)}
    directions = [direction for claim in claims() for direction in claim.directions.values()]
    assert directions
    for direction in directions:
        assert {
            p.text
            for p in (
                *direction.first,
                *direction.second,
                *(direction.neutral.prompts if direction.neutral else ()),
            )
        } <= discovery


def found():
    """Per neuron and site, the topics that were compared when it was found."""
    compared = {}
    for row in rows_of(CLAIMS / "discovery.csv"):
        topics = {re.sub("own_.*", "own_answers", row[side]) for side in ("first", "second")}
        compared.setdefault((row["site"], row["neuron"]), []).append(topics)
    for row in rows_of(CLAIMS / "discovery_seeds.csv"):
        files = {"002": {"openings"}, "003": {"articles"}, "004": {"baseline", "places", "flowers"}}
        compared.setdefault((row["site"], row["neuron"]), []).append(files[row["seed"]])
    for row in rows_of(CLAIMS / "discovery_outcomes.csv"):
        compared.setdefault((row["site"], row["neuron"]), []).append({*row["topics"].split()})
    for row in rows_of(CLAIMS / "discovery_numbers.csv"):
        compared.setdefault((row["site"], row["neuron"]), []).append({"lengths"})
    for row in rows_of(CLAIMS / "discovery_labels.csv"):
        compared.setdefault((row["site"], row["neuron"]), []).append({"labelled"})
    return compared


def neurons_of(claim):
    """The neurons that a sentence writes; latents, heads and directions are none."""
    said = claim.sentence
    if hasattr(said, "change"):
        return said.change.written
    if hasattr(said, "who"):
        return () if said.who.said is not None or said.who.noun != "neuron" else said.who.neurons
    return getattr(said, "neurons", None) or ((said.neuron,) if hasattr(said, "neuron") else ())


def test_every_claimed_neuron_was_found_on_the_discovery_prompts_its_claim_names():
    compared = found()
    for claim in claims():
        if claim.discovered is not None:
            said = {Path(name).stem for name in claim.discovered.names}
            assert {p.text for p in claim.discovered.prompts} == {
                text for topic in said for text in texts_of(DISCOVERY / f"{topic}.csv")
            }
            for neuron in neurons_of(claim):
                ways = compared[claim.settings.site, str(neuron)]
                assert any(topics <= said for topics in ways), (claim.id, neuron)


def test_every_claim_about_a_neuron_says_where_it_comes_from():
    silent = {
        c.id for c in claims() if c.discovered is None and c.settings.searched is None and neurons_of(c)
    }
    assert not silent


def test_searched_neurons_are_the_best_of_what_was_searched_on_the_prompts_that_test_them(cache):
    source = open_model("demo", CLAIMS)
    searched = [claim for claim in claims() if claim.settings.searched is not None]
    assert len(searched) == 2
    for claim in searched:
        sides = [claim.sets[name].prompts for name in (claim.sentence.first, claim.sentence.second)]
        design = stats.two_sample_design(*([p.group for p in side] for side in sides))
        best = []
        for layer in claim.settings.searched.layers or range(source.facts().layers):
            rule = TokenRule("mean", "prompt")
            asked = [Activations("mlp_post", layer, rule, tuple(p.text for p in side)) for side in sides]
            answers = measure(source, asked, cache=RunCache(cache))
            t = stats.welch_t_many(*design.units(*(answers[need] for need in asked)))
            best.append((t.max(), f"{layer}:{t.argmax()}"))
        assert max(best)[1] == str(claim.sentence.who.neurons[0])


def test_what_saying_searched_turns_down_a_test_that_ignores_the_search_would_support(cache, tmp_path):
    text = (CLAIMS / "picked.claims.yaml").read_text(encoding="utf-8")
    path = tmp_path / "naive.claims.yaml"
    path.write_text(
        re.sub(r"    searched: .*\n", "", text).replace("prompts/", f"{CLAIMS}/prompts/"), "utf-8"
    )
    naive, said = (
        {r.id: r for r in judge(p, cache=cache, allow=Allow(prompt_folders=(CLAIMS,)))}["best-of-noise"]
        for p in (path, CLAIMS / "picked.claims.yaml")
    )
    assert naive.evidence.selection.how == "beforehand"
    assert (naive.verdict, said.verdict) == ("supported", "inconclusive")
    assert naive.evidence.test.p_adjusted < 0.01 < 0.2 < said.evidence.test.p_value


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
