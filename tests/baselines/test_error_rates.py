"""How often drift is cried, and held said, on values whose true change is known: simulated, family by family."""

from __future__ import annotations

import numpy as np
import pytest
from cases import for_each
from rows_made import in_blocks, one_set, ratio, row
from thorough import draws

from neuronclaims.baselines.drift import drifts
from neuronclaims.baselines.policy import Policy

POLICY = Policy(frozenset({"lost"}))
ALARMS = {"weaker", "stronger", "lost", "gained"}
N = 14


def family(rng, claims, change, *, scale="difference", paired=False, verdict="supported", apart=2.0):
    """Old and new rows of a family; ``change`` makes a claim's new values of its old ones."""
    old, new = {}, {}
    for place in range(claims):
        a, b = rng.normal(apart, 1, N), rng.normal(0, 1, N)
        name = f"c{place}"
        asked = f"claim {rng.integers(1 << 62)}"  # random arrangements are drawn for what a claim asks
        old[name] = row(a, b, scale=scale, paired=paired, content=asked)
        new[name] = row(*change(a, b), scale=scale, paired=paired, verdict=verdict, content=asked)
    return old, new


def share_of_alarms(repetitions, seed, claims, change, **options):
    """In what share of repetitions any claim of the family is said to have drifted, and how the rest came out."""
    rng, alarms, seen = np.random.default_rng(seed), 0, []
    for _ in range(repetitions):
        found = drifts(*family(rng, claims, lambda a, b: change(rng, a, b), **options), POLICY, noise=1e-5)
        alarms += any(each.status in ALARMS for each in found.values())
        seen += [each.status for each in found.values()]
    return alarms / repetitions, seen


def at_most(rate, repetitions):
    """The largest share that a true rate gives but once in a thousand times."""
    import scipy.stats

    return scipy.stats.binom.ppf(0.999, repetitions, rate) / repetitions


@pytest.mark.parametrize("scale", ["difference", "sd", "auroc"])
def test_nothing_drifts_in_many_repetitions_of_the_same_weights(scale):
    def rounding(rng, a, b):
        return a * (1 + rng.uniform(-2e-6, 2e-6, N)), b * (1 + rng.uniform(-2e-6, 2e-6, N))

    alarms, seen = share_of_alarms(draws(30, 100), 1, 10, rounding, scale=scale, verdict="inconclusive")
    assert alarms == 0
    assert set(seen) == {"held"}


@pytest.mark.parametrize("verdict", ["supported", "inconclusive"])
@pytest.mark.parametrize("scale", ["difference", "sd", "auroc"])
def test_a_family_whose_values_wander_without_drifting_is_left_alone_at_the_stated_rate(scale, verdict):
    def wander(rng, a, b):
        return a + rng.normal(0, 0.5, N), b + rng.normal(0, 0.5, N)

    if scale == "sd":

        def wander(rng, a, b):  # noise widens the spread, so the effect in sd is put back where it was
            return tuple(
                s.mean() + (moved - moved.mean()) * s.std() / moved.std() + rng.normal(0, 0.15)
                for s in (a, b)
                for moved in [s + rng.normal(0, 0.5, N)]
            )

    repetitions = draws(40, 80)
    alarms, _ = share_of_alarms(repetitions, 2, 4, wander, scale=scale, verdict=verdict)
    assert alarms <= at_most(0.05, repetitions)


@pytest.mark.parametrize("paired", [False, True])
def test_a_true_fall_of_just_the_margin_is_called_weaker_no_more_often_than_alpha(paired):
    def fall(rng, a, b):
        return 0.8 * a + rng.normal(0, 0.4, N), 0.8 * b + rng.normal(0, 0.4, N)

    repetitions = draws(100, 240)
    alarms, seen = share_of_alarms(repetitions, 3, 1, fall, paired=paired)
    assert alarms <= at_most(0.05, repetitions)
    # Nor is it called held more often than that: the margin itself is what is to be excluded.
    assert seen.count("held") / repetitions <= at_most(0.05, repetitions)


def test_a_fall_well_beyond_the_margin_is_found_and_one_well_within_it_excluded():
    def by(share):
        return lambda rng, a, b: (share * a + rng.normal(0, 0.1, N), share * b + rng.normal(0, 0.1, N))

    _, halved = share_of_alarms(draws(12, 24), 4, 5, by(0.5))
    _, kept = share_of_alarms(draws(12, 24), 5, 5, by(0.97))
    assert halved.count("weaker") / len(halved) > 0.9
    assert kept.count("held") / len(kept) > 0.9


BLOCKS = ((0,) * 6 + (1,) * 3 + (2,) + (3,) * 4, (0,) * 2 + (1,) * 5 + (2,) * 3 + (3,))
"""Blocks of uneven sizes, two of them with a single unit of a set."""


