"""One plain sentence for every verdict, with the numbers that decided it."""

from __future__ import annotations

import math

from neuronclaims.stats.verdicts import Decision


def explain(
    decision: Decision,
    *,
    effect: str,
    claimed: str | None = None,
    unit: str = "prompt",
    counts: tuple[int, int] | None = None,
    needed: tuple[int, int] | None = None,
    family: int = 1,
) -> str:
    """Say in plain English why ``decision`` came out as it did.

    ``effect`` names the effect after "the" ("AUROC", "difference of means in sd"); ``claimed`` is the
    number in the sentence's own words ("at least 0.8") and is made from the threshold when left out.
    ``counts`` are the units per set, ``needed`` those that would probably settle an inconclusive claim
    (from ``units_needed``), ``family`` the number of claims corrected together.
    """
    words = _Words(decision, effect, claimed or _claimed(decision), unit, counts, family)
    text = getattr(words, decision.reason)()
    if decision.verdict == "inconclusive" and needed and decision.reason != "degenerate":
        text += f" About {_sizes(needed, unit)} would probably settle it, if the effect is as large as it looks here."
    return str(text)


class _Words:
    """The sentence of each reason code, by the name of the code."""

    def __init__(
        self,
        decision: Decision,
        effect: str,
        claimed: str,
        unit: str,
        counts: tuple[int, int] | None,
        family: int,
    ) -> None:
        self.decision, self.effect, self.claimed = decision, effect, claimed
        self.unit, self.counts, self.family = unit, counts, family

    def significant(self) -> str:
        return f"The {self.effect} is {self._value()}{self._interval()}, and chance does not explain it: {self._p()}."

    def beyond_number(self) -> str:
        return (
            f"The {self._range()} lies wholly {self._where()}, and chance does not explain it: {self._p()}."
        )

    def interval_excludes_claim(self) -> str:
        if self.decision.threshold is None:
            opposite = "below" if self.decision.side == "greater" else "above"
            return f"The {self._range()} lies wholly {opposite} {self.decision.null:g}: the difference goes the other way."
        return f"The {self._range()} contains no value that is {self.claimed}."

    def degenerate(self) -> str:
        if self.decision.estimate.value is None:
            return f"The {self.effect} is undefined: the values do not vary enough to measure it."
        if self.decision.estimate.low is None and self.decision.p_adjusted < 1:
            return f"The {self.effect} has no interval: the values do not vary within the sets."
        return "The neuron has the same value throughout, so nothing can be tested."

    def p_and_interval_disagree(self) -> str:
        return (
            f"The test and the effect contradict each other ({self._p()}, but the {self.effect} is "
            f"{self._value()}{self._interval()}); look at the values before believing either."
        )

    def cannot_reach_alpha(self) -> str:
        design = f"With {_sizes(self.counts, self.unit)}" if self.counts else "With so few values"
        together = f" and {self.family} claims corrected together" if self.family > 1 else ""
        least = _apart(self.decision.smallest_p_adjusted, self.decision.alpha)
        return f"{design}{together}, the smallest p possible is {least}; no result could reach {self.decision.alpha:g}."

    def monte_carlo_unresolved(self) -> str:
        return (
            f"The adjusted p is too close to {self.decision.alpha:g} for random relabelling to tell on which side it "
            f"lies (estimate {_apart(self.decision.p_adjusted, self.decision.alpha)})."
        )

    def not_significant(self) -> str:
        return (
            f"Chance alone could explain the {self.effect} of {self._value()}{self._interval()}: {self._p()}."
        )

    def interval_straddles(self) -> str:
        d = self.decision
        side = "above" if d.side == "less" else "below"
        if d.side == "two-sided" and d.estimate.value is not None and d.estimate.value < d.null:
            side = "above"
            number = f"{2 * d.null - (d.threshold or d.null):g}"
        else:
            number = f"{d.threshold:g}"
        return f"The {self._range()} includes values {side} {number}, so it does not show {self.claimed}."

    def _where(self) -> str:
        d = self.decision
        low_side = d.side == "two-sided" and d.estimate.value is not None and d.estimate.value < d.null
        if d.threshold is None:
            return ""
        number = 2 * d.null - d.threshold if low_side else d.threshold
        return f"at or {'below' if low_side or d.side == 'less' else 'above'} {number:g}"

    def _value(self) -> str:
        value = self.decision.estimate.value
        return "undefined" if value is None else _apart(value, self.decision.null)

    def _interval(self) -> str:
        return (
            f" ({_percent(self.decision.estimate.level)} interval {self._bounds()})" if self._bounds() else ""
        )

    def _range(self) -> str:
        return f"{_percent(self.decision.estimate.level)} interval of the {self.effect} {self._bounds()}"

    def _bounds(self) -> str:
        low, high = self.decision.estimate.low, self.decision.estimate.high
        if low is None or high is None:
            return ""
        marks = [self.decision.null]
        if self.decision.threshold is not None:
            marks += [self.decision.threshold, 2 * self.decision.null - self.decision.threshold]
        return f"[{_apart(low, *marks)}, {_apart(high, *marks)}]"

    def _p(self) -> str:
        relation = "at most" if self.decision.p_adjusted <= self.decision.alpha else "above"
        name = "adjusted p" if self.family > 1 else "p"
        shown = _apart(self.decision.p_adjusted, self.decision.alpha)
        return f"{name} = {shown} is {relation} {self.decision.alpha:g}"


def _claimed(decision: Decision) -> str:
    if decision.threshold is None:
        return "an effect"
    return f"{'at most' if decision.side == 'less' else 'at least'} {decision.threshold:g}"


def _sizes(counts: tuple[int, int], unit: str) -> str:
    if unit == "pair":
        return f"{counts[0]:,} pairs"
    if counts[0] == counts[1]:
        return f"{counts[0]:,} {unit}s per set"
    return f"{counts[0]:,} and {counts[1]:,} {unit}s"


def _percent(level: float) -> str:
    return f"{100 * level:g} %"


def _apart(value: float, *marks: float) -> str:
    """Write ``value`` with three digits, or with as many as show on which side of every mark it lies."""
    for digits in range(3, 17):
        text = f"{value:.{digits}g}"
        if all((float(text) < mark, float(text) > mark) == (value < mark, value > mark) for mark in marks):
            return text
    return repr(value) if math.isfinite(value) else str(value)
