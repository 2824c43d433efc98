"""Exchange labels between two sets, for any statistic that depends on which units are in which set.

The tests of means and ranks (``two_samples``) know their statistics and are exact and fast for them. Some
questions have others: how many top neurons two concepts share, say. Here the caller brings the statistic, as
a function from true/false rows to numbers, and gets the same arrangements, p-values and stopping rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuronclaims.stats.inputs import (
    Alternative,
    Bools,
    Floats,
    StatsError,
    check_choice,
    to_unit,
)
from neuronclaims.stats.permutation.arrangements import Signs, Subsets
from neuronclaims.stats.permutation.montecarlo import RISK, Tally, drawn_until_settled, looks
from neuronclaims.stats.permutation.results import TestResult, ways_in_words
from neuronclaims.stats.settings import LEVEL, Exchange, Level, Resampling

LabelFunction: TypeAlias = Callable[[Bools], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class LabelStatistic:
    """A statistic of two labelled sets, for ``exchange_test``.

    ``of`` takes rows [rows, n1 + n2], true where a unit belongs to the first set, and returns one number per row; of
    pairs, rows are [rows, n] with true where the two values of a unit are swapped. It must give the same number for
    equal arrangements: either on an exact grid, such as counts, or with a ``tolerance``, the largest rounding error of
    a difference of two of its values; nearer ones then count as ties. ``content`` [n1 + n2, ...] (or [n, ...]) holds
    the numbers that tell units apart: with it, random draws depend on the units and not on their order. ``columns`` is
    how many numbers per row the statistic holds in memory at once; blocks of rows are made smaller for it.
    """

    of: LabelFunction
    name: str = "statistic"
    tolerance: float = 0.0
    content: ArrayLike | None = None
    columns: int = 1


def exchange_test(
    statistic: LabelStatistic,
    sizes: tuple[int, int],
    *,
    exchange: Exchange,
    alternative: Alternative,
    resampling: Resampling,
    level: Level = LEVEL,
) -> TestResult:
    """Test whether a statistic of two labelled sets is higher (``greater``), lower or different than by chance.

    As observed, the first n1 = ``sizes[0]`` units belong to the first set; of pairs, none is swapped. Arrangements are
    enumerated or drawn as in ``two_sample_test``.

    Raises StatsError for fewer than two units in a set and for a statistic that is NaN or of a wrong shape.

    >>> from neuronclaims.stats import UNITS
    >>> values = np.array([3.0, 4.0, 1.0, 2.0])
    >>> sums = LabelStatistic(lambda rows: rows @ values, "sum of the first set")
    >>> found = exchange_test(sums, (2, 2), exchange=UNITS, alternative="greater", resampling=Resampling(seed=0))
    >>> found.statistic, round(found.p_value, 4)
    (7.0, 0.1667)
    """
    _check(sizes, exchange, alternative)
    ready = _ready(statistic, sizes, exchange.paired)
    planned = looks(resampling.draws, resampling.max_draws)
    alpha, family = level.alpha, level.family
    if ready.arrangements.total <= resampling.exact_limit:
        tally = ready.enumerated()
    else:
        tally = drawn_until_settled(
            partial(ready.drawn, resampling.seed), planned, alternative, alpha, family
        )
    return TestResult(
        statistic=ready.observed if np.isfinite(ready.observed) else None,
        p_value=float(tally.p_values(alternative)[0]),
        p_greater=float(tally.p_values("greater")[0]),
        p_less=float(tally.p_values("less")[0]),
        alternative=alternative,
        exact=tally.exact,
        arrangements=tally.total,
        smallest_p=tally.smallest_p(alternative, planned[-1]),
        standard_error=float(tally.standard_errors(alternative)[0]),
        resolved=bool(tally.resolved(alternative, alpha, family, RISK / len(planned)).all()),
        degenerate=bool((tally.above + tally.below)[0] == 2 * tally.total),
        method=_method(tally, sizes, exchange, statistic.name),
    )


def content_order(values: Floats) -> NDArray[np.intp]:
    """Return the ascending order of units [n, ...] by their first numbers, then their second ones and so on.

    It depends on the numbers alone, not on the present order of units, and is the same after multiplying by
    a positive number or adding one.
    """
    keys = _sortable(values)
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.intp)


def whole_numbers(values: Floats, terms: int, *, per_column: bool) -> Floats:
    """Return ``values`` [n, ...] as whole numbers, up to a power of two, of which ``terms`` sum up exactly.

    One power of two for all columns, or one ``per_column``. Values are rounded where they have more than
    53 - log2(``terms``) bits below the largest, which is what summing them in float64 would lose anyway;
    but here it is lost once and alike for all, so that sums, and ties among them, do not depend on the order
    of summation.
    """
    flat = values.reshape(len(values), -1) if per_column else values.reshape(-1, 1)
    bits = 52 - int(np.ceil(np.log2(max(terms, 1))))
    return np.asarray(np.rint(np.ldexp(to_unit(flat), bits)).reshape(values.shape), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Ready:
    statistic: LabelFunction
    arrangements: Subsets | Signs
    order: NDArray[np.intp]
    swapped: bool
    observed: float
    tolerance: float
    columns: int

    def enumerated(self) -> Tally:
        total = self.arrangements.total
        return self._tally(self.arrangements.every(self.columns), total, exact=True)

    def drawn(self, seed: int, start: int, stop: int) -> Tally:
        return self._tally(
            self.arrangements.drawn(seed, start, stop, self.columns), stop - start, exact=False
        )

    def _tally(self, blocks: Iterable[Bools], total: int, *, exact: bool) -> Tally:
        above = below = 0
        for rows in self._labels(blocks):
            found = measured(self.statistic, rows)
            above += int(np.count_nonzero(found >= self.observed - self.tolerance))
            below += int(np.count_nonzero(found <= self.observed + self.tolerance))
        return Tally(np.array([float(above)]), np.array([float(below)]), total, exact)

    def _labels(self, blocks: Iterable[Bools]) -> Iterator[Bools]:
        for chosen in blocks:
            rows = np.empty_like(chosen)
            rows[:, self.order] = chosen
            yield ~rows if self.swapped else rows


def measured(statistic: LabelFunction, rows: Bools) -> Floats:
    """Return the statistic of every row; StatsError unless it gives one number for each."""
    found = np.asarray(statistic(rows), dtype=np.float64)
    if found.shape != (len(rows),):
        raise StatsError(
            f"The statistic must return one number per row, {len(rows)} here, not shape {list(found.shape)}."
        )
    if np.isnan(found).any():
        raise StatsError(
            "The statistic is NaN for some arrangement of the labels; define it for all of them."
        )
    return found


def _ready(labelled: LabelStatistic, sizes: tuple[int, int], paired: bool) -> _Ready:
    statistic, content = labelled.of, labelled.content
    n1, n2 = sizes
    units = n1 if paired else n1 + n2
    order, swapped = np.arange(units, dtype=np.intp), n2 < n1
    if content is not None:
        numbers = np.asarray(content, dtype=np.float64)
        if len(numbers) != units:
            raise StatsError(f"There are {len(numbers)} rows of content for {units} units.")
        order = content_order(numbers)
        swapped = swapped or (not paired and n1 == n2 and _before(numbers[n1:], numbers[:n1]))
    start = np.zeros((1, units), dtype=np.bool_)
    if not paired:
        start[0, :n1] = True
    arrangements = Signs(units) if paired else Subsets(units, min(n1, n2))
    observed = float(measured(statistic, start)[0])
    return _Ready(
        statistic, arrangements, order, swapped and not paired, observed, labelled.tolerance, labelled.columns
    )


def _sortable(values: Floats) -> list[bytes]:
    """Return each unit's numbers [n, ...] as bytes that compare as the numbers do, one after the other."""
    rows = values.reshape(len(values), -1) + 0.0  # -0 becomes 0
    bits = np.ascontiguousarray(rows).view(np.uint64)
    negative = bits >> np.uint64(63) == 1
    return [row.tobytes() for row in np.where(negative, ~bits, bits | np.uint64(1 << 63)).astype(">u8")]


def _before(one: Floats, other: Floats) -> bool:
    """Tell which of two sets of equal size comes first, so that naming them the other way round is the same test."""
    return sorted(_sortable(one)) < sorted(_sortable(other))


def _check(sizes: tuple[int, int], exchange: Exchange, alternative: str) -> None:
    check_choice(alternative, ("greater", "less", "two-sided"), "alternative")
    if exchange.blocks is not None:
        raise StatsError("A statistic of labels is not exchanged within blocks.")
    if exchange.paired and sizes[0] != sizes[1]:
        raise StatsError(f"Paired values must match one to one, but there are {sizes[0]} and {sizes[1]}.")
    if min(sizes) < 2:
        raise StatsError(
            f"Each set needs at least 2 units to be tested, but there are {sizes[0]} and {sizes[1]}."
        )


def _method(tally: Tally, sizes: tuple[int, int], exchange: Exchange, name: str) -> str:
    how = "exact label exchange" if tally.exact else "label exchange"
    where = f"within {sizes[0]}" if exchange.paired else f"among {sum(sizes)}"
    return f"{how} {where} {exchange.unit}s ({ways_in_words(tally.total, exact=tally.exact)}), {name}"