def of_shares(rng, keeps, n, groups=1):
    """Prompts that have what is claimed, one in five of which lose it: alone, or in groups that are alike."""
    chance = rng.beta(4, 1, (n, 1)) if groups > 1 else np.full((n, 1), 0.9)
    old = rng.random((n, groups)) < chance
    new = old & (rng.random((n, groups)) < keeps)
    return one_set(old.mean(1)), one_set(new.mean(1))


def of_ratios(rng, keeps, n):
    bottoms = rng.lognormal(0, 0.5, n)
    tops, later = 0.5 * bottoms + rng.normal(0, 0.05, n), bottoms * rng.lognormal(0, 0.2, n)
    return ratio(tops, bottoms), ratio(keeps * 0.5 * later + rng.normal(0, 0.05, n), later)


def of_tokens(rng, keeps, n):
    old = rng.beta(8, 2, n)
    return one_set(old, "mean"), one_set(np.clip(keeps * old + rng.normal(0, 0.08, n), 0, 1), "mean")


def of_documents(rng, keeps, n):
    old = rng.beta(9, 2, n)
    new = 0.5 + keeps * (old - 0.5) + rng.normal(0, 0.06, n)
    return one_set(old, "mean AUROC"), one_set(new, "mean AUROC")


def of_blocks(rng, keeps, scale):
    """A true effect in standard deviations, or an AUROC, of exactly the share that is kept of the old one."""
    import scipy.stats

    apart = later = 1.2
    if scale == "auroc":
        kept = 0.5 + keeps * (scipy.stats.norm.cdf(apart / np.sqrt(2)) - 0.5)
        later = float(scipy.stats.norm.ppf(kept) * np.sqrt(2))
    elif scale == "sd":
        later = keeps * apart
    levels, sides = rng.normal(0, 3, 4), [(len(BLOCKS[0]), apart, later), (len(BLOCKS[1]), 0.0, 0.0)]
    old, new = [], []
    for (n, was, now), block in zip(sides, BLOCKS, strict=True):
        own = rng.normal(0, 1, n)
        noise = 0.9 * own + np.sqrt(1 - 0.81) * rng.normal(0, 1, n)
        old.append(was + own + levels[list(block)])
        new.append(now + noise + levels[list(block)])
    if scale == "difference":
        new = [keeps * side + rng.normal(0, 0.4, len(side)) for side in old]
    return in_blocks(*old, BLOCKS, scale), in_blocks(*new, BLOCKS, scale)


MADE = {
    "12 prompts": lambda rng, keeps: of_shares(rng, keeps, 12),
    "20 prompts": lambda rng, keeps: of_shares(rng, keeps, 20),
    "14 groups of 5": lambda rng, keeps: of_shares(rng, keeps, 14, 5),
    "restorations": lambda rng, keeps: of_ratios(rng, keeps, 12),
    "shares of tokens": lambda rng, keeps: of_tokens(rng, keeps, 12),
    "documents": lambda rng, keeps: of_documents(rng, keeps, 12),
    "means in blocks": lambda rng, keeps: of_blocks(rng, keeps, "difference"),
    "AUROC in blocks": lambda rng, keeps: of_blocks(rng, keeps, "auroc"),
    "sd in blocks": lambda rng, keeps: of_blocks(rng, keeps, "sd"),
}


def said_of(made, keeps, repetitions, seed):
    rng, seen = np.random.default_rng(seed), []
    for _ in range(repetitions):
        old, new = MADE[made](rng, keeps)
        seen.append(drifts({"x": old}, {"x": new}, POLICY, noise=1e-5)["x"])
    assert {found.by for found in seen} == {"values"}
    return [
        "same" if found.sentence.startswith("every value is the same") else found.status for found in seen
    ]


@for_each("made", MADE)
def test_of_every_kind_a_true_fall_of_just_the_margin_is_seldom_called_weaker_or_held(made):
    repetitions = draws(60, 120)
    seen = said_of(made, 0.8, repetitions, 6)
    assert (seen.count("weaker") + seen.count("stronger")) / repetitions <= at_most(0.05, repetitions)
    assert seen.count("held") / repetitions <= at_most(0.05, repetitions)


@pytest.mark.parametrize(
    "made", ["20 prompts", "14 groups of 5", "restorations", "shares of tokens", "documents"]
)
def test_of_kinds_whose_units_are_measured_alone_a_large_fall_is_found(made):
    assert said_of(made, 0.2, 60, 7).count("weaker") > 54


@pytest.mark.parametrize("made", ["restorations", "shares of tokens", "documents"])
def test_of_kinds_whose_values_are_graded_hardly_any_fall_is_excluded(made):
    assert said_of(made, 0.99, 60, 8).count("held") > 45
