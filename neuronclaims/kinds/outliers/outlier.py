"""Outliers: neurons far from zero, massive ones, and layers that keep close to zero.

    neuron 20:1600 is an outlier beyond 6 in at least 6% of tokens in prose
    neuron 20:1600 is not an outlier beyond 6 in more than 6% of tokens in prose
    neuron 20:1600 is massive [in at least 60% of prompts] in prose
    neuron 20:1600 is not massive in more than 5% of prompts in prose
    at least 99% of layer 20 lies within 4 of zero in prose

*Beyond* is Dettmers et al. 2022 (LLM.int8): a size of at least the bound, counted over tokens; in how many layers the
same index passes is given beside it. *Massive* is Sun et al. 2024: above 100 and at least 1,000 times the median size
of its hidden state, in at least one token of a prompt; claimed of more than half of the prompts where no share is
said. "Is not" claims that the same share lies below the one named; that number stands in for a margin, and there is
no claim of "never", which no number of prompts could show. *Within* is a size below the bound, counted over all
neurons and tokens. Prompts are the units, or their groups. Tokens are those of the claim's span, whatever its pool.
The site is part of the claim: a value before an activation function and one after it are different things.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.kind import Attainable, ClaimError, Finding
from neuronclaims.kinds.outliers.outlier_sentences import (
    BAND_TEMPLATE,
    MASSIVE_TEMPLATE,
    NO_OUTLIER_TEMPLATE,
    NOT_MASSIVE_TEMPLATE,
    OUTLIER_TEMPLATE,
    Band,
    Massive,
    NoOutlier,
    NotMassive,
    Outlier,
)
from neuronclaims.kinds.outliers.token_shares import Side, mean_share, mean_share_test, smallest_share_p
from neuronclaims.kinds.shared.layer_profiles import OneSet, counted, finding_of, kurtosis, shape
from neuronclaims.kinds.shared.neurons import check_neuron
from neuronclaims.measurements import Activations
from neuronclaims.measurements.pools import BeyondPool
from neuronclaims.sentences.neurons import Neuron
from neuronclaims.sentences.numbers import number_text
from neuronclaims.sentences.templates import Template

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts

OF_TOKENS = stats.EffectSize("mean_share_of_tokens", "mean share of tokens", scale="share")
OF_PROMPTS = stats.EffectSize("share_of_prompts", "share of prompts", scale="share")
OF_VALUES = stats.EffectSize("mean_share_of_values", "mean share of values", scale="share")


MASSIVE_BOUND = 100.0
"""The size from which a value can be massive (Sun et al. 2024), drawn beside the layer's means."""

HALF = 0.5
"""The share of prompts that a claim of a massive neuron has to exceed where it names none."""


class _NeuronKind:
    """What the claims about one neuron share."""

    def joint_test_key(self, claim: Claim) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone: nothing is exchanged."""
        return None

    def _needs(self, claim: Claim, facts: ModelFacts) -> OneSet:
        check_neuron(claim.sentence.neuron, claim.settings.site, facts)
        if claim.settings.searched is not None:
            raise ClaimError(
                "An outlier that was picked on these prompts ('searched') cannot be tested on them. "
                "Test it on new prompts ('discovered_on')."
            )
        return OneSet.of(claim, claim.sentence.neuron.layer)


@dataclass(frozen=True, slots=True)
class OutlierKind(_NeuronKind):
    """A neuron that lies beyond a bound in a share of tokens, or ``less``."""

    name: str
    template: Template
    side: Side

    def attainable(self, claim: Claim[Outlier | NoOutlier]) -> Attainable:
        """Say how small p could get: with every token of every prompt beyond, or none."""
        units = OneSet.of(claim, 0).units
        least = smallest_share_p(len(units.rows), claim.sentence.share, alike=True, side=self.side)
        return Attainable(least, units.size)

    def needs(self, claim: Claim[Outlier | NoOutlier], facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the share of tokens beyond in every layer of that width, and for the layer's means."""
        one = self._needs(claim, facts)
        pool = BeyondPool(claim.sentence.bound)
        return (one.asks("mean"), *(one.asks(pool, layer) for layer in facts.layers_at(claim.settings.site)))

    def judge(self, claim: Claim[Outlier | NoOutlier], answers: Answers, family: Family) -> Finding:  # noqa: ARG002
        """Average the share of tokens over prompts, and count in how many layers the index passes."""
        said = claim.sentence
        one = OneSet.of(claim, said.neuron.layer)
        pool = BeyondPool(said.bound)
        asked = [need for need in answers if isinstance(need, Activations) and need.tokens.pool == pool]
        shares = {need.layer: one.means(answers, pool, need.layer) for need in asked}
        own = shares[said.neuron.layer]
        passing = sum(float(found[:, said.neuron.index].mean()) >= said.share for found in shares.values())
        profile = one.means(answers, "mean").mean(axis=0)
        values = own[:, said.neuron.index]
        return finding_of(
            one,
            mean_share(values, OF_TOKENS),
            mean_share_test(values, null=said.share, alike=True, unit=one.units.unit, side=self.side),
            said.share,
            side=self.side,
            neuron=said.neuron,
            units=one.unit_values(f"{said.neuron} {pool}", "mean", values),
            strengths=own.mean(axis=0),
            by="share of tokens beyond the bound",
            others=(
                counted(
                    "share_of_layers", "share of layers in which this index passes", passing / len(shares)
                ),
                *shape(profile, said.bound),
            ),
            notes=(
                f"In {passing} of {len(shares)} layers this index is beyond {number_text(said.bound)} in at least "
                f"{100 * said.share:g} % of tokens; LLM.int8 calls an index an outlier with 25 % of layers and 6 % "
                "of tokens.",
            ),
            profile=profile,
            bound=said.bound,
        )


