"""Planning: what the prompts of a claim can show of effects that are stated, whatever the model gives.

How large the true effect is, nobody knows before. To take the one that was seen for it says nothing that p has not said
already (Hoenig and Heisey 2001). So a few effects are stated, small to large and counted from the claim's boundary, and
of each is said how often prompts like these would show it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from operator import attrgetter

from neuronclaims.stats.power.asked import AskedEffect
from neuronclaims.stats.power.chances import chances
from neuronclaims.stats.power.question import SHARES, PlannedClaim, Sizes
from neuronclaims.stats.power.reach import reachable, smallest_p, smallest_p_against
from neuronclaims.stats.power.sizes import needed, sizes_in_reach
from neuronclaims.stats.settings import LEVEL, Level
from neuronclaims.stats.unit_counts import sizes_in_words

POWER = 0.8
"""How often an effect has to be shown by the numbers of prompts that are named for it."""

IN_SD = (0.5, 0.8, 1.2)
"""The effects that are stated in standard deviations."""

IN_AUROC = (0.64, 0.71, 0.8)
"""What these are as AUROCs of normal values, stated where a claim names no number."""

PARTS = (0.25, 0.5, 0.75)
"""The AUROCs and shares that are stated of a claim with a number: so far between it and the end of their range."""

_FARTHEST = 4
"""Stated shares lie no farther from the boundary than this many times its own distance from 0 or 1."""


@dataclass(frozen=True, slots=True)
class PlannedEffect:
    """A stated effect in words, how often it is shown, and the numbers of units that show it with ``POWER``.

    ``enough`` is None where more than 100,000 would be needed.

    >>> PlannedEffect("0.5 sd", 0.6, (64, 64)).times
    '6 times in 10'
    """

    effect: str
    shown: float
    enough: tuple[int, ...] | None

    @property
    def times(self) -> str:
        """How often it is shown, in words."""
        tenths = round(10 * self.shown)
        return {0: "hardly ever", 1: "once in 10 times", 10: "nearly always"}.get(
            tenths, f"{tenths} times in 10"
        )


@dataclass(frozen=True, slots=True)
class EffectPlan:
    """What some numbers of units can show: ``effects`` from small to large, and all of it in one sentence, ``said``.

    ``of`` is that of the ``Planning``.
    """

    said: str
    effects: tuple[PlannedEffect, ...]
    of: str = ""


@dataclass(frozen=True, slots=True)
class Planning:
    """What a claim asks of how many units, without any values.

    ``claim`` is what is claimed; its ``effect`` plays no part. ``counts`` are the units of both sets; pairs, and the
    units of one set alone (``claim.paired`` is True for it), twice the same number. ``of`` follows a stated effect
    where it needs more words, such as "of the differences".

    >>> planning = Planning(PlannedClaim("mean", 0.0, "greater", paired=False), (40, 40), "prompt")
    >>> print(planning.table().said)
    With 40 prompts per set, a true 0.5 sd is shown 6 times in 10, 0.8 sd 9 times in 10 and 1.2 sd nearly always; \
