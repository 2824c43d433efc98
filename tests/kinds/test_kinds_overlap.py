"""Shared top neurons: counted and tested against loops, enumeration, SciPy, and sets that differ in nothing."""

from __future__ import annotations

import json
from itertools import combinations, product
from statistics import fmean, pstdev

import numpy as np
import pytest
from null_histograms import nulls_of, share_beyond
from scipy.stats import binom
from scipy.stats import t as student

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import kinds, templates
from neuronclaims.kinds.kind import Family
from neuronclaims.kinds.top_k import overlap
from neuronclaims.kinds.top_k.occurrence_lists import Occurrences
from neuronclaims.kinds.top_k.overlap_estimates import shared, upper_limit_p
from neuronclaims.kinds.top_k.overlap_exchange import (
    against_baseline,
    height_test,
    larger_p,
    resampled_differences,
)
from neuronclaims.kinds.top_k.set_profiles import OverlapData, OverlapRequest
from neuronclaims.kinds.top_k.top_k_scores import SiteColumns
from neuronclaims.sentences.ambiguity import check_templates
from neuronclaims.sentences.parser import parse
from neuronclaims.stats import overlap_estimate
from neuronclaims.study import Study

CONFIG = {"model_type": "gpt2", "n_layer": 3, "n_embd": 8, "n_head": 2, "n_positions": 64, "vocab_size": 9}
SETS = ("hanoi", "vietnam", "violent", "baseline")
RAISED = {
    "hanoi": {"1:3": 30, "2:0": 25, "0:5": 20},
    "vietnam": {"1:3": 20, "2:0": 25, "0:5": 30, "2:2": -40},
    "violent": {"1:3": 30, "2:2": 40, "0:1": 20},
    "baseline": {},
}
"""By how much a neuron is moved in all prompts of a set, on top of noise of 1 sd; 2:6 is the same 900 everywhere."""


def world(size: int, seed: int = 0) -> dict[str, np.ndarray]:
    """The values [3 layers, 8 neurons] of every prompt, ``size`` of each set."""
    rng = np.random.default_rng(seed)
    values = {}
    for name, number in product(SETS, range(size)):
        here = rng.normal(size=(3, 8))
        for neuron, lift in RAISED[name].items():
            layer, index = map(int, neuron.split(":"))
            here[layer, index] += lift
        here[2, 6] = 900.0
        values[f"{name} {number:02}"] = here.astype(np.float32)
    return values


def of(values: dict[str, np.ndarray], name: str) -> np.ndarray:
    return np.array([values[text].ravel() for text in sorted(values) if text.startswith(name)], dtype=float)


@pytest.fixture
def file(tmp_path):
    def file(claim: str, values, head: str = "", labels=None, flip: bool = False, names=SETS):
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model" / "config.json").write_text(json.dumps(CONFIG))
        (tmp_path / "model" / "model.safetensors").write_bytes(b"")
        rows = {
            name: [
                {"text": text} | (labels(text) if labels else {}) for text in values if text.startswith(name)
            ]
            for name in names
        }
        if flip:
            rows = {name: found[::-1] for name, found in rows.items()}
        path = tmp_path / "x.claims.yaml"
        path.write_text(
            "version: 1\nmodels: [model]\nsite: resid_post\ntokens: last of prompt\n"
            f"{head}sets: {json.dumps(rows)}\nclaims:\n  - {claim}\n"
        )
        return read_claim_file(path, templates())

    return file


@pytest.fixture
def judge(file):
    def judge(claim: str, values, head: str = "", **rest):
        def measure(source, measurements, *, cache, options, progress):
            return {m: np.stack([values[prompt][m.layer] for prompt in m.prompts]) for m in measurements}

        [result] = Study(measure=measure).judge(file(claim, values, head, **rest), "model").values()
        return result

    return judge


def top(sums, k: int = 3) -> set[int]:
    """Rank in plain Python; a tie for the last place leaves all that tie out."""
    cut = sorted(sums, reverse=True)[k]
    return {place for place, value in enumerate(sums) if value > cut}


def others_of(evidence) -> dict[str, float | None]:
    return {effect.name: effect.value for effect in evidence.other_effects}


def others(result) -> dict[str, float | None]:
    return others_of(result.evidence)


SHARE = "hanoi and vietnam share at least 2 of their top 3 neurons over baseline"
MEAN = "top_by: mean\n"
NEARER = "hanoi overlaps more with vietnam than with violent in their top 3 neurons"


