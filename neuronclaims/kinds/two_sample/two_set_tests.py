"""How what a claim says of two sets is tested: of one neuron, of every one of some, of some neuron of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.kind import PATIENCE
from neuronclaims.kinds.shared.effects import effect_of, effects_together
from neuronclaims.kinds.shared.margins import check_not_searched, margin_test
from neuronclaims.kinds.shared.subjects import (
    Bound,
    One,
    every_note,
    every_table,
    found,
    least_clear,
    some_note,
    some_table,
    weakest,
)

if TYPE_CHECKING:
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.kind import Family
    from neuronclaims.kinds.two_sample.two_set_values import Measured, Values
    from neuronclaims.kinds.two_sample.two_sets import TwoSets
    from neuronclaims.sentences.neurons import Neuron
    from neuronclaims.stats import Alternative, Estimate, MaxResults, Side, TestResult
    from neuronclaims.stats.effects.margins import MarginSide, Scale
    from neuronclaims.stats.permutation.relabelling import Statistic


@dataclass(frozen=True, slots=True)
class Asked:
    """What a claim says of the effect of two sets on a neuron.

    ``statistic`` is what its test is on, ``scale`` that on which its number stands; ``null`` and ``threshold`` are
    those of ``stats.decide``, ``claimed`` is the number in the sentence's own words. ``alternative`` is the side
    claimed or, for "does not", denied: there is then a ``margin``, and ``threshold`` is its bound.
    """

    statistic: Statistic
    scale: Scale
    alternative: Alternative
    null: float
    threshold: float | None
    claimed: str | None
    margin: float | None = None

    @property
    def denies(self) -> MarginSide:
        """The side of a claim of "does not"."""
        sides: dict[Alternative, MarginSide] = {
            "greater": "not greater",
            "less": "not less",
            "two-sided": "within",
        }
        return sides[self.alternative]

    @property
    def side(self) -> Side:
        """The side of the threshold on which the effect lies by this claim."""
        return self.alternative if self.margin is None else self.denies


@dataclass(frozen=True, slots=True)
class Outcome:
    """The neuron a verdict rests on, the one whose test it is, and what is to be shown and said of the others."""

    one: One
    tested: Neuron
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()


def smallest_p(sets: TwoSets, asked: Asked) -> float:
    """Return the least p the design could give, 0 where that depends on the values.

    Raises ClaimError for a claim of "does not" about a neuron that was picked on these prompts.
    """
    design = sets.design
    if asked.margin is None:
        return design.smallest_p(asked.alternative)
    check_not_searched(sets.claim, sets.who)
    if design.blocks is not None:
        return 0.0
    return stats.smallest_margin_p(
        *design.counts, margin=asked.margin, scale=asked.scale, paired=design.paired, side=asked.denies
    )


def outcome(sets: TwoSets, measured: Measured, asked: Asked, family: Family) -> Outcome:
    """Test what is claimed, of all the neurons it is claimed of."""
    who = sets.who
    bound = Bound(asked.side, asked.null, asked.threshold, family.alpha)
    results = _searched(sets, measured, asked, family) if sets.searched else None
    if who.how == "some" and results is not None:
        return _some(sets, measured, asked, bound, results)
    ones = [_one(sets, measured, asked, neuron, family, results) for neuron in who.neurons]
    if who.how == "one":
        return Outcome(ones[0], ones[0].neuron)
    one = weakest(bound, ones)
    return Outcome(one, least_clear(ones).neuron, (every_table(ones),), (every_note(len(ones), one),))


def _some(sets: TwoSets, measured: Measured, asked: Asked, bound: Bound, results: MaxResults) -> Outcome:
    neurons = measured.neurons

    def one_of(column: int) -> One:
        values = measured.of(neurons[column])
        return One(neurons[column], effect_of(values, sets.design, asked.scale), results.one(column))

    one = found(bound, results, one_of)
    return Outcome(one, one.neuron, (some_table(bound, results, neurons),), (some_note(len(neurons), one),))


def _one(
    sets: TwoSets,
    measured: Measured,
    asked: Asked,
    neuron: Neuron,
    family: Family,
    results: MaxResults | None,
) -> One:
    values = measured.of(neuron)
    if asked.margin is not None:
        return _not(sets, values, asked, neuron, asked.margin, family)
    known: dict[Scale, Estimate] = family.shared.get(("effects", sets.claim.id), {})
    estimate = known.get(asked.scale) or effect_of(values, sets.design, asked.scale)
    if results is not None:
        return One(neuron, estimate, results.one(measured.column(neuron)))
    return One(neuron, estimate, _alone(sets, values, asked, family))


def together(group: Sequence[tuple[TwoSets, Measured, Asked]], family: Family) -> None:
    """Test single neurons on one exchange with one product for all, as far as each is tested without patience.

    The effects of independent units are found for all of them, too.
    """
    sets, _, asked = group[0]
    values = [measured.of(claim.who.neurons[0]) for claim, measured, _ in group]
    first, second = (
        np.column_stack(rows) for rows in zip(*((one.first, one.second) for one in values), strict=True)
    )
    found = stats.two_sample_first_looks(
        first,
        second,
        exchange=stats.Exchange(paired=sets.design.paired, unit=sets.design.unit),
        statistic=asked.statistic,
        alternative=asked.alternative,
        resampling=stats.Resampling(
            seed=sets.seed, draws=sets.resamples, max_draws=max(PATIENCE[-1], sets.resamples)
        ),
        level=family.level,
    )
    for (claim, _, _), test in zip(group, found, strict=True):
        family.shared["first look", claim.claim.id] = test
    if not sets.design.paired:
        for (claim, _, _), effects in zip(group, effects_together(first, second), strict=True):
            family.shared["effects", claim.claim.id] = effects


def _alone(sets: TwoSets, values: Values, asked: Asked, family: Family) -> TestResult:
    """Test one neuron by exchanging what the design exchanges."""
    known: TestResult | None = family.shared.get(("first look", sets.claim.id))
    # More patience changes nothing for a p that is settled, or was counted exactly.
    if known is not None and (family.patience == PATIENCE[0] or known.exact):
        return known
    return stats.two_sample_test(
        values.first,
        values.second,
        exchange=stats.Exchange(paired=sets.design.paired, unit=sets.design.unit, blocks=sets.design.blocks),
        statistic=asked.statistic,
        alternative=asked.alternative,
        resampling=stats.Resampling(
            seed=sets.seed,
            draws=sets.resamples,
            max_draws=max(PATIENCE[-1], sets.resamples),
            stop_after=family.patience,
        ),
        level=family.level,
    )


def _searched(sets: TwoSets, measured: Measured, asked: Asked, family: Family) -> MaxResults:
    first, second = measured.all
    return stats.max_statistic_tests(
        first,
        second,
        exchange=stats.Exchange(paired=sets.design.paired, unit=sets.design.unit),
        statistic=asked.statistic,
        alternative=asked.alternative,
        resampling=stats.Resampling(seed=sets.seed, draws=sets.resamples),
        level=family.level,
    )


def _not(sets: TwoSets, values: Values, asked: Asked, neuron: Neuron, margin: float, family: Family) -> One:
    result = margin_test(
        values,
        sets.design,
        scale=asked.scale,
        null=asked.null,
        margin=margin,
        side=asked.denies,
        alpha=family.alpha,
    )
    return One(neuron, result.estimate, result.test)