@dataclass(frozen=True, slots=True)
class MassiveKind(_NeuronKind):
    """A neuron that is massive in some token of most prompts, or of ``less``."""

    name: str
    template: Template
    side: Side

    def attainable(self, claim: Claim[Massive | NotMassive]) -> Attainable:
        """Say how small p could get: with every prompt, or none."""
        units = OneSet.of(claim, 0).units
        null = _of_prompts(claim)
        if units.unit == "prompt":
            return Attainable((null if self.side == "greater" else 1 - null) ** len(units.rows), units.size)
        return Attainable(smallest_share_p(len(units.rows), null, alike=True, side=self.side), units.size)

    def needs(self, claim: Claim[Massive | NotMassive], facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the share of massive tokens, and for the layer's means."""
        one = self._needs(claim, facts)
        return one.asks("mean"), one.asks("massive")

    def judge(self, claim: Claim[Massive | NotMassive], answers: Answers, family: Family) -> Finding:  # noqa: ARG002
        """Count the prompts with at least one massive token."""
        said = claim.sentence
        null = _of_prompts(claim)
        one = OneSet.of(claim, said.neuron.layer)
        tokens = answers[one.asks("massive")]
        some = one.units.means((tokens > 0).astype(np.float32))
        values, effect = some[:, said.neuron.index], OF_PROMPTS
        if one.units.unit == "prompt":
            count = int(values.sum()), len(values)
            made = stats.share_estimate(*count)
            estimate = replace(made, effect=effect)
            test = stats.share_test(*count, null=null, alternative=self.side)
        else:
            estimate = mean_share(values, effect)
            test = mean_share_test(values, null=null, alike=True, unit=one.units.unit, side=self.side)
        profile = one.means(answers, "mean").mean(axis=0)
        share = float(one.units.means(tokens)[:, said.neuron.index].mean())
        return finding_of(
            one,
            estimate,
            test,
            null,
            side=self.side,
            neuron=said.neuron,
            units=one.unit_values(f"{said.neuron} massive", "share", values),
            strengths=some.mean(axis=0),
            by="share of prompts in which it is massive",
            others=(counted("mean_share_of_tokens", "mean share of tokens", share), kurtosis(profile)),
            notes=(
                f"A massive value is above {MASSIVE_BOUND:g} and at least 1,000 times the median size of its token's "
                "state. The figure's lines mark the first; its points are means of tokens, which few massive ones may "
                "leave far below.",
            ),
            profile=profile,
            bound=MASSIVE_BOUND,
        )


class BandKind:
    """A layer whose values lie close to zero."""

    name, template = "band", BAND_TEMPLATE

    def attainable(self, claim: Claim[Band]) -> Attainable:
        """Say how small p could get: with every value within."""
        units = OneSet.of(claim, 0).units
        return Attainable(smallest_share_p(len(units.rows), claim.sentence.share, alike=False), units.size)

    def joint_test_key(self, claim: Claim[Band]) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone: nothing is exchanged."""
        return None

    def needs(self, claim: Claim[Band], facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the share of tokens beyond, and for the layer's means."""
        said = claim.sentence
        check_neuron(Neuron(said.layer, 0), claim.settings.site, facts)
        if claim.settings.searched is not None:
            raise ClaimError(
                "This claim is about a whole layer, so no neuron was picked on its prompts ('searched'). Take "
                "'searched' out of it; if the layer was picked on these prompts, test it on new ones."
            )
        one = OneSet.of(claim, said.layer)
        return one.asks("mean"), one.asks(BeyondPool(said.bound))

    def judge(self, claim: Claim[Band], answers: Answers, family: Family) -> Finding:  # noqa: ARG002
        """Average the share of values within the band over prompts."""
        said = claim.sentence
        one = OneSet.of(claim, said.layer)
        beyond = one.means(answers, BeyondPool(said.bound))
        values = 1 - beyond.mean(axis=1)
        profile = one.means(answers, "mean").mean(axis=0)
        never = float((beyond.max(axis=0) == 0).mean())
        return finding_of(
            one,
            mean_share(values, OF_VALUES),
            mean_share_test(values, null=said.share, alike=False, unit=one.units.unit),
            said.share,
            others=(
                counted("share_never_beyond", "share of neurons never beyond", never),
                *shape(profile, said.bound),
            ),
            units=one.unit_values(f"layer {said.layer} within {said.bound:g}", "mean", values),
            notes=("Counted over all neurons and tokens; a value of just the bound counts as outside.",),
            profile=profile,
            bound=said.bound,
        )


def _of_prompts(claim: Claim) -> float:
    share: float | None = claim.sentence.share
    return HALF if share is None else share


OUTLIER = OutlierKind("outlier", OUTLIER_TEMPLATE, "greater")
NO_OUTLIER = OutlierKind("no outlier", NO_OUTLIER_TEMPLATE, "less")
MASSIVE = MassiveKind("massive", MASSIVE_TEMPLATE, "greater")
NOT_MASSIVE = MassiveKind("not massive", NOT_MASSIVE_TEMPLATE, "less")
BAND = BandKind()