def test_what_is_shared_is_counted_and_listed_as_by_hand(judge):
    result = judge(NEARER, world(8))
    assert result.evidence.effect.value == 2  # 3 shared with vietnam, 1:3 alone with violent
    assert others(result)["hanoi and violent: neurons shared among the top 3"] == 1
    assert others(result)["hanoi and vietnam: Jaccard index of their top 3"] == 1
    assert others(result)["hanoi and violent: Jaccard index of their top 3"] == 1 / 5
    matrix, table, _ = result.evidence.figures
    assert matrix.labels == ("hanoi", "vietnam", "violent")
    assert [[row[place] for place in range(3)] for row in matrix.values] == [[3, 3, 1], [3, 3, 1], [1, 1, 3]]
    assert [row[0] for row in table.rows] == [
        "1:3",
        "0:5",
        "2:0",
    ]  # of three sets first, then by their best place
    values = world(8)
    mean = (of(values, "hanoi").mean(0) - of(values, "baseline").mean(0))[11]
    assert table.rows[0] == (
        "1:3",
        f"1 ({mean:.3g})",
        table.rows[0][2],
        table.rows[0][3],
        "hanoi, vietnam, violent",
    )


def test_clear_claims_are_supported_and_refuted(judge):
    values = world(8)
    assert judge(SHARE, values, MEAN).verdict == "supported"
    assert judge(SHARE, values, MEAN).evidence.effect.low == 3
    assert judge(NEARER, values).verdict == "supported"
    assert judge(NEARER, values).evidence.effect.low == 2  # in every resample of such clear sets
    swapped = NEARER.replace("with vietnam than with violent", "with violent than with vietnam")
    assert judge(swapped, values).verdict == "refuted"  # 1 and 3, with room for no others
    assert judge(SHARE.replace("least 2", "most 1"), values, MEAN).verdict == "refuted"
    apart = "hanoi and violent share at most 1 of their top 3 neurons over baseline"
    assert judge(apart, world(12), MEAN).verdict == "supported"
    assert judge(apart.replace("most 1", "least 3"), world(12), MEAN).verdict == "refuted"


@pytest.mark.parametrize("by", ["occurrence", "prompts"])
def test_a_dozen_or_two_clear_prompts_decide_whatever_is_compared(judge, by):
    """Of the top 3, hanoi and vietnam share 3 in every prompt, hanoi and violent 1."""
    values, head = world(20), f"top_by: {by}\n"
    apart = SHARE.replace("vietnam", "violent")
    assert judge(SHARE, values, head).verdict == "supported"
    assert judge(SHARE.replace("least 2", "most 2"), values, head).verdict == "refuted"
    assert judge(apart, values, head).verdict == "refuted"
    assert judge(apart.replace("least 2", "most 2"), values, head).verdict == "supported"
    found = judge(apart, values, head).evidence.effect
    assert (found.value, found.low <= 1 <= found.high) == (1, True)


def test_single_prompts_share_what_a_loop_over_pairs_counts(judge, monkeypatch):
    weak(monkeypatch)
    values = world(9, 2)
    base = of(values, "baseline").mean(0)
    tops = [[top(row - base) for row in of(values, name)] for name in ("hanoi", "vietnam")]
    shared_by = np.array([[len(one & other) for other in tops[1]] for one in tops[0]], dtype=float)
    found = judge(SHARE, values, "top_by: prompts\n").evidence
    assert found.effect.value == pytest.approx(shared_by.mean())
    assert found.effect.low < shared_by.mean() < found.effect.high
    own = [fmean(len(one & other) for one, other in combinations(each, 2)) for each in tops]
    assert others_of(found)["hanoi: neurons two of its prompts share"] == pytest.approx(own[0])
    assert others_of(found)["vietnam: neurons two of its prompts share"] == pytest.approx(own[1])
    assert not any("Jaccard" in name for name in others_of(found))  # that is of lists


def test_prompts_of_one_frame_are_not_compared(judge, monkeypatch):
    weak(monkeypatch)
    values, groups = world(6, 3), {"labels": lambda text: {"group": text.split()[1]}}
    base = of(values, "baseline").mean(0)
    tops = [[top(row - base) for row in of(values, name)] for name in ("hanoi", "vietnam")]
    pairs = [len(tops[0][a] & tops[1][b]) for a, b in product(range(6), repeat=2) if a != b]
    found = judge(SHARE, values, "top_by: prompts\n", **groups).evidence.effect
    assert found.value == pytest.approx(fmean(pairs))


