"""Look for neurons by what changing them does: all by attribution, and then the best of them exactly.

One forward and one backward estimate what each neuron would do; a change of each by itself, which is what a claim is
judged by, takes a forward for each. So only those that are first by the estimate are changed. On the half that is
searched the estimate chose them, and a rank among them chooses again: both choices are luck in part, and both are made
anew wherever that luck is measured (``ChangedUnits``, ADR 73).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.discovery.errors import DiscoveryError
from neuronclaims.discovery.shrinking import ranked
from neuronclaims.discovery.sorts.corrected import by_mean
from neuronclaims.discovery.sorts.measuring import MeasuredNeurons
from neuronclaims.discovery.values import UnitTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.discovery.sorts.measuring import SearchedHalf
    from neuronclaims.discovery.sorts.sort import PlannedAt, SortSettings
    from neuronclaims.discovery.values import Floats
    from neuronclaims.kinds.interventions.controls.random_neurons import Compared
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.measurements import Measurement
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.stats import PlannedClaim
    from neuronclaims.stats.inputs import Alternative
    from neuronclaims.stats.permutation.relabelling import Statistic

BEST = 32
"""So many neurons are changed each by itself, if nothing else is said."""
MOST_EXACT = 10_000
"""More are not: a sweep of the layers is what is wanted then."""
BEYOND: Compared = "more than random neurons do"


@dataclass(frozen=True, slots=True, eq=False)
class ChangedUnits(UnitTable):
    """What changing each of m neurons does in the units, [n, m], as far as possible the claimed way, beside 0.

    ``first`` holds what was measured exactly of the neurons ``exact`` [m], and of others what is estimated, times how
    much of an estimate is found exactly. ``estimates`` [n, m] are those of all, ``whole`` [n] is what there was to
    change. ``best`` neurons are ranked exactly.
    """

    estimates: Floats
    exact: NDArray[np.bool_]
    whole: Floats
    best: int

    @classmethod
    def of(cls, estimates: Floats, chosen: NDArray[np.intp], changes: Floats, whole: Floats) -> ChangedUnits:
        """Put ``changes`` [n, chosen], measured exactly, in the place of estimates.

        >>> estimates = np.array([[1.0, 2.0, 4.0], [3.0, 2.0, 4.0]])
        >>> table = ChangedUnits.of(estimates, np.array([2]), np.array([[2.0], [2.0]]), np.ones(2))
        >>> table.first.tolist()
        [[0.5, 1.0, 2.0], [1.5, 1.0, 2.0]]
        """
        own = estimates[:, chosen]
        size = float((own * own).sum())
        found = estimates * (max(0.0, float((own * changes).sum()) / size) if size > 0 else 1.0)
        found[:, chosen] = changes
        exact = np.zeros(estimates.shape[1], dtype=bool)
        exact[chosen] = True
        return cls(found, np.zeros_like(found), True, estimates, exact, whole, len(chosen))

    def rows(self, first: NDArray[np.intp], second: NDArray[np.intp]) -> ChangedUnits:  # noqa: ARG002
        """Return some of the units."""
        return replace(
            self,
            first=self.first[first],
            second=self.second[first],
            estimates=self.estimates[first],
            whole=self.whole[first],
        )

    def neurons(self, columns: NDArray[np.intp]) -> ChangedUnits:
        """Return some of the neurons."""
        return replace(
            self,
            first=self.first[:, columns],
            second=self.second[:, columns],
            estimates=self.estimates[:, columns],
            exact=self.exact[columns],
        )


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """What is said of a search by changes besides the outcome: at which tokens, how many exactly, and beside what.

    >>> ChangeSettings(at="last").options
    {'at': 'last'}
    """

    at: str | None = None
    best: int = BEST
    beyond: bool = False

    @classmethod
    def of(cls, said: SortSettings) -> ChangeSettings:
        """Read what is said; raise DiscoveryError for a number that cannot be."""
        best = int(said.others.get("best", BEST))
        if not 1 <= best <= MOST_EXACT:
            raise DiscoveryError(
                f"Between 1 and {MOST_EXACT:,} neurons can be changed one by one, not {best:,}."
            )
        return cls(said.others.get("at"), best, "beyond" in said.others)

    @property
    def options(self) -> dict[str, object]:
        """The options of the claims."""
        return {} if self.at is None else {"at": self.at}

    @property
    def compared(self) -> Compared | None:
        """The end of the sentence."""
        return BEYOND if self.beyond else None


@dataclass(frozen=True, slots=True, eq=False)
class ExactChange:
    """What one neuron does in each unit, the claimed way, and what random neurons of its size do in the mean."""

    change: Floats
    random: float | None


@dataclass(frozen=True)
class ChangeSort:
    """What searches by changes have in common. Their effect is sum(change) / sum(``whole``) over units."""

    pooled: bool = False
    sets: int = 1
    statistic: Statistic = "mean"
    alternative: Alternative = "greater"
    null: float = 0.0
    least: float | None = None

    def score(self, table: UnitTable) -> Floats:
        """Return the mean change of those that are first by the estimate on these units, and no rank for others."""
        table = _changes(table)
        first = ranked(table.estimates.mean(axis=0), table.best)
        found = np.full(table.first.shape[1], -np.inf)
        found[first] = table.first[:, first].mean(axis=0)
        return found

    def corrected(self, table: UnitTable, columns: NDArray[np.intp], seed: int) -> Floats:
        """Return p by the maximum of the mean change over all neurons, those that are estimated included."""
        return by_mean(table.first, columns, seed)

    def parts(self, table: UnitTable, known: UnitTable) -> Floats:  # noqa: ARG002
        """Return mean changes, and the mean of what there was to change."""
        found = table.first.mean(axis=0)
        return np.stack([found, np.full_like(found, _changes(table).whole.mean())])

    def effect(self, parts: Floats) -> Floats:
        """Return changes as parts of what there was."""
        return np.asarray(parts[0] / parts[1])

    def seen(self, table: UnitTable) -> float:
        """Return the effect of one neuron."""
        return float(table.first[:, 0].mean() / _changes(table).whole.mean())

    def reach(self, table: UnitTable, level: float) -> float:
        """Return how far the interval of one neuron's effect reaches down, which bears skewness."""
        made = stats.ratio_of_means_estimate(table.first[:, 0], _changes(table).whole, level=level)
        return float("inf") if made.low is None or made.value is None else made.value - made.low

    def spread(self, table: UnitTable) -> float:
        """Return how much the units of one neuron vary about its effect."""
        whole = _changes(table).whole
        return float((table.first[:, 0] - self.seen(table) * whole).std(ddof=1) / whole.mean())

    def planned(self, effect: float, number: float | None, planning: PlannedAt) -> PlannedClaim:
        """Return that the mean change lies beyond a number, or beyond none."""
        beyond = (effect - (number or 0.0)) / max(planning.spread, 1e-12)
        return stats.PlannedClaim("mean", min(beyond, 1e6), "greater", planning.paired, level=planning.level)


