"""Neurons looked for on one half and claimed on the other: the split, what is to expect, the file, and errors."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from cases import for_each

from neuronclaims import NeuronClaimsError, discover, judge
from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.claim_files.prompts.sameness import likeness
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.cli import main
from neuronclaims.discovery.candidates import _no_more_than, _prospects, candidates, plan_for
from neuronclaims.discovery.errors import NothingFoundError
from neuronclaims.discovery.question import Sought, question_of
from neuronclaims.discovery.sorts import sort_of
from neuronclaims.discovery.split import _even, split
from neuronclaims.discovery.values import UnitTable
from neuronclaims.kinds import templates
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.stats import two_sample_design

PLACES = [
    "north",
    "south",
    "east",
    "west",
    "port",
    "lake",
    "park",
    "market",
    "school",
    "museum",
    "bridge",
    "tower",
]
PLACES += ["garden", "station"]
SETS = {
    "hanoi": [f"The old {place} of Hanoi is quiet." for place in PLACES],
    "baseline": [f"A small {place} has one red door." for place in PLACES],
}
FEW = {name: texts[:3] for name, texts in SETS.items()}
KEYS = {"site": "mlp_post", "tokens": "mean of prompt", "cache": None, "progress": False}
PLAIN = {"site": "mlp_post", "tokens": "mean of prompt"}


def halves(sets, target="hanoi"):
    asked = question_of(sets, Sought("contrast", target, None, 10), "demo", PLAIN)
    found = split(asked.claim, asked.names)
    return [
        {name: {p.text for p in each.prompts} for name, each in half.items()}
        for half in (found.searched, found.tested)
    ]


def test_a_split_keeps_together_what_belongs_together_and_no_order_changes_it():
    texts = [{"text": f"Number {n} is about {n * n}.", "group": str(n // 3)} for n in range(24)]
    others = [{"text": f"We saw {n} of {n + 7} trees there.", "group": f"o{n // 3}"} for n in range(24)]
    one, two = halves({"hanoi": texts, "trees": others})
    again = halves({"hanoi": texts[::-1], "trees": others[::-1]})
    assert [one, two] == again
    group = {row["text"]: row["group"] for row in texts + others}
    for name in ("hanoi", "trees"):
        assert {group[text] for text in one[name]}.isdisjoint(group[text] for text in two[name])
        assert len(one[name]) == len(two[name]) == 12
    words = "alpha,bravo,cedar,delta,ember,frost,grove,haven,inlet,jewel,karma,lemon".split(",")  # noqa: SIM905
    near = [
        f"{word} {word}s {sings} {n} {n + 50} {n * 7}"
        for n, word in enumerate(words)
        for sings in ("sings", "SINGS")
    ]
    one, two = halves({"hanoi": near, "trees": [f"{n} {word}" * 3 for n, word in enumerate(words)]})
    assert {likeness(text) for text in one["hanoi"]}.isdisjoint(likeness(text) for text in two["hanoi"])


@pytest.mark.parametrize("paired", [False, True])
def test_neurons_that_differ_are_found_and_what_is_to_expect_of_them_is_not_what_was_seen(paired):
    generator = np.random.default_rng(7)
    pairs = [str(n) for n in range(20)] if paired else None
    design = two_sample_design([None] * 20, [None] * 20, pairs, pairs)
    sort, neurons = sort_of("contrast", 10), [Neuron(0, index) for index in range(400)]
    seen, expected, first = [], [], []
    for seed in range(12):
        noise = generator.normal(size=(40, 400))
        noise[:20, 5] += 1.6 * (2**0.5 if paired else 1)
        table = UnitTable(noise[:20], noise[20:], paired)
        found = candidates(sort, table, neurons, plan_for(sort, design, 0.05, 3), seed=seed)
        first.append(found[0].neuron.index)
        seen.append(found[0].seen)
        expected.append(found[0].expected)
        assert all(each.number is None or each.number < each.expected for each in found)
    assert first.count(5) >= 10
    assert np.mean(seen) > np.mean(expected)
    assert np.mean(expected) == pytest.approx(1.6, abs=0.3)  # three standard errors


def test_noise_seldom_stands_out():
    generator = np.random.default_rng(1)
    design = two_sample_design([None] * 12, [None] * 12)
    sort, neurons = sort_of("contrast", 10), [Neuron(0, index) for index in range(200)]
    stands = 0
    for seed in range(40):
        noise = generator.normal(size=(24, 200))
        table = UnitTable(noise[:12], noise[12:], paired=False)
        stands += candidates(sort, table, neurons, plan_for(sort, design, 0.05, 5), seed=seed)[0].p <= 0.2
    assert stands <= 16  # of 40 by chance 8; more than 16 once in 1,000 times


@pytest.fixture(scope="module")
def found():
    return discover(SETS, "demo", "hanoi", layers="layers 2 and 4", **KEYS)


def test_what_is_found_on_one_half_is_claimed_of_the_other(found, tmp_path):
    assert found.found
    assert found.neurons == 1024
    sides = found.split.searched, found.split.tested
    searched, tested = ({p.text for each in half.values() for p in each.prompts} for half in sides)
    assert searched | tested == {text for texts in SETS.values() for text in texts}
    assert not searched & tested
    results = judge(found.claims, cache=None, progress=False)
    assert len(results) == sum(each.claimed for each in found)
    assert any(result.verdict == "supported" for result in results)
    path = found.write(tmp_path / "found.claims.yaml")
    read = read_claim_file(path, templates(), PromptFolders.around(path))
    assert {p.text for claim in read.claims for p in claim.discovered.prompts} == searched
    path.write_text(found.text(path), encoding="utf-8")
    with pytest.raises(NeuronClaimsError, match="there already"):
        found.write(path)
    summary, _, table = repr(found).partition("\nplace  ")
    assert summary.replace("\n", " ") == found.summary
    assert max(map(len, summary.splitlines())) <= 80
    assert table.count("\n") == len(found)
    assert 'class="neuronclaims"' in found._repr_html_()
    frame = found.to_frame()
    assert list(frame["neuron"]) == [str(each.neuron) for each in found]
    assert list(frame[frame["claimed"]]["sentence"]) == [result.sentence for result in results]


def test_nothing_is_claimed_where_nothing_stands_out_unless_anyway():
    hanoi, baseline = SETS.values()
    twins = {"one": hanoi[::2] + baseline[1::2], "two": hanoi[1::2] + baseline[::2]}
    found = discover(twins, "demo", "one", layers="layer 2", **KEYS)
    assert not found.found
    with pytest.raises(NothingFoundError, match="stands out"):
        found.claims  # noqa: B018
    assert "claims:" in discover(twins, "demo", "one", layers="layer 2", anyway=True, **KEYS).claims


@for_each(
    "given, target, more, said",
    [
        ({"hanoi": SETS["hanoi"]}, "hanoi", {}, "There is one set, hanoi"),
        (SETS, "hanoy", {}, "There is no set 'hanoy'; the sets are hanoi, baseline"),
        (
            {name: texts[:3] for name, texts in SETS.items()},
            "hanoi",
            {},
            "cannot be halved: hanoi has 3 prompts",
        ),
        (
            {name: texts[:6] for name, texts in SETS.items()},
            "hanoi",
            {},
            "too few prompts to split",
        ),
        (SETS, "hanoi", {"kind": "contrasts"}, "did you mean 'contrast'?"),
        (SETS, "hanoi", {"kind": "clamping"}, "not looked for by clamping yet"),
        (SETS, "hanoi", {"layers": "layer 9"}, "layers 0 to 5"),
        (SETS, "hanoi", {"site": "resid_past"}, "resid_post"),
    ],
)
def test_what_is_wrong_is_one_sentence(given, target, more, said):
    with pytest.raises(NeuronClaimsError) as error:
        discover(given, "demo", target, **{**KEYS, **more})
    assert said in str(error.value)
    assert "Traceback" not in str(error.value)


def test_a_claim_file_gives_its_sets_site_and_tokens(tmp_path):
    rows = "".join(f"  {name}: [{', '.join(repr(t) for t in texts)}]\n" for name, texts in SETS.items())
    path = Path(tmp_path / "x.claims.yaml")
    path.write_text(
        f"version: 1\nmodels: {{ours: elsewhere}}\nsite: resid_post\ntokens: last of prompt\nalpha: 0.01\nsets:\n{rows}"
        "claims:\n  - neuron 2:34 activates more for hanoi than baseline\n"
    )
    asked = question_of(path, Sought("contrast", "hanoi", None, 10), "ours", {"tokens": "mean of prompt"})
    assert asked.file.where("ours") == "elsewhere"
    assert (asked.claim.settings.site, str(asked.claim.settings.tokens)) == ("resid_post", "mean of prompt")
    assert asked.file.alpha == 0.01
    assert set(asked.header) == {"site", "tokens", "alpha"}


def test_the_command_writes_a_claim_file_or_says_in_one_sentence_why_not(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, texts in SETS.items():
        rows = [[text, str(place)] for place, text in enumerate(texts)]
        lines = "".join(f"{json.dumps({'text': text, 'who': who})}\n" for text, who in rows)
        Path(f"{name}.jsonl").write_text(lines, encoding="utf-8")
    command = ["discover", "hanoi.jsonl", "--set", "rest=baseline.jsonl", "--model", "demo", "--for", "hanoi"]
    command += ["--site", "mlp_post", "--layers", "layer 2"]
    assert main([*command, "--group", "whom"]) == 1
    assert "'whom'" in capsys.readouterr().err
    assert main([*command, "-o", "x.yaml"]) == 1
    assert "let its name end in .claims.yaml" in capsys.readouterr().err
    assert not Path("found.claims.yaml").exists()
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "found.claims.yaml written" in said
    read = read_claim_file(Path("found.claims.yaml"), templates())
    assert {*read.sets} >= {"hanoi", "rest"}
    assert said.partition("\nplace  ")[2].count("\n") == 7
    assert main(command) == 1
    assert "there already" in capsys.readouterr().err


def test_a_split_is_even_where_each_set_is() -> None:
    def halves(first: tuple[int, int], second: tuple[int, int]) -> SimpleNamespace:
        return SimpleNamespace(designs=[SimpleNamespace(counts=first), SimpleNamespace(counts=second)])

    assert _even(halves((5, 3), (5, 7)))
    assert not _even(halves((5, 1), (5, 9)))
    assert not _even(halves((2, 5), (8, 5)))


def test_what_is_to_expect_is_never_more_than_was_seen_and_no_error_less_than_their_median() -> None:
    seen, expected = np.array([1.0, -1.0, 0.2, np.nan]), np.array([2.0, -3.0, 0.1, 5.0])
    assert _no_more_than(seen, expected, 0.0).tolist() == [1.0, -1.0, 0.1, 0.0]
    assert _no_more_than(np.array([0.9]), np.array([0.97]), 0.5).tolist() == [0.9]
    errors = {0: 1.0, 1: 5.0, 2: 9.0}
    plan = SimpleNamespace(
        error=lambda column: errors[int(column[0])], sort=SimpleNamespace(spread=lambda _: None)
    )
    table = SimpleNamespace(neurons=lambda columns: columns)
    made = _prospects(plan, table, np.array([0, 1, 2]), np.array([1.0, 2.0, 3.0]))
    assert [(each.effect, each.error) for each in made] == [(1.0, 5.0), (2.0, 5.0), (3.0, 9.0)]
