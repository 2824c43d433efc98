"""The rows of the forest plot: one for each claim with an effect, those not as expected first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from neuronclaims.reports.html.claim_view import ClaimView
from neuronclaims.reports.html.forest.axis import EffectAxis
from neuronclaims.reports.html.forest.units import OTHER, Unit, unit_of
from neuronclaims.reports.wording import effect_name, effect_value, interval_words
from neuronclaims.results import Evidence

MOST_OPEN = 60
"""With more claims, those as expected are folded."""

FEW = 4
"""With more units, those of one claim alone are put together."""


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One claim: its effect in words, and where its marks lie on the axis of its unit, in per cent.

    ``model`` is named where a report has several. ``span`` are the ends of the interval; ``cut`` says of each
    whether it lies beyond the axis.
    """

    claim: ClaimView
    model: str
    value: str
    interval: str
    dot: float
    span: tuple[float, float] | None
    cut: tuple[bool, bool]
    boundary: float | None


@dataclass(frozen=True, slots=True)
class ForestGroup:
    """The claims whose effects have one unit: ``rows`` are shown, ``folded`` on demand.

    ``null`` is where nothing is going on, if that is one place for all of them.
    """

    unit: str
    rows: list[ForestRow]
    folded: list[ForestRow]
    ticks: list[tuple[float, str]]
    null: float | None


@dataclass(frozen=True, slots=True)
class Forest:
    """All groups in their order, and how many claims have no effect that could be drawn."""

    groups: list[ForestGroup]
    without: int

    @property
    def folds(self) -> bool:
        """Whether some claims are folded."""
        return any(group.folded for group in self.groups)


def forest(claims: Sequence[ClaimView]) -> Forest:
    """Return the forest plot of claims; units that one claim alone has are put together at the end."""
    units: dict[Unit, list[ClaimView]] = {}
    for claim in claims:
        if claim.evidence is not None and _finite(claim.evidence.effect.value):
            units.setdefault(unit_of(claim.evidence.effect, claim.result.site), []).append(claim)
    drawn = sum(map(len, units.values()))
    several = len({claim.result.model for claim in claims}) > 1
    fold, ordered = drawn > MOST_OPEN, sorted(units, key=lambda unit: (unit.place, unit.name))
    shared = [unit for unit in ordered if len(units[unit]) > 1 or len(ordered) <= FEW]
    groups = [_group(unit, units[unit], fold, several) for unit in shared]
    alone = [units[unit][0] for unit in ordered if unit not in shared]
    return Forest([*groups, *_each_alone(alone, fold, several)], len(claims) - drawn)


def _group(unit: Unit, claims: list[ClaimView], fold: bool, several: bool) -> ForestGroup:
    known = [claim.evidence for claim in claims if claim.evidence is not None]
    axis = _axis(known, unit.ends)
    nulls = {one.null for one in known}
    null = nulls.pop() if len(nulls) == 1 else None
    rows = [_row(claim, claim.evidence, axis, several) for claim in claims if claim.evidence is not None]
    at_null = None if null is None or axis.beyond(null) else axis.at(null)
    return ForestGroup(unit.name, *_folded(rows, fold), axis.ticks, at_null)


def _each_alone(claims: Sequence[ClaimView], fold: bool, several: bool) -> list[ForestGroup]:
    known = [(claim, claim.evidence) for claim in claims if claim.evidence is not None]
    rows = [_row(claim, evidence, _axis([evidence], None), several) for claim, evidence in known]
    return [ForestGroup(OTHER, *_folded(rows, fold), [], None)] if rows else []


def _axis(known: Sequence[Evidence], ends: tuple[float, float] | None) -> EffectAxis:
    return EffectAxis.over(
        [*_known(_marks(known)), *(ends or ())],
        [end for one in known for end in _known((one.effect.low, one.effect.high))],
    )


def _folded(rows: Sequence[ForestRow], fold: bool) -> tuple[list[ForestRow], list[ForestRow]]:
    """Return the rows that are shown and those that are folded, those not as expected first."""
    wrong = [row for row in rows if not row.claim.good]
    right = [row for row in rows if row.claim.good]
    return (wrong, right) if fold else (wrong + right, [])


def _row(claim: ClaimView, evidence: Evidence, axis: EffectAxis, several: bool) -> ForestRow:
    effect, boundary = evidence.effect, evidence.boundary
    low, high = (end if _finite(end) else None for end in (effect.low, effect.high))
    span, cut = None, (False, False)
    if low is not None or high is not None:
        left, right = axis.low if low is None else low, axis.high if high is None else high
        span = axis.at(left), axis.at(right)
        cut = low is None or axis.beyond(left), high is None or axis.beyond(right)
    return ForestRow(
        claim,
        claim.result.model if several else "",
        f"{effect_name(effect)} {effect_value(effect)}",
        interval_words(effect),
        axis.at(effect.value or 0.0),
        span,
        cut,
        axis.at(boundary) if boundary is not None and not axis.beyond(boundary) else None,
    )


def _marks(known: Iterable[Evidence]) -> Iterable[float | None]:
    for one in known:
        yield from (one.effect.value, one.boundary, one.null if one.boundary is None else None)


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
