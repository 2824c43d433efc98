"""Outliers: a neuron that lies far from zero in many tokens of a set, or in few.

    neuron 20:1600 is an outlier beyond 6 in at least 6% of tokens in prose
    neuron 20:1600 is not an outlier beyond 6 in more than 6% of tokens in prose

*Beyond* is Dettmers et al. 2022 (LLM.int8): a size of at least the bound, counted over tokens; in how many layers the
same index passes is given beside it. "Is not" claims that the same share lies below the one named; that number stands
in for a margin, and there is no claim of "never", which no number of prompts could show. Prompts are the units, or
their groups. Tokens are those of the claim's span, whatever its pool. The site is part of the claim: a value before an
activation function and one after it are different things.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from neuronclaims import stats
from neuronclaims.kinds.kind import Attainable, Finding
from neuronclaims.kinds.outliers.layer_profile import LayerProfile, LayerRequest, check_bound
from neuronclaims.kinds.outliers.token_share import (
    ShareSide,
    check_share,
    mean_share,
    mean_share_test,
    planned_share,
    share_statement,
)
from neuronclaims.kinds.shared.effects import counted
from neuronclaims.kinds.shared.refusals import check_denied_unsearched
from neuronclaims.kinds.shared.subjects.neurons import rank_of
from neuronclaims.kinds.shared.subjects.selection import (
    allowing_for_search,
    layers_needed,
    selection_notes,
    selection_of,
)
from neuronclaims.measurements import Activations
from neuronclaims.measurements.pools import BeyondPool
from neuronclaims.sentences.numbers import number_text
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.templates import Template
from neuronclaims.tokens.spans import ChangedTokens

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts

OF_TOKENS = stats.EffectSize("mean_share_of_tokens", "mean share of tokens", scale="share")


@dataclass(frozen=True, slots=True)
class _BeyondBound:
    """The parts of a sentence about how often a neuron lies beyond a bound."""

    neuron: Neuron
    bound: float
    share: float
    first: str
    site: str | None = None

    def __post_init__(self) -> None:
        check_bound(self.bound)
        check_share(self.share)


@dataclass(frozen=True, slots=True)
class Outlier(_BeyondBound):
    """The sentence of a neuron that is often beyond a bound, in parts."""

    def __str__(self) -> str:
        return OUTLIER_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class NoOutlier(_BeyondBound):
    """The sentence of a neuron that is seldom beyond a bound, in parts."""

    def __str__(self) -> str:
        return NO_OUTLIER_TEMPLATE.render(self)


def _check_denied(claim: Claim[Any, Any]) -> None:
    """Raise FieldError for settings that "is not" cannot have."""
    check_denied_unsearched(claim, "neuron")


OUTLIER_TEMPLATE = Template(
    "[{site:site}] neuron {neuron:neuron} is an outlier beyond {bound:number} in at least {share:share} "
    "of tokens in {first:set}",
    Outlier,
)
NO_OUTLIER_TEMPLATE = Template(
    "[{site:site}] neuron {neuron:neuron} is not an outlier beyond {bound:number} in more than {share:share} "
    "of tokens in {first:set}",
    NoOutlier,
    check=_check_denied,
)


@dataclass(frozen=True, slots=True)
class OutlierKind:
    """A neuron that lies beyond a bound in a share of tokens, or ``less``."""

    name: str
    template: Template
    side: ShareSide
    each_token: ClassVar[bool] = True
    by_blocks: ClassVar[bool] = True

    def attainable(self, claim: Claim[Outlier | NoOutlier]) -> Attainable:
        """Return the least p: every token of every prompt is beyond the bound, or none."""
        request = LayerRequest.of(claim, 0)
        units = request.units
        return Attainable.of(planned_share(units, claim.sentence.share, self.side, counted=False), units.size)

    def joint_test_key(self, claim: Claim[Outlier | NoOutlier]) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone: nothing is exchanged."""
        return None

    def tokens_in_words(self, claim: Claim[Outlier | NoOutlier]) -> str:
        """Return the tokens that are looked at one by one: all of the span, whatever the pool."""
        return str(ChangedTokens("all", claim.settings.tokens.span))

    def needs(self, claim: Claim[Outlier | NoOutlier], facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the share of tokens beyond the bound in every layer, and for the layer's means."""
        self.attainable(claim)
        request, pool = LayerRequest.of_neuron(claim, facts), BeyondPool(claim.sentence.bound)
        layers_needed(claim, request.who, facts)
        layers = facts.layers_at(claim.settings.site)
        return (request.need("mean"), *(request.need(pool, layer) for layer in layers))

    def judge(self, claim: Claim[Outlier | NoOutlier], answers: Answers, family: Family) -> Finding:  # noqa: ARG002
        """Average the share of tokens over prompts, and count in how many layers the index passes."""
        said = claim.sentence
        pool, neuron = BeyondPool(said.bound), said.neuron
        request = LayerRequest.of(claim, neuron.layer)
        profile = LayerProfile.of(request, answers)
        layers = [n.layer for n in answers if isinstance(n, Activations) and n.tokens.pool == pool]
        shares = {layer: request.means(answers, pool, layer) for layer in layers}
        passing = sum(float(found.column(neuron.index).mean()) >= said.share for found in shares.values())
        of_layer = shares[neuron.layer]
        own = of_layer.column(neuron.index)
        picked_from = request.picked_from({layer: found.width for layer, found in shares.items()})
        selection = selection_of(claim, request.who, picked_from)
        alone = mean_share_test(own, null=said.share, alike=True, unit=request.units.unit, side=self.side)
        estimate, test = allowing_for_search(mean_share(own, OF_TOKENS), alone, picked_from)
        return Finding(
            estimate=estimate,
            statement=share_statement(self.side, said.share),
            test=test,
            sample=request.sample,
            selection=selection,
            others=(
                counted(
                    "share_of_layers", "share of layers in which this index passes", passing / len(shares)
                ),
                profile.kurtosis,
                profile.share_within(said.bound),
            ),
            rank=rank_of(neuron.index, of_layer.over_units, "share of tokens beyond the bound"),
            notes=(
                *selection_notes(selection),
                f"In {passing} of {len(shares)} layers this index is beyond {number_text(said.bound)} in at least "
                f"{100 * said.share:g} % of tokens; LLM.int8 calls an index an outlier with 25 % of layers and 6 % "
                "of tokens.",
            ),
            figures=(profile.figure(said.bound, neuron),),
            units=request.unit_values(f"{neuron} {pool}", "mean", own),
        )


OUTLIER = OutlierKind("outlier", OUTLIER_TEMPLATE, "greater")
NO_OUTLIER = OutlierKind("no outlier", NO_OUTLIER_TEMPLATE, "less")
