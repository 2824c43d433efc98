"""Look for neurons whose values tell two sets apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.discovery.sorts.corrected import by_statistic
from neuronclaims.discovery.sorts.measuring import in_units, site_values
from neuronclaims.discovery.sorts.sort import SortEntry
from neuronclaims.kinds.two_sample.separation import Separation
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
class SeparationSort:
    """Neurons whose values tell the sets apart, whichever is higher, by the AUROC."""

    name: str = "separation"
    sets: int = 2
    pooled: bool = True
    of_pairs: bool = False
    unit: Unit = "prompt"
    statistic: Statistic = "auroc"
    alternative: Alternative = "two-sided"
    null: float = 0.5
    least: float | None = None
    grid: tuple[float, ...] = tuple(round(0.05 * step, 2) for step in range(11, 20))

    def looked_for(self, names: Sequence[str]) -> str:
        """Return the set, and the one it is compared with."""
        return " against ".join(names)

    def options(self, names: Sequence[str]) -> Mapping[str, object]:  # noqa: ARG002
        """Return none."""
        return {}

    def sentence(self, neuron: Neuron, names: Sequence[str], number: float | None) -> Separation:
        """Return that the neuron separates the sets."""
        first, second = names
        return Separation(Subject("one", (neuron,)), "separates", first, second, number)

    def measured(self, half: SearchedHalf) -> MeasuredNeurons:
        """Measure activations."""
        return in_units(half, *site_values(half))

    def score(self, table: UnitTable) -> Floats:
        """Return how far AUROCs are from 0.5; of equal ones the larger t is first."""
        t = np.abs((stats.paired_t_many if table.paired else stats.welch_t_many)(table.first, table.second))
        return np.asarray(np.abs(self._aurocs(table) - 0.5) + 1e-4 * np.arctan(t))

    def corrected(self, table: UnitTable, columns: NDArray[np.intp], seed: int) -> Floats:
        """Return p by the maximum statistic."""
        return by_statistic(self, table, columns, seed)

    def parts(self, table: UnitTable, known: UnitTable) -> Floats:
        """Return AUROCs that are above 0.5 where the neuron points as it did on the other units."""
        found = 0.5 + np.sign(self._aurocs(known) - 0.5) * (self._aurocs(table) - 0.5)
        return np.stack([found, np.ones_like(found)])

    def effect(self, parts: Floats) -> Floats:
        """Return AUROCs."""
        return np.asarray(parts[0])

    def seen(self, table: UnitTable) -> float:
        """Return the AUROC, either way round."""
        return float(0.5 + abs(self._aurocs(table)[0] - 0.5))

    def reach(self, table: UnitTable, level: float) -> float:  # noqa: ARG002
        """Return 0: the plan knows it."""
        return 0.0

    def spread(self, table: UnitTable) -> None:
        """Return None: no plan asks for it."""

    def planned(self, effect: float, number: float | None, planning: PlannedAt) -> PlannedClaim:
        """Return that the AUROC is at least a number, either way round."""
        return stats.PlannedClaim(
            "auroc", effect, "two-sided", planning.paired, threshold=number, level=planning.level
        )

    def words(self, effect: float) -> str:
        """Return an AUROC."""
        return f"AUROC {effect:.2f}"

    def _aurocs(self, table: UnitTable) -> Floats:
        if table.paired:
            return np.asarray(
                np.mean((table.first > table.second) + 0.5 * (table.first == table.second), axis=0)
            )
        return np.asarray(stats.auroc_many(table.first, table.second))


SORT = SortEntry("separation", lambda said: SeparationSort())  # noqa: ARG005
