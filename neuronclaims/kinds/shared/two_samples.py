"""Hold the values of two sets, of a whole layer and of one of its neurons, with their effects and tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.shared.subjects.selection import level_for, widened
from neuronclaims.stats.effects.within_blocks import block_codes, blocked_auroc_many, blocked_fit
from neuronclaims.stats.standardised import INSTEAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.kinds.shared.hypotheses import TwoSampleHypothesis
    from neuronclaims.stats import Estimate, Exchange, Level, Resampling, TestResult, TwoSampleDesign
    from neuronclaims.stats.effects.margins import Scale
    from neuronclaims.stats.effects.within_blocks import Codes

    Floats: TypeAlias = NDArray[np.float64]
    Effects: TypeAlias = Mapping[Scale, Estimate]

ESTIMATES: dict[Scale, tuple[Callable[..., Estimate], Callable[..., Estimate], Callable[..., Estimate]]] = {
    "difference": (
        stats.mean_difference_estimate,
        stats.paired_mean_difference_estimate,
        stats.blocked_mean_difference_estimate,
    ),
    "auroc": (stats.auroc_estimate, stats.paired_auroc_estimate, stats.blocked_auroc_estimate),
    "sd": (stats.hedges_g_estimate, stats.dz_estimate, stats.blocked_hedges_g_estimate),
}
"""Per scale the estimate for independent units, for pairs, and for units in blocks."""


@dataclass(frozen=True, eq=False)
class LayerSamples:
    """The values of a layer's neurons in two sets, per exchanged unit: [n1, width] and [n2, width].

    >>> import numpy as np
    >>> design = stats.two_sample_design([None] * 2, [None] * 2)
    >>> layer = LayerSamples(np.array([[1.0, 5.0], [2.0, 6.0]]), np.array([[3.0, 4.0], [4.0, 3.0]]), design)
    >>> layer.aurocs
    array([0., 1.])
    >>> layer.neuron(1).effect("difference").value
    2.0
    """

    first: Floats
    second: Floats
    design: TwoSampleDesign

    @cached_property
    def t(self) -> Floats:
        """The t statistic of every neuron [width]: Welch's, that of pairs, or that within blocks."""
        if self._codes is None:
            return (stats.paired_t_many if self.design.paired else stats.welch_t_many)(
                self.first, self.second
            )
        fit = blocked_fit(self.first, self.second, self._codes)
        certain = np.where(fit.difference == 0, 0.0, np.copysign(np.inf, fit.difference))
        return np.divide(fit.difference, fit.error, out=certain, where=fit.error > 0)

    @cached_property
    def aurocs(self) -> Floats:
        """The AUROC of every neuron [width]."""
        if self._codes is None:
            return stats.auroc_many(self.first, self.second)
        return blocked_auroc_many(self.first, self.second, self._codes)

    def neuron(self, index: int, picked_from: int = 1, noun: str = "neuron") -> NeuronSamples:
        """Return the values of one neuron, with the number of neurons it was picked from (including itself)."""
        return NeuronSamples(self, index, picked_from, noun)

    @cached_property
    def _codes(self) -> Codes | None:
        blocks = self.design.blocks
        return None if blocks is None else block_codes(blocks, self.design.counts)


