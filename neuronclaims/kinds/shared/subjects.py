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
from neuronclaims.sentences.neurons import Neuron
from neuronclaims.sentences.subjects import Subject
from neuronclaims.sentences.templates import FieldError

if TYPE_CHECKING:
    from neuronclaims.stats import Estimate, MaxResults, Side, TestResult, Verdict

RANKS: dict[Verdict, int] = {"refuted": 0, "inconclusive": 1, "supported": 2}

SHOWN = 10
"""How many of the neurons searched are listed."""


@dataclass(frozen=True, slots=True)
class TestedNeuron:
    """The result of one neuron: the effect that is claimed, and its test."""

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
    bound: NeuronStatement, results: MaxResults, one_of: Callable[[int], TestedNeuron]
) -> TestedNeuron:
    """Return the neuron that fits a claim of some neuron best: the first, by p, that would be supported.

    ``one_of`` makes the neuron of a column, its interval wide enough for all columns. Where none is supported it is
    the one with the smallest p, unless that alone would be refuted and another would not.
    """
    best, best_rank = None, -1
    for column in columns_by_p(bound, results):
        one = bound.ruled(one_of(int(column)))
        rank = bound.rank(one)
        if rank > best_rank:
            best, best_rank = one, rank
        if best_rank == RANKS["supported"]:
            break
        if best_rank == RANKS["inconclusive"] and results.p_step_down[column] > bound.alpha:
            break  # no neuron after this one can be supported
    assert best is not None
    return best


def columns_by_p(bound: NeuronStatement, results: MaxResults) -> np.ndarray:
    """Return all columns in the order of p; where p is equal, the larger statistic on the claimed side comes first."""
    statistic = results.statistic
    strength = {"greater": statistic, "less": -statistic}.get(bound.side, np.abs(statistic))
    return np.lexsort((-strength, results.p_step_down))


def every_table(ones: Sequence[TestedNeuron]) -> Table:
    """List the neurons of a claim of every one, with the effect, interval and p of each alone."""
    interval = f"{100 * ones[0].estimate.level:g} % interval"
    rows = tuple(
        (
            str(one.neuron),
            _number(one.estimate.value),
            f"{_number(one.estimate.low)} to {_number(one.estimate.high)}",
            _number(one.test.p_value),
        )
        for one in ones
    )
    return Table("each neuron alone", ("neuron", ones[0].estimate.name, interval, "p"), rows)


def some_table(bound: NeuronStatement, results: MaxResults, neurons: Sequence[Neuron]) -> Table:
    """List the neurons with the smallest p of all that were searched."""
    rows = tuple(
        (str(neurons[column]), _number(results.statistic[column]), _number(results.p_step_down[column]))
        for column in columns_by_p(bound, results)[:SHOWN]
    )
    return Table(f"clearest of {len(neurons):,} neurons", ("neuron", "statistic", "p, step-down"), rows)


def every_note(count: int, one: TestedNeuron) -> str:
    """Say how a claim of every neuron is judged."""
    return (
        f"Claimed of each of {count} neurons: p is the largest of theirs, and the effect is that of neuron "
        f"{one.neuron}, which fits the claim least."
    )


def some_note(count: int, one: TestedNeuron) -> str:
    """Say which neuron was found."""
    return f"Found among {count:,} neurons: neuron {one.neuron}."


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.4g}"


def check_denied(who: Subject) -> None:
    """Raise FieldError for "some neuron does not".

    Among so many neurons one always does not, and no test can tell which.
    """
    if who.how == "some":
        message = "'does not' cannot be claimed of some neuron: name the neurons"
        raise FieldError("who", message, "every neuron of")
