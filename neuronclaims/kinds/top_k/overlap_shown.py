"""What is shown and said beside how many top neurons sets share."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Matrix, Table
from neuronclaims.kinds.shared.designs import left_out
from neuronclaims.kinds.shared.requests import plural
from neuronclaims.kinds.shared.selection import LEVEL
from neuronclaims.kinds.top_k.overlap_tests import top_of
from neuronclaims.kinds.top_k.top_k_scores import BY
from neuronclaims.stats import Estimate

if TYPE_CHECKING:
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.top_k.overlap_tests import Exchanged
    from neuronclaims.kinds.top_k.overlap_values import Measured
    from neuronclaims.stats.inputs import Bools

RANK_BIASED = stats.EffectSize("rank_biased_overlap", "rank-biased overlap")


RANKED = {**BY, "abs": "size of mean activation minus baseline mean, up and down apart"}
"""What neurons are ranked by, in words."""


def jaccard(
    measured: Measured, found: Estimate, one: str, other: str, *, count: bool = False
) -> tuple[Estimate, ...]:
    """Return the Jaccard index of two tops beside the number they share; with ``count``, that number as well.

    With s of K shared it is s / (2 K - s), which only grows with s, so its limits are those of s. Where ties leave
    fewer than K among the top, there are none.
    """
    k = measured.asked.k
    first, second = (top_of(measured.of_units(name), k) for name in (one, other))
    either = int((first | second).sum())
    value = int((first & second).sum()) / either if either else None
    full = int(first.sum()) == int(second.sum()) == k
    limits = [s / (2 * k - s) if full and s is not None else None for s in (found.low, found.high)]
    name = f"{one} and {other}: Jaccard index of their top {k}"
    made = Estimate(stats.EffectSize("jaccard", name), value, limits[0], limits[1], found.level, found.method)
    if not count:
        return (made,)
    number = f"{one} and {other}: neurons shared among the top {k}"
    return (
        Estimate(
            stats.EffectSize("neurons_shared", number, scale="count"),
            found.value,
            found.low,
            found.high,
            found.level,
            found.method,
        ),
        made,
    )


def rank_biased(measured: Measured, one: str, other: str) -> Estimate:
    """Return how far two tops agree where the first places count for more."""
    k = measured.asked.k
    means = [measured.of_units(name).mean(axis=0) for name in (one, other)]
    value = stats.overlap(means[0], means[1], k).rank_biased
    return Estimate(RANK_BIASED, value, None, None, LEVEL, f"counted to place {k}, persistence 0.9")


def ceilings(measured: Measured) -> tuple[Estimate, ...]:
    """Return how many top neurons two random halves of each set share, on average: its noise ceiling."""
    asked = measured.asked
    found = {
        name: stats.noise_ceiling(measured.of_units(name), asked.k, seed=asked.seed_of(name))
        for name in asked.names
    }
    return tuple(
        Estimate(
            stats.EffectSize("noise_ceiling", f"{name}: neurons its own halves share", scale="count"),
            value,
            None,
            None,
            LEVEL,
            "mean over random halves",
        )
        for name, value in found.items()
    )


def _ceiling(name: str) -> stats.EffectSize:
    return stats.EffectSize("noise_ceiling", f"{name}: neurons its own halves share", scale="count")


def compared_notes(measured: Measured, tests: Sequence[Exchanged]) -> tuple[str, ...]:
    """Say what was exchanged, and what came of it."""
    asked, told = measured.asked, []
    for found in tests:
        far = f"prompts held out of {found.far}" if found.far == asked.baseline else found.far
        told.append(
            f"The top {asked.k} of {found.fixed} are {found.height:+.3g} sd in {found.near} against {far} "
            f"(labels of these two exchanged: p = {found.test.p_value:.3g})."
        )
        told += left_out(asked.design(found.near, found.far))
    if len(tests) > 1:
        told.append(
            f"Both must be so, and the larger p counts; here half of {asked.baseline} gives the mean and the other "
            "half is compared with, so that neurons which are always high, or only vary much, do not pass."
        )
    return tuple(told)


def hidden(measured: Measured, own: Sequence[Estimate], near: Estimate) -> tuple[str, ...]:
    """Say where a set's own noise could be why it shares less."""
    far = measured.asked.claim.sentence.far
    value = own[measured.asked.names.index(far)].value or 0.0
    if value >= (near.value or 0.0):
        return ()
    return (
        f"Two halves of {far} share only {value:.3g} of their top {measured.asked.k} on average: it may share less "
        "with others because its neurons are hidden by noise. More prompts would tell.",
    )


