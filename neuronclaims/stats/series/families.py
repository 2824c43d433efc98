"""Correct the p-values of several claims, each of which was put to every look of a closed series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from neuronclaims.stats.inputs import check_choice
from neuronclaims.stats.multiplicity import adjust

SeriesCorrection: TypeAlias = Literal["holm", "bonferroni", "none"]
SERIES_CORRECTIONS: tuple[SeriesCorrection, ...] = ("holm", "bonferroni", "none")


def over_looks(p_values: Sequence[float | None]) -> list[float | None]:
    """Correct the p-values of one claim for the looks of its series, whatever their dependence (Holm).

    >>> over_looks([0.2, None, 0.01])
    [0.4, None, 0.03]
    """
    return adjust(p_values, "holm")


def over_claims(
    p_values: Sequence[Sequence[float | None]], method: SeriesCorrection
) -> list[list[float | None]]:
    """Correct p-values [claims][looks], each already corrected for the looks of its claim, for the claims.

    ``holm`` compares p with alpha over the number of claims that are not settled: a claim is settled when every one of
    its looks has a verdict, for as long as one has none, it can still come to a wrong one (sequential rejection,
    Goeman and Solari 2010). So with one look this is Holm's correction. None, a look in error, stays None and counts as
    p = 1.

    >>> over_claims([[0.01], [0.04], [0.03]], "holm")
    [[0.03], [0.06], [0.06]]
    >>> over_claims([[0.001, 0.002], [0.02, 0.5]], "holm")  # the first claim is settled, the second has one look open
    [[0.002, 0.004], [0.02, 0.5]]
    """
    check_choice(method, SERIES_CORRECTIONS, "The correction")
    size = len(p_values)
    if method != "holm":
        times = size if method == "bonferroni" else 1
        return [[None if p is None else min(1.0, times * p) for p in looks] for looks in p_values]
    last = [max((1.0 if p is None else p for p in looks), default=1.0) for looks in p_values]
    settled = np.argsort(last, kind="stable")
    rank = {int(claim): place for place, claim in enumerate(settled)}
    left = np.arange(size, 0, -1)
    reached = np.maximum.accumulate(
        [0.0, *(last[claim] * times for claim, times in zip(settled, left, strict=True))]
    )
    return [
        [
            None
            if p is None
            else float(min(1.0, np.maximum(reached[: rank[claim] + 1], p * left[: rank[claim] + 1]).min()))
            for p in looks
        ]
        for claim, looks in enumerate(p_values)
    ]
