"""Massive neurons: very large values, also relative to their hidden state, in a token of most prompts or of few.

    neuron 20:1600 is massive [in at least 60% of prompts] in prose
    neuron 20:1600 is not massive in more than 5% of prompts in prose

*Massive* is Sun et al. 2024: above 100 and at least 1,000 times the median size of its hidden state, in at least one
token of a prompt; claimed of more than half of the prompts where no share is said. "Is not" claims that the share of
prompts lies below the one named. Prompts are the units, or their groups. Tokens are those of the claim's span.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.kind import Attainable, Finding
from neuronclaims.kinds.outliers.layer_profile import LayerProfile, LayerRequest
from neuronclaims.kinds.outliers.token_share import (
    ShareSide,
    UnitMeans,
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
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.templates import Template
from neuronclaims.tokens.spans import ChangedTokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.stats import Estimate, TestResult

OF_PROMPTS = stats.EffectSize("share_of_prompts", "share of prompts", scale="share")

MASSIVE_BOUND = 100.0
"""The size from which a value can be massive (Sun et al. 2024), drawn beside the layer's means."""

HALF = 0.5
"""The share of prompts that a claim of a massive neuron has to exceed where it names none."""


@dataclass(frozen=True, slots=True)
class Massive:
    """The sentence of a massive neuron, in parts."""

    neuron: Neuron
    first: str
    share: float | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        check_share(self.share)

    def __str__(self) -> str:
        return MASSIVE_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class NotMassive:
    """The sentence of a neuron that is seldom massive, in parts."""

    neuron: Neuron
    share: float
    first: str
    site: str | None = None

    def __post_init__(self) -> None:
        check_share(self.share)

    def __str__(self) -> str:
        return NOT_MASSIVE_TEMPLATE.render(self)


def _check_denied(claim: Claim[Any, Any]) -> None:
    """Raise FieldError for settings that "is not" cannot have."""
    check_denied_unsearched(claim, "neuron")


MASSIVE_TEMPLATE = Template(
    "[{site:site}] neuron {neuron:neuron} is massive [in at least {share:share} of prompts] in {first:set}",
    Massive,
)
NOT_MASSIVE_TEMPLATE = Template(
    "[{site:site}] neuron {neuron:neuron} is not massive in more than {share:share} of prompts in {first:set}",
    NotMassive,
    check=_check_denied,
)


@dataclass(frozen=True, slots=True)
class MassiveKind:
    """A neuron that is massive in some token of most prompts, or of ``less``."""

    name: str
    template: Template
    side: ShareSide
    each_token: ClassVar[bool] = True
    by_blocks: ClassVar[bool] = True

    def attainable(self, claim: Claim[Massive | NotMassive]) -> Attainable:
        """Return the least p: the neuron is massive in every prompt, or in none."""
        request = LayerRequest.of(claim, 0)
        units = request.units
        return Attainable.of(planned_share(units, _null(claim), self.side, counted=True), units.size)

    def joint_test_key(self, claim: Claim[Massive | NotMassive]) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone: nothing is exchanged."""
        return None

    def tokens_in_words(self, claim: Claim[Massive | NotMassive]) -> str:
        """Return the tokens that are looked at one by one: all of the span, whatever the pool."""
        return str(ChangedTokens("all", claim.settings.tokens.span))

    def needs(self, claim: Claim[Massive | NotMassive], facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the share of massive tokens, in all layers that were searched, and for the layer's means."""
        self.attainable(claim)
        request = LayerRequest.of_neuron(claim, facts)
        layers = layers_needed(claim, request.who, facts)
        return request.need("mean"), *(request.need("massive", layer) for layer in layers)

    def judge(self, claim: Claim[Massive | NotMassive], answers: Answers, family: Family) -> Finding:  # noqa: ARG002
        """Count the prompts with at least one massive token."""
        neuron = claim.sentence.neuron
        request = LayerRequest.of(claim, neuron.layer)
        profile, tokens = LayerProfile.of(request, answers), answers[request.need("massive")]
        massive = request.need("massive").tokens
        looked_at = {
            need.layer: int(found.shape[1])
            for need, found in answers.items()
            if isinstance(need, Activations) and need.tokens == massive
        }
        picked_from = request.picked_from(looked_at)
        selection = selection_of(claim, request.who, picked_from)
        of_layer = UnitMeans(request.units, tokens, _massive)
        own = of_layer.column(neuron.index)
        estimate, test = allowing_for_search(
            *self._tested(own, request.units.unit, _null(claim)), picked_from
        )
        of_tokens = float(UnitMeans(request.units, tokens).column(neuron.index).mean())
        return Finding(
            estimate=estimate,
            statement=share_statement(self.side, _null(claim)),
            test=test,
            sample=request.sample,
            selection=selection,
            others=(
                counted("mean_share_of_tokens", "mean share of tokens", of_tokens),
                profile.kurtosis,
            ),
            rank=rank_of(neuron.index, of_layer.over_units, "share of prompts in which it is massive"),
            notes=(
                *selection_notes(selection),
                f"A massive value is above {MASSIVE_BOUND:g} and at least 1,000 times the median size of its token's "
                "state. The figure's lines mark the first; its points are means of tokens, which few massive ones may "
                "leave far below.",
            ),
            figures=(profile.figure(MASSIVE_BOUND, neuron),),
            units=request.unit_values(f"{neuron} massive", "share", own),
        )

    def _tested(self, shares: NDArray[np.float64], unit: str, null: float) -> tuple[Estimate, TestResult]:
        """Count the prompts in which the neuron is massive; of groups, average their shares."""
        if unit == "prompt":
            count = int(shares.sum()), len(shares)
            estimate = replace(stats.share_estimate(*count), effect=OF_PROMPTS)
            return estimate, stats.share_test(*count, null=null, alternative="two-sided")
        test = mean_share_test(shares, null=null, alike=True, unit=unit, side=self.side)
        return mean_share(shares, OF_PROMPTS), test


def _massive(tokens: NDArray[np.float32]) -> NDArray[np.float32]:
    """Say of shares of massive tokens which are of prompts that have one."""
    return (tokens > 0).astype(np.float32)


def _null(claim: Claim[Massive | NotMassive]) -> float:
    return HALF if claim.sentence.share is None else claim.sentence.share


MASSIVE = MassiveKind("massive", MASSIVE_TEMPLATE, "greater")
NOT_MASSIVE = MassiveKind("not massive", NOT_MASSIVE_TEMPLATE, "less")
