"""An estimate gives its interval of any level: turned round from its p, it is the one made at that level."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy_stats
from skewed_sets import difference_interval

from neuronclaims import stats
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.study import Study

RNG = np.random.default_rng(5)
FIRST, SECOND = RNG.normal(1, 1, 12), RNG.normal(0, 2, 9)
CONFIG = '{"model_type": "gpt2", "n_layer": 1, "n_embd": 2, "n_head": 1, "n_positions": 64, "vocab_size": 9}'


@pytest.mark.parametrize("level", [0.9, 0.99, 0.999])
@pytest.mark.parametrize(
    "made", [stats.mean_difference_estimate, stats.hedges_g_estimate, stats.auroc_estimate]
)
def test_a_level_of_two_sets_is_the_interval_made_at_it(made, level):
    found, expected = made(FIRST, SECOND).at_level(level), made(FIRST, SECOND, level=level)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert found.level == level


def test_a_difference_of_means_at_99_percent_is_that_of_scipys_parts():
    found = stats.mean_difference_estimate(FIRST, SECOND).at_level(0.99)
    assert (found.low, found.high) == pytest.approx(difference_interval(FIRST, SECOND, 0.99), rel=1e-8)


@pytest.mark.parametrize("successes", [0, 3, 12])
def test_a_share_at_99_percent_is_scipys_and_ends_at_0_and_1(successes):
    found = stats.share_estimate(successes, 12).at_level(0.99)
    expected = scipy_stats.binomtest(successes, 12).proportion_ci(0.99)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-9, abs=1e-12)


def test_an_interval_of_which_only_one_level_is_known_stays():
    alone = stats.Estimate(stats.EffectSize("k", "k"), 1.0, 0.0, 2.0, 0.95, "given")
    assert alone.at_level(0.99) is alone


def test_a_file_with_another_alpha_shows_intervals_of_its_own_level(tmp_path: Path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(CONFIG)
    (folder / "model.safetensors").write_bytes(b"")
    ups, downs = ([f"{name} {place}" for place in range(8)] for name in ("up", "down"))
    (tmp_path / "a.claims.yaml").write_text(
        f"version: 1\nmodels: [model]\nsite: resid_post\ntokens: last of prompt\nalpha: 0.01\n"
        f"sets: {{up: {ups}, down: {downs}}}\nclaims:\n  - neuron 0:0 activates more for up than down\n"
    )
    values = {"up": RNG.normal(2, 1, (8, 2)), "down": RNG.normal(0, 1, (8, 2))}

    def measure(_, needs, **__):
        return {need: values[need.prompts[0].split()[0]].astype(np.float32) for need in needs}

    file = read_claim_file(tmp_path / "a.claims.yaml", templates())
    (result,) = Study(measure=measure).judge(file, "model").values()
    shown = {each.key: each for each in (result.evidence.effect, *result.evidence.other_effects)}
    two = [values[name][:, 0].astype(np.float32).astype(float) for name in ("up", "down")]
    expected = difference_interval(*two, 0.99)
    found = shown["mean_difference"]
    assert (found.low, found.high, found.level) == pytest.approx((*expected, 0.99))
    assert {each.level for each in shown.values() if each.low is not None} == {0.99}
