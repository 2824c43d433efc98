"""What a figure of relabelled statistics must show, given every one of them from a plain enumeration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from neuronclaims.figures import Null

BINS = 30


def nulls_of(result) -> list[Null]:
    """Return the figures of relabelled statistics that a result has."""
    return [figure for figure in result.evidence.figures if isinstance(figure, Null)]


def binned(values: np.ndarray) -> list[int]:
    """Count values in bins of one width; one that lies on an edge belongs to the upper bin."""
    width = (values.max() - values.min()) / BINS
    edges = values.min() + width * np.arange(1, BINS) - 1e-7 * width
    return np.bincount(np.searchsorted(edges, values, "right"), minlength=BINS).tolist()


def share_beyond(null: Null, values: Sequence[float], low: bool = False) -> float:
    """Return the share of ``values`` as high as observed, or as low, once ``null`` is seen to be all of them."""
    found = np.array(values, dtype=float)
    assert null.every
    assert (null.low, null.high) == pytest.approx((found.min(), found.max()), rel=1e-5, abs=1e-6)
    assert list(null.counts) == binned(found)
    return float(np.mean(found <= null.observed + 1e-6 if low else found >= null.observed - 1e-6))
