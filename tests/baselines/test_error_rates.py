"""How often drift is cried, and held said, on values whose true change is known: simulated, family by family."""

from __future__ import annotations

import numpy as np
import pytest
from rows_made import row

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
        old[name] = row(a, b, scale=scale, paired=paired)
        new[name] = row(*change(a, b), scale=scale, paired=paired, verdict=verdict)
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
def test_nothing_drifts_in_a_hundred_repetitions_of_the_same_weights(scale):
    def rounding(rng, a, b):
        return a * (1 + rng.uniform(-2e-6, 2e-6, N)), b * (1 + rng.uniform(-2e-6, 2e-6, N))

    alarms, seen = share_of_alarms(100, 1, 10, rounding, scale=scale, verdict="inconclusive")
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

    alarms, _ = share_of_alarms(120, 2, 8, wander, scale=scale, verdict=verdict)
    assert alarms <= at_most(0.05, 120)


@pytest.mark.parametrize("paired", [False, True])
def test_a_true_fall_of_just_the_margin_is_called_weaker_no_more_often_than_alpha(paired):
    def fall(rng, a, b):
        return 0.8 * a + rng.normal(0, 0.4, N), 0.8 * b + rng.normal(0, 0.4, N)

    alarms, seen = share_of_alarms(400, 3, 1, fall, paired=paired)
    assert alarms <= at_most(0.05, 400)
    # Nor is it called held more often than that: the margin itself is what is to be excluded.
    assert seen.count("held") / 400 <= at_most(0.05, 400)


def test_a_fall_well_beyond_the_margin_is_found_and_one_well_within_it_excluded():
    def by(share):
        return lambda rng, a, b: (share * a + rng.normal(0, 0.1, N), share * b + rng.normal(0, 0.1, N))

    _, halved = share_of_alarms(60, 4, 5, by(0.5))
    _, kept = share_of_alarms(60, 5, 5, by(0.97))
    assert halved.count("weaker") / len(halved) > 0.9
    assert kept.count("held") / len(kept) > 0.9
