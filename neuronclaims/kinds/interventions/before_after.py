"""Two values per unit, after and before a change: the base of all kinds that change neurons while the model runs.

The signs of after - before are flipped. That is all a kind needs for its test, its null distribution, its interval,
the number of prompts that would settle it, and the values that baselines keep:

    change = BeforeAfter(after, before, units, seed=seed, draws=resamples)
    test = change.test("greater", family)
    Finding(estimate=change.estimate(EFFECT), test=test, units=change.kept("logit of ' an'", prompts), ...)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.shared.null_figures import null_of, null_of_search
from neuronclaims.kinds.shared.selection import level_for, widened
from neuronclaims.kinds.shared.units import of_changes

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Prompt
    from neuronclaims.figures import Null
    from neuronclaims.kinds.interventions.changed_neurons import Floats, TextUnits
    from neuronclaims.kinds.kind import Family
    from neuronclaims.results import UnitValues
    from neuronclaims.sentences.neurons import Neuron
    from neuronclaims.stats import Alternative, EffectSize, EquivalenceResult, Estimate, TestResult
    from neuronclaims.stats.effects.margins import MarginSide


@dataclass(frozen=True, slots=True, eq=False)
class LayerSweeps:
    """What each neuron of some layers does when it is changed alone: per layer [units, width]."""

    layers: Mapping[int, Floats]

    @property
    def count(self) -> int:
        """How many neurons were changed alone."""
        return sum(values.shape[1] for values in self.layers.values())

    @property
    def all(self) -> Floats:
        """The values of each neuron of all layers [units, neurons]."""
        return np.concatenate(list(self.layers.values()), axis=1)

    def column(self, neuron: Neuron) -> int:
        """Return the place of a neuron among those of all layers."""
        below = (int(values.shape[1]) for layer, values in self.layers.items() if layer < neuron.layer)
        return sum(below) + neuron.index


@dataclass(frozen=True, slots=True, eq=False)
class BeforeAfter:
    """What is found ``after`` a change and what it is compared with, ``before``: [units] each.

    ``searched`` holds what each neuron does alone, where the claim's one, ``neuron``, was picked from them on these
    very texts. ``draws`` is how many sign flips are drawn at first where they cannot all be listed.
    """

    after: Floats
    before: Floats
    units: TextUnits
    seed: int
    draws: int
    searched: LayerSweeps | None = None
    neuron: Neuron | None = None

    @property
    def many(self) -> int:
        """How many neurons the claimed one was picked from, itself included."""
        return 1 if self.searched is None else self.searched.count

    @property
    def exchange(self) -> stats.Exchange:
        """What is exchanged: the signs of the differences."""
        return stats.Exchange(paired=True, unit=self.units.unit)

    def resampling(self, family: Family) -> stats.Resampling:
        """Return how signs are drawn, for a family that waits for so many draws."""
        most = max(self.draws, family.max_draws)
        return stats.Resampling(self.seed, draws=self.draws, max_draws=most)

    def test(self, side: Alternative, family: Family) -> TestResult:
        """Test that the mean change lies on ``side`` of 0; of a searched neuron, by the maximum over all searched."""
        if self.searched is not None:
            return self.search_test(side, family)
        return stats.two_sample_test(
            self.after,
            self.before,
            exchange=self.exchange,
            statistic="mean",
            alternative=side,
            resampling=self.resampling(family),
            level=family.level,
        )

    def search_test(self, side: Alternative, family: Family) -> TestResult:
        """Test the claimed neuron by the maximum statistic over all that were searched."""
        assert self.searched is not None
        assert self.neuron is not None
        after = self.searched.all
        results = stats.max_statistic_tests(
            after,
            np.broadcast_to(self.before[:, None], after.shape),
            exchange=self.exchange,
            statistic="mean",
            alternative=side,
            resampling=stats.Resampling(self.seed, draws=self.draws),
            level=family.level,
        )
        return results.one(self.searched.column(self.neuron))

    def estimate(self, effect: EffectSize) -> Estimate:
        """Return the mean change with its interval, which is wide enough for all neurons searched."""
        return widened(mean_change(self.after, self.before, effect, level_for(self.many)), self.many)

    def within(self, effect: EffectSize, margin: float, side: MarginSide, alpha: float) -> EquivalenceResult:
        """Test that the mean change is smaller than a margin: on both sides, or on the one denied."""
        found = stats.equivalence_test(
            self.after, self.before, margin=margin, scale="difference", paired=True, side=side, alpha=alpha
        )
        return replace(found, estimate=replace(found.estimate, effect=effect))

    def needed(
        self,
        side: Alternative,
        level: stats.Level,
        *,
        threshold: float | None = None,
        margin: float | None = None,
    ) -> tuple[int, ...] | None:
        """Return how many units would probably settle it, if the change is what it seems; None where none would."""
        effect = stats.dz_estimate(self.after, self.before).value
        difference = float((self.after - self.before).mean())
        if effect is None or difference == 0:
            return None
        count, scale = len(self.units.rows), abs(effect / difference)
        claim = stats.PlannedClaim(
            statistic="mean",
            effect=effect,
            threshold=None if threshold is None else threshold * scale,
            margin=None if margin is None else margin * scale,
            side=side,
            paired=True,
            searched=self.many,
            level=level,
        )
        found = stats.units_needed(claim, (count, count))
        return None if found is None else found[:1]

    def null(self, test: TestResult, name: str) -> tuple[Null, ...]:
        """Draw what flipping signs alone makes of the mean change, or of the maximum over all neurons searched."""
        if self.searched is None:
            after, before = self.after, self.before
            return null_of(
                after,
                before,
                test,
                exchange=stats.Exchange(paired=True),
                statistic="mean",
                seed=self.seed,
                name=name,
            )
        assert self.neuron is not None
        after, column = self.searched.all, self.searched.column(self.neuron)
        before = np.broadcast_to(self.before[:, None], after.shape)
        return null_of_search(after, before, column, test, paired=True, statistic="mean", seed=self.seed)

    def kept(self, of: str, prompts: Sequence[Prompt]) -> UnitValues:
        """Return the values for baselines; ``of`` is the key of what they are."""
        return of_changes(of, prompts, self.units.rows, self.after, self.before)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the test doubtful, in sentences."""
        return stats.assumption_warnings(self.after, self.before, paired=True, statistic="mean")


def mean_change(after: Floats, before: Floats, effect: EffectSize, level: float = 0.95) -> Estimate:
    """Return the mean of after - before [units] with Student's t interval."""
    return replace(stats.paired_mean_difference_estimate(after, before, level=level), effect=effect)


def untouched(after: Floats, before: Floats) -> tuple[str, ...]:
    """Say so where changing the neurons changes nothing whatever, which leaves no spread to test anything by."""
    if (after != before).any():
        return ()
    return (
        "In none of these texts is the prediction changed at all: a fact about them, but no test says more.",
    )
