"""The change of an effect between two measurements of the same units: its interval, and tests of how large it is.

Both measurements have one value per unit, so the change has an error of its own, usually far smaller than those of the
two effects. It comes from the jackknife: every unit's share in each effect, whose difference varies over units
(Efron and Tibshirani 1993, chapter 11). For differences of means that is Welch's error, for AUROCs that of DeLong,
DeLong and Clarke-Pearson (1988) for correlated curves. A jackknife sees no loss that happened to no unit yet, and among
units that each are in or out that is common; there two units more are counted, one lost and one won, as Bonett and
Price (2012, 2006) do for shares of pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.distributions.newcombe import hanley_mcneil_variance, placements
from neuronclaims.stats.distributions.quantiles import t_below, t_quantile
from neuronclaims.stats.effects.blocked_changes import blocked_parts
from neuronclaims.stats.effects.effect_size import EffectSize
from neuronclaims.stats.effects.estimate import Estimate
from neuronclaims.stats.effects.within_blocks import Blocks, block_codes
from neuronclaims.stats.inputs import Floats, StatsError, check_choice, check_sizes, vector
from neuronclaims.stats.numbers.rank_correlation import Ranked

Samples: TypeAlias = "tuple[ArrayLike, ArrayLike]"
ChangeScale: TypeAlias = Literal["difference", "sd", "auroc", "ratio", "share", "correlation"]
CHANGES: dict[ChangeScale, EffectSize] = {
    "difference": EffectSize("change_of_difference", "change of the difference of means"),
    "sd": EffectSize("change_of_sd", "change of the difference in sd"),
    "auroc": EffectSize("change_of_auroc", "change of the AUROC"),
    "ratio": EffectSize("change_of_ratio", "change of the ratio of means"),
    "share": EffectSize("change_of_share", "change of the share"),
    "correlation": EffectSize("change_of_correlation", "change of the rank correlation"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """The difference of an effect from ``keep`` times the earlier effect, both minus the value of no effect.

    ``value`` is that difference, ``error`` its standard error with ``df`` degrees of freedom. ``same`` is True where
    no unit's share in the effect differs at all. ``value`` is None where an effect is undefined. ``middle`` is where
    the interval has its middle, where that is not ``value``.
    """

    effect: EffectSize
    value: float | None
    error: float
    df: float
    same: bool
    middle: float | None = None

    def estimate(self, level: float = 0.95) -> Estimate:
        """Return the change with its interval."""
        method = "paired jackknife t interval"
        if self.value is None or not self.error:
            return Estimate(self.effect, self.value, None, None, level, method)
        reach, middle = t_quantile(self.df, level) * self.error, self._middle(self.value)
        low, high = min(self.value, middle - reach), max(self.value, middle + reach)
        return Estimate(self.effect, self.value, low, high, level, method)

    def p(self, side: Literal["above", "below"], bound: float = 0.0) -> float:
        """Return the p of "the change is above (below) ``bound``", never 0."""
        if self.value is None:
            return 1.0
        away = self._middle(self.value) - bound
        signed = away if side == "below" else -away
        if self.error == 0:
            return t_below(-math.inf, self.df) if signed < 0 else 1.0
        return t_below(signed / self.error, self.df)

    def _middle(self, value: float) -> float:
        return value if self.middle is None else self.middle


def effect_change(
    old: Samples,
    new: Samples,
    *,
    scale: ChangeScale,
    paired: bool,
    keep: float = 1.0,
    blocks: Blocks | None = None,
) -> Change:
    """Compare the effect of two sets in a new measurement with ``keep`` times that in an old one.

    ``old`` and ``new`` are the two sets' values, [n1] and [n2], in the same order of units; ``paired`` where these are
    aligned in pairs, and ``blocks`` where they lie in blocks. ``scale`` is that of ``equivalence_test``: AUROCs count
    from 0.5. Or it is ``ratio``, of the mean of the first to that of the second in pairs; ``correlation``, the rank
    correlation of values with numbers, which are the second; or ``share``: the first are
    shares of which units have 1 or 0, or in between, and the second are as many zeros.

    Raises StatsError for sets of other sizes, fewer than two units, or values that are not finite.

    >>> old, new = ([3, 4, 6], [1, 2, 1]), ([4, 5, 7], [1, 2, 1])
    >>> effect_change(old, new, scale="difference", paired=False).value
    1.0
    """
    check_choice(scale, get_args(ChangeScale), "scale")
    if scale in ("ratio", "share", "correlation") and not paired:
        raise StatsError(f"A change of scale {scale!r} is one of aligned values, so paired must be True.")
    (a1, b1), (a2, b2) = _of_same_units(old, new, paired)
    codes = None if blocks is None else block_codes(blocks, (len(a1), len(b1)))
    if codes is not None and scale in ("difference", "sd", "auroc") and not paired:
        before, after = (blocked_parts(*sides, codes, scale) for sides in ((a1, b1), (a2, b2)))
    else:
        a1, b1, a2, b2 = _in_order(a1, b1, a2, b2, paired)
        before, after = _shares(a1, b1, scale, paired), _shares(a2, b2, scale, paired)
    if before is None or after is None:
        return Change(CHANGES[scale], None, 0.0, 1.0, same=False)
    (was, own), (now, other) = before, after
    parts = [side - keep * earlier for side, earlier in zip(other, own, strict=True)]
    same = keep == 1 and all(not part.any() for part in parts)
    error, df = _error(parts)
    value = now - keep * was
    if scale == "share":
        step = moving_together(np.concatenate([a1, a2]))
        return _change_of_share(parts[0], value, keep, step, same)
    if error == 0 and value and scale == "auroc":
        error = math.sqrt(_least(now, len(a1), len(b1)) + keep**2 * _least(was, len(a1), len(b1)))
    if error == 0 and value and scale == "correlation":
        error = math.sqrt((1 + keep**2) / (len(a1) - 1))
    return Change(CHANGES[scale], 0.0 if same else value, error, df, same)


def moving_together(shares: Floats) -> float:
    """Return how much of a unit's share changes at once: 1 if the unit changes as a whole, 1/m if its m parts do.

    That is the variance of shares [n] as a part of the largest that their mean allows, and at least the smallest step
    between them.
    """
    steps = np.diff(np.unique(np.concatenate([[0.0, 1.0], shares])))
    mean = float(shares.mean())
    room = mean * (1 - mean)
    clumped = float(shares.var()) / room if room > 0 else 0.0
    return min(1.0, max(clumped, float(steps[steps > 1e-6].min())))


def _change_of_share(part: Floats, value: float, keep: float, step: float, same: bool) -> Change:
    """Add two units that changed by ``step``, one upwards and one downwards, and return the change."""
    more = np.append(part, [step, -keep * step])
    error, _ = _error([more])
    middle = 0.0 if same else float(more.mean())
    return Change(CHANGES["share"], 0.0 if same else value, error, len(part) - 1.0, same, middle)


def _of_same_units(
    old: Samples, new: Samples, paired: bool
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    (a1, b1), (a2, b2) = (_checked(samples, paired) for samples in (old, new))
    if (len(a1), len(b1)) != (len(a2), len(b2)):
        raise StatsError(
            f"The same units are compared, but there were {len(a1)} and {len(b1)}, and now {len(a2)} and {len(b2)}."
        )
    return (a1, b1), (a2, b2)


def _checked(samples: Samples, paired: bool) -> tuple[Floats, Floats]:
    a, b = vector(samples[0], "The first set"), vector(samples[1], "The second set")
    check_sizes(a, b, paired=paired)
    if min(len(a), len(b)) < 2:
        raise StatsError("A change needs at least 2 units in each set.")
    return a, b


def _in_order(a1: Floats, b1: Floats, a2: Floats, b2: Floats, paired: bool) -> tuple[Floats, ...]:
    """Put units in the order of their values, so that their own order changes no last digit."""
    one = np.lexsort((b2, a2, b1, a1)) if paired else np.lexsort((a2, a1))
    two = one if paired else np.lexsort((b2, b1))
    return a1[one], b1[two], a2[one], b2[two]


def _shares(a: Floats, b: Floats, scale: ChangeScale, paired: bool) -> tuple[float, list[Floats]] | None:
    """Return an effect less its null, and pseudo-values up to a constant: per set, or of the pairs."""
    if scale == "ratio":
        return _ratio(a, b)
    if scale == "correlation":
        return _correlation(a, b)
    if scale in ("difference", "share"):
        parts = [a, -b]
        value = float(a.mean() - b.mean())
    elif scale == "auroc":
        over, under = (side[:, 0] for side in placements(a[:, None], b[:, None]))
        parts = [over, 1 - under]
        value = float(over.mean()) - 0.5
    else:
        return _standardised(a, b, paired)
    return value, [parts[0] + parts[1]] if paired else parts


def _correlation(values: Floats, numbers: Floats) -> tuple[float, list[Floats]] | None:
    """Return the rank correlation with its pseudo-values; None where one side never varies."""
    ranked, n = Ranked.of(values, numbers), len(values)
    if not ranked.varies:
        return None
    return ranked.correlation, [n * ranked.correlation - (n - 1) * ranked.without_each()]


def _ratio(top: Floats, bottom: Floats) -> tuple[float, list[Floats]] | None:
    """Return the ratio of means with its pseudo-values; None where a bottom of 0 is divided by."""
    n, whole, left = len(top), float(bottom.sum()), bottom.sum() - bottom
    if whole == 0 or not left.all():
        return None
    value = float(top.sum()) / whole
    return value, [n * value - (n - 1) * (top.sum() - top) / left]


def _standardised(a: Floats, b: Floats, paired: bool) -> tuple[float, list[Floats]] | None:
    """Return the difference in standard deviations with its pseudo-values; None where nothing varies."""
    sides = (a - b,) if paired else (a, b)
    centred = [side - side.mean() for side in sides]
    squares = [float((side**2).sum()) for side in centred]
    df = sum(map(len, sides)) - len(sides)
    difference, pooled = float(a.mean() - b.mean()), sum(squares) / df
    if pooled <= 0:
        return None
    value, factor = difference / math.sqrt(pooled), _factor(df)
    pseudo = []
    for place, side in enumerate(centred):
        n = len(side)
        if n < 3 or df < 2:
            return None
        moved = difference + (1 - 2 * place) * -side / (n - 1)
        left = np.maximum(sum(squares) - side**2 * n / (n - 1), 0) / (df - 1)
        if not left.all():
            return None
        pseudo.append(factor * (n * value - (n - 1) * moved / np.sqrt(left)))
    return factor * value, pseudo


def _factor(df: int) -> float:
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)


def _error(parts: list[Floats]) -> tuple[float, float]:
    """Return the standard error of a sum of means, and Satterthwaite's degrees of freedom."""
    squares = [float(np.var(part, ddof=1)) / len(part) if np.ptp(part) else 0.0 for part in parts]
    total = sum(squares)
    if total == 0:
        return 0.0, float(sum(map(len, parts)) - len(parts))
    shares = [square / total for square in squares]
    return math.sqrt(total), 1 / sum(s**2 / (len(p) - 1) for s, p in zip(shares, parts, strict=True))


def _least(distance: float, n1: int, n2: int) -> float:
    """Return a variance for an AUROC without any spread: as if half a unit more were on the wrong side."""
    edge = 0.5 / min(n1, n2)
    return hanley_mcneil_variance(min(max(0.5 + distance, edge), 1 - edge), n1, n2)
