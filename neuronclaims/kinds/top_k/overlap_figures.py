"""Draw how many top neurons sets share, and list which they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.figures import Matrix, Table
from neuronclaims.kinds.top_k.set_profiles import RANKED

if TYPE_CHECKING:
    from neuronclaims.kinds.top_k.set_profiles import OverlapData
    from neuronclaims.stats import Estimate


def shared_matrix(
    data: OverlapData, ceilings: Sequence[Estimate], by_prompts: Estimate | None = None
) -> Matrix:
    """Draw how many every two sets share; ``ceilings`` on the diagonal.

    Of lists the ceilings are what two halves of a set share. ``by_prompts`` is given where single prompts of two sets
    are compared: then the ceilings are what two prompts of one set share.
    """
    names, k, baseline = data.request.names, data.request.k, data.request.baseline
    tops = {name: data.top(name) for name in names}

    def shared(one: str, other: str) -> float | None:
        return float((tops[one] & tops[other]).sum()) if by_prompts is None else by_prompts.value

    values = tuple(
        tuple(ceiling.value if one == other else shared(one, other) for other in names)
        for one, ceiling in zip(names, ceilings, strict=True)
    )
    if by_prompts is None:
        title = (
            f"neurons shared among the top {k} over {baseline} (diagonal: by two halves of a set, on average)"
        )
    else:
        title = f"neurons that two prompts share among their top {k} over {baseline}, on average"
    return Matrix(title, names, values)


def shared_table(data: OverlapData) -> Table:
    """List all neurons among the top of two sets or more, those of most sets first, then by their best place."""
    names = data.request.names
    means = {name: data.of_units(name).mean(axis=0) for name in names}
    places = {name: np.argsort(np.argsort(-mean, kind="stable")) + 1 for name, mean in means.items()}
    tops = {name: data.top(name) for name in names}
    held = np.sum([tops[name] for name in names], axis=0)
    best = np.min([places[name] for name in names], axis=0)
    listed = sorted(
        np.flatnonzero(held > 1).tolist(), key=lambda column: (-held[column], best[column], column)
    )
    rows = tuple(
        (
            data.neuron(column),
            *(f"{places[name][column]} ({means[name][column]:.3g})" for name in names),
            ", ".join(name for name in names if tops[name][column]),
        )
        for column in listed
    )
    columns = ("neuron", *(f"place in {name}" for name in names), f"among the top {data.request.k} of")
    return Table(f"shared neurons, by {RANKED[data.request.by]}", columns, rows)
