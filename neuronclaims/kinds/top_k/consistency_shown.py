"""What is shown and said beside how often a neuron is among the top K."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Distributions, Row, Table
from neuronclaims.kinds.shared.designs import left_out
from neuronclaims.kinds.shared.requests import plain, plural
from neuronclaims.kinds.top_k.consistency_tests import share_of
from neuronclaims.kinds.top_k.tracing import BY

if TYPE_CHECKING:
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.top_k.consistency_tests import Judged
    from neuronclaims.kinds.top_k.consistency_values import Tops
    from neuronclaims.sentences.neurons import Neuron
    from neuronclaims.stats import Estimate

OF_BASELINE = stats.EffectSize("share_of_baseline_prompts", "share of baseline prompts", scale="share")


COLUMNS = ("rank", "neuron", "occurrences", "share", "95 % interval", "among baseline prompts")

NOT_SPECIFIC = 0.05
"""The p of the comparison with the baseline above which a neuron is not called specific to a set."""


def others_of(tops: Tops, column: int) -> tuple[Estimate, ...]:
    """Return the share among the baseline's prompts, and by how much the set's is higher."""
    there = _among_baseline(tops, tops.shares(column)[1])
    design = tops.asked.design
    if design.unit == "group" or design.blocks is not None:
        return (there,)
    exchanged = tops.exchanged(np.array([column], dtype=np.intp))
    difference = stats.share_difference_estimate(exchanged[0][:, 0], exchanged[1][:, 0], paired=design.paired)
    return there, difference


def _among_baseline(tops: Tops, shares: np.ndarray) -> Estimate:
    made = share_of(tops, shares, OF_BASELINE)
    return replace(made, method=f"{made.method}, each prompt against the mean of the others")


def notes_of(tops: Tops, found: Judged) -> tuple[str, ...]:
    """Say what both tests gave, whether the neuron is high in the baseline too, and how ties were counted."""
    asked, options = tops.asked, tops.asked.claim.settings.options
    told: list[str] = []
    if found.specific is not None:
        told.append(
            f"Two things must be so: the share exceeds the one claimed (p = {found.above.p_value:.3g}), and that "
            f"among baseline prompts (p = {found.specific.p_value:.3g}). The larger p counts."
        )
    told += _in_baseline(tops, found)
    told.append(
        f"The share is that over this baseline: its mean, of {plural(len(asked.second), 'prompt')}, is taken as it is."
    )
    if options.weighting == "legacy_growing":
        told.append(
            "Generated tokens are weighted as in a published log: of N, the first N - 1 times and the last not at all."
        )
    return (*told, *_ties(tops), *left_out(asked.design))


def _in_baseline(tops: Tops, found: Judged) -> tuple[str, ...]:
    column, said = tops.columns.column(found.one.neuron), tops.asked.claim.sentence
    there, many = int(tops.members[1][:, column].sum()), len(tops.asked.second)
    if not there:
        return ()
    text = f"Neuron {found.one.neuron} is among the top {said.k} of {there} of {many} baseline prompts too"
    if found.specific is not None and found.specific.p_value > NOT_SPECIFIC:
        return (f"{text}, as outlier dimensions are: nothing here shows that it is special to {said.first}.",)
    return (f"{text}.",)


def _ties(tops: Tops) -> tuple[str, ...]:
    k = tops.asked.claim.sentence.k
    fewer = sum(int((members.sum(axis=1) < k).sum()) for members in tops.members)
    if not fewer:
        return ()
    where = "1 prompt neurons tie" if fewer == 1 else f"{fewer} prompts neurons tie"
    return (f"In {where} for place {k}; those that tie for it are not counted among the top {k}.",)


def figures_of(tops: Tops, neuron: Neuron) -> tuple[Figure, ...]:
    """List the K most consistent neurons, and draw the scores of the claim's neuron."""
    return table_of(tops, neuron), _scores(tops, neuron)


def table_of(tops: Tops, neuron: Neuron) -> Table:
    """List the neurons that are most often among the top K, and the claim's wherever it stands.

    Equally frequent ones share a rank; those less frequent among the baseline's prompts stand first.
    """
    said, counts = tops.asked.claim.sentence, tops.occurrences
    own = tops.columns.column(neuron)
    order = np.lexsort((tops.members[1].sum(axis=0), -counts))[: said.k].tolist()
    rows = tuple(_row(tops, counts, column) for column in (order if own in order else [*order, own]))
    title = f"most often among the top {said.k} for {said.first}, by {BY[tops.asked.by]}"
    return Table(title, COLUMNS, rows)


def _row(tops: Tops, counts: np.ndarray, column: int) -> tuple[str, ...]:
    own, baseline = tops.shares(column)
    share, there = share_of(tops, own), share_of(tops, baseline)
    return (
        str(1 + int((counts > counts[column]).sum())),
        str(tops.columns.neuron(column)),
        f"{counts[column]} of {len(tops.asked.first)}",
        _percent(share.value),
        f"{_percent(share.low)} to {_percent(share.high)}",
        _percent(there.value),
    )


def _percent(value: float | None) -> str:
    return "?" if value is None else f"{100 * value:.3g} %"


def _scores(tops: Tops, neuron: Neuron) -> Distributions:
    settings, said = tops.asked.claim.settings, tops.asked.claim.sentence
    column = tops.columns.column(neuron)
    rows = tuple(
        Row(name, plain(scores[:, column]), names)
        for name, scores, names in zip((said.first, said.second), tops.scores, tops.names, strict=True)
    )
    return Distributions(f"{settings.site} {neuron}, {settings.tokens}: {BY[tops.asked.by]}", rows)
