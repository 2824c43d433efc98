"""Searches: draws until settled, the neuron that is named, and ``searched`` beside a claim of any kind."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from math import comb
from pathlib import Path

import numpy as np
import pytest
from cases import for_each
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, ttest_ind
from scipy.stats import t as t_law

from neuronclaims import stats
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.kinds.shared.subjects.selection import allowing_for_search, level_for
from neuronclaims.kinds.shared.subjects.subjects import NeuronStatement, TestedNeuron, best_neuron
from neuronclaims.planning.announcements import unreachable
from neuronclaims.pytest_session.known.forewarning import searched_everywhere
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.stats.power.reach import smallest_p
from neuronclaims.study import Study

UNITS, WIDTH = 20, 60
CONFIG = {
    "model_type": "gpt2",
    "n_layer": 1,
    "n_embd": WIDTH,
    "n_head": 2,
    "n_positions": 64,
    "vocab_size": 9,
}
SETS = {name: [f"{name} {place}" for place in range(UNITS)] for name in ("up", "down")}


def noise(seed: int = 5) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=(UNITS, WIDTH)) for name in SETS}


def judged(folder: Path, values: dict[str, np.ndarray], *claims: str, head: str = "", sets=None):
    def measure(source, measurements, *, cache, options, progress):
        rows = {m: [prompt.split() for prompt in m.prompts] for m in measurements}
        return {
            m: np.array([values[name][int(row)] for name, row in asked], np.float32)
            for m, asked in rows.items()
        }

    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "config.json").write_text(json.dumps(CONFIG))
    (folder / "model" / "model.safetensors").write_bytes(b"")
    lines = ["version: 1", "models: [model]", "site: resid_post", "tokens: mean of prompt", head]
    lines += [f"sets: {json.dumps(SETS | (sets or {}))}", "claims:", *(f"  - {claim}" for claim in claims)]
    path = folder / "x.claims.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return list(Study(measure=measure).judge(read_claim_file(path, templates()), "model").values())


@pytest.mark.parametrize("claim", ["some neuron activates more", "some neuron separates"])
def test_a_search_draws_until_it_is_settled(tmp_path, claim):
    """That none of 9,999 draws is as clear says too little at a level of 1 in 1,000: Clopper and Pearson allow 1.5."""
    values = noise()
    values["up"][:, 7] += 12
    [result] = judged(
        tmp_path,
        values,
        f"{claim} {'for up than down' if 'more' in claim else 'up from down'}",
        head="alpha: 0.001",
    )
    test = result.evidence.test
    assert (result.verdict, test.arrangements, test.p_value) == ("supported", 99_999, pytest.approx(2e-5))
    assert test.smallest_p == pytest.approx(2e-6)
    assert "Found among 60 neurons: neuron 0:7." in result.evidence.notes


def test_a_hopeless_search_draws_no_more(tmp_path):
    [result] = judged(tmp_path, noise(), "some neuron activates more for up than down", head="alpha: 0.001")
    assert (result.verdict, result.evidence.test.arrangements) == ("inconclusive", 9_999)


def test_what_a_search_may_cost_bounds_its_draws_and_the_reason_says_so():
    asked = stats.Resampling(seed=0, stop_after=999_999)
    small, large = asked.for_search(4_096, 40), asked.for_search(46_080, 40)
    assert (small.draws, large.draws, large.max_draws) == (999_999, 99_999, 99_999)
    assert (
        replace(asked, draws=200_000).for_search(46_080, 40).draws == 200_000
    )  # what a file asks for is made
    assert replace(asked, stop_after=0).for_search(46_080, 40).draws == 9_999
    estimate = stats.mean_difference_estimate([4.0, 5, 6], [1.0, 2, 3])
    open_still = stats.Tested("greater", 0.0, None, estimate, 0.051, 0.0, resolved=False, draws=large.draws)
    said = stats.explain(stats.decide(open_still), effect="difference of means")
    assert said.startswith("99,999 random relabellings, the most made for it, cannot tell on which side")


def test_more_draws_name_no_other_neuron_in_a_family(tmp_path):
    """Two neurons differ, one more clearly; among 40 claims the p of neither is settled by the first draws."""
    values = noise(11)
    values["up"][:, 7] += 1.9
    values["up"][:, 30] += 1.6
    others = [f"neuron 0:{index} activates more for up than down" for index in range(10, 50)]
    named = {
        next(note for note in result.evidence.notes if note.startswith("Found"))
        for draws in (999, 9_999, 50_000)
        for result in judged(
            tmp_path,
            values,
            "some neuron activates more for up than down",
            *others,
            head=f"resamples: {draws}",
        )[:1]
    }
    a, b = values["up"], values["down"]
    t = (a.mean(0) - b.mean(0)) / np.sqrt(a.var(0, ddof=1) + b.var(0, ddof=1))
    assert named == {f"Found among 60 neurons: neuron 0:{t.argmax()}."}


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from(["mean", "auroc"]),
    st.sampled_from(["greater", "less", "two-sided"]),
    st.sampled_from([(9, 9), (6, 13)]),
)
def test_more_draws_change_the_neuron_only_within_their_error(seed, statistic, side, sizes):
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(sizes[0], 12)), rng.normal(size=(sizes[1], 12))
    first[:, 3] += rng.uniform(-2, 2)
    estimate = stats.auroc_estimate if statistic == "auroc" else stats.mean_difference_estimate
    null = 0.5 if statistic == "auroc" else 0.0
    bound = NeuronStatement(side, null, None, 0.05)

    def best(draws: int):
        results = stats.search_tests(
            first,
            second,
            exchange=stats.UNITS,
            statistic=statistic,
            resampling=stats.Resampling(seed, draws=draws, stop_after=0, exact_limit=1),
        )

        def one_of(column: int) -> TestedNeuron:
            made = estimate(first[:, column], second[:, column], level=level_for(12))
            return TestedNeuron(Neuron(0, column), made, results.one(column))

        ruled = {column: bound.ruled(one_of(column)) for column in range(12)}
        return best_neuron(bound, results, one_of), ruled

    (few, _), (many, ruled) = best(199), best(4_999)
    claimed = [one for one in ruled.values() if bound.on_claimed_side(one)]
    if claimed:  # the smallest p of all on the claimed side
        assert many.test.p_value == min(one.test.p_value for one in claimed)
    if few.neuron != many.neuron:
        apart = abs(ruled[few.neuron.index].test.p_value - many.test.p_value)
        p = many.test.p_value / 2
        assert apart <= 2 * (5 * np.sqrt(p * (1 - p) / 199) + 3 / 200)


def test_without_a_maximum_p_and_interval_allow_for_all_neurons_searched():
    """Bonferroni, by SciPy's binomial."""
    made, test = stats.share_estimate(19, 20), stats.share_test(19, 20, null=0.5, alternative="two-sided")
    estimate, corrected = allowing_for_search(made, test, 768)
    assert corrected.p_value == pytest.approx(768 * 2 * binom.sf(18, 20, 0.5), rel=1e-6)
    assert binom.sf(18, 20, estimate.low) == pytest.approx(0.025 / 768, rel=1e-4)
    assert estimate.p_against(0.5) >= corrected.p_value * (1 - 1e-9)


