"""Write one plain sentence for every verdict, with the numbers that decided it."""

from __future__ import annotations

from dataclasses import dataclass

from neuronclaims.stats.rule import boundaries, least_of
from neuronclaims.stats.unit_counts import sizes_in_words
from neuronclaims.stats.verdicts import MARGIN_SIDES, Decision, Fact, Tested

LEAST, MOST = 1e-300, 1e9
"""p below the one is told from 0 by rounding alone; numbers from the other on are written as powers of ten."""

SETTLED_BY_MORE = ("cannot_reach_alpha", "monte_carlo_unresolved", "boundary_not_excluded")
"""The reasons that more prompts do away with; the others ask for a look at the values."""


def explain(
    decision: Decision,
    *,
    effect: str,
    claimed: str | None = None,
    unit: str = "prompt",
    counts: tuple[int, ...] | None = None,
    advice: str = "",
    family: int = 1,
    measured: str | None = None,
) -> str:
    """Say in plain English why ``decision`` came out as it did.

    ``effect`` names the effect as it follows "the" ("AUROC", "difference of means in sd"). ``claimed`` is
    the claim's own way of saying its number ("at least 0.8"), made from the threshold when left out.
    ``counts`` are the units of one set or of several, in pairs of two sets twice the same; ``advice`` is a
    sentence that follows where more prompts could settle the claim; ``family`` is the number of claims corrected
    together. ``measured`` is the claim's own way of saying a fact, made from its value when left out.

    >>> from neuronclaims.stats import decide_fact
    >>> decision = decide_fact(side="greater", null=0.0, threshold=0.5, value=0.7)
    >>> explain(decision, effect="share")
    'The share is 0.7; at least 0.5 was claimed.'
    """
    if isinstance(decision.finding, Fact):
        return _fact(decision.finding, effect, claimed, measured)
    words = _Words(decision.finding, effect, claimed or _claimed(decision.finding), unit, counts, family)
    text = words.sentence(decision.reason)
    return f"{text} {advice}" if advice and decision.reason in SETTLED_BY_MORE else text


@dataclass(frozen=True, slots=True)
class _Words:
    found: Tested
    effect: str
    claimed: str
    unit: str
    counts: tuple[int, ...] | None
    family: int

    def sentence(self, reason: str) -> str:
        """Return the sentence of a reason, by the name of its code."""
        return str(getattr(self, reason)())

    def claimed_side(self) -> str:
        """Say where the effect lies, as claimed."""
        return f"{self._measured()}, {self._place()}, as claimed ({self._p()})."

    def other_side(self) -> str:
        """Say where the effect lies, against the claim."""
        against = f'against "{self.claimed}"' if self.found.threshold is not None else "against the claim"
        return f"{self._measured()}, {self._place()}, {against} ({self._p()})."

    def boundary_not_excluded(self) -> str:
        """Say what leaves the claim open: the interval, the correction, or the test of labels."""
        found, low, high = self.found, self.found.estimate.low, self.found.estimate.high
        marks = sorted(boundaries(found.side, found.null, found.threshold))
        kept = [mark for mark in marks if low is not None and high is not None and low <= mark <= high]
        if kept:
            what = f'"{self.claimed}"' if found.threshold is not None else "the claim"
            numbers = " and ".join(f"{mark:g}" for mark in kept)
            return f"{self._range()} includes {numbers}, so neither {what} nor its opposite is shown ({self._p()})."
        if self._together():
            return (
                f"{self._measured()}, {self._place()}, but among {self._together()} chance alone "
                f"could explain it ({self._p()})."
            )
        return f"{self._measured()}, {self._place()}, which chance alone could explain ({self._p()})."

    def cautioned(self) -> str:
        """Say where the effect seems to lie, and why nothing follows from it."""
        caution = self.found.estimate.caution
        why = "" if caution is None else f" {caution.sentence}"
        return f"{self._measured()}, {self._place()}, but this is not shown ({self._p()}).{why}"

    def degenerate(self) -> str:
        if self.found.degenerate and self.counts and len(self.counts) == 1:
            return "The values are the same throughout, so there is nothing to test."
        if self.found.degenerate:
            return "The values are the same in both sets throughout, so there is nothing to test."
        return f"The values vary too little to give the {self.effect} an interval."

    def denominator_not_positive(self) -> str:
        return (
            f"The effect to be recovered (what the {self.effect} divides by) is not clearly above 0, "
            "so there is nothing to recover."
        )

    def cannot_reach_alpha(self) -> str:
        design = f"With {sizes_in_words(self.counts, self.unit)}" if self.counts else "With so few values"
        family = f" and {self._together()}" if self._together() else ""
        least = apart(self.found.smallest_p_adjusted, self.found.alpha)
        found, caution = self.found, self.found.estimate.caution
        bound = caution is not None and least_of(found.estimate, found.null, found.threshold) > 0
        why = f" {caution.sentence}" if caution is not None and bound else ""
        return (
            f"{design}{family}, the smallest {self._p_name()} possible is {least}: "
            f"no result could support the claim at the limit of {self.found.alpha:g}."
            f"{why}"
        )

    def monte_carlo_unresolved(self) -> str:
        return (
            f"{self._draws()} cannot tell on which side of the limit {self.found.alpha:g} "
            f"the {self._p_name()} lies (estimate {apart(self.found.p_adjusted, self.found.alpha)})."
        )

    def _draws(self) -> str:
        made = self.found.draws
        return (
            "Random relabelling" if made is None else f"{made:,} random relabellings, the most made for it,"
        )

    def _place(self) -> str:
        """Say on which side of its boundaries the estimate lies; for an AUROC either way, which set is higher."""
        found, value = self.found, self.found.estimate.value
        if value is None:
            return "undefined"
        marks = sorted(boundaries(found.side, found.null, found.threshold))
        if marks[0] < value < marks[-1]:
            return f"between {marks[0]:g} and {marks[-1]:g}"
        place = (
            f"above {marks[-1]:g}"
            if value > marks[-1]
            else f"below {marks[0]:g}"
            if value < marks[0]
            else "at it"
        )
        if found.side == "two-sided" and found.estimate.effect.scale == "auroc":
            place += f": {self._higher(value > found.null)}"
        return place

    def _higher(self, first: bool) -> str:
        if self.found.sets is None:
            return f"the {'first' if first else 'second'} set is the higher one"
        high, low = self.found.sets if first else reversed(self.found.sets)
        return f"values are higher for {high} than for {low}"

    def _measured(self) -> str:
        value = self.found.estimate.value
        shown = "undefined" if value is None else apart(value, self.found.null)
        bounds = self._bounds()
        interval = f" ({_percent(self.found.estimate.level)} interval {bounds})" if bounds else ""
        return f"The {self.effect} is {shown}{interval}"

    def _range(self) -> str:
        return f"The {_percent(self.found.estimate.level)} interval of the {self.effect} {self._bounds()}"

    def _bounds(self) -> str:
        low, high = self.found.estimate.low, self.found.estimate.high
        if low is None or high is None:
            return ""
        marks = [self.found.null]
        if self.found.threshold is not None:
            marks += [self.found.threshold, 2 * self.found.null - self.found.threshold]
        return f"[{apart(low, *marks)}, {apart(high, *marks)}]"

    def _p(self) -> str:
        relation = "within" if self.found.p_adjusted <= self.found.alpha else "above"
        p = self.found.p_adjusted
        shown = f"< {LEAST:g}" if p < LEAST else f"= {apart(p, self.found.alpha)}"
        return f"{self._p_name()} {shown}, {relation} the limit of {self.found.alpha:g}"

    def _p_name(self) -> str:
        return "adjusted p" if self._together() else "p"

    def _together(self) -> str:
        """Return what p was corrected for, empty where that is nothing."""
        claims = f"{self.family} claims" if self.family > 1 else ""
        parts = " and ".join(filter(None, (claims, self.found.looks)))
        return f"{parts} corrected together" if parts else ""