def sharing_notes(measured: Measured, own: Sequence[Estimate]) -> tuple[str, ...]:
    """Say where the sets' own noise leaves too little to be shared, and what sharing does not show."""
    said, told = measured.asked.claim.sentence, []
    for name, halves in zip(measured.asked.names, own, strict=True):
        if said.bound == "at least" and (halves.value or 0) < said.shared:
            told.append(
                f"Two halves of {name} share {halves.value:.3g} of their top {said.k} on average: noise hides what is "
                f"shared, so at least {said.shared} can hardly be seen. More prompts would help."
            )
    told.append(
        f"Nothing here says that {said.first} and {said.second} share more than other sets would: claim that one "
        "overlaps more with the other than with a third."
    )
    return tuple(told)


def notes_of(measured: Measured) -> tuple[str, ...]:
    """Say what was taken as given, how ties were counted, and what else the sets have in common."""
    asked = measured.asked
    count = plural(len(asked.prompts[asked.baseline]), "prompt")
    told = [f"All numbers and limits are over this baseline: its mean, of {count}, is taken as it is."]
    if asked.claim.settings.options.weighting == "legacy_growing":
        told.append(
            "Generated tokens are weighted as in a published log: of N, the first N - 1 times and the last not at all."
        )
    return (*told, *_common_groups(measured), *_ties(measured))


def _common_groups(measured: Measured) -> tuple[str, ...]:
    asked = measured.asked
    groups = {name: {prompt.group for prompt in asked.prompts[name]} - {None} for name in asked.names}
    named = [
        f"{one} and {other}" for one, other in combinations(asked.names, 2) if groups[one] & groups[other]
    ]
    if not named:
        return ()
    return (f"{'; '.join(named)} have groups in common: what they share may come from these.",)


def _ties(measured: Measured) -> tuple[str, ...]:
    asked = measured.asked
    counts = {name: int(top_of(measured.of_units(name), asked.k).sum()) for name in asked.names}
    return tuple(
        f"Neurons tie for place {asked.k} in {name}; those that tie are not counted, which leaves {there}."
        for name, there in counts.items()
        if there < asked.k
    )


def figures_of(measured: Measured, own: Sequence[Estimate]) -> tuple[Figure, ...]:
    """Draw how many every two sets share, and list the neurons that any two share."""
    names = measured.asked.names
    tops = {name: top_of(measured.of_units(name), measured.asked.k) for name in names}
    return _matrix(measured, tops, own), _table(measured, tops)


def _matrix(measured: Measured, tops: dict[str, Bools], own: Sequence[Estimate]) -> Matrix:
    names = measured.asked.names
    values = tuple(
        tuple(own[row].value if one == other else float((tops[one] & tops[other]).sum()) for other in names)
        for row, one in enumerate(names)
    )
    title = f"neurons shared among the top {measured.asked.k} over {measured.asked.baseline}"
    return Matrix(f"{title} (diagonal: by two halves of a set, on average)", names, values)


def _table(measured: Measured, tops: dict[str, Bools]) -> Table:
    """List all that are among the top of two sets or more, those of most sets first, then by their best place."""
    asked = measured.asked
    means = {name: measured.of_units(name).mean(axis=0) for name in asked.names}
    places = {name: np.argsort(np.argsort(-mean, kind="stable")) + 1 for name, mean in means.items()}
    held = np.sum([tops[name] for name in asked.names], axis=0)
    best = np.min([places[name] for name in asked.names], axis=0)
    listed = sorted(
        np.flatnonzero(held > 1).tolist(), key=lambda column: (-held[column], best[column], column)
    )
    rows = tuple(
        (
            measured.neuron(column),
            *(f"{places[name][column]} ({means[name][column]:.3g})" for name in asked.names),
            ", ".join(name for name in asked.names if tops[name][column]),
        )
        for column in listed
    )
    columns = ("neuron", *(f"place in {name}" for name in asked.names), f"among the top {asked.k} of")
    return Table(f"shared neurons, by {RANKED[asked.by]}", columns, rows)