def _changes(table: UnitTable) -> ChangedUnits:
    assert isinstance(table, ChangedUnits)
    return table


@dataclass(frozen=True, slots=True)
class Stages:
    """The two stages of a measurement: what is asked of a layer and of a claim, and how answers are read.

    ``estimate`` asks for the neurons of a layer, ``estimated`` reads its answer: [units, width], the claimed way.
    ``exact`` asks for what the claim about a neuron is judged by, ``changed`` reads that. ``about`` returns the claim
    about a neuron. ``whole`` [units] is what there was to change, by the answers to the first estimate.
    """

    about: Callable[[Neuron], Claim]
    estimate: Callable[[int], Measurement]
    estimated: Callable[[Measurement, NDArray[np.float32]], Floats]
    exact: Callable[[Claim], Sequence[Measurement]]
    changed: Callable[[Claim, Answers], ExactChange]
    whole: Callable[[Measurement, NDArray[np.float32]], Floats]


def in_stages(
    half: SearchedHalf, stages: Stages, best: int, words: Callable[[float], str]
) -> MeasuredNeurons:
    """Estimate what all neurons do, change the ``best`` by the estimate each by itself, and put both in one table."""
    asked = [stages.estimate(layer) for layer in half.layers]
    answers = half.ask(asked)
    estimates = np.concatenate([stages.estimated(need, answers[need]) for need in asked], axis=1)
    columns = half.columns
    neurons = [columns.neuron(int(column)) for column in columns.of_layers(half.layers)]
    chosen = ranked(estimates.mean(axis=0), best)
    claims = {int(column): stages.about(neurons[column]) for column in chosen}
    needs = {column: tuple(stages.exact(claim)) for column, claim in claims.items()}
    measured = half.ask(list(dict.fromkeys(need for each in needs.values() for need in each)))
    found = {
        column: stages.changed(claim, {need: measured[need] for need in needs[column]})
        for column, claim in claims.items()
    }
    whole = stages.whole(asked[0], answers[asked[0]])
    if not whole.mean() > 0:
        raise DiscoveryError(
            "There is nothing to change: on the prompts that are searched, the outcome in the clean texts is not "
            "higher than in the corrupted ones. Exchange the tokens, or the texts."
        )
    changes = np.stack([each.change for each in found.values()], axis=1)
    beside: Mapping[Neuron, str] = {
        neurons[column]: f"random neurons of its size: {words(each.random / float(whole.mean()))}"
        for column, each in found.items()
        if each.random is not None
    }
    return MeasuredNeurons(
        ChangedUnits.of(estimates, chosen, changes, whole), neurons, len(neurons), beside=beside
    )
