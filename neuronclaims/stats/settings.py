"""How a test is made, as small objects that are passed on whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from neuronclaims.stats.inputs import StatsError, check_share

if TYPE_CHECKING:
    from neuronclaims.stats.effects.within_blocks import Blocks


_SEARCH_COST = 4e11
"""What the draws of one search may cost: neurons x draws x (units + 40). Some ten seconds of one core."""


@dataclass(frozen=True, slots=True)
class Resampling:
    """How relabellings are found: all of them up to ``exact_limit``, otherwise random ones from ``seed``.

    ``draws`` are made first, then ten times more each time, up to ``max_draws``, until p is settled against the limits
    of its family; ``stop_after`` ends them earlier, for a family that has yet to show which limit matters here. Tests
    of many neurons at once make ``draws`` alone; see ``for_search``.

    >>> Resampling(seed=7).draws
    9999
    """

    seed: int
    draws: int = 9_999
    max_draws: int = 999_999
    exact_limit: int = 200_000
    stop_after: int | None = None

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise StatsError(f"resamples and family must be at least 1, not {self.draws} draws.")

    def at_most(self, max_draws: int) -> Resampling:
        """Return the same with another largest number of draws."""
        return replace(self, max_draws=max_draws)

    def for_search(self, neurons: int, units: int) -> Resampling:
        """Return how a search of so many neurons draws: up to ``stop_after`` at once, as far as that is not too dear.

        ``max_draws`` becomes the most that such a search can ever get. What was asked for as ``draws`` is always made.

        >>> Resampling(seed=7, stop_after=999_999).for_search(neurons=1_152, units=40).draws
        999999
        >>> Resampling(seed=7, stop_after=999_999).for_search(neurons=46_080, units=40).draws
        99999
        """
        affordable = _SEARCH_COST / (neurons * (units + 40))
        dear = (count for count in (self.max_draws, 10 * self.draws + 9, 0) if count <= affordable)
        most = max(self.draws, min(self.max_draws, next(dear, 0)))
        wanted = most if self.stop_after is None else self.stop_after
        return replace(self, draws=max(self.draws, min(wanted, most)), max_draws=most)


@dataclass(frozen=True, slots=True)
class Level:
    """At which level p counts: ``alpha``, or alpha / k for k up to ``family`` claims corrected together (Holm).

    >>> Level(family=20).alpha
    0.05
    """

    alpha: float = 0.05
    family: int = 1

    def __post_init__(self) -> None:
        check_share(self.alpha, "alpha")
        if self.family < 1:
            raise StatsError(f"resamples and family must be at least 1, not a family of {self.family}.")


LEVEL = Level()
"""The level of a claim that stands alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """What is exchanged between two sets: the values of a pair, or units, all of them or within blocks.

    ``unit`` is what a unit is called, such as "prompt", and ``column`` what one of those is called that are tested at
    once, such as "head". ``blocks`` gives one block number per unit of each set.

    >>> Exchange(unit="prompt", blocks=([0, 0, 1], [0, 1])).paired
    False
    """

    paired: bool = False
    unit: str = "unit"
    blocks: Blocks | None = None
    column: str = "neuron"


UNITS, PAIRS = Exchange(), Exchange(paired=True)
"""Independent units, and pairs, that are called nothing else."""
