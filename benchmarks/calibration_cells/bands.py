"""How far a share may stray from its level by chance: central 99.9 % of the binomial distribution."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from calibration_cells.cell import Row

RISK = 1e-3
"""Chance that a row falls outside its limits although all is well."""
COVERAGE = 0.93
"""What a 95 % interval must cover at least, in every cell."""


def band(n: int, level: float) -> tuple[float, float]:
    """Return the shares of ``n`` between which a binomial share of true value ``level`` stays, but for RISK."""
    low, high = (float(binom.ppf(tail, n, level)) for tail in (RISK / 2, 1 - RISK / 2))
    return low / n, high / n


def attained(alpha: float, smallest_p: float) -> float:
    """Return the level a test really has at ``alpha`` when its p comes in equal steps of ``smallest_p``."""
    return math.floor(alpha / smallest_p + 1e-9) * smallest_p


def rejected(
    table: str,
    case: Mapping[str, str],
    measure: str,
    p: NDArray[np.float64],
    alpha: float,
    level: float | None = None,
) -> Row:
    """Return the share of ``p`` at or below ``alpha``: at most the band of alpha, at least that of ``level``.

    ``level`` is what the test attains; None where ties or few possible values put that below alpha by an
    amount that depends on the data, so that only the upper limit binds.
    """
    return share(table, case, measure, p <= alpha, alpha, level)


def share(
    table: str,
    case: Mapping[str, str],
    measure: str,
    hits: NDArray[np.bool_],
    alpha: float,
    level: float | None = None,
    *,
    counted: bool = False,
) -> Row:
    """Return how often ``hits`` is true: at most the band of ``alpha``, at least that of ``level`` (None: 0)."""
    n = len(hits)
    low = None if level is None else band(n, level)[0] if level > 0 else 0.0
    return Row(table, case, measure, float(hits.mean()), n, low, band(n, alpha)[1], counted=counted)


def published(
    table: str, case: Mapping[str, str], measure: str, hits: NDArray[np.bool_], *, left_open: bool = False
) -> Row:
    """Return how often ``hits`` is true, with no limits."""
    return Row(table, case, measure, float(hits.mean()), len(hits), left_open=left_open)


def covered(
    table: str,
    case: Mapping[str, str],
    measure: str,
    hits: NDArray[np.bool_],
    least: float = COVERAGE,
    note: str = "",
) -> Row:
    """Return how often an interval held the truth: at least ``least``, or the band of .95 in a small run."""
    floor = min(least, band(len(hits), 0.95)[0])
    return Row(table, case, measure, float(hits.mean()), len(hits), floor, None, note)