@dataclass(frozen=True, slots=True, eq=False)
class NeuronSamples:
    """The values of one neuron in two sets, per exchanged unit.

    Intervals are so wide that they hold for all of the ``picked_from`` neurons it was picked from. ``noun`` is what
    one of them is called.
    """

    layer: LayerSamples
    index: int
    picked_from: int = 1
    noun: str = "neuron"

    @property
    def first(self) -> Floats:
        """The values in the first set [n1]."""
        return self.layer.first[:, self.index]

    @property
    def second(self) -> Floats:
        """The values in the second set [n2]."""
        return self.layer.second[:, self.index]

    @property
    def design(self) -> TwoSampleDesign:
        """What is exchanged between the sets."""
        return self.layer.design

    def effect(self, scale: Scale, level: float | None = None) -> Estimate:
        """Return the effect: in the value's own unit, as AUROC or in standard deviations.

        The interval is at ``level``, or widened for all neurons this one was picked from where none is given.
        """
        independent, paired, blocked = ESTIMATES[scale]
        wide = level_for(self.picked_from) if level is None else level
        if self.design.blocks is not None:
            made = blocked(self.first, self.second, self.design.blocks, level=wide)
        else:
            made = (paired if self.design.paired else independent)(self.first, self.second, level=wide)
        made = made.of_prompts(self.design.prompts)
        return widened(made, self.picked_from, self.noun) if level is None else made

    def claimed_effect(self, said: TwoSampleHypothesis, known: Effects | None = None) -> Estimate:
        """Return the effect that a claim's number is about: one in sd has an interval for values of any shape."""
        if said.scale != "sd":
            return self.effect(said.scale) if known is None else known[said.scale]
        made = self.effect("sd", level_for(self.picked_from)) if known is None else known["sd"]
        shaped = stats.of_any_shape(
            made,
            self.first,
            self.second,
            paired=self.design.paired,
            blocks=self.design.blocks,
            marks=said.boundaries,
            instead=said.instead or INSTEAD,
        )
        return widened(shaped, self.picked_from, self.noun)

    def effects(self, known: Effects | None = None) -> Effects:
        """Return the effects on all scales; those in ``known`` were computed before."""
        made = known or {}
        return {scale: made.get(scale) or self.effect(scale) for scale in ESTIMATES}

    @property
    def same(self) -> bool:
        """Whether all values, or the two values of every pair, are the same, so that there is nothing to test."""
        if self.design.paired:
            return bool(np.all(self.first == self.second))
        return bool(np.all(self.first == self.first[0]) and np.all(self.second == self.first[0]))

    def test(self, hypothesis: TwoSampleHypothesis, *, resampling: Resampling, level: Level) -> TestResult:
        """Test the claim's boundary, by exchanging what the design exchanges, or else by its interval."""
        if not hypothesis.exchanged:
            return self.interval_test(hypothesis, self.claimed_effect(hypothesis))
        return stats.two_sample_test(
            self.first - hypothesis.shift,
            self.second,
            exchange=exchange_of(self.design),
            statistic=hypothesis.statistic,
            alternative="two-sided",
            resampling=resampling,
            level=level,
        )

    def interval_test(self, hypothesis: TwoSampleHypothesis, estimate: Estimate) -> TestResult:
        """Test the claim's boundary by turning the interval of its effect round."""
        said, least = hypothesis, hypothesis.smallest_p(self.design)
        test = stats.interval_test(estimate, said.side, said.null, said.threshold, least)
        return replace(test, degenerate=self.same)


def exchange_of(design: TwoSampleDesign) -> Exchange:
    """Return what a test exchanges in a design."""
    return stats.Exchange(paired=design.paired, unit=design.unit, blocks=design.blocks)


def effects_together(first: Floats, second: Floats, prompts: int) -> list[Effects]:
    """Return the effects on all scales of several neurons chosen beforehand, [n1, m] against [n2, m] independent units.

    ``prompts`` is how many of these the units average, in the smaller set.

    >>> import numpy as np
    >>> [one] = effects_together(np.array([[1.0], [2.0]]), np.array([[4.0], [5.0]]), 2)
    >>> one["difference"].value
    -3.0
    """
    by_scale: dict[Scale, tuple[Estimate, ...]] = {
        "difference": stats.mean_difference_estimates(first, second),
        "auroc": stats.auroc_estimates(first, second),
        "sd": stats.hedges_g_estimates(first, second),
    }
    return [
        {scale: made[column].of_prompts(prompts) for scale, made in by_scale.items()}
        for column in range(first.shape[1])
    ]
