"""Effects of the neurons that rank first, without the luck that brought them there.

The largest of many effects is too large: it is largest partly by luck. So the half that is searched is cut into parts,
over and over; neurons are ranked on all parts but one, and measured on that one. The mean of what the neuron in the
first place has there is what to expect of the first on new prompts, and likewise for each place. No shape of the
effects' distribution is assumed. It errs downwards: fewer prompts rank less well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.discovery.sorts.sort import Sort
    from neuronclaims.discovery.values import Floats, UnitTable

PARTS, RANKINGS = 4, 24
"""Parts that the half is cut into at most, and how many rankings are made in all."""


def expected_effects(sort: Sort, table: UnitTable, most: int, seed: int) -> Floats:
    """Return the effects to expect of the neurons in the first ``most`` places on new prompts.

    >>> from neuronclaims.discovery.sorts.contrast import ContrastSort
    >>> from neuronclaims.discovery.values import UnitTable
    >>> noise = np.random.default_rng(0).normal(size=(80, 1_000))
    >>> table = UnitTable(noise[:40], noise[40:], paired=False)
    >>> first = table.neurons(ranked(ContrastSort().score(table), 1))
    >>> bool(ContrastSort().seen(first) > 0.7), bool(expected_effects(ContrastSort(), table, 1, seed=0)[0] < 0.3)
    (True, True)
    """
    generator = np.random.default_rng(seed)
    parts = int(np.clip(table.units // 2, 2, PARTS))
    made = []
    for _ in range(max(1, RANKINGS // parts)):
        cuts = [generator.permutation(len(side)) % parts for side in (table.first, table.second)]
        made += [_left_out(sort, table, cuts, part, most) for part in range(parts)]
    return sort.effect(np.mean(made, axis=0))


def _left_out(sort: Sort, table: UnitTable, cuts: list[NDArray[np.intp]], part: int, most: int) -> Floats:
    """Rank on all units but those of one part, and measure the first neurons on that one."""
    rest = [np.flatnonzero(cut != part) for cut in cuts]
    out = [np.flatnonzero(cut == part) for cut in cuts]
    known = table.rows(rest[0], rest[1])
    first = ranked(sort.score(known), most)
    return sort.parts(table.rows(out[0], out[1]).neurons(first), known.neurons(first))


def ranked(scores: Floats, most: int) -> NDArray[np.intp]:
    """Return the places of the largest scores, the largest first; of equal ones the first.

    >>> ranked(np.array([1.0, 3.0, 2.0, 3.0]), 3).tolist()
    [1, 3, 2]
    """
    return np.argsort(-scores, kind="stable")[:most]