@for_each(
    "units, who, beside, hopeless",
    [
        (8, "some neuron of layer 0", "", True),
        (8, "neuron 0:3", "searched: all layers", True),
        (20, "some neuron of layer 0", "", False),
        (8, "neuron 0:3", "", False),
    ],
)
def test_what_no_data_can_show_of_so_many_neurons_is_said_before(tmp_path, units, who, beside, hopeless):
    """A neuron that separates perfectly, by the rule itself: its widened interval and its arrangements."""
    first, second = np.arange(units) + 100.0, np.arange(units) * 1.0
    clearest = stats.auroc_estimate(first, second, level=level_for(46_080 if hopeless or units == 20 else 1))
    many = 46_080 if "some" in who or beside else 1
    by_rule = max(many * clearest.p_against(0.5), 2 / comb(2 * units, units))
    assert (by_rule > 0.05) == hopeless
    (tmp_path / "model").mkdir(exist_ok=True)
    config = CONFIG | {"n_embd": 11_520}  # mlp_post is four times as wide
    (tmp_path / "model" / "config.json").write_text(json.dumps(config))
    sets = {name: prompts[:units] for name, prompts in SETS.items()}
    path = tmp_path / "x.claims.yaml"
    claim = {"claim": f"{who} separates up from down"} | (
        {"searched": beside.partition(": ")[2]} if beside else {}
    )
    path.write_text(
        "version: 1\nmodels: [model]\nsite: mlp_post\ntokens: mean of prompt\n"
        f"sets: {json.dumps(sets)}\nclaims:\n  - {json.dumps(claim)}\n"
    )
    file = read_claim_file(path, templates())
    said = unreachable(file, searched_everywhere(file, file.models, {}))
    assert bool(said) == hopeless
    for reason in said.values():
        assert reason.startswith(
            "with 8 prompts and 8 prompts, picked from 46,080 neurons, even the clearest result"
        )
        found = int(re.search(r"(\d+) prompts per set would be enough", reason)[1])
        p = [max(46_080 * perfect(n).p_against(0.5), 2 / comb(2 * n, n)) for n in (found - 1, found)]
        assert p[1] <= 0.05 < p[0]


def perfect(n: int):
    return stats.auroc_estimate(np.arange(n) + 1e3, np.arange(n) * 1.0, level=level_for(46_080))


def test_a_search_of_sets_of_unequal_size_trusts_the_smaller_one_alone(tmp_path):
    """Student's t with its degrees of freedom, or the sign test of its values, by SciPy; equal sizes need neither."""
    values = noise(3)
    few = SETS["up"][:8]
    up, down = values["up"][:8, 7] + 2, values["down"][:, 7]
    values["up"][:, 7] += 2
    more, *_ = judged(
        tmp_path,
        values,
        "{claim: neuron 0:7 activates more for up than down, searched: all layers}",
        sets={"up": few},
    )
    t = ttest_ind(up, down, equal_var=False).statistic
    assert more.evidence.test.p_value >= min(1, WIDTH * 2 * t_law.sf(abs(t), 7)) * (1 - 1e-5)
    assert stats.search_guard(up, down, ranks=False) == pytest.approx(2 * t_law.sf(abs(t), 7))
    wide = 3 * up
    above = int((wide > np.median(down)).sum())
    assert stats.search_guard(down, wide, ranks=True) == pytest.approx(binomtest(above, 8).pvalue)
    assert stats.search_guard(values["up"][:, 7], down, ranks=False) == 0
    # What is announced of the clearest neuron is what the test gives it.
    planned = stats.PlannedClaim("auroc", 0.5, "two-sided", paired=False, searched=1_000)
    clearest = stats.search_guard(np.arange(12) + 100.0, np.arange(40) * 1.0, ranks=True)
    assert smallest_p(planned, 12, 40) == smallest_p(planned, 40, 12) == pytest.approx(1_000 * clearest)
