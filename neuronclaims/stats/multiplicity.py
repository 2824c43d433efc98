"""Correction of p-values for the number of claims made together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from neuronclaims.stats.inputs import Floats, StatsError, check_choice

Correction: TypeAlias = Literal["holm", "bonferroni", "benjamini-hochberg", "benjamini-yekutieli", "none"]
CORRECTIONS: tuple[Correction, ...] = (
    "holm",
    "bonferroni",
    "benjamini-hochberg",
    "benjamini-yekutieli",
    "none",
)


def adjust(p_values: Sequence[float | None], method: Correction) -> list[float | None]:
    """Return the adjusted p-values of a family, in the order given.

    None stands for a claim in error: it stays None, but keeps its place in the family by counting as p = 1
    for the others, so that breaking a claim never makes its neighbours look better.

    ``holm`` and ``bonferroni`` bound the chance of any false support under every dependence (Holm 1979);
    ``benjamini-hochberg`` bounds the expected share of false ones under positive dependence,
    ``benjamini-yekutieli`` under every dependence.

    No adjusted p falls when any p rises. So what ``adjust`` makes of the *smallest reachable* p of every
    claim are the smallest adjusted p-values each claim can reach.

    Raises StatsError for a p outside [0, 1] or NaN.

    >>> adjust([0.01, 0.04, 0.03], "holm")
    [0.03, 0.06, 0.06]
    """
    check_choice(method, CORRECTIONS, "The correction")
    for p in p_values:
        if p is not None and not 0.0 <= p <= 1.0:
            raise StatsError(f"A p-value must lie in [0, 1], not {p!r}.")
    if not p_values:
        return []
    filled = np.array([1.0 if p is None else p for p in p_values])
    order = np.argsort(filled, kind="stable")
    adjusted = np.empty_like(filled)
    adjusted[order] = np.minimum(1.0, _in_order(filled[order], method))
    return [None if p is None else float(q) for p, q in zip(p_values, adjusted, strict=True)]


def _in_order(p: Floats, method: Correction) -> Floats:
    n = len(p)
    if method == "none":
        return p
    if method == "bonferroni":
        return p * n
    if method == "holm":
        return np.maximum.accumulate(p * np.arange(n, 0, -1))
    scaled = p * n / np.arange(1, n + 1)
    if method == "benjamini-yekutieli":
        scaled = scaled * (1.0 / np.arange(1, n + 1)).sum()
    return np.asarray(np.minimum.accumulate(scaled[::-1])[::-1])
