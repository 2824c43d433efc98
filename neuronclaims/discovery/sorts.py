"""The kinds of claim that neurons can be looked for by: how they are ranked, what is claimed, and how it is planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from neuronclaims import stats
from neuronclaims.discovery.errors import DiscoveryError
from neuronclaims.discovery.values import UnitTable
from neuronclaims.kinds.shared.requests import activations, in_order
from neuronclaims.kinds.top_k.consistency import Consistent
from neuronclaims.kinds.top_k.top_k_scores import own_scores, scores
from neuronclaims.kinds.two_sample.contrast import Contrast
from neuronclaims.kinds.two_sample.separation import Separation
from neuronclaims.measurements import Activations
from neuronclaims.sentences.messages import closest, quoted
from neuronclaims.sentences.numbers import Amount
from neuronclaims.sentences.subjects.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.discovery.values import Floats
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.stats import Level, MaxResults, PlannedClaim, Resampling
    from neuronclaims.stats.inputs import Alternative
    from neuronclaims.stats.permutation.relabelling import Statistic

LATER = ("prediction", "restoration", "ablation", "clamping", "correlation", "congruence", "activity")
"""Kinds that are asked for and that no search is made by."""


class Sort(Protocol):
    """A kind of claim to look by. Sides are the units of both sets, [n1, m] and [n2, m]."""

    @property
    def name(self) -> str:
        """The name of the kind."""
        ...

    @property
    def statistic(self) -> Statistic:
        """What is maximised over all neurons, under exchanged labels."""
        ...

    @property
    def alternative(self) -> Alternative:
        """On which side of none neurons are looked for."""
        ...

    @property
    def null(self) -> float:
        """The effect of nothing."""
        ...

    @property
    def least(self) -> float | None:
        """The smallest number a claim can name; None where it need not name any."""
        ...

    @property
    def grid(self) -> tuple[float, ...]:
        """The numbers that claims are made with, from small to large."""
        ...

    def sentence(self, neuron: Neuron, first: str, second: str, number: float | None) -> object:
        """Return the sentence of a claim."""
        ...

    def values(self, claim: Claim, answers: Answers) -> tuple[Floats, Floats]:
        """Return the values that are compared, [prompts, neurons of the whole site] of both sets."""
        ...

    def score(self, table: UnitTable) -> Floats:
        """Return by what neurons are ranked, [m]; the largest is first."""
        ...

    def parts(self, table: UnitTable, known: UnitTable) -> Floats:
        """Return what effects are made of on some units, [2, m]: a mean, and the variance it is to be divided by.

        ``known`` are the same neurons on the units that they were ranked on.
        """
        ...

    def effect(self, parts: Floats) -> Floats:
        """Return effects made of parts that were averaged."""
        ...

    def seen(self, table: UnitTable) -> float:
        """Return the effect of one neuron on all units of the half, as its claim would be judged."""
        ...

    def reach(self, table: UnitTable, level: float) -> float:
        """Return how far the interval of one neuron's effect reaches down, where the values' shape decides that.

        It is 0 where a plan knows it without values, and infinite where there is no interval.
        """
        ...

    def planned(self, effect: float, number: float | None, paired: bool, level: Level) -> PlannedClaim:
        """Return a claim with a number, for the plan, if ``effect`` is the true one."""
        ...

    def words(self, effect: float) -> str:
        """Return an effect in words."""
        ...


@dataclass(frozen=True)
class ContrastSort:
    """Neurons that activate more for one set, by Welch's t; that of pairs where there are pairs."""

    name: str = "contrast"
    statistic: Statistic = "mean"
    alternative: Alternative = "greater"
    null: float = 0.0
    least: float | None = None
    grid: tuple[float, ...] = tuple(round(0.1 * step, 1) for step in range(1, 60))

    def sentence(self, neuron: Neuron, first: str, second: str, number: float | None) -> Contrast:
        """Return that the neuron activates more."""
        by = None if number is None else Amount(number, "sd")
        return Contrast(_who(neuron), "activates", "more", first, second, by)

    def values(self, claim: Claim, answers: Answers) -> tuple[Floats, Floats]:
        """Return activations."""
        return _activations(claim, answers)

    def score(self, table: UnitTable) -> Floats:
        """Return t."""
        found = (stats.paired_t_many if table.paired else stats.welch_t_many)(table.first, table.second)
        return np.asarray(found)

    def parts(self, table: UnitTable, known: UnitTable) -> Floats:
        """Return differences of means, and variances, in units that are a neuron's own."""
        scale = np.concatenate([known.first, known.second]).std(axis=0)
        scale[scale == 0] = 1.0
        free = len(table.first) + len(known.first) - 1
        free += 0 if table.paired else len(table.second) + len(known.second) - 1
        j = 1 - 3 / (4 * free - 1)  # Hedges' correction: all parts are of one small sample
        first, second = table.first / scale, table.second / scale
        if table.paired:
            return np.stack([j * (first - second).mean(axis=0), _variance(first - second)])
        weights = len(first) - 1, len(second) - 1
        pooled = (weights[0] * _variance(first) + weights[1] * _variance(second)) / max(1, sum(weights))
        return np.stack([j * (first.mean(axis=0) - second.mean(axis=0)), pooled])

    def effect(self, parts: Floats) -> Floats:
        """Return standard deviations."""
        return np.asarray(parts[0] / np.sqrt(np.maximum(parts[1], 1e-12)))

    def seen(self, table: UnitTable) -> float:
        """Return Hedges' g, or dz of pairs."""
        estimate = stats.dz_estimate if table.paired else stats.hedges_g_estimate
        return _number(estimate(table.first[:, 0], table.second[:, 0]).value)

    def reach(self, table: UnitTable, level: float) -> float:
        """Return how far the interval for values of any shape reaches down from the effect."""
        first, second = table.first[:, 0], table.second[:, 0]
        plain = (stats.dz_estimate if table.paired else stats.hedges_g_estimate)(first, second, level=level)
        made = stats.of_any_shape(plain, first, second, paired=table.paired)
        return float("inf") if made.low is None or made.value is None else made.value - made.low

    def planned(self, effect: float, number: float | None, paired: bool, level: Level) -> PlannedClaim:
        """Return that the means differ by a number of standard deviations, or at all."""
        said = number is not None
        return stats.PlannedClaim(
            "mean", effect, "greater", paired, threshold=number, level=level, standardised=said
        )

    def words(self, effect: float) -> str:
        """Return standard deviations."""
        return f"{effect:.2g} sd"


