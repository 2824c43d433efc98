"""Judge claims about several neurons: every one of some, or some neuron of a layer.

*Every* is an intersection-union test (Berger 1982): a claim of each neuron is supported only when it is of the one
that fits it least, so p is the largest of theirs, without any correction for their number, and the effect is that of
the neuron furthest from the claim. *Some* is a search: p is the smallest step-down p of the maximum statistic over all
neurons looked at, and the intervals hold for all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Table
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.sentences.templates import FieldError
from neuronclaims.stats.verdicts import claimed

if TYPE_CHECKING:
    from neuronclaims.stats import Estimate, MaxResults, Side, TestResult, Verdict

RANKS: dict[Verdict, int] = {"refuted": 0, "inconclusive": 1, "supported": 2}

SHOWN = 10
"""How many of the neurons searched are listed."""

LOOKED_AT = 100
"""How many of the neurons searched, those with the smallest step-down p, get an interval."""


@dataclass(frozen=True, slots=True)
class TestedNeuron:
    """The result of one neuron: the effect that is claimed, and its test."""

    __test__ = False

    neuron: Neuron
    estimate: Estimate
    test: TestResult


@dataclass(frozen=True, slots=True)
class NeuronStatement:
    """What is claimed of each neuron's effect, and at which level: as for ``stats.decide``."""

    side: Side
    null: float
    threshold: float | None
    alpha: float

    def ruled(self, one: TestedNeuron) -> TestedNeuron:
        """Return the neuron with the p that its verdict rests on (``stats.rule``)."""
        test = stats.at_boundary(one.test, one.estimate, self.side, self.null, self.threshold)
        return replace(one, test=test)

    def rank(self, one: TestedNeuron) -> int:
        """Return the verdict of the neuron alone: 0 refuted, 1 inconclusive, 2 supported.

        A p that random draws have not settled yet counts as it stands.
        """
        one = self.ruled(one)
        decision = stats.decide(
            stats.Tested(
                side=self.side,
                null=self.null,
                threshold=self.threshold,
                estimate=one.estimate,
                p_adjusted=one.test.p_value,
                smallest_p_adjusted=one.test.smallest_p,
                alpha=self.alpha,
                degenerate=one.test.degenerate,
            )
        )
        return RANKS[decision.verdict]

    @property
    def at_null(self) -> bool:
        """Whether the boundary is no effect, which the maximum statistic tests."""
        return self.threshold is None or self.threshold == self.null

    def on_claimed_side(self, one: TestedNeuron) -> bool:
        """Tell whether the neuron's effect lies where the sentence says; one without a value counts as such."""
        value = one.estimate.value
        if value is None:
            return True
        tested = stats.Tested(
            self.side, self.null, self.threshold, one.estimate, one.test.p_value, 0.0, self.alpha
        )
        return claimed(tested, value)

    def room(self, estimate: Estimate) -> float:
        """Return how far the worse end of the interval lies on the claimed side: the larger, the clearer the claim.

        -inf where the estimate has no interval.
        """
        low, high = estimate.low, estimate.high
        if low is None or high is None:
            return -np.inf
        return {
            "greater": low,
            "not less": low,
            "less": -high,
            "not greater": -high,
            "two-sided": max(low - self.null, self.null - high),
            "within": -max(high - self.null, self.null - low),
        }[self.side]


def weakest(bound: NeuronStatement, ones: Sequence[TestedNeuron]) -> TestedNeuron:
    """Return the neuron that fits a claim of every neuron least, with the p of the claim of all of them.

    That is the largest p of all. But one neuron that is shown not to fit refutes the claim: its p counts then,
    times the number of neurons any of which could have done so by chance.
    """
    ones = [bound.ruled(one) for one in ones]
    least = min(ones, key=lambda one: (bound.rank(one), bound.room(one.estimate)))
    if bound.rank(least) != RANKS["refuted"]:
        return replace(least, test=least_clear(ones).test)
    return replace(least, test=times(least.test, len(ones)))


def times(test: TestResult, many: int) -> TestResult:
    """Return a test whose p allows for ``many`` that could have refuted a claim (Bonferroni)."""
    if many == 1:
        return test
    p = min(1.0, many * test.p_value)
    return replace(
        test,
        p_value=p,
        p_interval=min(1.0, many * test.p_interval),
        p_exchange=None if test.p_exchange is None else min(1.0, many * test.p_exchange),
        standard_error=many * test.standard_error,
        method=f"{test.method}, times {many} for what could refute the claim",
    )


def least_clear(ones: Sequence[TestedNeuron]) -> TestedNeuron:
    """Return the neuron with the largest p, which is the p of a claim of every neuron."""
    return max(ones, key=lambda one: one.test.p_value)