def _fact(fact: Fact, effect: str, claimed: str | None, measured: str | None) -> str:
    if fact.value is None:
        return f"The {effect} is undefined, so there is nothing to compare."
    marks = [fact.null]
    if fact.threshold is not None:
        marks += [fact.threshold, 2 * fact.null - fact.threshold]
    shown = measured or f"the {effect} is {apart(fact.value, *marks)}"
    shown = shown[:1].upper() + shown[1:]
    if fact.threshold is None and claimed is None:
        where = "above" if fact.value > fact.null else "below" if fact.value < fact.null else "exactly"
        return f"{shown}, {where} {fact.null:g}."
    return f"{shown}; {claimed or _claimed(fact)} was claimed."


def _margin(found: Tested | Fact) -> tuple[float, float]:
    """Return the bounds of the margin, in ascending order; only one of them is claimed unless within both."""
    threshold = found.null if found.threshold is None else found.threshold
    mirror = 2 * found.null - threshold
    return min(threshold, mirror), max(threshold, mirror)


def _claimed(found: Tested | Fact) -> str:
    if found.side in MARGIN_SIDES:
        low, high = _margin(found)
        return {
            "within": f"between {low:g} and {high:g}",
            "not greater": f"below {high:g}",
            "not less": f"above {low:g}",
        }[found.side]
    if found.threshold is None:
        return "an effect"
    mirror = f" or at most {2 * found.null - found.threshold:g}" if found.side == "two-sided" else ""
    return f"{'at most' if found.side == 'less' else 'at least'} {found.threshold:g}{mirror}"


def _percent(level: float) -> str:
    text = f"{100 * level:g}"
    return f"{text} %" if float(text) < 100 else f"{100 * level:.15g} %"


def apart(value: float, *marks: float) -> str:
    """Write ``value`` with three digits, or with as many as show on which side of every mark it lies."""
    for digits in range(3, 17):
        text = f"{value:.{digits}g}"
        if all((float(text) < mark, float(text) > mark) == (value < mark, value > mark) for mark in marks):
            return _plain(text)
    return _plain(repr(value))


def _plain(text: str) -> str:
    """Write thousands as "12300" and not as "1.23e+04"; without commas, which part the ends of an interval."""
    return f"{float(text):.15g}" if 1e3 <= abs(float(text)) < MOST else text