8 times in 10 takes 64 prompts per set for 0.5 sd.
    """

    claim: PlannedClaim
    counts: Sizes
    unit: str
    of: str = ""

    @property
    def smallest_p(self) -> float:
        """The least p that data which fit the claim can have."""
        return smallest_p(self.claim, *self.counts)

    @property
    def smallest_p_against(self) -> float:
        """The least p that data against the claim can have."""
        return smallest_p_against(self.claim, *self.counts)

    def in_reach(self, level: Level) -> str | None:
        """Say how many units would do for the clearest data to pass; None where these do already, or no number would.

        >>> claim = PlannedClaim("share", 1.0, "greater", paired=True, threshold=0.6)
        >>> Planning(claim, (7, 7), "prompt").in_reach(Level())
        '8 prompts'
        """
        claim = replace(self.claim, level=level)
        if reachable(claim, *self.counts):
            return None
        found = sizes_in_reach(claim, self.counts)
        return None if found is None else self._sizes(found)

    def table(self, level: Level = LEVEL) -> EffectPlan:
        """Plan for some effects, at the level of a family."""
        return _table(replace(self, claim=replace(self.claim, level=level)))

    def of_effect(self, asked: AskedEffect, level: Level = LEVEL) -> EffectPlan | None:
        """Plan for one effect, at the level of a family; None where the claim's effect has another unit.

        >>> planning = Planning(PlannedClaim("mean", 0.0, "greater", paired=False), (40, 40), "prompt")
        >>> planning.of_effect(AskedEffect.read("0.5 sd")).effects[0].enough
        (64, 64)
        """
        own = replace(self, claim=replace(self.claim, level=level))
        stated = asked.of(own.claim)
        if stated is None:
            return None
        in_sd = stated.statistic in ("mean", "mean auroc")
        words = f"{asked.size:g} sd" if in_sd else _written(stated, asked.size)
        return _of(own, ((words, stated),))

    def said(self, effects: tuple[PlannedEffect, ...]) -> str:
        """Say in one sentence how often effects are shown, and what would show those that seldom are."""
        of = f" {self.of}" if self.of else ""
        verb = "is shown" if self.claim.margin is None else "is shown to lie within it"
        alike = [
            (_listed([each.effect for each in group], "or"), times)
            for times, group in groupby(effects, attrgetter("times"))
        ]
        (first, times), *rest = alike
        shown = [f"a true {first}{of} {verb} {times}", *(f"{sizes} {times}" for sizes, times in rest)]
        larger = [(each, each.enough) for each in effects if each.shown < POWER and each.enough]
        sizes = [self._sizes(enough) for _, enough in larger[:1]]
        sizes += [" and ".join(f"{count:,}" for count in dict.fromkeys(enough)) for _, enough in larger[1:]]
        more = [f"{size} for {each.effect}" for size, (each, _) in zip(sizes, larger, strict=True)]
        takes = f"; {round(10 * POWER)} times in 10 takes {_listed(more)}" if more else ""
        level = self.claim.level
        strict = f" at a level of {level.alpha:g} / {level.family}" if level.family > 1 else ""
        return f"With {self._sizes(self.counts)}{strict}, {_listed(shown)}{takes}."

    def _sizes(self, counts: tuple[int, ...]) -> str:
        return sizes_in_words(counts[:1] if self.claim.paired else counts, self.unit)


def stated_effects(claim: PlannedClaim) -> tuple[tuple[str, PlannedClaim], ...]:
    """Return the effects that are stated of a claim, in words, each with the claim whose true effect it is.

    >>> from neuronclaims.stats.power.question import PlannedClaim
    >>> at_least_one_sd = PlannedClaim("mean", 0.0, "greater", paired=False, threshold=1.0, standardised=True)
    >>> [words for words, _ in stated_effects(at_least_one_sd)]
    ['1.5 sd', '1.8 sd', '2.2 sd']
    """
    if claim.margin is not None:
        return _within(claim, claim.margin)
    sign = -1.0 if claim.side == "less" else 1.0
    if claim.statistic in ("mean", "mean auroc"):
        start = abs(claim.number or 0.0)
        return tuple((f"{start + size:g} sd", replace(claim, effect=sign * (start + size))) for size in IN_SD)
    if claim.threshold is None:
        values = tuple(0.5 + sign * (auroc - 0.5) for auroc in IN_AUROC)
    else:
        start = claim.threshold
        room = min(start if claim.side == "less" else 1 - start, _FARTHEST * min(start, 1 - start))
        values = tuple(start + sign * part * room for part in PARTS)
    return tuple((_written(claim, value), replace(claim, effect=value)) for value in values)


def _within(claim: PlannedClaim, margin: float) -> tuple[tuple[str, PlannedClaim], ...]:
    """State no effect, and half the margin; no effect against some margins where the spread of values is not known."""
    if claim.statistic == "auroc":
        sign = -1.0 if claim.side == "less" else 1.0
        values = (0.5, 0.5 + sign * margin / 2)
        return tuple((_written(claim, value), replace(claim, effect=value)) for value in values)
    if claim.standardised:
        sign = -1.0 if claim.side == "less" else 1.0
        return tuple((f"{size:g} sd", replace(claim, effect=sign * size)) for size in (0.0, margin / 2))
    return tuple(
        (f"0 against a margin of {size:g} sd", replace(claim, effect=0.0, margin=size)) for size in IN_SD
    )


def _written(claim: PlannedClaim, value: float) -> str:
    return f"{100 * value:.4g} %" if claim.statistic in SHARES else f"AUROC {value:.4g}"


@lru_cache(maxsize=4096)
def _table(planning: Planning) -> EffectPlan:
    return _of(planning, stated_effects(planning.claim))


def _of(planning: Planning, stated: tuple[tuple[str, PlannedClaim], ...]) -> EffectPlan:
    effects = tuple(PlannedEffect(words, *_planned(each, planning.counts)) for words, each in stated)
    shown = tuple(
        replace(each, enough=each.enough[:1]) if each.enough and planning.claim.paired else each
        for each in effects
    )
    return EffectPlan(planning.said(shown), shown, planning.of)


@lru_cache(maxsize=4096)
def _planned(claim: PlannedClaim, counts: Sizes) -> tuple[float, Sizes | None]:
    """Return how often a claim's true effect is shown, and sizes that show it with ``POWER``, no smaller ones."""
    shown = chances(claim, *counts).supported
    return shown, counts if shown >= POWER else needed(claim, counts, POWER)


def _listed(parts: list[str], word: str = "and") -> str:
    *first, last = parts
    return f"{', '.join(first)} {word} {last}" if first else last