def best_neuron(
    bound: NeuronStatement,
    results: MaxResults,
    one_of: Callable[[int], TestedNeuron],
    order: np.ndarray | None = None,
) -> TestedNeuron:
    """Return the neuron that fits a claim of some neuron best: the smallest p on the claimed side, then the statistic.

    ``one_of`` makes the neuron of a column, its interval wide enough for all columns. p is the larger of the step-down
    p and of the interval's, so only the ``LOOKED_AT`` columns with the smallest step-down p are made. Where none of
    these lies on the claimed side it is the one that speaks least against the claim, and all are looked at before the
    claim may count as refuted. ``order`` has all columns, the clearest first, where a number is claimed that the
    statistic does not know. No level plays a part: more draws only part neurons whose p were alike.
    """
    best: TestedNeuron | None = None
    best_place: tuple[bool, float] = (True, 0.0)
    for seen, column in enumerate(columns_by_p(bound, results) if order is None else order):
        if seen >= LOOKED_AT and best is not None and not _against(bound, best, best_place):
            break
        one = bound.ruled(one_of(int(column)))
        other = not bound.on_claimed_side(one)
        place = other, -one.test.p_value if other else one.test.p_value
        if best is None or place < best_place:
            best, best_place = one, place
        least = _claimed_p(bound, results, int(column))
        if bound.at_null and not best_place[0] and least >= best_place[1]:
            break  # no neuron after this one can have a smaller p
    assert best is not None
    return best


def _against(bound: NeuronStatement, best: TestedNeuron, place: tuple[bool, float]) -> bool:
    return place[0] and best.test.p_value <= bound.alpha


def _claimed_p(bound: NeuronStatement, results: MaxResults, column: int) -> float:
    """Return twice the step-down p of the claimed side."""
    greater, less = float(results.p_greater[column]), float(results.p_less[column])
    one_sided = {"greater": greater, "less": less}.get(bound.side, min(greater, less))
    return min(1.0, 2 * one_sided)


def columns_by_p(bound: NeuronStatement, results: MaxResults) -> np.ndarray:
    """Return all columns in the order of p on the claimed side; where p is equal, the larger statistic comes first."""
    statistic = results.statistic
    strength = {"greater": statistic, "less": -statistic}.get(bound.side, np.abs(statistic))
    p = {"greater": results.p_greater, "less": results.p_less}.get(bound.side, results.p_step_down)
    return np.lexsort((-strength, p))


def every_table(ones: Sequence[TestedNeuron], noun: str = "neuron") -> Table:
    """List the neurons of a claim of every one, with the effect, interval and p of each alone."""
    interval = f"{100 * ones[0].estimate.level:g} % interval"
    rows = tuple(
        (
            str(one.neuron),
            number_text(one.estimate.value),
            f"{number_text(one.estimate.low)} to {number_text(one.estimate.high)}",
            number_text(one.test.p_value),
        )
        for one in ones
    )
    return Table(f"each {noun} alone", (noun, ones[0].estimate.name, interval, "p"), rows)


def some_table(
    bound: NeuronStatement, results: MaxResults, neurons: Sequence[Neuron], noun: str = "neuron"
) -> Table:
    """List the neurons with the smallest p of all that were searched."""
    rows = tuple(
        (
            str(neurons[column]),
            number_text(results.statistic[column]),
            number_text(results.p_step_down[column]),
        )
        for column in columns_by_p(bound, results)[:SHOWN]
    )
    return Table(f"clearest of {len(neurons):,} {noun}s", (noun, "statistic", "p, step-down"), rows)


def every_note(count: int, one: TestedNeuron, noun: str = "neuron") -> str:
    """Say how a claim of every neuron is judged."""
    return (
        f"Claimed of each of {count} {noun}s: p is the largest of theirs, and the effect is that of {noun} "
        f"{one.neuron}, which fits the claim least."
    )


def some_note(count: int, one: TestedNeuron, noun: str = "neuron") -> str:
    """Say which neuron, or head, was found."""
    return found_note(count, one.neuron, noun)


def found_note(count: int, neuron: Neuron, noun: str) -> str:
    """Say which neuron, head or latent was found among ``count``."""
    return f"Found among {count:,} {noun}s: {noun} {neuron}."


def number_text(value: float | None) -> str:
    """Return a number as tables of neurons show it."""
    return "?" if value is None else f"{value:.4g}"


def check_whole(who: Subject) -> None:
    """Raise FieldError for a part of several neurons, where a kind judges single neurons and every one of several."""
    if who.how == "part":
        message = "of a part of several neurons nothing of this kind can be claimed: claim it of every one"
        raise FieldError("who", message, str(replace(who, how="every", share=None, count=None)))


def check_denied(who: Subject) -> None:
    """Raise FieldError for "some neuron does not".

    Among so many neurons one always does not, and no test can tell which.
    """
    if who.how == "some":
        message = f"'does not' cannot be claimed of some {who.noun}: name the {who.noun}s"
        raise FieldError("who", message, f"every {who.noun} of")