@dataclass(frozen=True)
class SeparationSort:
    """Neurons whose values tell the sets apart, whichever is higher, by the AUROC."""

    name: str = "separation"
    statistic: Statistic = "auroc"
    alternative: Alternative = "two-sided"
    null: float = 0.5
    least: float | None = None
    grid: tuple[float, ...] = tuple(round(0.05 * step, 2) for step in range(11, 20))

    def sentence(self, neuron: Neuron, first: str, second: str, number: float | None) -> Separation:
        """Return that the neuron separates the sets."""
        return Separation(_who(neuron), "separates", first, second, number)

    def values(self, claim: Claim, answers: Answers) -> tuple[Floats, Floats]:
        """Return activations."""
        return _activations(claim, answers)

    def score(self, table: UnitTable) -> Floats:
        """Return how far AUROCs are from 0.5; of equal ones the larger t is first."""
        t = np.abs((stats.paired_t_many if table.paired else stats.welch_t_many)(table.first, table.second))
        return np.asarray(np.abs(self._aurocs(table) - 0.5) + 1e-4 * np.arctan(t))

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

    def planned(self, effect: float, number: float | None, paired: bool, level: Level) -> PlannedClaim:
        """Return that the AUROC is at least a number, either way round."""
        return stats.PlannedClaim("auroc", effect, "two-sided", paired, threshold=number, level=level)

    def words(self, effect: float) -> str:
        """Return an AUROC."""
        return f"AUROC {effect:.2f}"

    def _aurocs(self, table: UnitTable) -> Floats:
        if table.paired:
            return np.asarray(
                np.mean((table.first > table.second) + 0.5 * (table.first == table.second), axis=0)
            )
        return np.asarray(stats.auroc_many(table.first, table.second))


