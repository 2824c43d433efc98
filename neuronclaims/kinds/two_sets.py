"""What the kinds that compare one neuron between two prompt sets share: needs, design, rank, figure."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Distributions, Row
from neuronclaims.kinds.joint import Joint
from neuronclaims.kinds.kind import PATIENCE, ClaimError, Reach
from neuronclaims.kinds.neurons import check_neuron
from neuronclaims.kinds.selection import layers_needed, selection_notes, selection_of
from neuronclaims.measurements import Activations, Generation, TokenRule
from neuronclaims.stats import seed_from, two_sample_design, two_sample_test

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.language import Claim, Neuron, Prompt, PromptSet
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import Selection
    from neuronclaims.stats import Alternative, TestResult, TwoSampleDesign

    Floats: TypeAlias = NDArray[np.float64]
    Statistic: TypeAlias = Literal["mean", "auroc"]

RESAMPLES = 9_999
"""Random relabellings drawn where there are too many to enumerate and the claim file does not say how many."""


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """What was measured for one claim, per exchanged unit.

    ``first`` [n1] and ``second`` [n2] are the claimed neuron's, ``first_layer`` [n1, width] and ``second_layer`` those
    of its layer, ``first_all`` [n1, m] and ``second_all`` those of all neurons it was picked from, in which it is
    column ``place``; it alone where nothing was searched.
    """

    first: Floats
    second: Floats
    first_layer: Floats
    second_layer: Floats
    first_all: Floats
    second_all: Floats
    place: int

    @property
    def neurons(self) -> int:
        """How many neurons the claimed one was picked from, itself included."""
        return int(self.first_all.shape[1])


@dataclass(frozen=True, slots=True)
class TwoSets:
    """One neuron and two prompt sets, as a claim names them, with the design their prompts allow.

    Prompts are taken in the order of their text, so that the order of a file changes no number.
    """

    claim: Claim
    neuron: Neuron
    first: tuple[Prompt, ...]
    second: tuple[Prompt, ...]
    names: tuple[str, str]
    design: TwoSampleDesign

    @classmethod
    def of(cls, claim: Claim, neuron: Neuron, first: str, second: str) -> TwoSets:
        """Look up the sets and settle what is exchanged: prompts, groups or pairs."""
        one, two = in_order(claim.sets[first]), in_order(claim.sets[second])
        design = two_sample_design(
            [prompt.group for prompt in one],
            [prompt.group for prompt in two],
            first_pairs=[prompt.pair for prompt in one],
            second_pairs=[prompt.pair for prompt in two],
            first_blocks=[prompt.block for prompt in one],
            second_blocks=[prompt.block for prompt in two],
        )
        return cls(claim, neuron, one, two, (first, second), design)

    @property
    def searched(self) -> bool:
        """Whether the neuron was picked on these very prompts."""
        return self.claim.settings.searched is not None

    def reach(self, side: Alternative) -> Reach:
        """Say how small p could get with these prompts."""
        design = self.design
        sizes = [plural(count, design.unit) for count in design.counts]
        return Reach(design.smallest_p(side), sizes[0] if design.paired else " and ".join(sizes))

    def needs(self, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the neuron's whole layer on both sets, and for all layers that were searched.

        Raises ClaimError when the model does not have that neuron, or not all of these layers, and for a search
        within blocks.
        """
        check_neuron(self.neuron, self.claim.settings.site, facts)
        if self.searched and self.design.blocks is not None:
            raise ClaimError(
                "A neuron that was picked on these prompts ('searched') cannot be tested within blocks. "
                "Test it on new prompts ('discovered_on'), or leave the blocks out."
            )
        layers = layers_needed(self.claim, self.neuron, facts)
        return tuple(self._asks(prompts, layer) for layer in layers for prompts in (self.first, self.second))

    def values(self, answers: Answers) -> Values:
        """Return what the claim's answers say, averaged within units."""
        layers = sorted({need.layer for need in answers if isinstance(need, Activations)})
        measured = {layer: self._layer(answers, layer) for layer in layers}
        own_first, own_second = measured[self.neuron.layer]
        first, second = own_first[:, self.neuron.index], own_second[:, self.neuron.index]
        if not self.searched:
            return Values(first, second, own_first, own_second, first[:, None], second[:, None], 0)
        before = sum(measured[layer][0].shape[1] for layer in layers if layer < self.neuron.layer)
        first_all, second_all = (np.hstack([measured[layer][side] for layer in layers]) for side in (0, 1))
        place = before + self.neuron.index
        return Values(first, second, own_first, own_second, first_all, second_all, place)

    def test(self, values: Values, *, statistic: Statistic, side: Alternative, family: Family) -> TestResult:
        """Test the claimed neuron by exchanging what the design exchanges, among all it was picked from.

        The seed comes from the prompts, so that claims on the same sets draw the same relabellings.
        """
        if not self.searched:
            return two_sample_test(
                values.first,
                values.second,
                paired=self.design.paired,
                statistic=statistic,
                alternative=side,
                seed=self._seed,
                resamples=self._resamples,
                alpha=family.alpha,
                family=family.size,
                unit=self.design.unit,
                blocks=self.design.blocks,
                max_resamples=max(PATIENCE[-1], self._resamples),
                patience=family.patience,
            )
        return stats.max_statistic_tests(
            values.first_all,
            values.second_all,
            paired=self.design.paired,
            statistic=statistic,
            alternative=side,
            seed=self._seed,
            resamples=self._resamples,
            alpha=family.alpha,
            family=family.size,
            unit=self.design.unit,
        ).one(values.place)

    def exchange(self, statistic: Statistic, side: Alternative) -> Hashable | None:
        """Return what claims that can be tested jointly have in common; None for one searched for, or in blocks."""
        if not self._joinable:
            return None
        return statistic, side == "two-sided", self.design, self._seed, self._resamples

    def joint(self, values: Values, *, statistic: Statistic, side: Alternative) -> Joint | None:
        """Return the claim's share in a joint test with others on the same exchange."""
        if not self._joinable:
            return None
        return Joint(
            values.first,
            values.second,
            side,
            self.design.paired,
            statistic,
            self._seed,
            self._resamples,
            self.design.unit,
        )

    def selection(self, values: Values) -> Selection:
        """Return how the claim's neuron was chosen."""
        return selection_of(self.claim, values.neurons)

    @property
    def counts(self) -> tuple[tuple[str, int], tuple[str, int]]:
        """How many units of each set take part."""
        return (self.names[0], self.design.counts[0]), (self.names[1], self.design.counts[1])

    def notes(self, values: Values, statistic: Statistic) -> tuple[str, ...]:
        """Say what a reader of the numbers should know about the neuron's choice, the design and the values."""
        paired = self.design.paired
        doubts = stats.doubts(values.first, values.second, paired=paired, statistic=statistic)
        return *selection_notes(self.selection(values)), *self._left_out(), *doubts

    def figure(self, values: Values) -> Distributions:
        """Draw the claimed neuron's two distributions, one value per unit."""
        settings = self.claim.settings
        axis = f"{settings.site} {self.neuron}, {settings.tokens}"
        rows = Row(self.names[0], plain(values.first)), Row(self.names[1], plain(values.second))
        return Distributions(axis, rows)

    @property
    def _joinable(self) -> bool:
        return not self.searched and self.design.blocks is None

    @property
    def _seed(self) -> int:
        texts = (prompt.text for prompts in (self.first, self.second) for prompt in prompts)
        run_seed = self.claim.settings.seed
        return seed_from(str(len(self.first)), *texts, purpose="two sets", run_seed=run_seed)

    @property
    def _resamples(self) -> int:
        return self.claim.settings.resamples or RESAMPLES

    def _left_out(self) -> tuple[str, ...]:
        count = sum(self.design.left_out)
        if not count:
            return ()
        shared = "block" if self.design.blocks is not None else self.design.unit
        return (f"{plural(count, 'prompt')} left out: the other set has none with the same {shared}.",)

    def _layer(self, answers: Answers, layer: int) -> tuple[Floats, Floats]:
        return self.design.units(
            answers[self._asks(self.first, layer)], answers[self._asks(self.second, layer)]
        )

    def _asks(self, prompts: tuple[Prompt, ...], layer: int) -> Activations:
        settings = self.claim.settings
        rule = TokenRule(settings.tokens.pool, settings.tokens.span)
        generate = None if rule.span == "prompt" else Generation(settings.generate or 0)
        texts = tuple(prompt.text for prompt in prompts)
        return Activations(settings.site, layer, rule, texts, generate)


def in_order(prompts: PromptSet) -> tuple[Prompt, ...]:
    """Return a set's prompts in the order of their text."""
    return tuple(sorted(prompts.prompts, key=lambda prompt: prompt.text))


def plain(values: Floats) -> tuple[float, ...]:
    """Return an array as plain floats."""
    return tuple(float(value) for value in values)


def plural(count: int, noun: str) -> str:
    """Return "1 prompt", "2 prompts"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