@pytest.mark.parametrize("units", [12, 30])
def test_what_is_surely_on_a_list_is_hardly_ever_wrong(units):
    """400 neurons share 5 places: four often, and many that are so now and then."""
    rng = np.random.default_rng(units)
    shares = np.concatenate([[0.95, 0.9, 0.85, 0.6], np.full(396, 1.7 / 396)])
    wrong = 0
    for _ in range(300):
        members = rng.random((units, 400)) < shares
        on, off = Occurrences(members.sum(0), units, places=5, k=4).sure(0.05)
        wrong += bool(on[4:].any() or off[:4].any())
    assert wrong <= binom.ppf(0.9999, 300, 0.05)


def weak(monkeypatch) -> None:
    lifts = {name: {neuron: lift / 16 for neuron, lift in found.items()} for name, found in RAISED.items()}
    monkeypatch.setattr(f"{__name__}.RAISED", lifts)


def heights(fixed, first, second) -> list[float]:
    """Per prompt of two sets the mean of the fixed set's top neurons, in standard deviations of both sets together."""
    pooled = [list(row) for row in (*first, *second)]
    spread = [pstdev(column) for column in zip(*pooled, strict=True)]
    return [fmean(row[place] / spread[place] for place in top(fixed.sum(0))) for row in pooled]


@pytest.mark.parametrize("seed", range(4))
def test_p_of_an_exchange_is_that_of_plain_enumeration(file, monkeypatch, seed):
    weak(monkeypatch)
    values = {text: each for text, each in world(10, seed).items() if "baseline" in text or text[-1] < "5"}
    hanoi, near, far, base = (of(values, name) for name in SETS)

    def p_of(fixed, first, second, mean):
        found = heights(fixed - mean, first - mean, second - mean)
        sums = [sum(found[row] for row in chosen) for chosen in combinations(range(10), 5)]
        return sum(each >= sums[0] - 1e-9 for each in sums) / len(sums)

    measured, family = measured_of(file, NEARER, values), Family(1, "holm", 0.05)
    compared = height_test(measured, "hanoi", "vietnam", "violent", family)
    assert compared.test.p_greater == pytest.approx(p_of(hanoi, near, far, base.mean(0)))
    mean, held_out = base[::2].mean(0), base[1::2]
    expected = [p_of(hanoi, near, held_out, mean), p_of(near, hanoi, held_out, mean)]
    tests = against_baseline(measured_of(file, SHARE, values), family)
    assert [each.test.p_greater for each in tests] == pytest.approx(expected)
    assert larger_p(tests).p_value == pytest.approx(min(1, 2 * max(expected)))


def test_the_nulls_are_every_exchange_of_prompts(file, judge, monkeypatch):
    weak(monkeypatch)
    values = {text: each for text, each in world(10, 1).items() if "baseline" in text or text[-1] < "5"}
    hanoi, near, far, base = (of(values, name) for name in SETS)

    def differences(fixed, first, second, mean):
        found = np.array(heights(fixed - mean, first - mean, second - mean))
        return [found[list(c)].mean() - np.delete(found, c).mean() for c in combinations(range(10), 5)]

    [null] = nulls_of(judge(NEARER, values))
    assert null.axis == "difference of means of how high the top 3 of hanoi are, vietnam over violent"
    compared = height_test(measured_of(file, NEARER, values), *SETS[:3], Family(1, "holm", 0.05))
    assert share_beyond(null, differences(hanoi, near, far, base.mean(0))) == compared.test.p_greater
    mean, held_out = base[::2].mean(0), base[1::2]
    result = judge(SHARE, values, MEAN)
    sides = zip(nulls_of(result), ((hanoi, near), (near, hanoi)), strict=True)
    p = [share_beyond(each, differences(one, other, held_out, mean)) for each, (one, other) in sides]
    assert min(1, 2 * max(p)) <= result.evidence.test.p_value


def test_pairs_are_swapped_within(file, judge, monkeypatch):
    weak(monkeypatch)
    values, groups = world(6, 3), {"labels": lambda text: {"group": text.split()[1]}}
    hanoi, near, far = (of(values, name) - of(values, "baseline").mean(0) for name in SETS[:3])
    found = heights(hanoi, near, far)
    gains = [found[row] - found[row + 6] for row in range(6)]
    sums = [sum(np.multiply(signs, gains)) for signs in product((1, -1), repeat=6)]
    result = judge(NEARER, values, **groups)
    compared = height_test(measured_of(file, NEARER, values, **groups), *SETS[:3], Family(1, "holm", 0.05))
    assert compared.test.p_greater == sum(each >= sums[0] - 1e-9 for each in sums) / 64
    assert result.evidence.test.p_value >= min(1, 2 * compared.test.p_greater)
    assert any("groups in common" in note for note in result.evidence.notes)