@dataclass(frozen=True)
class ConsistencySort:
    """Neurons that are among the top ``k`` of the whole site in most prompts of a set, over a baseline."""

    k: int = 10
    name: str = "consistency"
    statistic: Statistic = "mean"
    alternative: Alternative = "greater"
    null: float = 0.0
    least: float | None = 0.05
    grid: tuple[float, ...] = tuple(round(0.05 * step, 2) for step in range(1, 20))

    def sentence(self, neuron: Neuron, first: str, second: str, number: float | None) -> Consistent:
        """Return that the neuron is among the top ones in at least a share of prompts."""
        return Consistent(_who(neuron), self.k, first, second, number or 0.05)

    def values(self, claim: Claim, answers: Answers) -> tuple[Floats, Floats]:
        """Return where neurons are among the top ones: 1, and 0 elsewhere."""
        by = claim.settings.options.rank_by
        first, second = _activations(claim, answers)
        if not 1 <= self.k < first.shape[1]:
            raise DiscoveryError(
                f"The top {self.k:,} are no choice among {first.shape[1]:,} neurons of the site."
            )
        found = scores(first, second, by), own_scores(second, by)
        members = [stats.top_k_members(each, self.k).astype(np.float64) for each in found]
        return members[0], members[1]

    def score(self, table: UnitTable) -> Floats:
        """Return the share of prompts; of neurons with one share those first that the baseline has less often."""
        return np.asarray(table.first.mean(axis=0) - 1e-3 * table.second.mean(axis=0))

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

    def planned(self, effect: float, number: float | None, paired: bool, level: Level) -> PlannedClaim:
        """Return that the share is at least a number, and higher than in the baseline."""
        return stats.PlannedClaim(
            "share",
            min(effect, 0.99),
            "greater",
            paired,
            threshold=number or 0.05,
            level=level,
            compared=True,
        )

    def words(self, effect: float) -> str:
        """Return a share of prompts."""
        return f"{100 * effect:.0f} % of prompts"


def sort_of(kind: str, k: int) -> Sort:
    """Return the kind by its name; raise DiscoveryError for one that no search is made by."""
    sorts: Sequence[Sort] = (ContrastSort(), SeparationSort(), ConsistencySort(k))
    found = next((sort for sort in sorts if sort.name == kind), None)
    if found is not None:
        return found
    known = ", ".join(sort.name for sort in sorts)
    if kind in LATER:
        raise DiscoveryError(
            f"Neurons are not looked for by {kind} yet. Look by {known}, and claim {kind} of what is found."
        )
    near = closest(kind, [sort.name for sort in sorts])
    meant = f"; did you mean {quoted(near)}?" if near else ""
    raise DiscoveryError(f"Neurons are looked for by {known}, not by {quoted(kind)}{meant}")


def resolved(sort: Sort, table: UnitTable, resampling: Resampling) -> MaxResults:
    """Test all neurons, each corrected for having looked at all of them."""
    return stats.max_statistic_tests(
        table.first,
        table.second,
        exchange=stats.Exchange(paired=table.paired),
        statistic=sort.statistic,
        alternative=sort.alternative,
        resampling=resampling,
    )


def _activations(claim: Claim, answers: Answers) -> tuple[Floats, Floats]:
    """Return the values of the whole site, layers side by side, of prompts in the order of their text."""
    said, settings = claim.sentence, claim.settings
    layers = sorted({need.layer for need in answers if isinstance(need, Activations)})
    first, second = (
        np.concatenate(
            [answers[activations(settings, layer, in_order(claim.sets[name]))] for layer in layers],
            axis=1,
            dtype=np.float64,
        )
        for name in (said.first, said.second)
    )
    return first, second


def _who(neuron: Neuron) -> Subject:
    return Subject("one", (neuron,))


def _variance(values: Floats) -> Floats:
    return np.asarray(values.var(axis=0, ddof=1) if len(values) > 1 else np.zeros(values.shape[1]))


def _number(value: float | None) -> float:
    return float("inf") if value is None else value
