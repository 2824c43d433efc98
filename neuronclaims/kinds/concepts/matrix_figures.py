"""Show what every two of several sets share: the numbers, the lists of the most frequent neurons, and their names."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.figures import Matrix, Table
from neuronclaims.kinds.shared.effects import counted
from neuronclaims.kinds.top_k.pair_overlap import own_pair_overlap
from neuronclaims.kinds.top_k.set_profiles import RANKED

if TYPE_CHECKING:
    from neuronclaims.kinds.concepts.pair_margins import PairMeans
    from neuronclaims.kinds.top_k.set_profiles import OverlapData
    from neuronclaims.stats import Estimate
    from neuronclaims.stats.inputs import Bools

    Pair = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class ConceptMatrix:
    """What was counted of a claim's sets; pairs are two places among ``names``, which stand in the order of texts.

    Figures have the sets in the order of the sentence.
    """

    data: OverlapData
    means: PairMeans
    names: tuple[str, ...]

    def named(self, pair: Pair) -> str:
        """Return the names of a pair, in the order of the sentence."""
        there = {self.names[place] for place in pair}
        return " and ".join(name for name in self.data.request.names if name in there)

    def mean(self, one: str, two: str) -> float:
        """Return how many neurons a prompt of each of two sets share on average; of one set, two of its prompts."""
        if one == two:
            return own_pair_overlap(self.data.memberships(one))
        first, second = sorted((self.names.index(one), self.names.index(two)))
        return self.means.means[first, second].value

    def lists(self) -> dict[str, Bools]:
        """Return the K neurons [m] most often among the top of each set."""
        return {name: self.data.most_often(name) for name in self.data.request.names}

    def shared(self, pair: Pair) -> Estimate:
        """Return the number of a pair, without limits of its own."""
        k = self.data.request.k
        name = f"{self.named(pair)}: neurons that two prompts share among their top {k}"
        return counted("shared_by_two_prompts", name, self.means.means[pair].value)

    def notes(self, pair: Pair, closest: Pair, *, most: bool) -> tuple[str, ...]:
        """Say which other pair comes nearest, what lists say, and what a set's own noise may hide."""
        k, count = self.data.request.k, len(self.means.means) - 1
        own, other = (self.means.means[each].value for each in (pair, closest))
        tops = self.lists()
        sizes = {two: _both(tops, two) for two in combinations(self.data.request.names, 2)}
        mine = next(size for two, size in sizes.items() if set(two) == {self.names[place] for place in pair})
        beyond = [
            f"{one} and {two} ({size})"
            for (one, two), size in sizes.items()
            if (size > mine if most else size < mine)
        ]
        others = [
            name for name in self.data.request.names if name not in {self.names[place] for place in pair}
        ]
        noisy = [f"{name} ({value:.2g})" for name in others if (value := self.mean(name, name)) < own]
        return (
            f"Of the {count} other pairs {self.named(closest)} comes nearest: two of their prompts share {other:.3g} "
            f"of their top {k} on average, of {self.named(pair)} {own:.3g}. The largest p of all {count} counts.",
            *(
                (
                    f"By their lists of the {k} most frequent neurons, which are not tested, {', '.join(beyond)} share "
                    f"{'more' if most else 'fewer'} than {self.named(pair)} ({mine}).",
                )
                if beyond
                else ()
            ),
            *(
                (
                    f"Two prompts of one set share few in {', '.join(noisy)}: such a set can share little with any "
                    "other, whatever the concepts have in common.",
                )
                if noisy and most
                else ()
            ),
        )

    @property
    def by_prompts(self) -> Matrix:
        """Draw what is tested: how many top neurons prompts of every two sets share; on the diagonal, of one set."""
        names, k, over = self.data.request.names, self.data.request.k, self.data.request.baseline
        title = f"neurons that two prompts share among their top {k} over {over}, on average (diagonal: of one set)"
        return Matrix(title, names, tuple(tuple(self.mean(one, two) for two in names) for one in names))

    @property
    def by_lists(self) -> Matrix:
        """Draw how many neurons the lists of every two sets share, each of the K most often among the top."""
        names, k, over = self.data.request.names, self.data.request.k, self.data.request.baseline
        tops = self.lists()
        values = tuple(tuple(float(_both(tops, (one, two))) for two in names) for one in names)
        return Matrix(
            f"neurons shared by lists of the {k} most often among the top over {over}", names, values
        )

    @property
    def pairs(self) -> Table:
        """List all pairs, those whose prompts share the most first, with the neurons that are on both lists."""
        tops, k = self.lists(), self.data.request.k
        found = sorted(combinations(self.data.request.names, 2), key=lambda two: -self.mean(*two))
        rows = tuple(
            (
                f"{one} and {two}",
                f"{self.mean(one, two):.2f}",
                f"{100 * self.mean(one, two) / k:.0f}%",
                str(_both(tops, (one, two))),
                ", ".join(map(self.data.neuron, np.flatnonzero(tops[one] & tops[two]).tolist())) or "none",
            )
            for one, two in found
        )
        columns = ("sets", "two prompts share", f"of the top {k}", "lists share", "neurons on both lists")
        return Table(f"what every two sets share of their top {k}", columns, rows)

    @property
    def neurons(self) -> Table:
        """List the neurons on the lists of two sets or more: in how many units of each they are among the top."""
        names, tops = self.data.request.names, self.lists()
        counts = {name: self.data.occurrences(name) for name in names}
        held = np.sum([tops[name] for name in names], axis=0)
        total = np.sum([counts[name].counts / counts[name].units for name in names], axis=0)
        listed = sorted(
            np.flatnonzero(held > 1).tolist(), key=lambda column: (-held[column], -total[column], column)
        )
        rows = tuple(
            (
                self.data.neuron(column),
                *(f"{counts[name].counts[column]} of {counts[name].units}" for name in names),
                ", ".join(name for name in names if tops[name][column]),
            )
            for column in listed
        )
        k, unit = self.data.request.k, self.data.request.unit
        title = f"{unit}s in which a neuron is among the top {k}, by {RANKED[self.data.request.by]}"
        return Table(title, ("neuron", *names, "on the lists of"), rows)


def _both(tops: dict[str, Bools], two: tuple[str, str]) -> int:
    return int((tops[two[0]] & tops[two[1]]).sum())
