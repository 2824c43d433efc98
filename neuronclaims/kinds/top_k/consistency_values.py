"""What claims of neurons among the top K ask, and in which prompts every neuron of the site is among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.outliers.token_share import PromptUnits
from neuronclaims.kinds.shared.designs import design_of
from neuronclaims.kinds.shared.requests import in_order, resamples_of, seed_of
from neuronclaims.kinds.shared.selection import layers_needed, search_of
from neuronclaims.kinds.shared.unit_names import continuations_needed, names_of_units
from neuronclaims.kinds.top_k.tracing import (
    Columns,
    Trace,
    check_baseline,
    own_scores,
    scores,
    trace_needs,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.kinds.top_k.consistency_sentences import Absent, Consistent
    from neuronclaims.kinds.top_k.tracing import Floats, RankingOptions
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.sentences.neurons import Neuron
    from neuronclaims.sentences.subjects import Subject
    from neuronclaims.stats import TwoSampleDesign


@dataclass(frozen=True, slots=True)
class Asked:
    """A claim with its prompts in the order of their text; ``units`` are those whose share is claimed.

    ``design`` says what can be exchanged between the set and its baseline.
    """

    claim: Claim[Consistent | Absent, RankingOptions]
    first: tuple[Prompt, ...]
    second: tuple[Prompt, ...]
    units: PromptUnits
    baseline: PromptUnits
    design: TwoSampleDesign

    @classmethod
    def of(cls, claim: Claim[Consistent | Absent, RankingOptions]) -> Asked:
        """Look up the sets; raise ClaimError for too few units, or a baseline too small to have a mean."""
        said = claim.sentence
        check_baseline(claim, said.second)
        first, second = in_order(claim.sets[said.first]), in_order(claim.sets[said.second])
        return cls(
            claim, first, second, PromptUnits.of(first), PromptUnits.of(second), design_of(first, second)
        )

    @property
    def who(self) -> Subject:
        """Whom the claim is about."""
        return self.claim.sentence.who

    @property
    def by(self) -> str:
        """What neurons are ranked by."""
        return self.claim.settings.options.rank_by

    @property
    def searched(self) -> bool:
        """Whether the neuron was picked on these very prompts, or is picked now."""
        return search_of(self.claim, self.who) is not None

    @property
    def seed(self) -> int:
        """A seed that comes from the prompts."""
        return seed_of(self.claim.settings, (self.first, self.second), "consistency")

    @property
    def resamples(self) -> int:
        """How many relabellings are drawn where they cannot all be enumerated."""
        return resamples_of(self.claim.settings)

    @property
    def counts(self) -> tuple[tuple[str, int], tuple[str, int]]:
        """How many units each set has."""
        said = self.claim.sentence
        return (said.first, len(self.units.rows)), (said.second, len(self.baseline.rows))

    def needs(self, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the whole site on both sets; raise ClaimError where the model or the search does not allow it."""
        layers_needed(self.claim, self.who, facts)
        said = self.claim.sentence
        asked = trace_needs(self.claim, (said.first, said.second), said.k, facts, self.who.neurons)
        sets = (self.first, self.second)
        return *asked, *(
            need for prompts in sets for need in continuations_needed(self.claim.settings, prompts)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Tops:
    """Scores of all neurons in all prompts of the set and of its baseline, and where they are among the top K.

    ``scores`` and ``members`` hold [n1, m] and [n2, m]; ``columns`` names the m neurons, ``names`` the prompts of
    each set where figures tell them.
    """

    asked: Asked
    columns: Columns
    scores: tuple[Floats, Floats]
    members: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    names: tuple[tuple[str, ...], tuple[str, ...]]

    @classmethod
    def of(cls, asked: Asked, answers: Answers) -> Tops:
        """Score what was answered; raise ClaimError for a neuron of the claim that has no z."""
        said = asked.claim.sentence
        trace, baseline = (Trace.of(asked.claim, name, answers) for name in (said.first, said.second))
        if asked.by == "z":
            _check_varies(asked, trace.columns, baseline.values)
        found = scores(trace.values, baseline.values, asked.by), own_scores(baseline.values, asked.by)
        members = stats.top_k_members(found[0], said.k), stats.top_k_members(found[1], said.k)
        first, second = (
            names_of_units(asked.claim.settings, prompts, answers) for prompts in (asked.first, asked.second)
        )
        return cls(asked, trace.columns, found, members, (first, second))

    @property
    def occurrences(self) -> NDArray[np.int64]:
        """In how many prompts of the set each neuron is among the top K, [m]."""
        return np.asarray(self.members[0].sum(axis=0), dtype=np.int64)

    @property
    def picked_from(self) -> NDArray[np.intp]:
        """The columns of all neurons that were searched."""
        search = search_of(self.asked.claim, self.asked.who)
        layers = None if search is None else search.layers
        return self.columns.of_layers(self.columns.layers if layers is None else layers)

    @property
    def all_shares(self) -> tuple[Floats, Floats]:
        """Return the share of prompts of every neuron in each unit, [units, m] of the set and of its baseline."""
        one, two = (members.astype(np.float32) for members in self.members)
        return self.asked.units.means(one), self.asked.baseline.means(two)

    def shares(self, column: int) -> tuple[Floats, Floats]:
        """Return one neuron's share of prompts in each unit of the set and of its baseline, 0 or 1 for prompts."""
        one, two = (members[:, [column]].astype(np.float32) for members in self.members)
        return self.asked.units.means(one)[:, 0], self.asked.baseline.means(two)[:, 0]

    def exchanged(self, columns: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Return the same for some neurons, by the units that are exchanged: [n1, columns] and [n2, columns]."""
        one, two = (members[:, columns].astype(np.float64) for members in self.members)
        return self.asked.design.units(one, two)


def _check_varies(asked: Asked, columns: Columns, baseline: Floats) -> None:
    still = [each for each in asked.who.neurons if np.ptp(baseline[:, columns.column(each)]) == 0]
    if still:
        raise ClaimError(_no_z(still[0], asked.claim.sentence.second))


def _no_z(neuron: Neuron, baseline: str) -> str:
    return (
        f"Neuron {neuron} is the same for all prompts of {baseline!r}, so it has no standard deviation to be measured "
        "in. Use 'rank_by: diff', or a baseline in which it varies."
    )
