"""Where the neurons of a claim stand when they are changed: how they were chosen, their controls, their size.

Every kind that changes neurons asks for the same controls and tells them in the same words: the other neurons of the
layer of a single one, random lists for several together, and whether they are outlier dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuronclaims.kinds.interventions.changed_neurons import swept_layers, who_of
from neuronclaims.kinds.interventions.controls.controls import place_of, random_lists
from neuronclaims.kinds.outliers.outlier_dimensions import LargeTokens, large_tokens_needed
from neuronclaims.kinds.shared.subjects.selection import selection_notes, selection_of

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.interventions.controls.controls import Places, RandomLists
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import Rank, Selection
    from neuronclaims.stats import Estimate


def controls_needed(
    claim: Claim,
    facts: ModelFacts,
    texts: Sequence[str],
    *,
    together: Callable[[Places], Measurement],
    alone: Callable[[int], Measurement],
) -> tuple[Measurement, ...]:
    """Ask for all that a claim's neurons are compared with, and for the share of tokens of ``texts`` they are large at.

    ``together`` asks for a list of (layer, index) changed together, ``alone`` for each neuron of a layer by itself.

    Raises ClaimError where the model lacks the neurons or predicts nothing.
    """
    neurons, settings = claim.sentence.neurons, claim.settings
    layers = swept_layers(claim, facts)
    large = large_tokens_needed(neurons, settings, texts)
    lists = random_lists(neurons, facts.widths[settings.site], settings)
    return *large, *map(together, lists), *map(alone, layers)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a claim's changed neurons were chosen, and where they stand among others."""

    selection: Selection
    rank: Rank | None
    lists: RandomLists
    large: LargeTokens
    count: int

    @classmethod
    def of(
        cls, claim: Claim, answers: Answers, lists: RandomLists, rank: Rank | None, *, searched: int
    ) -> Standing:
        """Read the answers; ``searched`` is how many neurons the claimed one was picked from, itself included."""
        neurons = claim.sentence.neurons
        selection = selection_of(claim, who_of(claim), searched)
        return cls(selection, rank, lists, LargeTokens.of(neurons, answers), len(neurons))

    @property
    def others(self) -> tuple[Estimate, ...]:
        """The share of random lists that are as strong, and the share of tokens at which a neuron is large."""
        return (*self.lists.others, self.large.largest)

    @property
    def notes(self) -> tuple[str, ...]:
        """All this in sentences."""
        return (
            *selection_notes(self.selection),
            *place_of(self.rank),
            *self.lists.notes(self.count),
            *self.large.notes,
        )

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The claim's neurons beside random lists."""
        return self.lists.figures
