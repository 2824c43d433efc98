"""Hold in which prompts of which sets neurons are among the top K, and test shares of prompts set by set.

A claim of several sets or neurons is an intersection-union test: its p is the largest of its parts, without any
correction (Berger 1982). One part that is shown to be wrong refutes it, its p times the number of parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Distributions, Matrix, Ranks, Row, Table
from neuronclaims.kinds.kind import ClaimError, Statement
from neuronclaims.kinds.outliers.token_share import (
    PromptUnits,
    ShareSide,
    mean_share,
    mean_share_test,
    share_statement,
)
from neuronclaims.kinds.shared.requests import in_order, plain
from neuronclaims.kinds.shared.subjects.subjects import NeuronStatement, TestedNeuron, times
from neuronclaims.kinds.shared.units import of_one_set
from neuronclaims.kinds.top_k.memberships import SHARE
from neuronclaims.kinds.top_k.top_k_scores import (
    BY,
    SiteColumns,
    SiteValues,
    check_baseline,
    places_of,
    scores,
    site_needs,
)
from neuronclaims.measurements.views.view import titled
from neuronclaims.stats.effects.top_k import highest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.kinds.top_k.top_k_scores import Floats
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import UnitValues
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.stats import Planning


@dataclass(frozen=True, slots=True)
class SharePart:
    """The part of a claim about one neuron in one set: its share is above (``greater``) or below the one claimed."""

    one: TestedNeuron
    name: str
    side: ShareSide


@dataclass(frozen=True, slots=True, eq=False)
class PlainRequest:
    """A claim with the prompts of its sets by name, in the order of their text; ``sides`` say what is claimed of each.

    ``baseline`` is the set whose mean is taken away before neurons are ranked; None where they are ranked as they are.
    """

    claim: Claim[Any, Any]
    sides: dict[str, ShareSide]
    prompts: dict[str, tuple[Prompt, ...]]
    units: dict[str, PromptUnits]
    baseline: str | None

    @classmethod
    def of(cls, claim: Claim[Any, Any], sides: dict[str, ShareSide], baseline: str | None) -> PlainRequest:
        """Look up the sets; raise ClaimError for too few units, and a ranking that needs a baseline."""
        if baseline is not None:
            check_baseline(claim, baseline)
        elif claim.settings.options.rank_by == "z":
            raise ClaimError(
                "'rank_by: z' needs a baseline, and this claim names none: add 'over NAME', or leave the option out."
            )
        prompts = {name: in_order(claim.sets[name]) for name in sides}
        return cls(
            claim, sides, prompts, {name: PromptUnits.of(found) for name, found in prompts.items()}, baseline
        )

    @property
    def by(self) -> str:
        """What neurons are ranked by; without a baseline activation itself, or its size."""
        by: str = self.claim.settings.options.rank_by
        return by if self.baseline is not None else "size" if by == "abs" else "raw"

    @property
    def described(self) -> str:
        """What neurons are ranked by, in words."""
        return {**BY, "size": "size of activation"}[self.by]

    def planning(self, name: str) -> Planning:
        """Return what the prompts of one set can show of its share."""
        units, share, side = self.units[name], self.claim.sentence.share, self.sides[name]
        count = len(units.rows), len(units.rows)
        return stats.Planning(
            stats.PlannedClaim("share", share, side, paired=True, threshold=share), count, units.unit
        )

    def needs(self, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the whole site on all sets, the baseline with them."""
        names = (*self.sides, *((self.baseline,) if self.baseline is not None else ()))
        said = self.claim.sentence
        return site_needs(self.claim, names, said.k, facts, said.who.neurons)

    def data(self, answers: Answers) -> PlainShares:
        """Score what was answered."""
        found = {name: SiteValues.of(self.claim, name, answers) for name in self.sides}
        over = SiteValues.of(self.claim, self.baseline, answers).values if self.baseline is not None else None
        made = {name: self._scores(each.values, over) for name, each in found.items()}
        members = {name: stats.top_k_members(each, self.claim.sentence.k) for name, each in made.items()}
        return PlainShares(self, next(iter(found.values())).columns, made, members)

    def _scores(self, values: Floats, over: Floats | None) -> Floats:
        if over is None:
            return np.abs(values) if self.by == "size" else values
        return scores(values, over, self.by)


