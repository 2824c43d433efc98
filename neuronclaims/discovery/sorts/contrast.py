"""Look for neurons that activate more for one set than for another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.discovery.sorts.corrected import by_statistic
from neuronclaims.discovery.sorts.measuring import in_units, site_values
from neuronclaims.discovery.sorts.sort import SortEntry
from neuronclaims.discovery.values import variances
from neuronclaims.kinds.two_sample.contrast import Contrast
from neuronclaims.sentences.numbers import Amount
from neuronclaims.sentences.subjects.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from neuronclaims.discovery.sorts.measuring import MeasuredNeurons, SearchedHalf
    from neuronclaims.discovery.sorts.sort import PlannedAt
    from neuronclaims.discovery.values import Floats, UnitTable
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.stats import PlannedClaim
    from neuronclaims.stats.designs import Unit
    from neuronclaims.stats.inputs import Alternative
    from neuronclaims.stats.permutation.relabelling import Statistic


@dataclass(frozen=True)
class ContrastSort:
    """Neurons that activate more for one set, by Welch's t; that of pairs where there are pairs."""

    name: str = "contrast"
    sets: int = 2
    pooled: bool = True
    of_pairs: bool = False
    unit: Unit = "prompt"
    statistic: Statistic = "mean"
    alternative: Alternative = "greater"
    null: float = 0.0
    least: float | None = None
    grid: tuple[float, ...] = tuple(round(0.1 * step, 1) for step in range(1, 60))

    def looked_for(self, names: Sequence[str]) -> str:
        """Return the set, and the one it is compared with."""
        return " against ".join(names)

    def options(self, names: Sequence[str]) -> Mapping[str, object]:  # noqa: ARG002
        """Return none."""
        return {}

    def sentence(self, neuron: Neuron, names: Sequence[str], number: float | None) -> Contrast:
        """Return that the neuron activates more."""
        (first, second), by = names, None if number is None else Amount(number, "sd")
        return Contrast(Subject("one", (neuron,)), "activates", "more", first, second, by)

    def measured(self, half: SearchedHalf) -> MeasuredNeurons:
        """Measure activations."""
        return in_units(half, *site_values(half))

    def score(self, table: UnitTable) -> Floats:
        """Return t."""
        found = (stats.paired_t_many if table.paired else stats.welch_t_many)(table.first, table.second)
        return np.asarray(found)

    def corrected(self, table: UnitTable, columns: NDArray[np.intp], seed: int) -> Floats:
        """Return p by the maximum statistic."""
        return by_statistic(self, table, columns, seed)

    def parts(self, table: UnitTable, known: UnitTable) -> Floats:
        """Return differences of means, and variances, in units that are a neuron's own."""
        scale = np.concatenate([known.first, known.second]).std(axis=0)
        scale[scale == 0] = 1.0
        free = len(table.first) + len(known.first) - 1
        free += 0 if table.paired else len(table.second) + len(known.second) - 1
        j = 1 - 3 / (4 * free - 1)  # Hedges' correction: all parts are of one small sample
        first, second = table.first / scale, table.second / scale
        if table.paired:
            return np.stack([j * (first - second).mean(axis=0), variances(first - second)])
        weights = len(first) - 1, len(second) - 1
        pooled = (weights[0] * variances(first) + weights[1] * variances(second)) / max(1, sum(weights))
        return np.stack([j * (first.mean(axis=0) - second.mean(axis=0)), pooled])

    def effect(self, parts: Floats) -> Floats:
        """Return standard deviations."""
        return np.asarray(parts[0] / np.sqrt(np.maximum(parts[1], 1e-12)))

    def seen(self, table: UnitTable) -> float:
        """Return Hedges' g, or dz of pairs."""
        estimate = stats.dz_estimate if table.paired else stats.hedges_g_estimate
        return _finite(estimate(table.first[:, 0], table.second[:, 0]).value)

    def reach(self, table: UnitTable, level: float) -> float:
        """Return how far the interval for values of any shape reaches down from the effect."""
        first, second = table.first[:, 0], table.second[:, 0]
        plain = (stats.dz_estimate if table.paired else stats.hedges_g_estimate)(first, second, level=level)
        made = stats.of_any_shape(plain, first, second, paired=table.paired)
        return float("inf") if made.low is None or made.value is None else made.value - made.low

    def spread(self, table: UnitTable) -> None:
        """Return None: no plan asks for it."""

    def planned(self, effect: float, number: float | None, planning: PlannedAt) -> PlannedClaim:
        """Return that the means differ by a number of standard deviations, or at all."""
        said = number is not None
        return stats.PlannedClaim(
            "mean",
            effect,
            "greater",
            planning.paired,
            threshold=number,
            level=planning.level,
            standardised=said,
        )

    def words(self, effect: float) -> str:
        """Return standard deviations."""
        return f"{effect:.2g} sd"


def _finite(value: float | None) -> float:
    return float("inf") if value is None else value


SORT = SortEntry("contrast", lambda said: ContrastSort())  # noqa: ARG005
