"""Run a prepared permutation test and describe it, whatever is exchanged."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from neuronclaims.stats.inputs import Alternative, Bools, Floats, check_choice
from neuronclaims.stats.permutation.montecarlo import RISK, Floors, Tally, drawn_until_settled, looks
from neuronclaims.stats.permutation.relabelling import Relabelling
from neuronclaims.stats.permutation.results import TestResult, TestResults, column, ways_in_words
from neuronclaims.stats.settings import Level, Resampling

WELCH_GUARD = "with Welch's t-test as a second opinion because the smaller set varies more"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A permutation test of m neurons before any relabelling.

    ``statistic`` [m] is the observed one and ``name`` what it is called; ``exchange`` says what is exchanged
    ("permutation", "sign flips") and ``units`` among what ("of 15 prompts"). ``guard`` tells for which
    neurons Welch's t-test bounds p from below, and by how much. ``act`` is what one relabelling does, in words.
    """

    ready: Relabelling
    statistic: Floats
    name: str
    exchange: str
    units: str
    degenerate: Bools
    alternative: Alternative
    level: Level
    guard: tuple[Bools, Floors] | None = None
    act: str = "exchange the labels"

    def one(self, resampling: Resampling) -> TestResult:
        """Test a single neuron: by the law of rank sums, all arrangements, or draws until p is settled.

        The draws end after ``stop_after`` of them in any case; looks are planned up to ``max_draws`` all the same.
        """
        tally, planned = self.ready.rank_law(), looks(resampling.draws, resampling.max_draws)
        how = "rank law" if tally else self.exchange
        if tally is None and self.ready.arrangements.total <= resampling.exact_limit:
            tally = self.ready.enumerated()
        if tally is None:

            def draw(start: int, stop: int) -> Tally:
                return self.ready.drawn(resampling.seed, start, stop)

            tally = drawn_until_settled(
                draw,
                planned,
                self.alternative,
                self.level.alpha,
                self.level.family,
                self._floors,
                resampling.stop_after,
            )
        risk = RISK / len(planned)
        found = column(self._results(tally, planned[-1], risk), 0)
        return self._described(found, tally, how, float(self._doubtful(tally, risk)[0]))

    def firsts(self, resampling: Resampling) -> tuple[TestResult, ...]:
        """Return what ``one`` gives each neuron alone from its first draws, from one product for all of them."""
        planned = looks(resampling.draws, resampling.max_draws)
        enumerable = self.ready.arrangements.total <= resampling.exact_limit
        tally = self.ready.enumerated() if enumerable else self.ready.drawn(resampling.seed, 0, planned[0])
        risk = RISK / len(planned)
        found = self._results(tally, planned[-1], risk)
        doubtful = self._doubtful(tally, risk)
        return tuple(
            self._described(column(found, place), tally, self.exchange, float(doubtful[place]))
            for place in range(len(self.statistic))
        )

    def many(self, resampling: Resampling) -> TestResults:
        """Test all neurons at once, on all arrangements or on the first random ones."""
        enumerable = self.ready.arrangements.total <= resampling.exact_limit
        seed, draws = resampling.seed, resampling.draws
        tally = self.ready.enumerated() if enumerable else self.ready.drawn(seed, 0, draws)
        return self._results(tally, draws, RISK)

    def _results(self, tally: Tally, most_draws: int, risk: float) -> TestResults:
        alternative, floors = self.alternative, self._floors
        return TestResults(
            statistic=self.statistic,
            p_value=tally.p_values(alternative, floors),
            p_greater=tally.p_values("greater", floors),
            p_less=tally.p_values("less", floors),
            alternative=alternative,
            exact=tally.exact,
            arrangements=tally.total,
            smallest_p=tally.smallest_p(alternative, most_draws),
            standard_error=tally.standard_errors(alternative),
            resolved=tally.resolved(alternative, self.level.alpha, self.level.family, risk, floors),
            degenerate=self.degenerate,
            method=self._method(tally, self.exchange, ""),
            welch_guard=None if self.guard is None else self.guard[0],
            p_permutation=tally.p_values(alternative),
        )

    @property
    def _floors(self) -> Floors | None:
        return None if self.guard is None else self.guard[1]

    def _method(self, tally: Tally, how: str, settled: str) -> str:
        exact = "exact " if tally.exact else ""
        looked = ways_in_words(tally.total, self.act, exact=tally.exact)
        return f"{exact}{how} {self.units} ({looked}{settled}), {self.name}"

    def _described(self, found: TestResult, tally: Tally, how: str, doubtful: float) -> TestResult:
        """Describe how one neuron was tested, and whether its p is settled."""
        guard = f", {WELCH_GUARD}" if found.welch_guard else ""
        return replace(found, method=self._method(tally, how, self._settled(tally, doubtful)) + guard)

    def _doubtful(self, tally: Tally, risk: float) -> Floats:
        return tally.doubtful_limits(
            self.alternative, self.level.alpha, self.level.family, risk, self._floors
        )

    def _settled(self, tally: Tally, doubtful: float) -> str:
        if tally.exact:
            return ""
        if doubtful:
            return f", too few to tell on which side of {doubtful:.4g} p lies"
        alpha, family = self.level.alpha, self.level.family
        least = f", and of every limit down to {alpha / family:.2g}," if family > 1 else ""
        return f", enough to tell on which side of {alpha:g}{least} p lies, with a risk of {100 * RISK:g} % to be wrong"


def check_alternative(alternative: str) -> None:
    """Raise StatsError for an unknown side."""
    check_choice(alternative, ("greater", "less", "two-sided"), "alternative")


def never_varies(values: Floats, fixed: Floats) -> Bools:
    """Tell for which columns all ``values`` [n, m] equal ``fixed``."""
    return np.asarray(np.all(values == fixed, axis=0), dtype=np.bool_)
