"""Test the claims about several neurons that exchange the same prompts together, by the maximum statistic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from neuronclaims import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.stats import Exchange, MaxResults, Resampling


@dataclass(frozen=True, slots=True, eq=False)
class JointShare:
    """One claim's share in a joint test: its neuron's values per unit, [n1] and [n2], and how they are tested.

    Where the claim names a number, it is taken off the first values. Only claims with the same ``joint_test_key`` are
    tested together: for those everything but the values is the same.
    """

    first: NDArray[np.float64]
    second: NDArray[np.float64]
    statistic: Literal["mean", "auroc"]
    exchange: Exchange
    resampling: Resampling


def step_down(joints: Sequence[JointShare], *, alpha: float, family: int) -> MaxResults:
    """Test the claims of one exchange together; return their p-values, corrected for one another, in the order given.

    Claims of either direction go together: p is two-sided. ``family`` is the number of exchanges whose p-values are
    compared with ``alpha`` afterwards.
    """
    one = joints[0]
    first = np.column_stack([joint.first for joint in joints])
    second = np.column_stack([joint.second for joint in joints])
    return stats.max_statistic_tests(
        first,
        second,
        exchange=replace(one.exchange, column="claim"),
        statistic=one.statistic,
        alternative="two-sided",
        resampling=one.resampling,
        level=stats.Level(alpha=alpha, family=family),
    )
