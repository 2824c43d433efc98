"""Band: a layer whose values lie close to zero.

    at least 99% of layer 20 lies within 4 of zero in prose

*Within* is a size below the bound, counted over all neurons and tokens. Prompts are the units, or their groups. Tokens
are those of the claim's span, whatever its pool.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuronclaims import stats
from neuronclaims.kinds.kind import Attainable, ClaimError, Finding
from neuronclaims.kinds.outliers.layer_profile import LayerProfile, LayerRequest, check_bound
from neuronclaims.kinds.outliers.token_share import (
    check_share,
    mean_share,
    mean_share_test,
    planned_share,
    share_statement,
)
from neuronclaims.kinds.shared.effects import counted
from neuronclaims.kinds.shared.subjects.neurons import check_neuron
from neuronclaims.kinds.shared.subjects.selection import chosen_before, selection_notes
from neuronclaims.measurements.pools import BeyondPool
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.templates import Template
from neuronclaims.tokens.spans import ChangedTokens

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts

OF_VALUES = stats.EffectSize("mean_share_of_values", "mean share of values", scale="share")


@dataclass(frozen=True, slots=True)
class Band:
    """The sentence of a layer within a band, in parts."""

    share: float
    layer: int
    bound: float
    first: str
    site: str | None = None

    def __post_init__(self) -> None:
        check_bound(self.bound)
        check_share(self.share)

    def __str__(self) -> str:
        return BAND_TEMPLATE.render(self)


BAND_TEMPLATE = Template(
    "[{site:site}] at least {share:share} of layer {layer:count} lies within {bound:number} of zero in {first:set}",
    Band,
)


class BandKind:
    """A layer whose values lie close to zero."""

    name, template = "band", BAND_TEMPLATE
    each_token = True
    by_blocks = True

    def attainable(self, claim: Claim[Band]) -> Attainable:
        """Return the least p: every value lies within the bound."""
        units = LayerRequest.of(claim, 0).units
        planning = planned_share(units, claim.sentence.share, "greater", counted=False, alike=False)
        return Attainable.of(planning, units.size)

    def joint_test_key(self, claim: Claim[Band]) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone: nothing is exchanged."""
        return None

    def tokens_in_words(self, claim: Claim[Band]) -> str:
        """Return the tokens that are looked at one by one: all of the span, whatever the pool."""
        return str(ChangedTokens("all", claim.settings.tokens.span))

    def needs(self, claim: Claim[Band], facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the share of tokens beyond the bound, and for the layer's means."""
        said = claim.sentence
        check_neuron(Neuron(said.layer, 0), claim.settings.site, facts)
        if claim.settings.searched is not None:
            raise ClaimError(
                "This claim is about a whole layer, so no neuron was picked on its prompts ('searched'). Take "
                "'searched' out of it; if the layer was picked on these prompts, test it on new ones."
            )
        request = LayerRequest.of(claim, said.layer)
        return request.need("mean"), request.need(BeyondPool(said.bound))

    def judge(self, claim: Claim[Band], answers: Answers, family: Family) -> Finding:  # noqa: ARG002
        """Average the share of values within the band over prompts."""
        said = claim.sentence
        request = LayerRequest.of(claim, said.layer)
        profile, selection = LayerProfile.of(request, answers), chosen_before(claim, "layer")
        beyond = request.units.means(answers[request.need(BeyondPool(said.bound))])
        within = 1 - beyond.mean(axis=1)
        never = float((beyond.max(axis=0) == 0).mean())
        return Finding(
            estimate=mean_share(within, OF_VALUES),
            statement=share_statement("greater", said.share),
            test=mean_share_test(within, null=said.share, alike=False, unit=request.units.unit),
            sample=request.sample,
            selection=selection,
            others=(
                counted("share_never_beyond", "share of neurons never beyond", never),
                profile.kurtosis,
                profile.share_within(said.bound),
            ),
            notes=(
                *selection_notes(selection),
                "Counted over all neurons and tokens; a value of just the bound counts as outside.",
            ),
            figures=(profile.figure(said.bound),),
            units=request.unit_values(f"layer {said.layer} within {said.bound:g}", "mean", within),
        )


BAND = BandKind()
