"""What a kind of claim says to be looked by: how neurons are ranked, what is claimed, and how it is planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from neuronclaims.discovery.sorts.measuring import MeasuredNeurons, SearchedHalf
    from neuronclaims.discovery.values import Floats, UnitTable
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.stats import Level, PlannedClaim
    from neuronclaims.stats.designs import Unit
    from neuronclaims.stats.inputs import Alternative
    from neuronclaims.stats.permutation.relabelling import Statistic


class Sort(Protocol):
    """A kind of claim to look by.

    A table holds the units of both sets, [n1, m] and [n2, m]. Of a single set the other side is what the values are if
    there is nothing, paired with them: then signs are flipped.
    """

    @property
    def name(self) -> str:
        """The name of the kind."""
        ...

    @property
    def sets(self) -> int:
        """How many sets are given: 2 that are compared, or 1."""
        ...

    @property
    def of_pairs(self) -> bool:
        """Whether what is given are pairs of a clean and a corrupted text, not sets of prompts."""
        ...

    @property
    def pooled(self) -> bool:
        """Whether the token rule says what is read; it plays no part in kinds that read every token."""
        ...

    @property
    def unit(self) -> Unit:
        """What is counted of a single set without groups."""
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

    def looked_for(self, names: Sequence[str]) -> str:
        """Return by what neurons are ranked in these sets, in words after "ranked for"."""
        ...

    def options(self, names: Sequence[str]) -> Mapping[str, object]:
        """Return what claims say beside their sentence, as keys of a claim."""
        ...

    def sentence(self, neuron: Neuron, names: Sequence[str], number: float | None) -> object:
        """Return the sentence of a claim about the sets of these names."""
        ...

    def measured(self, half: SearchedHalf) -> MeasuredNeurons:
        """Measure what neurons are ranked by, on the half that is searched.

        It may be done in stages: all neurons by an approximation, and then the best of them as the claim has it.
        """
        ...

    def score(self, table: UnitTable) -> Floats:
        """Return by what neurons are ranked, [m]; the largest is first."""
        ...

    def corrected(self, table: UnitTable, columns: NDArray[np.intp], seed: int) -> Floats:
        """Return p of some neurons [columns], each corrected for all of the table."""
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

    def spread(self, table: UnitTable) -> float | None:
        """Return the standard deviation of one neuron's units, for plans that need it; None for others."""
        ...

    def planned(self, effect: float, number: float | None, planning: PlannedAt) -> PlannedClaim:
        """Return a claim with a number, for the plan, if ``effect`` is the true one."""
        ...

    def words(self, effect: float) -> str:
        """Return an effect in words."""
        ...


@dataclass(frozen=True, slots=True)
class PlannedAt:
    """How a claim is planned: of pairs (or signs) or not, at a level, for units that vary by ``spread``."""

    paired: bool
    level: Level
    spread: float = 1.0


@dataclass(frozen=True, slots=True)
class SortSettings:
    """What is said of a kind of claim: the ``k`` of its lists, and by name what else kinds ask for."""

    k: int = 10
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SortEntry:
    """A kind of claim in the list of those to look by.

    ``make`` makes it of what is said, or raises DiscoveryError; of ``others`` it is given those that it ``takes``.
    """

    name: str
    make: Callable[[SortSettings], Sort]
    takes: tuple[str, ...] = ()
