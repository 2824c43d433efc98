"""Which two of several sets share the most of their top neurons: against loops, ties, and known worlds."""

from __future__ import annotations

import json
from itertools import combinations, product

import numpy as np
import pytest

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.kinds.concepts.pair_margins import PairMeans
from neuronclaims.study import Study

CONFIG = {"model_type": "gpt2", "n_layer": 3, "n_embd": 8, "n_head": 2, "n_positions": 64, "vocab_size": 9}
SETS = ("hanoi", "vietnam", "tulip", "violent", "base")
RAISED = {"hanoi": (3, 8, 21), "vietnam": (3, 8, 11), "tulip": (13, 19, 21), "violent": (1, 2, 7), "base": ()}
"""Places of raised neurons among the 24: hanoi and vietnam have two in common, hanoi and tulip one."""
K, SIZE = 3, 24
MOST = "hanoi and vietnam share more of their top 3 neurons over base than any other two of them and tulip, violent"
FEWEST = MOST.replace("more", "fewer")


def world(lift: float = 9.0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    values = {}
    for name, number in product(SETS, range(SIZE)):
        here = rng.normal(size=24)
        here[list(RAISED[name])] += lift
        values[f"{name} {number:02}"] = here.reshape(3, 8).astype(np.float32)
    return values


@pytest.fixture
def judge(tmp_path):
    def judge(claim: str = MOST, lift: float = 9.0, grouped: int = 1, head: str = ""):
        values = world(lift)

        def measure(source, measurements, *, cache, options, progress):
            return {m: np.stack([values[prompt][m.layer] for prompt in m.prompts]) for m in measurements}

        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model" / "config.json").write_text(json.dumps(CONFIG))
        (tmp_path / "model" / "model.safetensors").write_bytes(b"")
        rows = {
            name: [
                {"text": text} | ({"group": str(int(text[-2:]) // grouped)} if grouped > 1 else {})
                for text in values
                if text.startswith(name)
            ]
            for name in SETS
        }
        path = tmp_path / "x.claims.yaml"
        path.write_text(
            "version: 1\nmodels: [model]\nsite: resid_post\ntokens: last of prompt\n"
            f"{head}sets: {json.dumps(rows)}\nclaims:\n  - {claim}\n"
        )
        [result] = Study(measure=measure).judge(read_claim_file(path, templates()), "model").values()
        return result

    return judge


def tops(values: dict[str, np.ndarray], name: str) -> dict[str, set[int]]:
    rows = {text: value.ravel().astype(float) for text, value in values.items()}
    base = np.mean([row for text, row in rows.items() if text.startswith("base")], axis=0)
    return {
        text: set((row - base).argsort()[::-1][:K].tolist())
        for text, row in rows.items()
        if text.startswith(name)
    }


def test_numbers_lists_and_names_are_those_of_loops(judge):
    result = judge(lift=2.0)  # the lists are not clear
    found = {name: tops(world(2.0), name) for name in SETS[:4]}
    means = {
        pair: np.mean([len(one & two) for one, two in product(*(found[name].values() for name in pair))])
        for pair in combinations(SETS[:4], 2)
    }
    own = means["hanoi", "vietnam"]
    others = [mean for pair, mean in means.items() if pair != ("hanoi", "vietnam")]
    assert result.evidence.effect.value == pytest.approx(own - max(others))
    matrix, pairs, lists, _ = result.evidence.figures
    alike = [len(one & two) for one, two in combinations(found["tulip"].values(), 2)]
    assert matrix.values[2][2] == pytest.approx(np.mean(alike))
    assert matrix.values[0][2] == matrix.values[2][0] == pytest.approx(means["hanoi", "tulip"])
    assert [row[0] for row in pairs.rows] == [
        " and ".join(pair) for pair in sorted(means, key=means.get, reverse=True)
    ]
    clear = judge()
    matrix, pairs, lists, neurons = clear.evidence.figures
    assert clear.verdict == "supported"
    assert [row[:3] for row in lists.values[:1]] == [(3.0, 2.0, 1.0)]
    assert pairs.rows[0][-2:] == ("2", "0:3, 1:0")
    assert [row[0] for row in neurons.rows] == ["0:3", "1:0", "2:5"]
    assert neurons.rows[2][1:] == ("24 of 24", "0 of 24", "24 of 24", "0 of 24", "hanoi, tulip")


def test_other_pairs_and_the_other_way_round_are_refuted_or_open(judge):
    assert judge(FEWEST).verdict == "refuted"
    wrong = MOST.replace("vietnam", "tulip").replace("and tulip, violent", "and vietnam, violent")
    assert judge(wrong).verdict != "supported"
    nothing = FEWEST.replace("hanoi and vietnam", "tulip and violent").replace(
        "them and tulip, violent", "them and hanoi, vietnam"
    )
    assert judge(nothing).verdict == "inconclusive"  # hanoi and violent share as few
    grouped = judge(grouped=2)
    assert grouped.evidence.counts[0] == ("hanoi", 12)
    assert grouped.evidence.effect.low < judge().evidence.effect.low


def test_the_p_is_the_largest_of_the_pairs_and_against_the_claim_it_allows_for_all():
    rng = np.random.default_rng(0)
    sets = [(rng.random((12, 9)) < chance).astype(float) for chance in (0.6, 0.5, 0.2, 0.1)]
    numbers = [
        range(12),
        range(6, 18),
        range(30, 42),
        range(50, 62),
    ]  # the first two have six groups in common
    found = PairMeans.of(sets, numbers, 9, seed=1, draws=999)
    apart = [(a, b) for a, b in product(range(12), range(12)) if numbers[0][a] != numbers[1][b]]
    assert found.means[0, 1].value == pytest.approx(np.mean([sets[0][a] @ sets[1][b] for a, b in apart]))
    rivals = [pair for pair in found.means if pair != (0, 1)]
    below = [found.means[0, 1].below - found.means[pair].above for pair in rivals]
    above = [found.means[0, 1].above - found.means[pair].below for pair in rivals]
    for bound in (-1.0, 0.0, 0.8):
        up, down = found.least_margin((0, 1), most=True, level=0.95).tails(bound)
        assert up == max(1 + (each <= bound).sum() for each in below) / 1000
        assert down == min(1.0, len(rivals) * min(1 + (each >= bound).sum() for each in above) / 1000)
    fewer = found.least_margin((2, 3), most=False, level=0.95)
    least = min(mean.value for pair, mean in found.means.items() if pair != (2, 3))
    assert fewer.value == pytest.approx(least - found.means[2, 3].value)


@pytest.mark.parametrize("rare", [False, True])
def test_where_two_pairs_tie_hardly_any_interval_leaves_0(rare):
    """The second set shares one neuron with the first always, or all ten in one prompt of ten; the third one always."""
    wrong = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        sets = [np.zeros((12, 40)) for _ in range(3)]
        sets[0][:, :10] = sets[1][:, 10:20] = sets[2][:, 20:30] = 1.0
        sets[2][:, [9, 29]] = (1.0, 0.0)
        here = rng.random(12) < 0.1 if rare else np.zeros(12, dtype=bool)
        sets[1][here] = sets[0][0]
        if not rare:
            sets[1][:, [8, 19]] = (1.0, 0.0)
        found = PairMeans.of(
            sets, [range(12), range(20, 32), range(40, 52)], 10, seed=seed, draws=199
        ).least_margin((0, 2), most=True, level=0.95)
        wrong += found.low > 0 or found.high < 0
    assert wrong <= 3


def test_what_cannot_be_claimed_is_refused_with_a_reason(judge):
    for claim, said in (
        (MOST.replace("tulip", "hanoi"), "already"),
        (MOST.replace("over base", "over tulip"), "the baseline"),
        (MOST.replace("tulip", "tulips"), "did you mean 'tulip'"),
        (MOST.replace("hanoi and vietnam", "hanoi and hanoi"), "itself"),
    ):
        with pytest.raises(ClaimFileError, match=said):
            judge(claim)
    with pytest.raises(ClaimFileError, match="names no neuron"):
        judge(head="searched: layer 1\n")
