"""Say what claims of neurons among the top K need, and hold in which prompts each neuron is among them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Distributions, Ranks, Row, Table
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.outliers.token_share import PromptUnits, ShareSide, mean_share
from neuronclaims.kinds.shared.designs import design_of
from neuronclaims.kinds.shared.requests import in_order, plain, resamples_of, seed_of
from neuronclaims.kinds.shared.subjects.neurons import rank_of
from neuronclaims.kinds.shared.subjects.selection import LEVEL, layers_needed, search_of
from neuronclaims.kinds.shared.unit_names import continuations_needed, names_of_units
from neuronclaims.kinds.shared.units import of_one_set
from neuronclaims.kinds.top_k.top_k_scores import (
    BY,
    SiteColumns,
    SiteValues,
    check_baseline,
    own_scores,
    places_of,
    scores,
    site_needs,
)
from neuronclaims.measurements.views.view import titled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.kinds.top_k.consistency import Absent, Consistent
    from neuronclaims.kinds.top_k.top_k_scores import Floats, RankingOptions
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import Rank, UnitValues
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.sentences.subjects.subject import Subject
    from neuronclaims.stats import EffectSize, Estimate, Planning, TwoSampleDesign

SHARE = stats.EffectSize("share_of_prompts", "share of prompts", scale="share")

COLUMNS = ("rank", "neuron", "occurrences", "share", "95 % interval", "among baseline prompts")
"""What is listed of the most consistent neurons."""


@dataclass(frozen=True, slots=True)
class ConsistencyRequest:
    """A claim with the prompts of its set, ``first``, and of its baseline, ``second``, in the order of their text.

    ``units`` are those whose share is claimed. ``design`` says what can be exchanged between the set and its baseline.
    """

    claim: Claim[Consistent | Absent, RankingOptions]
    first: tuple[Prompt, ...]
    second: tuple[Prompt, ...]
    units: PromptUnits
    baseline: PromptUnits
    design: TwoSampleDesign

    @classmethod
    def of(cls, claim: Claim[Consistent | Absent, RankingOptions]) -> ConsistencyRequest:
        """Look up the sets; raise ClaimError for too few units, or a baseline too small to have a mean."""
        said = claim.sentence
        check_baseline(claim, said.second)
        first, second = in_order(claim.sets[said.first]), in_order(claim.sets[said.second])
        units, baseline = PromptUnits.of(first), PromptUnits.of(second)
        return cls(claim, first, second, units, baseline, design_of(first, second))

    @property
    def who(self) -> Subject:
        """The neurons that the claim is about."""
        return self.claim.sentence.who

    @property
    def by(self) -> str:
        """The score by which neurons are ranked."""
        return self.claim.settings.options.rank_by

    @property
    def searched(self) -> bool:
        """Whether the neuron was picked on the same prompts, or is picked now."""
        return search_of(self.claim, self.who) is not None

    @property
    def seed(self) -> int:
        """A seed that comes from the prompts."""
        return seed_of(self.claim.settings, (self.first, self.second), "consistency")

    @property
    def draws(self) -> int:
        """How many relabellings are drawn where they cannot all be enumerated."""
        return resamples_of(self.claim.settings)

    @property
    def counts(self) -> tuple[tuple[str, int], tuple[str, int]]:
        """How many units each set has."""
        said = self.claim.sentence
        return (said.first, len(self.units.rows)), (said.second, len(self.baseline.rows))

    def planning(self, side: ShareSide, luck: float = 1.0) -> Planning:
        """Return what the prompts can show: of the share alone, or also that it is higher than among the baseline's.

        ``luck`` is the factor for a neuron that was picked (``membership_shares``). Groups are planned as if their
        prompts went together.
        """
        compared, design = side == "greater", self.design
        alone = len(self.units.rows), len(self.units.rows)
        both = design.counts if design.paired else (len(self.units.rows), len(self.baseline.rows))
        claim = stats.PlannedClaim(
            "share",
            self.claim.sentence.share,
            side,
            paired=design.paired or not compared,
            threshold=self.claim.sentence.share,
            searched=math.ceil(luck),
            compared=compared,
        )
        return stats.Planning(claim, both if compared else alone, self.units.unit)

    def needs(self, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the whole site on both sets; raise ClaimError where the model or the search does not allow it."""
        layers_needed(self.claim, self.who, facts)
        said, settings = self.claim.sentence, self.claim.settings
        values = site_needs(self.claim, (said.first, said.second), said.k, facts, self.who.neurons)
        texts = (
            need for prompts in (self.first, self.second) for need in continuations_needed(settings, prompts)
        )
        return *values, *texts

    def data(self, answers: Answers) -> ConsistencyData:
        """Score what was answered; raise ClaimError for a neuron of the claim that has no z."""
        said, settings = self.claim.sentence, self.claim.settings
        values, baseline = (SiteValues.of(self.claim, name, answers) for name in (said.first, said.second))
        if self.by == "z":
            self._check_varies(baseline)
        found = scores(values.values, baseline.values, self.by), own_scores(baseline.values, self.by)
        members = stats.top_k_members(found[0], said.k), stats.top_k_members(found[1], said.k)
        names = (
            names_of_units(settings, self.first, answers),
            names_of_units(settings, self.second, answers),
        )
        return ConsistencyData(self, values.columns, found, members, names)

    def _check_varies(self, baseline: SiteValues) -> None:
        for neuron in self.who.neurons:
            if np.ptp(baseline.values[:, baseline.columns.column(neuron)]) == 0:
                raise ClaimError(
                    f"Neuron {neuron} is the same for all prompts of {self.claim.sentence.second!r}, so it has no "
                    "standard deviation to be measured in. Use 'rank_by: diff', or a baseline in which it varies."
                )