def test_the_numbers_shared_have_to_differ_in_resamples_too():
    """All 27 x 27 x 27 resamples of three sets of three are counted in plain Python."""
    sets = [
        np.random.default_rng(seed).normal(size=(3, 6)) + lift
        for seed, lift in zip((1, 2, 5), LIFTS, strict=True)
    ]
    tops = [[top(each[list(rows)].sum(0), 2) for rows in product(range(3), repeat=3)] for each in sets]
    no_more = [len(own & near) <= len(own & far) for own, near, far in product(*tops)]
    exact = sum(no_more) / len(no_more)
    assert 0.05 < exact < 0.95
    drawn = resampled_differences(sets, 2, seed=3)
    assert (drawn <= 0).mean() == pytest.approx(exact, abs=4 * (exact * (1 - exact) / 1999) ** 0.5)


LIFTS = np.array([[2, 2, 0, 0, 0, 0], [2, 1, 0, 1, 0, 0], [0, 1, 2, 0, 1, 0]])


def test_a_set_with_strong_neurons_of_its_own_is_told_apart(judge):
    """Any uneven mixture of two such sets has the top of its majority: counting anew for each would show nothing."""
    assert judge(NEARER, world(5)).verdict == "supported"


def test_neither_the_order_of_prompts_nor_of_the_two_sets_changes_a_number(judge):
    values = world(6)
    for claim in (SHARE, NEARER):
        assert judge(claim, values).evidence == judge(claim, values, flip=True).evidence
    one, other = judge(SHARE, values), judge(SHARE.replace("hanoi and vietnam", "vietnam and hanoi"), values)
    assert one.evidence.effect == other.evidence.effect
    assert one.evidence.test.p_value == other.evidence.test.p_value


def test_suppressed_neurons_are_shared_by_size_when_both_sets_move_them_the_same_way(judge):
    claim = "vietnam and violent share at least 1 of their top 2 neurons over baseline"
    table = judge(claim, world(8), head="rank_by: abs\n").evidence.figures[1]
    assert table.rows == ()  # 2:2 is far down in the one and far up in the other, 0:5 and 1:3 come second
    opposite = {text: -each for text, each in world(8).items()}
    flipped = judge(SHARE, opposite, head="rank_by: abs\n")
    assert flipped.evidence.effect.value == 2  # 2:2 has 2:0, 1:3 or 0:5 pushed out of vietnam's three
    assert all(row[0].endswith("down") for row in flipped.evidence.figures[1].rows)


def test_z_measures_in_standard_deviations_of_the_baseline(judge):
    values = world(8)
    base = of(values, "baseline")
    spread = base.std(0, ddof=1)
    z = [
        np.divide(of(values, name).mean(0) - base.mean(0), spread, out=np.zeros(24), where=spread > 0)
        for name in ("hanoi", "vietnam")
    ]
    result = judge(SHARE.replace("top 3", "top 5"), values, head=f"rank_by: z\n{MEAN}")
    assert result.evidence.effect.value == len(top(z[0], 5) & top(z[1], 5))


def test_p_of_an_upper_limit_is_the_error_at_which_bands_allow_no_more():
    rng = np.random.default_rng(4)
    first, second = rng.normal(size=(12, 30)), rng.normal(size=(9, 30))
    first[:, :4] += 4
    second[:, 2:6] += 4
    p = upper_limit_p(first, second, 4, 2)

    def allowed(error: float) -> int:
        """Of 2 sets with 30 means each, none lies outside its two-sided band but for this error."""
        both_sets = []
        for side in (first, second):
            reach = (
                student.ppf(1 - error / (2 * 2 * 30), len(side) - 1) * side.std(0, ddof=1) / len(side) ** 0.5
            )
            both_sets.append(side.mean(0) + reach >= sorted(side.mean(0) - reach)[-4])
        return int((both_sets[0] & both_sets[1]).sum())

    assert 1e-6 < p < 0.4
    assert allowed(p) <= 2 < allowed(p / 1.02)
    assert overlap_estimate(first, second, 4, seed=1, level=1 - 2 * p).high == 2
    assert upper_limit_p(first, second, 4, 1) == 1  # two are seen


