"""Look for neurons that are among the top of the whole site in most prompts of a set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.discovery.errors import DiscoveryError
from neuronclaims.discovery.sorts.corrected import by_statistic
from neuronclaims.discovery.sorts.measuring import in_units, site_values
from neuronclaims.discovery.sorts.sort import SortEntry
from neuronclaims.kinds.top_k.consistency import Consistent
from neuronclaims.kinds.top_k.top_k_scores import own_scores, scores
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
class ConsistencySort:
    """Neurons that are among the top ``k`` of the whole site in most prompts of a set, over a baseline."""

    k: int = 10
    name: str = "consistency"
    sets: int = 2
    pooled: bool = True
    of_pairs: bool = False
    unit: Unit = "prompt"
    statistic: Statistic = "mean"
    alternative: Alternative = "greater"
    null: float = 0.0
    least: float | None = 0.05
    grid: tuple[float, ...] = tuple(round(0.05 * step, 2) for step in range(1, 20))

    def looked_for(self, names: Sequence[str]) -> str:
        """Return the set, and the one it is compared with."""
        return " against ".join(names)

    def options(self, names: Sequence[str]) -> Mapping[str, object]:  # noqa: ARG002
        """Return none."""
        return {}

    def sentence(self, neuron: Neuron, names: Sequence[str], number: float | None) -> Consistent:
        """Return that the neuron is among the top ones in at least a share of prompts."""
        first, second = names
        return Consistent(Subject("one", (neuron,)), self.k, first, second, number or 0.05)

    def measured(self, half: SearchedHalf) -> MeasuredNeurons:
        """Measure where neurons are among the top ones: 1, and 0 elsewhere."""
        by = half.claim.settings.options.rank_by
        first, second = site_values(half)
        if not 1 <= self.k < first.shape[1]:
            raise DiscoveryError(
                f"The top {self.k:,} are no choice among {first.shape[1]:,} neurons of the site."
            )
        found = scores(first, second, by), own_scores(second, by)
        members = [stats.top_k_members(each, self.k).astype(np.float64) for each in found]
        return in_units(half, *members)

    def score(self, table: UnitTable) -> Floats:
        """Return the share of prompts; of neurons with one share those first that the baseline has less often."""
        return np.asarray(table.first.mean(axis=0) - 1e-3 * table.second.mean(axis=0))

    def corrected(self, table: UnitTable, columns: NDArray[np.intp], seed: int) -> Floats:
        """Return p by the maximum statistic."""
        return by_statistic(self, table, columns, seed)

    def parts(self, table: UnitTable, known: UnitTable) -> Floats:  # noqa: ARG002
        """Return the shares of prompts of the set."""
        found = table.first.mean(axis=0)
        return np.stack([found, np.ones_like(found)])

    def effect(self, parts: Floats) -> Floats:
        """Return shares."""
        return np.asarray(parts[0])

    def seen(self, table: UnitTable) -> float:
        """Return the share of prompts."""
        return float(table.first[:, 0].mean())

    def reach(self, table: UnitTable, level: float) -> float:  # noqa: ARG002
        """Return 0: the plan knows it."""
        return 0.0

    def spread(self, table: UnitTable) -> None:
        """Return None: no plan asks for it."""

    def planned(self, effect: float, number: float | None, planning: PlannedAt) -> PlannedClaim:
        """Return that the share is at least a number, and higher than in the baseline."""
        return stats.PlannedClaim(
            "share",
            min(effect, 0.99),
            "greater",
            planning.paired,
            threshold=number or 0.05,
            level=planning.level,
            compared=True,
        )

    def words(self, effect: float) -> str:
        """Return a share of prompts."""
        return f"{100 * effect:.0f} % of prompts"


SORT = SortEntry("consistency", lambda said: ConsistencySort(said.k))
