"""Activity of a direction in a region: whether states point further along it for one prompt set than for another.

    honesty activity is lower for lie than truth
    honesty activity is higher for truth than lie in layers 10 to 25 over tokens 1 to 30
    honesty activity is not lower for lie than truth                                       (margin: 0.5 sd)
    honesty activity does not differ between lie and truth in layers 10 to 25              (margin: 0.5 sd)

The direction is fitted at each layer on prompts of its own, by the claim's token rule; scores are projections in
standard deviations of the neutral prompts' scores of the same layer and positions (see ``score``). A prompt's value is
the mean over the layers named (all, where none are) and those of the tokens named that it has; where no tokens are
named, the claim's token rule gives its state. Sets are compared as in a contrast, "does not" against the margin: in
``sd`` of the two sets' prompts (Hedges' g; for pairs dz) or, as a bare number, in the score's own unit. It says that of
the region's mean alone: what is higher at some layers and lower at others may cancel.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Distributions, Row
from neuronclaims.kinds.kind import Attainable, ClaimError, Finding
from neuronclaims.kinds.projection.activity_request import ActivityRequest, places_in_words
from neuronclaims.kinds.projection.scores import Score
from neuronclaims.kinds.shared.designs import size_of
from neuronclaims.kinds.shared.hypotheses import TwoSampleHypothesis
from neuronclaims.kinds.shared.margins import MarginOptions, margin_of
from neuronclaims.kinds.shared.null_figures import null_of
from neuronclaims.kinds.shared.requests import plain
from neuronclaims.kinds.shared.two_samples import LayerSamples, exchange_of
from neuronclaims.kinds.shared.unit_names import continuations_needed, names_of_units
from neuronclaims.kinds.shared.units import of_two_sets
from neuronclaims.prompts import shown
from neuronclaims.sentences.templates import Template

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Null
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.kinds.projection.activity_maps import ActivityMaps
    from neuronclaims.kinds.shared.two_samples import NeuronSamples
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.sentences.positions import TokenPositions
    from neuronclaims.sentences.subjects.layers import Layers
    from neuronclaims.stats import Alternative, Estimate, TestResult

    RegionClaim: TypeAlias = "Claim[Region | Alike, RegionOptions]"

OF_MEAN = "This is about the mean over the region: what is higher in one part of it and lower in another may cancel."

_SIDES: Mapping[str, Alternative] = MappingProxyType(
    {"higher": "greater", "lower": "less", "not higher": "greater", "not lower": "less"}
)


@dataclass(frozen=True, slots=True)
class Region:
    """The sentence that one set is higher or lower in a region, or is not, in parts."""

    direction: str
    comparison: Literal["higher", "lower", "not higher", "not lower"]
    first: str
    second: str
    layers: Layers | None = None
    positions: TokenPositions | None = None

    def __str__(self) -> str:
        return REGION_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class Alike:
    """The sentence that two sets do not differ in a region, in parts."""

    direction: str
    verb: Literal["does not differ"]
    first: str
    second: str
    layers: Layers | None = None
    positions: TokenPositions | None = None

    def __str__(self) -> str:
        return ALIKE_TEMPLATE.render(self)


class RegionOptions(MarginOptions):
    """The options of claims about the activity of a region."""

    score: Score = "z"


_WHERE = "[in {layers:layers}] [over {positions:positions}]"
_MARGIN = "'margin: 0.5 sd', the difference that would matter"
REGION_TEMPLATE = Template(
    "{direction:direction} activity is {comparison:higher|lower|not higher|not lower} "
    f"for {{first:set}} than {{second:set}} {_WHERE}",
    Region,
    options=RegionOptions,
    margin=_MARGIN,
)
ALIKE_TEMPLATE = Template(
    f"{{direction:direction}} activity {{verb:does not differ}} between {{first:set}} and {{second:set}} {_WHERE}",
    Alike,
    options=RegionOptions,
    margin=_MARGIN,
)


@dataclass(frozen=True, slots=True)
class RegionKind:
    """A direction that is more, or less, active for one set in a region named beforehand, or is not."""

    name: str
    template: Template

    def attainable(self, claim: RegionClaim) -> Attainable:
        """Say how small p could get with these prompts."""
        design = _request(claim).design
        return _hypothesis(claim).attainable(design, size_of(design))

    def joint_test_key(self, claim: RegionClaim) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None

    def tokens_in_words(self, claim: RegionClaim) -> str | None:
        """Return the tokens that are read one by one; None where one number is read by the claim's own rule."""
        return places_in_words(claim.settings, claim.sentence.positions)

    def needs(self, claim: RegionClaim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the region's layers, and for what is written where the model writes."""
        self.attainable(claim)
        request, settings = _request(claim), claim.settings
        units = zip(request.sets, request.rows, strict=True)
        texts = [need for prompts, rows in units for need in continuations_needed(settings, prompts, rows)]
        return *request.needs(facts), *texts

    def judge(self, claim: RegionClaim, answers: Answers, family: Family) -> Finding:
        """Compare the region's mean between the sets."""
        request, hypothesis = _request(claim), _hypothesis(claim)
        maps = request.maps(answers)
        samples = _region_means(request, maps)
        effects = samples.effects()
        estimate, test = _tested(request, hypothesis, samples, family)
        a, b, paired = samples.first, samples.second, samples.design.paired
        warnings = stats.assumption_warnings(a, b, paired=paired, statistic="mean")
        return Finding(
            estimate=estimate,
            statement=hypothesis.statement,
            test=test,
            sample=request.sample,
            selection=request.selection,
            others=tuple(effect for scale, effect in effects.items() if scale != hypothesis.scale),
            notes=(
                *request.notes(maps),
                *((OF_MEAN,) if hypothesis.margin is not None else ()),
                *warnings,
            ),
            figures=(
                _distributions(request, samples, answers),
                maps.surface(request.names, request.scale),
                *(_null(request, samples, test) if hypothesis.margin is None else ()),
            ),
            units=of_two_sets(
                request.values_key,
                hypothesis.scale,
                samples.design,
                request.sets,
                (samples.first, samples.second),
            ),
        )


def _request(claim: RegionClaim) -> ActivityRequest:
    return ActivityRequest.of(claim, claim.sentence.layers, claim.sentence.positions)


def _hypothesis(claim: RegionClaim) -> TwoSampleHypothesis:
    """Read what a claim says of the difference; raise ClaimError for a margin that "does not" cannot have."""
    said = claim.sentence
    way = said.comparison if isinstance(said, Region) else None
    alternative: Alternative = _SIDES[way] if way else "two-sided"
    if way in ("higher", "lower"):
        return TwoSampleHypothesis("mean", "difference", alternative)
    amount = margin_of(claim, "0.5 sd", "the difference that would matter")
    return TwoSampleHypothesis(
        statistic="mean",
        scale="sd" if amount.unit == "sd" else "difference",
        alternative=alternative,
        threshold=-amount.value if alternative == "less" else amount.value,
        claimed=f"{way} by {amount} or more" if way else f"no difference of {amount} or more",
        margin=amount.value,
        instead="a margin in the scores' own unit ('margin: 0.5')",
    )


def _region_means(request: ActivityRequest, maps: ActivityMaps) -> NeuronSamples:
    """Average each prompt over the cells it has, and units over their prompts.

    Raises ClaimError where a prompt has no token of the region.
    """
    grids = maps.first, maps.second
    for name, grid, prompts in zip(request.names, grids, request.sets, strict=True):
        short = ~np.isfinite(grid).any(axis=(1, 2))
        if short.any():
            text = shown(prompts[int(short.argmax())].text)
            raise ClaimError(
                f"{int(short.sum())} prompts of {name!r} have no token at {request.positions}, such as {text!r}. "
                "Name earlier tokens, or take longer prompts."
            )
    first, second = request.design.units(*(np.nanmean(grid, axis=(1, 2))[:, None] for grid in grids))
    return LayerSamples(first, second, request.design).neuron(0)


def _tested(
    request: ActivityRequest, hypothesis: TwoSampleHypothesis, samples: NeuronSamples, family: Family
) -> tuple[Estimate, TestResult]:
    resampling = family.resampling(request.seed, request.draws)
    test = samples.test(hypothesis, resampling=resampling, level=family.level)
    return samples.claimed_effect(hypothesis), test


def _distributions(request: ActivityRequest, samples: NeuronSamples, answers: Answers) -> Distributions:
    settings = request.claim.settings
    sides = zip(request.names, (samples.first, samples.second), request.sets, request.rows, strict=True)
    return Distributions(
        request.scale,
        tuple(
            Row(name, plain(values), names_of_units(settings, prompts, answers, rows))
            for name, values, prompts, rows in sides
        ),
    )


def _null(request: ActivityRequest, samples: NeuronSamples, test: TestResult) -> tuple[Null, ...]:
    return null_of(
        samples.first,
        samples.second,
        test,
        exchange=exchange_of(samples.design),
        statistic="mean",
        seed=request.seed,
    )


REGION = RegionKind("activity", REGION_TEMPLATE)
ALIKE = RegionKind("activity alike", ALIKE_TEMPLATE)
