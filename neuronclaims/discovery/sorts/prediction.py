"""Look for neurons whose values go with the model's own prediction of a token, or with a label of the text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.discovery.errors import DiscoveryError
from neuronclaims.discovery.sorts.corrected import by_statistic
from neuronclaims.discovery.sorts.measuring import MeasuredNeurons
from neuronclaims.discovery.sorts.sort import SortEntry
from neuronclaims.discovery.values import UnitTable
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.logit_readout.looked_for import LookedFor, labelled_items
from neuronclaims.kinds.logit_readout.prediction import Predicts
from neuronclaims.kinds.shared.margins import CHANCE
from neuronclaims.kinds.shared.requests import in_order, texts_of
from neuronclaims.measurements import LayerAurocs
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.token_classes import TokenClass, TokenClassError, TokenLabel, Wanted, check_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from neuronclaims.discovery.sorts.measuring import SearchedHalf
    from neuronclaims.discovery.sorts.sort import PlannedAt, SortSettings
    from neuronclaims.discovery.values import Floats
    from neuronclaims.measurements.documents.layer_aurocs import LayerAurocColumns
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.stats import PlannedClaim
    from neuronclaims.stats.designs import Unit
    from neuronclaims.stats.inputs import Alternative
    from neuronclaims.stats.permutation.relabelling import Statistic

TAKES = ("token", "matching", "label")


@dataclass(frozen=True)
class PredictionSort:
    """Neurons by the mean, over documents, of their AUROC within each for what is ``wanted``."""

    wanted: Wanted
    name: str = "prediction"
    sets: int = 1
    pooled: bool = False
    of_pairs: bool = False
    unit: Unit = "document"
    statistic: Statistic = "mean"
    alternative: Alternative = "greater"
    null: float = CHANCE
    least: float | None = None
    grid: tuple[float, ...] = tuple(round(0.05 * step, 2) for step in range(11, 20))

    def looked_for(self, names: Sequence[str]) -> str:
        """Return what they predict, and where."""
        return f"{LookedFor(self.wanted).there} in {names[0]}"

    def options(self, names: Sequence[str]) -> Mapping[str, object]:  # noqa: ARG002
        """Return none."""
        return {}

    def sentence(self, neuron: Neuron, names: Sequence[str], number: float | None) -> Predicts:
        """Return that the neuron predicts it."""
        return Predicts(Subject("one", (neuron,)), "predicts", self.wanted, names[0], number)

    def measured(self, half: SearchedHalf) -> MeasuredNeurons:
        """Measure AUROCs within documents, and average them over those of a unit that have one."""
        looked_for, prompts = LookedFor(self.wanted), in_order(half.claim.sets[half.names[0]])
        items = labelled_items(prompts) if looked_for.labels else texts_of(prompts)
        try:
            looked_for.check(half.facts)
        except ClaimError as error:
            raise DiscoveryError(str(error)) from None
        needs = [LayerAurocs(half.claim.settings.site, layer, self.wanted, items) for layer in half.layers]
        answers = half.ask(needs)
        found = [need.columns(answers[need]) for need in needs]
        telling = (found[0].hits > 0) & (found[0].hits < found[0].positions)
        rows = [np.array([place for place in row if telling[place]]) for row in half.design.first_rows]
        units = [row for row in rows if len(row)]
        if len(units) < 2:
            raise DiscoveryError(self._too_few(half, found[0], len(units)))
        values = np.concatenate([_means(each.aurocs, units) for each in found], axis=1)
        columns = half.columns
        neurons = [columns.neuron(int(column)) for column in columns.of_layers(half.layers)]
        table = UnitTable(values, np.broadcast_to(CHANCE, values.shape), paired=True)
        return MeasuredNeurons(table, neurons, len(neurons), len(units) / len(rows))

    def _too_few(self, half: SearchedHalf, found: LayerAurocColumns, units: int) -> str:
        looked_for, corpus = LookedFor(self.wanted), half.names[0]
        everywhere = bool((found.hits == found.positions).all())
        if everywhere or not found.hits.any():
            where = (
                f"of {found.positions.sum():,} positions in {len(found.hits):,} documents of {corpus!r} that are "
                "searched"
            )
            return str(looked_for.no_contrast(where, everywhere))
        return (
            f"{units} of {half.design.counts[0]:,} {half.design.unit}s of {corpus!r} that are searched has "
            f"{looked_for.with_it}; at least 2 are needed, and more to show anything. Take longer or other documents."
        )

    def score(self, table: UnitTable) -> Floats:
        """Return mean AUROCs."""
        return np.asarray(table.first.mean(axis=0))

    def corrected(self, table: UnitTable, columns: NDArray[np.intp], seed: int) -> Floats:
        """Return p by the maximum statistic."""
        return by_statistic(self, table, columns, seed)

    def parts(self, table: UnitTable, known: UnitTable) -> Floats:  # noqa: ARG002
        """Return mean AUROCs."""
        found = self.score(table)
        return np.stack([found, np.ones_like(found)])

    def effect(self, parts: Floats) -> Floats:
        """Return AUROCs."""
        return np.asarray(parts[0])

    def seen(self, table: UnitTable) -> float:
        """Return the mean AUROC."""
        return float(self.score(table)[0])

    def reach(self, table: UnitTable, level: float) -> float:
        """Return how far the interval of the mean AUROC reaches down."""
        names = tuple(str(place) for place in range(len(table.first)))
        within = stats.WithinUnits("AUROC", table.first[:, 0] - CHANCE, names, 0, CHANCE, 0.0, 1.0)
        made = stats.association_estimate(within, level=level)
        return math.inf if made.low is None or made.value is None else made.value - made.low

    def spread(self, table: UnitTable) -> float:
        """Return the standard deviation of the AUROCs, or the least that their interval takes it for."""
        values = table.first[:, 0]
        mean = float(values.mean())
        least = max(mean * (1 - mean), 1 / len(values) ** 2) / (2 * len(values))
        return math.sqrt(max(float(values.var(ddof=1)), least))

    def planned(self, effect: float, number: float | None, planning: PlannedAt) -> PlannedClaim:
        """Return that the mean AUROC is at least a number, or above chance."""
        far = (effect - (CHANCE if number is None else number)) / planning.spread
        return stats.PlannedClaim(
            "mean auroc", far, "greater", paired=True, threshold=number, level=planning.level
        )

    def words(self, effect: float) -> str:
        """Return an AUROC."""
        return f"AUROC {effect:.2f}"


def _means(values: Floats, units: Sequence[NDArray[np.intp]]) -> Floats:
    """Average values [documents, m] within units, each of which has one."""
    return np.stack([values[rows].mean(axis=0) for rows in units])


def _of(said: SortSettings) -> PredictionSort:
    """Return the kind for the one thing that is said to be looked for; raise DiscoveryError for none or several."""
    given = [name for name in TAKES if name in said.others]
    if len(given) != 1:
        raise DiscoveryError(
            "Say what neurons are to predict, one of: a token (' an'), all tokens matching a pattern ('[0-9]+'), or a "
            f"label of the text ('noun'){'; not ' + ' and '.join(given) + ' together' if given else ''}."
        )
    said_of = said.others[given[0]]
    if not said_of:
        raise DiscoveryError(f"The {given[0]} is empty: say what neurons are to predict.")
    if given[0] == "label":
        return PredictionSort(TokenLabel(said_of))
    if given[0] == "token":
        return PredictionSort(said_of)
    try:
        check_pattern(said_of)
    except TokenClassError as error:
        raise DiscoveryError(f"The pattern {said_of!r} cannot be used: {error}.") from None
    return PredictionSort(TokenClass(pattern=said_of))


SORT = SortEntry("prediction", _of, TAKES)
