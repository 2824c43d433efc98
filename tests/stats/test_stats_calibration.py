"""Under the null hypothesis a test rejects as often as it says: 2,000 data sets as 2,000 columns."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from neuronclaims.stats import two_sample_tests

SETS = 2000
BAND = {alpha: stats.binom.ppf([0.0005, 0.9995], SETS, alpha) / SETS for alpha in (0.05, 0.01)}
DRAWS = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "heavy tails": lambda rng, shape: rng.standard_t(3, shape),
    "lognormal": lambda rng, shape: rng.lognormal(0, 1.5, shape),
    "spikes at zero": lambda rng, shape: np.where(rng.random(shape) < 0.7, 0, rng.exponential(1, shape)),
}


@pytest.mark.parametrize("kind", DRAWS)
@pytest.mark.parametrize(
    ("n1", "n2", "paired", "statistic"),
    [
        (5, 10, False, "mean"),
        (8, 8, False, "mean"),
        (20, 20, False, "mean"),
        (5, 10, False, "auroc"),
        (9, 9, True, "mean"),
    ],
)
def test_false_positives_stay_in_the_binomial_band(kind, n1, n2, paired, statistic):
    rng = np.random.default_rng([n1, n2])
    a, b = (DRAWS[kind](rng, (n, SETS)).astype(np.float32) for n in (n1, n2))
    found = two_sample_tests(
        a,
        b,
        paired=paired,
        statistic=statistic,
        alternative="two-sided",
        seed=1,
        resamples=999,
        exact_limit=20_000,
    )
    for alpha, (low, high) in BAND.items():
        rejected = np.mean(found.p_value <= alpha)
        attained = np.floor(alpha / found.smallest_p) * found.smallest_p  # exact p-values come in steps
        assert rejected <= high
        if kind != "spikes at zero":  # the permutation p alone: Welch's t-test as a second opinion is careful
            assert np.mean(found.p_permutation <= alpha) >= low - (alpha - attained)