@dataclass(frozen=True, slots=True, eq=False)
class PlainShares:
    """Scores of all neurons in all prompts of each set [prompts, m], and where they are among the top K."""

    request: PlainRequest
    columns: SiteColumns
    scores: dict[str, Floats]
    members: dict[str, NDArray[np.bool_]]

    def shares(self, name: str, column: int) -> Floats:
        """Return one neuron's share of prompts in each unit of a set, 0 or 1 for prompts."""
        own = self.members[name][:, [column]].astype(np.float32)
        return self.request.units[name].means(own)[:, 0]

    def part(self, neuron: Neuron, name: str) -> SharePart:
        """Test one neuron's share in one set against the share claimed, both ways."""
        shares, side = self.shares(name, self.columns.column(neuron)), self.request.sides[name]
        null = self.request.claim.sentence.share
        if self.request.units[name].unit == "prompt":
            many = int(shares.sum())
            test = stats.share_test(many, len(shares), null=null, alternative="two-sided", unit="prompt")
            estimate = replace(stats.share_estimate(many, len(shares)), effect=SHARE)
        else:
            test = stats.two_sided(mean_share_test(shares, null=null, alike=True, unit="group"))
            estimate = mean_share(shares, SHARE)
        ruled = NeuronStatement(side, null, null, 0.05).ruled(TestedNeuron(neuron, estimate, test))
        return SharePart(ruled, name, side)

    def parts(self) -> tuple[SharePart, ...]:
        """Return all parts of the claim: each neuron in each set."""
        who = self.request.claim.sentence.who
        return tuple(self.part(neuron, name) for neuron in who.neurons for name in self.request.sides)

    def statement(self, part: SharePart) -> Statement:
        """Return what is claimed of one part."""
        share = self.request.claim.sentence.share
        return share_statement(part.side, share, share)

    def unit_values(self, part: SharePart) -> UnitValues:
        """Return the shares of the units behind one part."""
        settings, said = self.request.claim.settings, self.request.claim.sentence
        of = f"{settings.site} {part.one.neuron}, {settings.tokens}: among the top {said.k} by {self.request.by}"
        rows = self.request.units[part.name].rows
        shares = self.shares(part.name, self.columns.column(part.one.neuron))
        return of_one_set(of, "share", self.request.prompts[part.name], rows, shares)

    def top(self, name: str) -> NDArray[np.bool_]:
        """Tell which neurons [m] are most often among the top K of a set; of equals, those of the higher mean."""
        place = np.argsort(np.argsort(self.scores[name].mean(axis=0), kind="stable"))
        ranked = (self.members[name].sum(axis=0) * len(place) + place).astype(np.float64)
        return np.asarray(highest(ranked[None], self.request.claim.sentence.k)[0], dtype=np.bool_)

    def figure(self, neuron: Neuron) -> Distributions:
        """Draw one neuron's scores in all prompts of each set."""
        settings, column = self.request.claim.settings, self.columns.column(neuron)
        rows = tuple(Row(name, plain(found[:, column])) for name, found in self.scores.items())
        named = titled(settings.site, neuron.layer, neuron.index)
        return Distributions(f"{named}, {settings.tokens}: {self.request.described}", rows)

    def ranks(self, neuron: Neuron) -> Ranks:
        """Draw one neuron's place among all of the site in all prompts of each set."""
        settings, column = self.request.claim.settings, self.columns.column(neuron)
        rows = tuple(Row(name, places_of(found, column)) for name, found in self.scores.items())
        axis = f"place of {titled(settings.site, neuron.layer, neuron.index)} by {self.request.described}"
        return Ranks(axis, rows, len(self.columns), self.request.claim.sentence.k)

    def table(self, neurons: Sequence[Neuron]) -> Table:
        """List the neurons most often among the top K of the first set, and the claim's, with counts in all sets."""
        names, k = tuple(self.members), self.request.claim.sentence.k
        counts = {name: members.sum(axis=0) for name, members in self.members.items()}
        order = np.lexsort((-self.scores[names[0]].mean(axis=0), -counts[names[0]]))[:k].tolist()
        columns = [*order, *(c for c in map(self.columns.column, neurons) if c not in order)]
        rows = tuple(
            (
                str(self.columns.neuron(column)),
                *(f"{counts[name][column]} of {len(self.members[name])}" for name in names),
            )
            for column in columns
        )
        title = f"prompts in which a neuron is among the top {k}, by {self.request.described}"
        return Table(title, ("neuron", *names), rows)

    def matrix(self) -> Matrix:
        """Draw how many of the neurons most often among the top K every two sets share."""
        names, tops = tuple(self.members), {name: self.top(name) for name in self.members}
        values = tuple(tuple(float((tops[one] & tops[two]).sum()) for two in names) for one in names)
        k = self.request.claim.sentence.k
        return Matrix(f"neurons shared among the top {k}, by {self.request.described}", names, values)


def least_clear_part(parts: Sequence[SharePart], share: float) -> SharePart:
    """Return the part that decides, with the p of the whole claim; ``share`` is the one claimed.

    Where some lie on the wrong side of the share it is the clearest of these, its p times the number of parts, any of
    which could have done so by chance. Otherwise it is the part with the largest p.
    """
    wrong = [part for part in parts if _wrong_side(part, share)]
    if not wrong:
        return max(parts, key=lambda part: part.one.test.p_value)
    worst = min(wrong, key=lambda part: part.one.test.p_value)
    return replace(worst, one=replace(worst.one, test=times(worst.one.test, len(parts))))


def _wrong_side(part: SharePart, share: float) -> bool:
    value = part.one.estimate.value
    return value is not None and (value < share if part.side == "greater" else value > share)
