"""Controls of changed neurons: the others of the layer of a single one, random lists for several together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Distributions, Point, Points, Row
from neuronclaims.kinds.shared.layer_points import drawn_neurons
from neuronclaims.kinds.shared.requests import plain, plural
from neuronclaims.sentences.subjects.neurons import Neuron

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Settings
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.results import Rank
    from neuronclaims.stats import Estimate

    Places: TypeAlias = tuple[tuple[int, int], ...]

AS_STRONG = stats.EffectSize("share_of_random_lists", "share of random lists as strong", scale="share")
MEDIAN_OF_LISTS = stats.EffectSize("median_of_random_lists", "median of random lists")

LISTS = 20
"""How many lists are drawn; fewer where there are not so many different ones."""


def random_lists(neurons: Sequence[Neuron], width: int, settings: Settings) -> tuple[Places, ...]:
    """Draw lists of (layer, index) that share no neuron with those named, but have as many of each layer.

    None for a single neuron, whose whole layer is its control, and where a layer of ``width`` neurons has too few
    others. The seed comes from the neurons, so that claims about the same ones have the same controls.
    """
    if len(neurons) < 2:
        return ()
    named: dict[int, set[int]] = {}
    for neuron in neurons:
        named.setdefault(neuron.layer, set()).add(neuron.index)
    if any(2 * len(indices) > width for indices in named.values()):
        return ()
    drawn = (_drawn(named, width, settings, number) for number in range(LISTS))
    return tuple(dict.fromkeys(drawn))


def _drawn(named: dict[int, set[int]], width: int, settings: Settings, number: int) -> Places:
    found: list[tuple[int, int]] = []
    for layer, indices in sorted(named.items()):
        words = [settings.site, str(number), str(layer), *map(str, sorted(indices))]
        seed = stats.seed_from(*words, purpose="random lists", run_seed=settings.seed)
        order = np.argsort(np.random.PCG64(seed).random_raw(width), kind="stable").tolist()
        others = [index for index in order if index not in indices]
        found += [(layer, index) for index in sorted(others[: len(indices)])]
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class RandomLists:
    """What lists drawn at random do, ``values`` [lists], beside what the neurons of a claim do, ``own``.

    ``strong`` is 1 where the claim speaks of large values, -1 of small ones, 0 of values far from 0. ``axis`` says
    what the values are, ``done`` what was done with the neurons, ``strongly`` what strong lists do.
    """

    own: float
    values: Floats
    strong: int
    axis: str
    done: str
    strongly: str

    @property
    def reaching(self) -> int:
        """How many lists have as strong an effect as the claim's neurons."""
        strength = (lambda x: self.strong * x) if self.strong else np.abs
        return int((strength(self.values) >= strength(self.own)).sum())

    @property
    def others(self) -> tuple[Estimate, ...]:
        """The share of lists that have as strong an effect."""
        if not len(self.values):
            return ()
        share = self.reaching / len(self.values)
        return (
            stats.Estimate(AS_STRONG, share, None, None, 0.95, "counted"),
            stats.Estimate(MEDIAN_OF_LISTS, float(np.median(self.values)), None, None, 0.95, "counted"),
        )

    def notes(self, count: int) -> tuple[str, ...]:
        """Say where the claim's ``count`` neurons stand among lists drawn at random."""
        if count < 2:
            return ()
        if not len(self.values):
            return ("Their layers have too few other neurons to draw lists from as controls.",)
        low, high = float(self.values.min()), float(self.values.max())
        return (
            f"Controls: {plural(len(self.values), 'list')} of {count} other neurons of the same layers, drawn at "
            f"random and {self.done} alike: {self.axis} from {low:.3g} to {high:.3g}, of the claim's neurons "
            f"{self.own:.3g}. Lists that {self.strongly} as much or more: {self.reaching}.",
        )

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Draw the claim's neurons beside the lists."""
        if not len(self.values):
            return ()
        rows = Row("the claim's neurons", (self.own,)), Row("random lists", plain(self.values))
        return (Distributions(self.axis, rows),)


def place_of(rank: Rank | None) -> tuple[str, ...]:
    """Say what the rest of the layer is good for."""
    if rank is None:
        return ()
    return (f"The {rank.among - 1:,} other neurons of its layer, each changed alone, are the controls.",)


def layer_figure(
    neuron: Neuron, values: Floats, claimed: Estimate, *, site: str, y_axis: str, scale: float = 1.0
) -> Points:
    """Draw a number per neuron of a layer [width], the claim's with its interval; of wide layers only some.

    Those furthest from 0 are kept, and others evenly spaced. ``scale`` turns the values into the claim's unit.
    """
    shown = values * scale
    points = tuple(
        Point(float(index), float(shown[index]), str(Neuron(neuron.layer, index)))
        if index != neuron.index
        else Point(float(index), float(shown[index]), str(neuron), claimed.low, claimed.high, marked=True)
        for index in drawn_neurons(shown, neuron.index)
    )
    return Points(f"neuron index, {site}, layer {neuron.layer}", y_axis, points)
