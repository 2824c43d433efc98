"""Sign-flip test of one sample of differences."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.inputs import Alternative, StatsError, vector
from neuronclaims.stats.permutation.relabelling import observed, relabel
from neuronclaims.stats.permutation.results import TestResult
from neuronclaims.stats.permutation.running import Prepared, check_alternative, never_varies
from neuronclaims.stats.settings import LEVEL, Level, Resampling


def one_sample_test(
    values: ArrayLike,
    *,
    null: float = 0.0,
    alternative: Alternative,
    resampling: Resampling,
    level: Level = LEVEL,
    unit: str = "unit",
) -> TestResult:
    """Test whether values lie above (``greater``), below or off ``null``, by flipping signs.

    ``values`` [n] hold one finite value per unit. Under the null hypothesis values - ``null`` are as likely
    with either sign. That is exact for differences within pairs whose two sides could be exchanged; of
    values of another kind it supposes symmetry about ``null``, which ``stats.assumption_warnings`` looks at.
    Differences of exactly 0 count in the mean and cannot make anything significant. The statistic is the mean of values
    - ``null``, taken once in float64; ties count exactly from there on. On the differences of pairs this is
    ``two_sample_test(paired=True)``. Other options as there.

    Raises StatsError for NaN, infinity, or fewer than two values.

    >>> one_sample_test([1, 2, 3, 4], alternative="greater", resampling=Resampling(seed=0)).p_value
    0.0625
    """
    check_alternative(alternative)
    array = vector(values, "The values")[:, None] - float(vector([null], "null")[0])
    if len(array) < 2:
        raise StatsError(f"A test of one sample needs at least 2 values, but there are {len(array)}.")
    zeros = np.zeros_like(array)
    prepared = Prepared(
        ready=relabel(array, zeros, paired=True, statistic="mean"),
        statistic=observed(array, zeros, paired=True, statistic="mean")[0],
        name="mean" if null == 0 else f"mean less {null:g}",
        exchange="sign flips",
        units=f"of {len(array)} {unit}s",
        degenerate=never_varies(array, zeros),
        alternative=alternative,
        level=level,
        act="flip the signs",
    )
    return prepared.one(resampling)