def measured_of(file, claim: str, values, **rest) -> OverlapData:
    [made] = file(claim, values, **rest).claims
    said = made.sentence
    names = (said.first, said.second) if hasattr(said, "second") else (said.first, said.near, said.far)
    return OverlapData(
        OverlapRequest.of(made, names), SiteColumns((0, 1, 2), 8), {name: of(values, name) for name in SETS}
    )


def test_sets_that_differ_in_nothing_are_not_special_however_loud_some_neurons(file):
    """Six of 24 neurons vary 30 times as much: they are shared anyway, and chance subsets would call that special."""
    rng = np.random.default_rng(6)
    share, nearer = measured_of(file, SHARE, world(8)), measured_of(file, NEARER, world(8))
    family, loud = Family(1, "holm", 0.05, 0), np.where(np.arange(24) < 6, 30.0, 1.0)
    seen, called, special = [], 0, 0
    for _ in range(200):
        drawn = {name: rng.normal(size=(8, 24)) * loud for name in SETS}
        for measured in (share, nearer):
            measured.values.update(drawn)
        seen.append(shared(share, "hanoi", "vietnam").value)
        called += larger_p(against_baseline(share, family)).p_value <= 0.05
        special += height_test(nearer, "hanoi", "vietnam", "violent", family).test.p_value <= 0.05
    assert np.mean(seen) > 1  # by chance alone 3 * 3 / 24 would be shared
    assert called <= 20  # the 99.9 % point of 200 draws at 0.05
    assert special <= 20


def test_the_baselines_own_chance_is_not_taken_for_sharing(file):
    """Both sets are far from a baseline of four in the same loud neurons: its mean is off, they are not alike."""
    rng, loud = np.random.default_rng(8), np.where(np.arange(24) < 12, 30.0, 1.0)
    values = {text: each for text, each in world(12).items() if "baseline" not in text or text[-2:] < "04"}
    share = measured_of(file, SHARE, values)
    plain, ours = 0, 0
    for _ in range(100):
        share.values.update(
            {name: rng.normal(size=(4 if name == "baseline" else 12, 24)) * loud for name in SETS}
        )
        one, other = (share.of_units(name) for name in ("hanoi", "vietnam"))
        plain += overlap_estimate(one, other, 3, seed=1, resamples=199).low >= 1
        ours += shared(share, "hanoi", "vietnam").low >= 1
    assert plain > 40
    assert ours <= 12  # 2.5 % claimed; 100 draws of 5 % seldom exceed it


def test_what_cannot_be_asked_is_one_clear_error(judge):
    assert "from 1 to 23" in judge(SHARE.replace("top 3", "top 24"), world(8)).error


def test_small_baselines_and_single_groups_are_refused(judge):
    small = {
        text: each for text, each in world(8).items() if text not in {f"baseline 0{n}" for n in range(3, 8)}
    }
    assert "held out" in judge(SHARE, small).error
    assert judge(NEARER, small).error is None
    assert "1 group" in judge(NEARER, world(8), labels=lambda text: {"group": text.split()[0]}).error


def test_blocks_are_exchanged_within(judge):
    result = judge(NEARER, world(8), labels=lambda text: {"block": str(int(text[-1]) % 2)})
    assert result.verdict == "supported"
    assert result.evidence.test.smallest_p == 2 / 2000


@pytest.mark.parametrize(
    "change",
    [
        ("at least 2", "at least 4"),
        ("at least 2", "at most 3"),
        ("at least 2", "at least 0"),
        ("top 3", "top 0"),
    ],
)
def test_numbers_that_cannot_be_are_refused_where_they_stand(file, change):
    with pytest.raises(ClaimFileError):
        file(SHARE.replace(*change), world(4))


def test_what_a_comparison_leaves_out_is_filled_in_and_written_back(file):
    [claim] = file("hanoi overlaps more with vietnam than with violent", world(4)).claims
    assert claim.text == (
        "hanoi overlaps more with vietnam than with violent in their top 10 neurons over baseline"
    )
    assert parse(claim.text, templates()).value == claim.sentence
    assert "baseline" in claim.sets
    with pytest.raises(ClaimFileError, match="which is meant where the sentence names none"):
        file("hanoi overlaps more with vietnam than with violent", world(4), names=SETS[:3])
    with pytest.raises(ClaimFileError, match="stands against itself"):
        file("hanoi overlaps more with baseline than with violent", world(4))


def test_the_sentences_read_unlike_all_others():
    check_templates({kind.name: kind.template for kind in (*kinds(),)})
    assert {overlap.SHARING.name, overlap.NEARER.name} <= {kind.name for kind in kinds()}
