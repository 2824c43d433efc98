"""Proportion: where a neuron's value is high, a token is the top prediction in so large a share of positions.

    mlp_post neuron 31:892 above 5 predicts " an" in at least 60% of positions in documents
    mlp_post neuron 31:7 above 2 predicts tokens matching "[0-9]+" in at most 5% of positions in documents
    mlp_post neuron 3:17 above 2 predicts label "noun" in at least 80% of positions in documents

Every document gives one number: of its positions at which the value is at least the one named, the share with the token
on top. The mean over documents is tested against the share claimed, by the test that holds for all values between 0
and 1. Documents in which the value is never so high say nothing.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Distributions, Row
from neuronclaims.kinds.interventions.changed_neurons import TextUnits
from neuronclaims.kinds.kind import Attainable, ClaimError, Finding, Sample
from neuronclaims.kinds.logit_readout.looked_for import Counted, LookedFor
from neuronclaims.kinds.logit_readout.readout_option import ReadoutWith
from neuronclaims.kinds.outliers.token_share import (
    PromptUnits,
    ShareSide,
    check_share,
    mean_share,
    mean_share_test,
    planned_share,
    share_statement,
)
from neuronclaims.kinds.shared.effects import counted
from neuronclaims.kinds.shared.refusals import check_subject, check_unsearched
from neuronclaims.kinds.shared.requests import in_order, plain, plural
from neuronclaims.kinds.shared.subjects.neurons import check_neuron
from neuronclaims.kinds.shared.subjects.selection import chosen_before, selection_notes
from neuronclaims.kinds.shared.unit_names import unit_names
from neuronclaims.kinds.shared.units import of_one_set
from neuronclaims.sentences.numbers import number_text
from neuronclaims.sentences.options import Options
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.sentences.templates import FieldError, Template
from neuronclaims.token_classes import Wanted

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.measurements.documents.readout import ReadoutColumns


@dataclass(frozen=True, slots=True)
class PredictsAbove:
    """The sentence of a neuron above whose value a token is predicted so often, in parts."""

    who: Subject
    level: float
    token: Wanted
    bound: Literal["in at least", "in at most"]
    share: float
    corpus: str
    site: str | None = None

    def __post_init__(self) -> None:
        if self.who.how != "one":
            message = (
                "how often a token is on top above a value is claimed of one neuron: make a claim of each"
            )
            raise FieldError("who", message, "neuron")
        check_share(self.share)

    def __str__(self) -> str:
        return TEMPLATE.render(self)


class ProportionOptions(Options):
    """The options of claims of proportion."""

    readout: ReadoutWith = "model"


SEARCHED = (
    "a neuron that was picked on these documents cannot be tested on them here: only the one named is read; test it on "
    "new documents ('discovered_on')"
)


def _check(claim: Claim[Any, Any]) -> None:
    """Raise FieldError for settings that the sentence cannot have."""
    check_subject(claim)
    check_unsearched(claim, SEARCHED)


TEMPLATE = Template(
    "[{site:site}] {who:subject} above {level:number} predicts {token:wanted} {bound:in at least|in at most} "
    "{share:share} of positions in {corpus:set}",
    PredictsAbove,
    options=ProportionOptions,
    check=_check,
    pooled=False,
)


@dataclass(frozen=True, slots=True)
class ProportionRequest:
    """The question of a claim, in documents in the order of their texts; ``units`` are documents or their groups."""

    claim: Claim[PredictsAbove, ProportionOptions]
    prompts: tuple[Prompt, ...]
    units: PromptUnits

    @classmethod
    def of(cls, claim: Claim[PredictsAbove, ProportionOptions]) -> ProportionRequest:
        """Look up the documents; raise ClaimError for fewer than two units."""
        prompts = in_order(claim.sets[claim.sentence.corpus])
        units = TextUnits.of([prompt.group for prompt in prompts], "document")
        return cls(claim, prompts, PromptUnits(units.unit, units.rows))

    @property
    def neuron(self) -> Neuron:
        """The neuron of the claim."""
        [neuron] = self.claim.sentence.who.neurons
        return neuron

    @property
    def side(self) -> ShareSide:
        """On which side of the share claimed the mean lies."""
        return "greater" if self.claim.sentence.bound == "in at least" else "less"

    @property
    def looked_for(self) -> LookedFor:
        """The token or the label of the claim."""
        return LookedFor(self.claim.sentence.token)

    @property
    def effect(self) -> stats.EffectSize:
        """The share of positions with it."""
        name = f"share of positions with {self.looked_for.what}"
        return stats.EffectSize("share_of_positions", name, scale="share")

    @property
    def need(self) -> Counted:
        """The neuron beside what is looked for, its values in two bins: below the one named, and from it on."""
        return self.looked_for.need(self.claim, self.neuron, (self.claim.sentence.level,), self.prompts)

    def shares(self, found: ReadoutColumns) -> tuple[tuple[tuple[int, ...], ...], np.ndarray]:
        """Return the rows and the mean share of each unit that has one; raise ClaimError where fewer than two do."""
        said = self.claim.sentence
        above, hits = (part[:, 1].astype(np.float64) for part in (found.by_bin, found.hits_by_bin))
        told = [tuple(row for row in rows if above[row] > 0) for rows in self.units.rows]
        rows = tuple(row for row in told if row)
        if len(rows) < 2:
            there = plural(len(rows), self.units.unit)
            raise ClaimError(
                f"Neuron {self.neuron} is at {number_text(said.level)} or above in {there} of {len(self.units.rows)} "
                f"in {said.corpus!r} alone; at least 2 are needed, and more to show anything. "
                "Name a lower value, or take longer or other documents."
            )
        return rows, np.array([(hits[list(row)] / above[list(row)]).mean() for row in rows])


class ProportionKind:
    """A neuron above whose value a token is on top in many positions, or in few."""

    name, template = "proportion", TEMPLATE

    def attainable(self, claim: Claim[PredictsAbove, ProportionOptions]) -> Attainable:
        """Return the least p, if every document had such positions: the token is on top at all of them, or at none."""
        request = ProportionRequest.of(claim)
        planned = planned_share(request.units, claim.sentence.share, request.side, counted=False)
        return Attainable.of(planned, request.units.size)

    def joint_test_key(self, claim: Claim[PredictsAbove, ProportionOptions]) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone: nothing is exchanged."""
        return None

    def needs(
        self, claim: Claim[PredictsAbove, ProportionOptions], facts: ModelFacts
    ) -> tuple[Measurement, ...]:
        """Ask for the neuron beside what is looked for; raise ClaimError where that cannot be."""
        request = ProportionRequest.of(claim)
        request.looked_for.check(facts)
        check_neuron(request.neuron, claim.settings.site, facts)
        return (request.need,)

    def judge(
        self,
        claim: Claim[PredictsAbove, ProportionOptions],
        answers: Answers,
        family: Family,  # noqa: ARG002
    ) -> Finding:
        """Average the documents' shares, and test the mean against the share claimed."""
        request, said = ProportionRequest.of(claim), claim.sentence
        found = request.need.columns(answers[request.need])
        rows, shares = request.shares(found)
        told = PromptUnits(request.units.unit, rows)
        test = mean_share_test(shares, null=said.share, alike=True, unit=told.unit, side=request.side)
        selection = chosen_before(claim, "neuron")
        return Finding(
            estimate=mean_share(shares, request.effect),
            statement=share_statement(request.side, said.share),
            test=test,
            sample=Sample(told.unit, ((said.corpus, len(rows)),)),
            planning=planned_share(told, said.share, request.side, counted=False),
            selection=selection,
            others=_others(found),
            notes=(*selection_notes(selection), *_notes(request, found, len(rows))),
            figures=(
                Distributions(
                    f"share of positions with {request.looked_for.there}, by {told.unit}",
                    (Row(said.corpus, plain(shares), unit_names(request.prompts, rows)),),
                ),
            ),
            units=of_one_set(
                f"{claim.settings.site} {request.neuron} from {said.level!r} on: {request.looked_for.there}",
                "share",
                request.prompts,
                rows,
                shares,
            ),
        )


def _others(found: ReadoutColumns) -> tuple[stats.Estimate, ...]:
    """Return the shares of all positions together: from the value on, and below it."""
    (below, above), (low, high) = (
        part.sum(axis=0, dtype=np.float64) for part in (found.by_bin, found.hits_by_bin)
    )
    return (
        counted("share_above_pooled", "share of all such positions", float(high / above) if above else None),
        counted(
            "share_below_pooled", "share of positions below the value", float(low / below) if below else None
        ),
    )


def _notes(request: ProportionRequest, found: ReadoutColumns, telling: int) -> tuple[str, ...]:
    said, above, every = (
        request.claim.sentence,
        int(found.by_bin[:, 1].sum(dtype=np.float64)),
        int(found.positions.sum()),
    )
    often = "the label is more frequent" if request.looked_for.labels else "the token is more often on top"
    return (
        f"The neuron is at {number_text(said.level)} or above at {above:,} of {every:,} positions, in "
        f"{telling:,} of {plural(len(request.units.rows), request.units.unit)}; the others say nothing.",
        f"That {often} there than elsewhere is another claim ('predicts').",
    )


KIND = ProportionKind()
