"""Claims about one set of prompts at one layer: what they ask, what a finding says of the layer, and its figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Point, Points
from neuronclaims.kinds.kind import Finding, Sample, Statement
from neuronclaims.kinds.outliers.token_shares import Side, Units
from neuronclaims.kinds.shared.neurons import rank_of
from neuronclaims.kinds.shared.requests import activations, in_order, percent
from neuronclaims.kinds.shared.selection import chosen_before, selection_notes, selection_of
from neuronclaims.kinds.shared.units import of_one_set
from neuronclaims.measurements import TokenRule
from neuronclaims.sentences.neurons import Neuron
from neuronclaims.sentences.subjects import Subject
from neuronclaims.stats import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.measurements import Activations
    from neuronclaims.measurements.pools import Pool
    from neuronclaims.results import UnitValues, ValueScale
    from neuronclaims.stats import TestResult

TALLEST, OTHERS = 40, 400
"""How many neurons a figure shows: those furthest from zero, and of the others as many, evenly spaced."""


@dataclass(frozen=True, slots=True)
class OneSet:
    """One set at one layer, with the units its prompts form."""

    claim: Claim
    layer: int
    prompts: tuple[Prompt, ...]
    units: Units

    @classmethod
    def of(cls, claim: Claim, layer: int) -> OneSet:
        """Take the set that the sentence calls ``first``; raise ClaimError for fewer than two units."""
        prompts = in_order(claim.sets[claim.sentence.first])
        return cls(claim, layer, prompts, Units.of(prompts))

    def asks(self, pool: Pool | str, layer: int | None = None) -> Activations:
        """Ask for a pool of the claim's span, at this layer or another."""
        settings = self.claim.settings
        rule = TokenRule(pool, settings.tokens.span)
        return activations(settings, self.layer if layer is None else layer, self.prompts, rule)

    def means(self, answers: Answers, pool: Pool | str, layer: int | None = None) -> NDArray[np.float64]:
        """Return what was answered, averaged within units: [units, width]."""
        return self.units.means(answers[self.asks(pool, layer)])

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many units there are."""
        return ((self.claim.sentence.first, len(self.units.rows)),)

    def unit_values(self, what: str, scale: ValueScale, values: NDArray[np.float64]) -> UnitValues:
        """Return values [units] of this set; ``what`` says of which neuron or layer, and what was counted."""
        settings = self.claim.settings
        of = f"{settings.site} {what}, {settings.tokens.span}"
        return of_one_set(of, scale, self.prompts, self.units.rows, values)


def finding_of(
    one: OneSet,
    estimate: Estimate,
    test: TestResult,
    null: float,
    *,
    others: tuple[Estimate, ...],
    notes: tuple[str, ...],
    profile: NDArray[np.float64],
    bound: float,
    units: UnitValues,
    side: Side = "greater",
    neuron: Neuron | None = None,
    strengths: NDArray[np.float64] | None = None,
    by: str = "",
) -> Finding:
    """Put a share that is claimed to exceed ``null``, or to stay below it, together with what is shown beside it.

    ``bound`` is how far from zero the values lie, or do not, that are counted.
    """
    selection = (
        chosen_before(one.claim, "layer")
        if neuron is None
        else selection_of(one.claim, Subject("one", (neuron,)), 1)
    )
    return Finding(
        estimate=estimate,
        statement=Statement(
            side, null, None, f"at {'least' if side == 'greater' else 'most'} {percent(null)}"
        ),
        test=test,
        sample=Sample(one.units.unit, one.counts),
        selection=selection,
        others=others,
        rank=None if neuron is None or strengths is None else rank_of(neuron.index, strengths, by),
        notes=(*selection_notes(selection), *notes),
        figures=(_figure(one, profile, neuron, bound),),
        units=units,
    )


def counted(key: str, name: str, value: float | None) -> Estimate:
    """Return a number that was counted, without an interval."""
    return Estimate(stats.EffectSize(key, name), value, None, None, 0.95, "counted on these prompts")


def kurtosis(profile: NDArray[np.float64]) -> Estimate:
    """Return Pearson's kurtosis of the layer's mean values: 3 for a normal distribution."""
    centred = profile - profile.mean()
    spread = float((centred**2).mean())
    return counted(
        "kurtosis", "kurtosis of the layer", float((centred**4).mean()) / spread**2 if spread > 0 else None
    )


def shape(profile: NDArray[np.float64], bound: float) -> tuple[Estimate, Estimate]:
    """Return the kurtosis of a layer's mean values, and how many of them lie within a bound."""
    inside = float((np.abs(profile) < bound).mean())
    return kurtosis(profile), counted(
        "share_within", "share of neurons whose mean lies within the bound", inside
    )


def _figure(one: OneSet, profile: NDArray[np.float64], neuron: Neuron | None, bound: float) -> Points:
    """Draw the layer's mean values over the index, thinned, the claim's neuron and the tallest kept."""
    size = np.abs(profile)
    tallest = np.argsort(-size, kind="stable")[:TALLEST]
    spaced = np.unique(np.linspace(0, len(profile) - 1, OTHERS).astype(int))
    own = -1 if neuron is None else neuron.index
    kept = sorted({*tallest.tolist(), *spaced.tolist(), *([own] if own >= 0 else [])})
    points = tuple(
        Point(float(index), float(profile[index]), f"{one.layer}:{index}", marked=index == own)
        for index in kept
    )
    where = f"{one.claim.settings.site}, layer {one.layer}"
    return Points(
        f"neuron index, {where}", f"mean of {one.claim.settings.tokens.span} tokens", points, (-bound, bound)
    )
