"""Claims of "does not" from sentence to verdict, against statsmodels' two one-sided tests and SciPy's intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import optimize
from scipy import stats as scipy_stats
from shapes_brute import tails_of_shape
from skewed import mean_p
from skewed_sets import difference_interval, difference_p
from small_world import claim_file, judged, values
from statsmodels.stats.weightstats import ttost_paired

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.planning.announcements import unreachable

NOT_MORE = "does not activate more for above than below"
LEAST_P = {6: 0.8**6, 14: 0.8**14, 20: 0.8**20}
"""The chance that so many prompts miss one in five: no p of a mean in its own unit is smaller."""


def one(folder: Path, claim: str, margin: str, **rest):
    [result] = judged(folder, f"{{claim: {claim}, margin: {margin}}}", **rest)
    assert result.error is None, result.error
    return result


@pytest.mark.parametrize(("direction", "bound"), [("more", 0.4), ("more", 0.3), ("less", -0.1)])
@pytest.mark.parametrize("second", ["below", "fewer"])
def test_not_more_in_the_activations_unit_is_tested_against_the_margin(tmp_path, direction, bound, second):
    claim = f"neuron 0:1 does not activate {direction} for above than {second}"
    result = one(tmp_path, claim, str(abs(bound)))
    a, b = values((0, 1), "above"), values((0, 1), second)
    right = max(difference_p(a, b, bound), LEAST_P[len(b)])
    test, effect = result.evidence.test, result.evidence.effect
    assert test.p_value == pytest.approx(right, rel=1e-7)
    assert test.alternative == {"more": "not greater", "less": "not less"}[direction]
    assert [effect.low, effect.high] == pytest.approx(difference_interval(a, b), rel=1e-7)
    inside = effect.high <= bound if direction == "more" else effect.low >= bound
    assert (result.verdict == "supported") == inside == (right <= 0.05)


def test_in_both_directions_the_bounds_are_the_margins_ends(tmp_path):
    a, b = values((2, 0), "above"), values((2, 0), "below")
    lower, upper = (difference_p(a, b, bound) for bound in (-0.2, 0.2))  # two-sided, against each bound
    lower, upper = max(lower, LEAST_P[20]), max(upper, LEAST_P[20])
    more, less = (
        one(tmp_path, f"neuron 2:0 does not activate {way} for above than below", "0.2")
        for way in ("more", "less")
    )
    assert more.evidence.test.p_value == pytest.approx(upper, rel=1e-7)
    assert less.evidence.test.p_value == pytest.approx(lower, rel=1e-7)


def test_pairs_are_compared_within_pairs(tmp_path):
    result = one(tmp_path, "neuron 1:0 does not activate more for aboves than belows", "0.2")
    a, b = values((1, 0), "aboves"), values((1, 0), "belows")
    _, _, upper = ttost_paired(a, b, -0.2, 0.2)
    right = mean_p(a - b, 0.2)  # the larger one, of t corrected for skewness
    assert result.evidence.test.p_value == pytest.approx(right, rel=1e-7)
    assert right > max(2 * upper[1], LEAST_P[20])
    assert result.evidence.paired
    few = one(tmp_path, "neuron 1:0 does not activate more for ups than downs", "0.5")
    _, _, upper = ttost_paired(values((1, 0), "ups"), values((1, 0), "downs"), -0.5, 0.5)
    assert few.evidence.test.p_value == pytest.approx(LEAST_P[6])
    assert 2 * upper[1] < 0.05


def test_a_margin_in_sd_is_tested_for_values_of_any_shape(tmp_path):
    result = one(tmp_path, "neuron 1:1 does not activate more for up than down", "1.5 sd")
    a, b = values((1, 1), "up"), values((1, 1), "down")
    right = 2 * tails_of_shape(a, b, paired=False)(1.5)[1]
    assert result.evidence.test.p_value == pytest.approx(right, rel=1e-3)
    assert "sd" in result.reason


def newcombe_p(a, b, bound: float, above: bool) -> float:
    """The score test at a bound, of variance after Hanley and McNeil (Newcombe 2006, method 5), equal sizes."""
    auroc = np.mean([(x > y) + 0.5 * (x == y) for x in a for y in b])
    n1, n2 = len(a), len(b)
    star = (n1 + n2) / 2 - 1
    variance = (
        bound * (1 - bound) * (1 + star * (1 - bound) / (2 - bound) + star * bound / (1 + bound)) / (n1 * n2)
    )
    z = (auroc - bound) / np.sqrt(variance)
    return float(scipy_stats.norm.sf(z) if above else scipy_stats.norm.cdf(z))


def test_not_separating_asks_for_both_sides_of_the_margin(tmp_path):
    result = one(tmp_path, "neuron 2:2 does not separate up from down", "0.4")
    a, b = values((2, 2), "up"), values((2, 2), "down")
    assert (
        result.evidence.test.p_value
        >= 2 * max(newcombe_p(a, b, 0.1, above=True), newcombe_p(a, b, 0.9, above=False)) - 1e-12
    )
    assert result.evidence.effect.level == pytest.approx(0.95)
    inside = result.evidence.effect.low >= 0.1 and result.evidence.effect.high <= 0.9
    assert inside == (result.evidence.test.p_value <= 0.05) == (result.verdict == "supported")
    assert "an AUROC between 0.1 and 0.9" in result.reason or inside


@pytest.mark.parametrize(
    ("claim", "margin", "verdict"),
    [
        (f"neuron 2:1 {NOT_MORE}", "0.2", "refuted"),
        (f"neuron 0:3 {NOT_MORE}", "0.2", "supported"),  # far lower is not more either
        ("neuron 2:1 does not activate less for below than above", "0.2", "refuted"),
        ("neuron 1:2 does not separate up from down", "0.05", "refuted"),
        (f"neuron 0:1 {NOT_MORE}", "0.01", "inconclusive"),
    ],
)
def test_does_not_has_three_verdicts(tmp_path, claim, margin, verdict):
    assert one(tmp_path, claim, margin).verdict == verdict


def test_within_blocks_p_is_the_level_at_which_the_interval_reaches_the_margin(tmp_path):
    from neuronclaims.stats import blocked_mean_difference_estimate

    result = one(tmp_path, "neuron 0:1 does not activate more for highs than lows", "0.3")
    a, b = values((0, 1), "highs"), values((0, 1), "lows")
    blocks = [0, 1] * 10
    alpha = optimize.brentq(
        lambda alpha: blocked_mean_difference_estimate(a, b, (blocks, blocks), level=1 - alpha).high - 0.3,
        1e-7,
        0.999,
        xtol=1e-14,
    )
    assert result.evidence.test.p_value == pytest.approx(alpha, rel=1e-5)
    assert alpha > LEAST_P[20]
    few = one(tmp_path, "neuron 0:1 does not activate more for high than low", "3")
    assert few.evidence.test.p_value == pytest.approx(LEAST_P[6])


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ("{claim: neuron 0:1 does not separate up from down, margin: 0.6}", "Write 'margin: 0.1'."),
        ("{claim: neuron 0:1 does not separate up from down, margin: 0.5 sd}", "Write 'margin: 0.1'."),
    ],
)
def test_a_margin_that_does_not_fit_is_one_clear_error(tmp_path, claim, message):
    result, fine = judged(tmp_path, claim, "neuron 0:1 activates more for up than down")
    assert message in (result.error or "")
    assert fine.error is None
    assert fine.evidence.test.family == 2


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        (
            f"neuron 0:1 {NOT_MORE}",
            "'does not activate' can be shown only up to a margin, and this claim has none: "
            "add 'margin: 0.5 sd', the difference that would matter",
        ),
        (
            "neuron 0:1 does not separate up from down",
            "'does not separate' can be shown only up to a margin, and this claim has none: "
            "add 'margin: 0.1', the distance of the AUROC from 0.5 that would matter",
        ),
        (
            "{claim: neuron 0:1 activates more for up than down, margin: 0.4}",
            "this claim denies nothing, so a margin means nothing to it: only 'does not activate' has one",
        ),
        (
            "{claim: neuron 0:1 separates up from down, margin: 0.1}",
            "this claim denies nothing, so a margin means nothing to it: only 'does not separate' has one",
        ),
    ],
)
def test_a_margin_that_lacks_or_means_nothing_is_told_as_the_file_is_read(tmp_path, claim, message):
    with pytest.raises(ClaimFileError) as caught:
        claim_file(tmp_path, claim)
    assert [problem.message for problem in caught.value.problems] == [message]


def test_a_margin_at_the_top_of_a_file_serves_every_claim_that_denies(tmp_path):
    denied, claimed = judged(
        tmp_path, f"neuron 0:1 {NOT_MORE}", "neuron 0:1 activates more for up than down", head="margin: 0.4"
    )
    assert denied.evidence.test.alternative == "not greater"
    assert claimed.evidence.test.method.startswith("exact permutation")


def test_prompts_too_few_to_show_it_are_told_before_any_model(tmp_path):
    file = claim_file(
        tmp_path,
        "{id: close, claim: neuron 0:1 does not separate up from down, margin: 0.1}",
        f"{{id: open, claim: neuron 0:1 {NOT_MORE}, margin: 0.1}}",
        "{id: few, claim: neuron 0:1 does not activate more for up than down, margin: 0.1}",
        "{id: sure, claim: neuron 0:1 does not activate more for up than down, margin: 9}",
        head="correction: none",
    )
    told = unreachable(file)
    assert list(told) == ["close", "few", "sure"]
    # 0.8^6; and 0.8^14 = .044
    assert "a p of 0.26, above 0.05; 14 prompts per set would be enough; nor can it" in told["few"]
    assert told["few"] == told["sure"]


def test_a_denial_is_never_tested_jointly_and_takes_its_own_place(tmp_path):
    claims = ["neuron 1:2 activates more for up than down", "neuron 2:1 activates more for up than down"]
    denial = f"{{claim: neuron 0:1 {NOT_MORE}, margin: 0.4}}"
    alone = judged(tmp_path, *claims, head="correction: max-statistic")
    together = judged(tmp_path, *claims, denial, head="correction: max-statistic")
    for before, after in zip(alone, together, strict=False):
        assert after.evidence.test.p_adjusted == pytest.approx(2 * before.evidence.test.p_adjusted)
    test = together[2].evidence.test
    assert test.p_adjusted == pytest.approx(min(1, 2 * test.p_value))


def test_an_undecided_denial_says_how_many_prompts_would_do(tmp_path):
    result = one(tmp_path, f"neuron 2:2 {NOT_MORE}", "0.2")
    assert result.verdict == "inconclusive"
    assert "includes 0.2, so neither" in result.reason
    plan = result.evidence.plan
    assert result.reason.endswith(plan.said)
    # How large 0.3 is in standard deviations is not known, so sizes of the margin are stated.
    assert [each.effect for each in plan.effects][:2] == [
        "0 against a margin of 0.5 sd",
        "0 against a margin of 0.8 sd",
    ]
    assert "is shown to lie within it" in plan.said
