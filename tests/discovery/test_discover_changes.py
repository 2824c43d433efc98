"""Neurons looked for by what changing them does: estimated for all, exact for the best, claimed of the other half."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import numpy as np
import pytest
from cases import for_each

from neuronclaims import NeuronClaimsError, discover, judge
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.cli import main
from neuronclaims.discovery.candidates import candidates, plan_for
from neuronclaims.discovery.sorts import sort_of
from neuronclaims.discovery.sorts.changes import ChangedUnits
from neuronclaims.discovery.sorts.corrected import by_mean
from neuronclaims.engines.measure import measure
from neuronclaims.kinds import templates
from neuronclaims.measurements import Ablation, Attribution, Pair, Prediction, Restoration
from neuronclaims.models.sources import open_model
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.stats.designs import TwoSampleDesign

PROMPTS = Path(__file__).parents[2] / "claims/prompts"
KEYS = {"site": "mlp_post", "cache": None, "progress": False}
ARTICLE = '" an" over " a"'
READ = Prediction(" an", " a")


def rows(each=2):
    """Some pairs of each group of both files of articles, no clean text twice."""
    found = {}
    for file in ("articles.csv", "discovery/articles.csv"):
        for row in csv.DictReader((PROMPTS / file).open(encoding="utf-8")):
            found.setdefault(row["group"], {}).setdefault(row["clean"], row["corrupted"])
    return [
        {"clean": clean, "corrupted": corrupted, "group": group}
        for group, pairs in found.items()
        for clean, corrupted in list(pairs.items())[:each]
    ]


@pytest.fixture(scope="module")
def restored():
    pairs = {"articles": rows()}
    return discover(
        pairs, "demo", kind="restoration", outcome=ARTICLE, layers="layer 5", best=3, top=3, **KEYS
    )


def mean_of(groups, values):
    """The mean over groups of their means."""
    return np.mean(
        [values[[own == group for own in groups]].mean(axis=0) for group in dict.fromkeys(groups)], axis=0
    )


def test_restored_neurons_are_claimed_of_pairs_that_had_no_part(restored, tmp_path):
    first = restored.candidates[0]
    # By a sweep of the whole site, 5:461 recovers most of all neurons (claims/seed-003-article.claims.yaml).
    assert (first.neuron, first.claimed, restored.neurons) == (Neuron(5, 461), True, 512)
    halves = restored.split.searched["articles"].pairs, restored.split.tested["articles"].pairs
    texts = [{text for pair in half for text in (pair.clean, pair.corrupted)} for half in halves]
    assert not texts[0] & texts[1]
    assert len(halves[0]) + len(halves[1]) == len(rows())
    # What is seen is the exact share on the searched half, not an estimate.
    need = Restoration("mlp_post", ((5, 461),), READ, tuple(Pair(p.clean, p.corrupted) for p in halves[0]))
    exact = need.columns(measure(open_model("demo", Path(".")), [need])[need])
    groups = [pair.group for pair in halves[0]]
    share = mean_of(groups, exact.patched - exact.corrupted) / mean_of(groups, exact.clean - exact.corrupted)
    assert first.seen == pytest.approx(share, rel=1e-5)
    assert first.expected <= first.seen
    results = judge(restored.claims, cache=None, progress=False)
    verdicts = [result.verdict for result in results]
    assert len(verdicts) == 3
    assert "refuted" not in verdicts
    assert "supported" in verdicts
    path = restored.write(tmp_path / "found.claims.yaml")
    read = read_claim_file(path, templates())
    assert {pair.clean for pair in read.pairs["articles"].pairs} == {pair.clean for pair in halves[1]}
    assert {prompt.text for prompt in read.claims[0].discovered.prompts} == texts[0]
    assert "random neurons of its size" in path.read_text(encoding="utf-8")


def test_ablated_neurons_are_ranked_exactly_and_the_rest_estimated():
    given = {"texts": [{"text": row["clean"], "group": row["group"]} for row in rows()]}
    said = {"direction": "raises", "at": "last", "best": 3, "top": 3, "anyway": True}
    found = discover(
        given, "demo", kind="ablation", outcome='probability of " an"', layers="layer 4", **said, **KEYS
    )
    prompts = sorted(found.split.searched["texts"].prompts, key=lambda prompt: prompt.text)
    half, groups = tuple(prompt.text for prompt in prompts), [prompt.group for prompt in prompts]
    asked = Attribution("mlp_post", 4, "zero", Prediction(" an"), half, at="last", beside=True)
    source = open_model("demo", Path("."))
    estimates = mean_of(groups, asked.columns(measure(source, [asked])[asked]).change)
    best = np.argsort(-estimates)[:3]
    assert {each.neuron.index for each in found} == {*best.tolist()}
    for each in found:
        need = Ablation("mlp_post", ((4, each.neuron.index),), "zero", Prediction(" an"), half, at="last")
        exact = need.columns(measure(source, [need])[need])
        assert each.seen == pytest.approx(mean_of(groups, exact.beside_after - exact.beside_before), abs=1e-6)
    seen = [each.seen for each in found]
    assert seen == sorted(seen, reverse=True)
    assert 'raises probability of " an" in texts' in found.claims
    assert "at: last" in found.claims


def test_p_is_that_of_the_largest_mean_under_all_flips():
    generator = np.random.default_rng(3)
    changes = generator.normal(size=(7, 5)) * [3.0, 1.0, 1.0, 0.2, 5.0] + [2.5, 1.0, 0.0, 0.3, 0.0]
    means = changes.mean(axis=0)
    order = np.argsort(-means)
    expected, before = {}, 0.0
    for place, column in enumerate(order):
        rest = order[place:]
        reached = [
            (np.array(signs) @ changes[:, rest] / 7).max() >= means[column] - 1e-9
            for signs in itertools.product((-1, 1), repeat=7)
        ]
        before = max(before, float(np.mean(reached)))
        expected[column] = before
    found = by_mean(changes, order, seed=0)
    assert found.tolist() == pytest.approx([expected[column] for column in order])


def test_both_choices_are_made_anew_where_luck_is_measured():
    generator, units = np.random.default_rng(0), tuple((place,) for place in range(20))
    design = TwoSampleDesign("prompt", True, units, units, (0, 0))
    sort = sort_of("ablation", 10, {"outcome": "entropy"})
    neurons, expected, seen = [Neuron(0, index) for index in range(300)], [], []
    for seed in range(12):
        noise = generator.normal(size=(20, 300))
        estimates = 2 * noise + 0.3 * generator.normal(size=noise.shape)
        chosen = np.argsort(-estimates.mean(axis=0))[:20]
        table = ChangedUnits.of(estimates, chosen, noise[:, chosen], np.ones(20))
        made = candidates(sort, table, neurons, plan_for(sort, design, 0.05, 3), seed=seed, anyway=True)
        expected += [each.expected for each in made]
        seen += [each.seen for each in made]
    # What luck brought first is more than 0.5 sd, and nothing is to expect.
    assert np.mean(seen) > 0.5
    assert abs(np.mean(expected)) < 0.1


TEXTS, PAIRS = {"texts": ["I ate", "We saw", "They sang"]}, {"articles": rows()[:3]}


@for_each(
    "given, kind, more, said",
    [
        (TEXTS, "ablation", {"outcome": None}, "an outcome is missing"),
        (TEXTS, "ablation", {"outcome": "probbility"}, "did you mean 'probability'"),
        (TEXTS, "ablation", {"outcome": '" an" lower'}, "lower"),
        (TEXTS, "ablation", {"outcome": "divergence"}, "not looked for by divergence"),
        (TEXTS, "ablation", {"outcome": 'continuations that contain "x"'}, "not looked for by"),
        (TEXTS, "ablation", {"direction": "lower"}, "did you mean 'lowers'"),
        (TEXTS, "ablation", {"replacement": "noise"}, "zero, mean or resample"),
        (TEXTS, "ablation", {"best": 0}, "Between 1 and"),
        (TEXTS, "ablation", {"at": "last of nobody"}, "nobody"),
        (TEXTS, "ablation", {"against": "texts"}, "of one set"),
        (TEXTS, "contrast", {"target": "texts"}, "has no part in a search by contrast"),
        (PAIRS, "restoration", {"outcome": "loss"}, "A share of a prediction"),
        (PAIRS, "restoration", {"direction": "raises"}, "no part in a search by restoration"),
        (PAIRS, "restoration", {}, "cannot be halved: articles has 3 pairs"),
        (PROMPTS.parent / "flowers.claims.yaml", "corruption", {}, "has no 'pairs'"),
    ],
)
def test_what_cannot_be_looked_for_is_one_sentence(given, kind, more, said):
    with pytest.raises(NeuronClaimsError) as caught:
        discover(given, "demo", kind=kind, **{"outcome": ARTICLE, **more}, **KEYS)
    assert said in str(caught.value)


def test_the_command_says_what_is_wrong_with_an_outcome(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = ["discover", "x.csv", "--model", "demo", "--site", "mlp_post", "--kind", "restoration"]
    assert main([*command, "--outcome", "probability"]) == 1
    assert "The outcome cannot be read" in capsys.readouterr().err