@dataclass(frozen=True, slots=True, eq=False)
class ConsistencyData:
    """Scores of all neurons in all prompts of the set and of its baseline, and where they are among the top K.

    ``scores`` and ``members`` hold [n1, m] and [n2, m]; ``columns`` names the m neurons, ``names`` the prompts of
    each set where figures show them.
    """

    request: ConsistencyRequest
    columns: SiteColumns
    scores: tuple[Floats, Floats]
    members: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    names: tuple[tuple[str, ...], tuple[str, ...]]

    @property
    def occurrences(self) -> NDArray[np.int64]:
        """In how many prompts of the set each neuron is among the top K, [m]."""
        return np.asarray(self.members[0].sum(axis=0), dtype=np.int64)

    @property
    def picked_from(self) -> NDArray[np.intp]:
        """The columns of all neurons that were searched."""
        search = search_of(self.request.claim, self.request.who)
        layers = None if search is None else search.layers
        return self.columns.of_layers(self.columns.layers if layers is None else layers)

    @property
    def all_shares(self) -> tuple[Floats, Floats]:
        """The share of prompts of every neuron in each unit, [units, m] of the set and of its baseline."""
        one, two = (members.astype(np.float32) for members in self.members)
        return self.request.units.means(one), self.request.baseline.means(two)

    def shares(self, column: int) -> tuple[Floats, Floats]:
        """Return one neuron's share of prompts in each unit of the set and of its baseline, 0 or 1 for prompts."""
        one, two = (members[:, [column]].astype(np.float32) for members in self.members)
        return self.request.units.means(one)[:, 0], self.request.baseline.means(two)[:, 0]

    def exchanged(self, column: int) -> tuple[Floats, Floats]:
        """Return one neuron's share of prompts in each unit that is exchanged: [n1] and [n2]."""
        one, two = (members[:, [column]].astype(np.float64) for members in self.members)
        first, second = self.request.design.units(one, two)
        return first[:, 0], second[:, 0]

    def estimate(self, shares: Floats, effect: EffectSize = SHARE, level: float = LEVEL) -> Estimate:
        """Return the share of prompts with its exact interval; of groups their mean share with the score interval."""
        if self.request.units.unit == "group":
            return mean_share(shares, effect, level)
        return replace(stats.share_estimate(int(shares.sum()), len(shares), level=level), effect=effect)

    def rank(self, column: int) -> Rank | None:
        """Return a neuron's place in its layer."""
        index, width = column % self.columns.width, self.columns.width
        layer = self.occurrences[column - index : column - index + width]
        return rank_of(index, layer.astype(np.float64), "prompts in which it is among the top")

    def unit_values(self, neuron: Neuron) -> UnitValues:
        """Return a neuron's share of prompts in each unit of the set."""
        request, settings = self.request, self.request.claim.settings
        shares, _ = self.shares(self.columns.column(neuron))
        of = f"{settings.site} {neuron}, {settings.tokens}: among the top {request.claim.sentence.k}"
        return of_one_set(of, "share", request.first, request.units.rows, shares)

    def figure(self, neuron: Neuron) -> Distributions:
        """Draw a neuron's scores in all prompts."""
        settings, said = self.request.claim.settings, self.request.claim.sentence
        column = self.columns.column(neuron)
        rows = tuple(
            Row(name, plain(found[:, column]), names)
            for name, found, names in zip((said.first, said.second), self.scores, self.names, strict=True)
        )
        named = titled(settings.site, neuron.layer, neuron.index)
        return Distributions(f"{named}, {settings.tokens}: {BY[self.request.by]}", rows)

    def ranks(self, neuron: Neuron) -> Ranks:
        """Draw a neuron's place among all of the site, in all prompts."""
        settings, said = self.request.claim.settings, self.request.claim.sentence
        column = self.columns.column(neuron)
        rows = tuple(
            Row(name, places_of(found, column), names)
            for name, found, names in zip((said.first, said.second), self.scores, self.names, strict=True)
        )
        axis = f"place of {titled(settings.site, neuron.layer, neuron.index)} by {BY[self.request.by]}"
        return Ranks(axis, rows, len(self.columns), said.k)

    def table(self, neuron: Neuron) -> Table:
        """List the neurons that are most often among the top K, and the claim's wherever it stands.

        Equally frequent ones share a rank; those less frequent among the baseline's prompts stand first.
        """
        said, own = self.request.claim.sentence, self.columns.column(neuron)
        order = np.lexsort((self.members[1].sum(axis=0), -self.occurrences))[: said.k].tolist()
        rows = tuple(self._row(column) for column in (order if own in order else [*order, own]))
        title = f"most often among the top {said.k} for {said.first}, by {BY[self.request.by]}"
        return Table(title, COLUMNS, rows)

    def _row(self, column: int) -> tuple[str, ...]:
        counts = self.occurrences
        share, baseline = (self.estimate(shares) for shares in self.shares(column))
        return (
            str(1 + int((counts > counts[column]).sum())),
            str(self.columns.neuron(column)),
            f"{counts[column]} of {len(self.request.first)}",
            _percent(share.value),
            f"{_percent(share.low)} to {_percent(share.high)}",
            _percent(baseline.value),
        )

    @property
    def tie_notes(self) -> tuple[str, ...]:
        """A note on prompts in which neurons tie for the last place."""
        k = self.request.claim.sentence.k
        fewer = sum(int((members.sum(axis=1) < k).sum()) for members in self.members)
        if not fewer:
            return ()
        where = "1 prompt neurons tie" if fewer == 1 else f"{fewer} prompts neurons tie"
        return (f"In {where} for place {k}; those that tie for it are not counted among the top {k}.",)


def _percent(value: float | None) -> str:
    return "?" if value is None else f"{100 * value:.3g} %"
