"""Association of a neuron's activation with an outcome, token by token, within documents.

Tokens of one document are alike, and documents differ in both activation and outcome, so pooling tokens
finds associations that no document shows. Here each document (or other unit) gives one number, the AUROC or
Spearman's rank correlation of its own tokens, and the test flips signs of these: whatever differs between
documents cancels, and tokens need not be independent within them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuronclaims.stats.effects.estimate import Estimate
from neuronclaims.stats.effects.quantiles import spread, t_quantile
from neuronclaims.stats.inputs import Alternative, Bools, Floats, StatsError, check_share, vector
from neuronclaims.stats.permutation.exchange import ExchangeOptions, exchange_test
from neuronclaims.stats.permutation.results import TestResult

if TYPE_CHECKING:
    from typing_extensions import Unpack

UnitLabels: TypeAlias = "Sequence[str] | Sequence[int] | NDArray[np.int64]"
Codes: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class WithinUnits:
    """The association within each unit that shows one, in ascending order of unit names.

    ``effects`` [u] are AUROC - 1/2, or Spearman's rho; ``chance`` is what to add for the value on its usual
    scale (1/2, or 0), which lies in [``low``, ``high``]. ``left_out`` counts the units without a number:
    those with one class only, or whose activation never varies (rho).
    """

    name: str
    effects: Floats
    units: tuple[str, ...]
    left_out: int
    chance: float
    low: float
    high: float


def within_unit_auroc(values: ArrayLike, labels: ArrayLike, units: UnitLabels) -> WithinUnits:
    """Return each unit's AUROC of ``values`` for ``labels`` being true, from one of each per token [n].

    ``units`` [n] names the document of each token. Units without a true or without a false label are left
    out and counted. Raises StatsError when fewer than two are left.
    """
    x, truth = vector(values, "The activations"), _truth(labels)
    names, codes = _codes(units, len(x), len(truth))
    ranks = _doubled_midranks(x, codes)
    true, size = _sums(truth, codes), _sums(np.ones_like(x), codes)
    false = size - true
    wins = _sums(ranks * truth, codes) - true * (true + 1)  # twice Mann and Whitney's U
    usable = (true > 0) & (false > 0)
    pairs = np.where(usable, true * false, 1.0)
    return _within("AUROC", (wins - pairs) / (2 * pairs), usable, names, (0.5, 0.0, 1.0))


def within_unit_correlation(values: ArrayLike, outcomes: ArrayLike, units: UnitLabels) -> WithinUnits:
    """Return each unit's Spearman rank correlation of ``values`` and graded ``outcomes``, per token [n].

    A trend that only rises has rho = 1, whatever its shape. For outcomes of two kinds rho has the sign of
    AUROC - 1/2, so the two ask the same question. (Kendall's tau would too, at the cost of counting pairs.)
    Units in which either never varies are left out and counted.
    """
    x, y = vector(values, "The activations"), vector(outcomes, "The outcomes")
    names, codes = _codes(units, len(x), len(y))
    middle = _sums(np.ones_like(x), codes)[codes] + 1
    a, b = _doubled_midranks(x, codes) - middle, _doubled_midranks(y, codes) - middle  # whole numbers
    size = np.sqrt(_sums(a * a, codes)) * np.sqrt(_sums(b * b, codes))
    usable = size > 0
    rho = np.clip(_sums(a * b, codes) / np.where(usable, size, 1.0), -1.0, 1.0)
    return _within("Spearman correlation", rho, usable, names, (0.0, -1.0, 1.0))


def association_test(
    found: WithinUnits, *, alternative: Alternative, seed: int, **options: Unpack[ExchangeOptions]
) -> TestResult:
    """Test whether the mean association within units is above (``greater``), below or other than chance.

    Signs of the units' effects are flipped, so a unit counts once however many tokens it has. The null
    hypothesis is that each unit's effect is as likely to lie so far above chance as below it.
    """
    # Equal sums of shares such as 1/3 and 1/6 differ in their last digits; the tolerance keeps them tied.
    effects = found.effects[np.lexsort((found.effects, np.abs(found.effects)))]
    total, n = math.fsum(effects), len(effects)

    def statistic(rows: Bools) -> Floats:
        return np.asarray((total - 2 * (rows.astype(np.float64) @ effects)) / n)

    return exchange_test(
        statistic,
        (n, n),
        paired=True,
        alternative=alternative,
        seed=seed,
        tolerance=1e-12,
        name=f"mean within-unit {found.name} less chance",
        **options,
    )


def association_estimate(found: WithinUnits, *, level: float = 0.95) -> Estimate:
    """Return the mean association within units with a score interval over units, within its range.

    Wilson's interval with the number of units divided by the dispersion of their values (their variance over
    the largest that the mean allows), and Student's quantile because that is estimated. In few units the
    dispersion can come out near 0 by luck, hence at least 1/(2u) is taken. Where all u units are at the end of
    the range, so is the estimate, and the other limit is the mean with which that has a chance of at least
    1 - level. Coverage: docs/adr/0011-searching-a-grid.md.
    """
    check_share(level, "The level")
    width = found.high - found.low
    shares = np.clip((np.sort(found.effects) + found.chance - found.low) / width, 0.0, 1.0)
    mean = float(shares.mean())
    low, high = (found.low + width * limit for limit in _score_limits(shares, mean, level))
    value = found.low + width * mean
    name, method = f"mean within-unit {found.name}", "score interval over units"
    return Estimate(name, value, min(low, value), max(high, value), level, method)


def _score_limits(shares: Floats, mean: float, level: float) -> tuple[float, float]:
    n, room = len(shares), mean * (1 - mean)
    if room == 0:
        least = (1 - level) ** (1 / n)  # P(all are 1) <= mean^n for values within 0 and 1
        return (least, 1.0) if mean == 1 else (0.0, 1 - least)
    dispersion = max(spread(shares) / room, 1 / (2 * n))
    square = t_quantile(n - 1, level) ** 2 * dispersion / n
    middle, reach = mean + square / 2, math.sqrt(square * room + square**2 / 4)
    return (middle - reach) / (1 + square), (middle + reach) / (1 + square)


def _within(
    name: str, effects: Floats, usable: Bools, names: tuple[str, ...], scale: tuple[float, float, float]
) -> WithinUnits:
    left = int(usable.sum())
    if left < 2:
        raise StatsError(
            f"Only {left} of {len(names)} units show an association at all ({name}): in the others the outcome "
            "or the activation never varies. At least 2 are needed; take longer or other documents."
        )
    kept = tuple(unit for unit, use in zip(names, usable, strict=True) if use)
    return WithinUnits(name, effects[usable], kept, len(names) - left, *scale)


def _truth(labels: ArrayLike) -> Floats:
    truth = vector(labels, "The labels")
    if not np.isin(truth, (0.0, 1.0)).all():
        raise StatsError("The labels must be true or false for each token, but hold other numbers.")
    return truth


def _codes(units: UnitLabels, *sizes: int) -> tuple[tuple[str, ...], Codes]:
    array = np.asarray(units)
    if array.ndim != 1 or {len(array)} != set(sizes):
        raise StatsError(
            f"Each token needs an activation, an outcome and a unit, but there are {sizes[0]}, {sizes[1]} and "
            f"{array.size}."
        )
    if array.dtype.kind not in "biuU":
        raise StatsError(f"Units must be named by texts or whole numbers, not {array.dtype}.")
    names, codes = np.unique(array, return_inverse=True)
    return tuple(str(name) for name in names), codes.astype(np.intp).ravel()


def _sums(values: Floats, codes: Codes) -> Floats:
    return np.asarray(np.bincount(codes, weights=values), dtype=np.float64)


def _doubled_midranks(values: Floats, codes: Codes) -> Floats:
    """Return twice the mid-rank of each value among those of its unit."""
    order = np.lexsort((values, codes))
    unit, value = codes[order], values[order]
    rises = (unit[1:] != unit[:-1]) | (value[1:] != value[:-1])
    starts = np.flatnonzero(np.concatenate([[True], rises]))
    ends = np.append(starts[1:], len(values))
    first = np.searchsorted(unit, unit[starts])  # where the unit itself begins
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(starts + ends + 1.0 - 2 * first, ends - starts)
    return ranks
