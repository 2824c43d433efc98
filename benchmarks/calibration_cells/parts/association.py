"""C12: activation and outcome differ between documents, or drift along them, but are unrelated within."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.stats import mannwhitneyu

from calibration_cells.bands import covered, published, rejected
from calibration_cells.cell import Cell, Row, random, stream
from calibration_cells.parts.draws import Floats
from calibration_cells.parts.trials import DRAWN
from neuronclaims import stats

Tokens = tuple[Floats, NDArray[np.bool_]]
TABLE = "No relation within documents: how often a two-sided test at 0.05 finds one"


def confounded(rng: np.random.Generator, documents: int, length: int) -> Tokens:
    """Return activations and outcomes [documents, length] that both follow the document's level."""
    level = rng.standard_normal((documents, 1))
    x = 2 * level + rng.standard_normal((documents, length))
    return x, rng.random((documents, length)) < 1 / (1 + np.exp(-2 * level))


def drifting(rng: np.random.Generator, documents: int, length: int) -> Tokens:
    """Return two independent series per document, each of which remembers 0.9 of its last value."""
    x, y = (
        lfilter([1.0], [1.0, -0.9], rng.standard_normal((documents, length + 50)), axis=1)[:, 50:]
        for _ in range(2)
    )
    return x, y > 0


CASES: tuple[tuple[str, Callable[[np.random.Generator, int, int], Tokens], int, int], ...] = (
    ("both follow the document", confounded, 8, 20),
    ("both follow the document", confounded, 20, 20),
    ("both drift (0.9 from token to token)", drifting, 10, 40),
    ("both drift (0.9 from token to token)", drifting, 15, 40),
)


def unrelated(repetitions: int, seed: int) -> list[Row]:
    rows = []
    for name, make, documents, length in CASES:
        rng, parts = random(seed, "C12", name, documents), ("C12", name, documents)
        p, pooled, holds = [], [], []
        for number in range(repetitions):
            x, y = make(rng, documents, length)
            pooled.append(float(mannwhitneyu(x[y], x[~y]).pvalue) if 0 < y.sum() < y.size else 1.0)
            found, estimate = _within(x, y, stream(seed, *parts, number))
            p.append(found)
            holds.append(estimate)
        case = {"activation and outcome": name, "documents": f"{documents} of {length} tokens"}
        rows.append(rejected(TABLE, case, "one number per document (ours)", np.array(p), 0.05))
        rows.append(published(TABLE, case, "all tokens pooled (Mann-Whitney)", np.array(pooled) <= 0.05))
        interval = np.array([one for one in holds if one is not None], dtype=np.bool_)
        rows.append(covered(TABLE, case, "95 % interval holds 0.5", interval))
    return rows


def _within(x: Floats, y: NDArray[np.bool_], seed: int) -> tuple[float, bool | None]:
    """Return p of the within-document test, and whether its interval holds the truth (None: too few documents)."""
    telling = [(values, hits) for values, hits in zip(x, y, strict=True) if 0 < hits.sum() < hits.size]
    if len(telling) < 2:
        return 1.0, None  # no test, so no rejection
    effects = np.array([stats.auroc(values[hits], values[~hits]) - 0.5 for values, hits in telling])
    names = tuple(str(place) for place in range(len(effects)))
    found = stats.WithinUnits("AUROC", effects, names, len(x) - len(effects), 0.5, 0.0, 1.0)
    p = stats.association_test(
        found,
        alternative="two-sided",
        resampling=stats.Resampling(seed=seed, draws=DRAWN, exact_limit=20_000, max_draws=DRAWN),
    ).p_value
    estimate = stats.association_estimate(found)
    if estimate.low is None or estimate.high is None:
        return p, None
    return p, estimate.low <= 0.5 <= estimate.high


CELLS = (Cell("C12", "unrelated", unrelated, 2_000, 20_000),)
