"""Claims of neurons among the top K, on hand-set values, and their statistics against independent counts."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from changed_claims import judged_really, one_writer
from hypothesis import given
from hypothesis import strategies as st
from null_histograms import nulls_of, share_beyond
from scipy.stats import binom, binomtest, fisher_exact
from thorough import draws

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.kinds.kind import Family
from neuronclaims.kinds.top_k import consistency
from neuronclaims.kinds.top_k.top_k_scores import own_scores, scores
from neuronclaims.measurements import Activations, Generation, ModelFacts, TokenRule
from neuronclaims.sentences.parser import parse
from neuronclaims.stats import top_k_members
from neuronclaims.study import Study

CONFIG = {"model_type": "gpt2", "n_layer": 3, "n_embd": 8, "n_head": 2, "n_positions": 64, "vocab_size": 9}
HANOI, BASE = [f"hanoi {place:02}" for place in range(12)], [f"base {place:02}" for place in range(10)]
RNG = np.random.default_rng(2)
VALUES = {text: RNG.normal(size=(3, 8)).astype(np.float32) for text in HANOI + BASE}
"""[layers, width] of each prompt: noise, and three neurons set by hand."""
for number, prompt in enumerate(HANOI):
    VALUES[prompt][1, 3] = 50.0 if number else -1.0  # high for the set alone, in 11 of 12 prompts
for number, prompt in enumerate(HANOI + BASE):
    VALUES[prompt][2, 6] = 900.0 if number % 4 else 0.0  # an outlier dimension: as often high in either set
    VALUES[prompt][0, 0] = -3.0  # constant


def measure(source, measurements, *, cache, options, progress):
    return {m: np.stack([VALUES[prompt][m.layer] for prompt in m.prompts]) for m in measurements}


@pytest.fixture
def judge(tmp_path):
    def judge(claim: str, head: str = "", group=None, block=None, flip: bool = False):
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model" / "config.json").write_text(json.dumps(CONFIG))
        (tmp_path / "model" / "model.safetensors").write_bytes(b"")

        def rows(texts):
            made = [{"text": text} for text in texts]
            for name, label in (("group", group), ("block", block)):
                made = [row | ({name: label(row["text"])} if label else {}) for row in made]
            return made[::-1] if flip else made

        path = tmp_path / "x.claims.yaml"
        path.write_text(
            "version: 1\nmodels: [model]\nsite: resid_post\ntokens: last of prompt\n"
            f"{head}sets: {json.dumps({'hanoi': rows(HANOI), 'base': rows(BASE)})}\nclaims:\n  - {claim}\n"
        )
        [result] = Study(measure=measure).judge(read_claim_file(path, templates()), "model").values()
        return result

    return judge


def counted(k: int, by: str = "diff") -> tuple[Counter, Counter]:
    """Count by loops in how many prompts each neuron is among the top k, each baseline prompt against the others."""
    counts = Counter(), Counter()
    for which, texts in enumerate((HANOI, BASE)):
        for text in texts:
            others = np.array([VALUES[each].astype(float) for each in BASE if each != text])
            score = VALUES[text] - others.mean(0)
            if by == "abs":
                score = abs(score)
            if by == "z":
                spread = others.std(0, ddof=1)
                score = np.divide(score, spread, out=np.zeros_like(score), where=spread > 0)
            place = score.ravel().argsort()[::-1][:k]
            counts[which].update(f"{p // 8}:{p % 8}" for p in place)
    return counts


def others(result) -> dict[str, float]:
    return {effect.name: effect.value for effect in result.evidence.other_effects}


SENTENCE = "neuron {} is among the top 2 neurons for hanoi over base in at least {}% of prompts"


@pytest.mark.parametrize("by", ["diff", "abs", "z"])
def test_shares_and_both_p_agree_with_counting_by_loops_and_with_scipy(judge, by):
    for neuron in ("1:3", "2:6"):
        own, base = (counts[neuron] for counts in counted(2, by))
        result = judge(SENTENCE.format(neuron, 30), head=f"rank_by: {by}\n")
        alone = binomtest(own, 12, 0.3, "greater")
        both = fisher_exact([[own, 12 - own], [base, 10 - base]], "greater").pvalue
        assert result.evidence.effect.value == own / 12
        assert (result.evidence.effect.low, result.evidence.effect.high) == pytest.approx(
            alone.proportion_ci().__class__(*binomtest(own, 12, 0.3).proportion_ci(0.95, "exact"))
        )
        assert others(result)["share of baseline prompts"] == base / 10
        # A share below the one claimed speaks against the claim by itself.
        below = binomtest(own, 12, 0.3, "less").pvalue
        p = below if below < alone.pvalue else max(alone.pvalue, both)
        assert result.evidence.test.p_value == pytest.approx(min(1, 2 * p))


def test_a_neuron_high_for_the_set_alone_is_supported_and_an_outlier_dimension_is_not(judge):
    own, outlier = judge(SENTENCE.format("1:3", 60)), judge(SENTENCE.format("2:6", 30))
    assert own.verdict == "supported"
    assert own.evidence.effect.value == 11 / 12
    assert own.evidence.rank.place == 1
    # 9 of 12 prompts, far above the share claimed, but 7 of 10 of the baseline's too
    assert outlier.evidence.effect.low > 0.3
    assert outlier.verdict == "inconclusive"
    assert any(
        "of 10 baseline prompts too, as outlier dimensions are" in note for note in outlier.evidence.notes
    )
    assert not any("baseline prompts too" in note for note in own.evidence.notes)


def test_too_small_a_share_is_refuted(judge):
    assert judge(SENTENCE.format("2:0", 60)).verdict == "refuted"


def test_that_a_neuron_is_seldom_among_them_is_judged_from_above(judge):
    sentence = "neuron {} is not among the top 2 neurons for hanoi over base in more than {}% of prompts"
    rare = counted(2)[0]["0:5"]
    result = judge(sentence.format("0:5", 60))
    assert result.verdict == "supported"
    assert result.evidence.test.p_value == pytest.approx(2 * binomtest(rare, 12, 0.6, "less").pvalue)
    assert judge(sentence.format("1:3", 20)).verdict == "refuted"
    with pytest.raises(ClaimFileError, match="some neuron"):
        judge("some neuron is not among the top 2 neurons for hanoi over base in more than 20% of prompts")


def test_the_table_lists_the_most_frequent_neurons_and_the_claimed_one_wherever_it_stands(judge):
    own, base = counted(2)
    table, ranks, drawn, _ = judge(SENTENCE.format("2:0", 60)).evidence.figures
    assert [row[:3] for row in table.rows[:2]] == [
        ("1", "1:3", "11 of 12"),
        ("2", "2:6", f"{own['2:6']} of 12"),
    ]
    assert table.rows[1][5] == f"{10 * base['2:6']} %"
    assert table.rows[2][1:3] == ("2:0", f"{own['2:0']} of 12")
    mean = np.mean([VALUES[text][2, 0] for text in BASE], dtype=float)
    assert drawn.rows[0].values == pytest.approx([VALUES[text][2, 0] - mean for text in HANOI])
    assert [sum(place <= 2 for place in row.values) for row in ranks.rows] == [own["2:0"], base["2:0"]]
    assert (ranks.limit, ranks.estimate.boundary) == (2, 0.6)


def test_the_null_is_every_exchange_of_labels_between_the_set_and_its_baseline(tmp_path, judge, monkeypatch):
    monkeypatch.setattr(f"{__name__}.HANOI", HANOI[:6])
    monkeypatch.setattr(f"{__name__}.BASE", BASE[:6])
    own, base = counted(2)
    hits = np.zeros(12)
    for start, count in ((0, own["2:6"]), (6, base["2:6"])):
        hits[start : start + count] = 1
    result = judge(SENTENCE.format("2:6", 5))
    [null] = nulls_of(result)
    differences = [hits[list(c)].mean() - np.delete(hits, c).mean() for c in combinations(range(12), 6)]
    p = share_beyond(null, differences)
    assert null.axis == "difference of shares of how often 2:6 is among the top 2, hanoi over base"
    assert null.observed == pytest.approx((own["2:6"] - base["2:6"]) / 6)
    assert result.evidence.test.p_value == pytest.approx(min(1, 2 * p))  # the larger p of two


def test_ties_for_the_last_place_leave_all_that_tie_out(judge, monkeypatch):
    tied = VALUES | {text: VALUES[text].copy() for text in HANOI}
    for text in HANOI:
        tied[text][1, 4] = tied[text][1, 3] = 7e5
        tied[text][0, 1] = 8e5
    for text in BASE:
        tied[text] = VALUES[text].copy()
        tied[text][1, 4] = tied[text][1, 3] = 0.0
    monkeypatch.setattr(f"{__name__}.VALUES", tied)
    result = judge(SENTENCE.format("1:3", 60))
    assert result.evidence.effect.value == 0
    assert any(note.startswith("In 12 prompts neurons tie for place 2") for note in result.evidence.notes)


def test_the_order_of_prompts_changes_nothing(judge):
    for claim in (SENTENCE.format("1:3", 60), SENTENCE.format("2:6", 30)):
        assert judge(claim).evidence == judge(claim, flip=True).evidence


def test_groups_are_the_units_of_the_share(judge):
    result = judge(SENTENCE.format("1:3", 30), group=lambda text: f"{text.split()[0]} {int(text[-2:]) % 4}")
    # prompt 0 misses it: its group of three has a share of 2/3
    assert result.evidence.effect.value == pytest.approx((3 + 2 / 3) / 4)
    assert result.evidence.counts == (("hanoi", 4), ("base", 4))
    assert result.evidence.unit == "group"


def test_groups_in_both_sets_are_compared_within_and_blocks_exchange_within(judge):
    paired = judge(SENTENCE.format("1:3", 30), group=lambda text: str(int(text[-2:]) % 10))
    assert paired.evidence.test.p_value >= 0.5**10
    blocked = judge(SENTENCE.format("1:3", 30), block=lambda text: str(int(text[-2:]) % 2))
    assert blocked.verdict == "supported"


def test_every_neuron_is_as_good_as_the_one_that_fits_least(judge):
    claim = SENTENCE.format("1:3, 2:6", 30).replace("neuron 1", "every neuron of 1", 1)
    result, least = judge(claim), judge(SENTENCE.format("2:6", 30))
    assert result.evidence.test.p_value == least.evidence.test.p_value
    assert result.evidence.effect == least.evidence.effect


def test_some_neuron_and_a_picked_neuron_pay_for_the_search(judge):
    alone = judge(SENTENCE.format("1:3", 30))
    picked = judge(SENTENCE.format("1:3", 30), head="searched: all layers\n")
    some = judge(SENTENCE.format("", 30).replace("neuron ", "some neuron", 1))
    assert alone.evidence.test.p_value < picked.evidence.test.p_value
    assert picked.evidence.effect.low < alone.evidence.effect.low
    assert some.verdict == picked.verdict == "supported"
    assert "Found among 24 neurons: neuron 1:3." in some.evidence.notes
    assert (some.evidence.effect, some.evidence.test) == (picked.evidence.effect, picked.evidence.test)
    # no more than 2 / 30 % neurons can be among the top 2 in 30 % of prompts: the binomial p counts 6.67 times
    assert picked.evidence.test.p_value >= 2 / 0.3 * binomtest(11, 12, 0.3, "greater").pvalue


@given(
    k=st.integers(1, 10),
    share=st.floats(0.05, 0.95),
    n=st.integers(2, 60),
    extra=st.integers(0, 60),
    raw=st.lists(st.floats(0.001, 1), min_size=1, max_size=400),
)
def test_the_luck_of_all_neurons_together_is_bounded_by_places_over_share(k, share, n, extra, raw):
    rates = np.minimum(np.array(raw), share)
    rates *= min(1.0, k / rates.sum())  # a prompt has k places
    hits = min(n, int(np.ceil(1 + share * (n - 1))) + extra)
    luck = binom.sf(hits - 1, n, rates).sum()
    assert luck <= k / share * binom.sf(hits - 1, n, share) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("claim", "head", "part"),
    [
        (SENTENCE.format("7:3", 60), "", "no layer 7"),
        (SENTENCE.format("1:30", 60), "", "no neuron 1:30"),
        (SENTENCE.format("1:3", 60).replace("top 2", "top 24"), "", "from 1 to 23"),
        (SENTENCE.format("0:0", 60), "rank_by: z\n", "no standard deviation"),
    ],
)
def test_what_cannot_be_asked_is_a_clear_error(judge, claim, head, part):
    assert part in judge(claim, head=head).error


@pytest.mark.parametrize("change", [("top 2", "top 0"), ("over base", "over hanoi"), ("60%", "100%")])
def test_what_cannot_be_tested_is_refused_where_it_stands(judge, change):
    with pytest.raises(ClaimFileError):
        judge(SENTENCE.format("1:3", 60).replace(*change))


def test_both_sets_are_asked_for_by_the_same_rule(tmp_path):
    sentence = SENTENCE.format("1:3", 60)
    head = "weighting: legacy_growing\ntokens: mean of generated\ngenerate: {max_new_tokens: 5}\n"
    needs = KIND.needs(claim_of(tmp_path, sentence, 12, 10, head), FACTS)
    asked = [need for need in needs if isinstance(need, Activations)]
    assert {(need.tokens, need.generate) for need in asked} == {
        (TokenRule("legacy_growing", "generated"), Generation(5))
    }
    assert {(need.layer, len(need.prompts)) for need in asked} == {
        (layer, n) for layer in range(3) for n in (12, 10)
    }


@given(seed=st.integers(0, 10**6), by=st.sampled_from(["diff", "abs", "z"]), k=st.integers(1, 5))
def test_no_ranking_hangs_on_a_baseline_prompt_being_part_of_its_mean(seed, by, k):
    baseline = np.random.default_rng(seed).standard_t(2, size=(6, 12))
    with_it, without = scores(baseline, baseline, by), own_scores(baseline, by)
    assert (top_k_members(with_it, k) == top_k_members(without, k)).all()
    others = baseline[1:]
    assert without[0] == pytest.approx(scores(baseline[:1], others, by)[0], rel=1e-6)


def test_a_neuron_that_only_one_baseline_prompt_moves_is_far_off_there_and_one_that_none_moves_scores_nothing():
    baseline = np.array([[0.0, 7.0], [0.0, 7.0], [0.1, 7.0], [0.0, 7.0]])
    found = own_scores(baseline, "z")
    assert found[2].tolist() == [1e6, 0.0]
    assert scores(np.array([[5.0, 5.0]]), baseline, "z")[0] == pytest.approx([99.5, 0.0])


FACTS = ModelFacts("toy", "gpt2", 3, {"resid_post": 8}, causal=True)
FAMILY = Family(1, "holm", 0.05)
KIND = consistency.CONSISTENCY


def claim_of(folder, sentence: str, first: int, second: int, head: str = "tokens: last of prompt\n"):
    sets = {"hanoi": [f"h {n:03}" for n in range(first)], "base": [f"b {n:03}" for n in range(second)]}
    path = folder / "x.claims.yaml"
    path.write_text(
        f"version: 1\nmodels: [toy]\nsite: resid_post\n{head}sets: {json.dumps(sets)}\nclaims:\n  - {sentence}\n"
    )
    [claim] = read_claim_file(path, templates()).claims
    return claim


def found_in(claim, first: np.ndarray, second: np.ndarray):
    """Judge arrays [prompts, layers, width] of the set and of its baseline."""
    tables = {len(first): first, len(second): second}
    answers = {need: tables[len(need.prompts)][:, need.layer] for need in KIND.needs(claim, FACTS)}
    return KIND.judge(claim, {need: array.astype(np.float32) for need, array in answers.items()}, FAMILY)


@pytest.mark.parametrize(("by", "n1", "n2"), [("diff", 12, 25), ("z", 30, 6)])
@pytest.mark.parametrize("lowered", [0, 6])
def test_a_neuron_as_often_high_in_the_baseline_is_seldom_called_specific(tmp_path, by, n1, n2, lowered):
    """Also where other neurons are lower for the set: labels exchanged with them would find the set special."""
    claim = claim_of(tmp_path, SENTENCE.format("2:6", 1), n1, n2, f"tokens: last of prompt\nrank_by: {by}\n")
    rng, wrong, runs = np.random.default_rng(n1), 0, 100
    for _ in range(runs):
        first, second = (rng.normal(size=(n, 3, 8)) for n in (n1, n2))
        for values in (first, second):
            values[:, 2, 6] *= 8
        first[:, 0, :lowered] -= 40
        wrong += found_in(claim, first, second).test.p_value <= 0.05
    assert wrong / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize("by", ["diff", "z"])
def test_among_all_neurons_none_is_found_where_labels_mean_nothing(tmp_path, by):
    sentence = SENTENCE.format("", 10).replace("neuron ", "some neuron", 1)
    claim = claim_of(tmp_path, sentence, 30, 8, f"tokens: last of prompt\nrank_by: {by}\n")
    rng, wrong, runs = np.random.default_rng(5), 0, draws(40, 100)
    for _ in range(runs):
        first, second = (rng.normal(size=(n, 3, 8)) * np.geomspace(1, 20, 8) for n in (30, 8))
        wrong += found_in(claim, first, second).test.p_value <= 0.05
    assert wrong / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


def test_a_found_neuron_is_told_to_be_so_where_it_is_there(tmp_path):
    claim = claim_of(tmp_path, SENTENCE.format("", 30).replace("neuron ", "some neuron", 1), 20, 15)
    rng = np.random.default_rng(8)
    first, second = rng.normal(size=(20, 3, 8)), rng.normal(size=(15, 3, 8))
    for values in (first, second):
        values[:, 1, 7] *= 0.01
    first[:16, 1, 7] += 9
    made = found_in(claim, first, second)
    assert "Found among 24 neurons: neuron 1:7." in made.notes
    above, both = binomtest(16, 20, 0.3, "greater").pvalue, fisher_exact([[16, 4], [0, 15]], "greater").pvalue
    assert made.test.p_value == pytest.approx(2 * 2 / 0.3 * max(above, both))


@pytest.mark.parametrize(
    "claim", [SENTENCE, SENTENCE.replace("is", "is not").replace("at least", "more than")]
)
@given(neuron=st.tuples(st.integers(0, 99), st.integers(0, 9999)), share=st.integers(1, 99))
def test_a_sentence_is_read_back_as_it_is_written(claim, neuron, share):
    text = claim.format(f"{neuron[0]}:{neuron[1]}", share)
    parsed = parse(text, templates())
    assert str(parsed.value) == text


def test_in_a_model_set_by_hand_the_neuron_of_a_word_is_found_and_dead_and_constant_ones_are_not(tmp_path):
    """Neuron 0:3 fires on "dog" alone, 0:0 is dead, 0:1 constant."""
    words = ("cat", "tree", "river", "the", "a", "one", "two", "red")
    sets = {name: [f"the {word} {name[:3]}" for word in words] for name in ("dogs", "cats")}
    head = f"sets: {json.dumps(sets)}\n"
    for index, verdict in ((3, "supported"), (0, "refuted"), (1, "refuted")):
        claim = f"mlp_post neuron 0:{index} is among the top 1 neurons for dogs over cats in at least 50% of prompts"
        result = judged_really(tmp_path, claim, head, one_writer())
        assert (result.error, result.verdict) == (None, verdict)
        assert result.evidence.effect.value == (1 if index == 3 else 0)
