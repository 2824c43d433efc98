"""The values per unit that a finding's effect was made of, each under a hash of its unit's prompts.

Those of claims that compare two sets are what the finding's figure shows; for others see ``units_told.py``. What is
given out is checked against the effect itself: values from which the effect cannot be had again are not given.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Distributions
from neuronclaims.kinds import kind_of
from neuronclaims.kinds.interventions.ablation_values import Asked
from neuronclaims.kinds.shared.designs import design_of
from neuronclaims.kinds.shared.effects import WAYS
from neuronclaims.kinds.shared.memoize import by_identity
from neuronclaims.kinds.shared.requests import activations, in_order
from neuronclaims.kinds.shared.units_told import told_of
from neuronclaims.sentences.subjects import Subject

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.kinds.shared.units_told import Told
    from neuronclaims.measurements import Measurement
    from neuronclaims.results import Evidence
    from neuronclaims.stats import TwoSampleDesign

SCALES: dict[str, Literal["difference", "sd", "auroc"]] = {
    "difference of means": "difference",
    "mean difference": "difference",
    "block-adjusted difference of means": "difference",
    "Hedges' g": "sd",
    "dz": "sd",
    "Hedges' g within blocks": "sd",
    "AUROC": "auroc",
    "AUROC within blocks": "auroc",
}
"""The scale on which effects stand that compare two sets, by their names."""

BOTH, CHANGE = ("before", "after"), "mean change of the "
"""What the values of a prediction are called whose neurons were changed, and how its effect begins."""

KEY = 12
"""Digits of a unit's hash: among 10,000 units two are alike by chance once in five million times."""


@dataclass(frozen=True, slots=True)
class UnitValues:
    """Values of two sets or one, one per unit, with the keys of the units; see ``baselines.rows.Values``."""

    of: str
    scale: Literal["difference", "sd", "auroc", "ratio", "mean", "share", "mean AUROC"]
    paired: bool
    keys: tuple[tuple[str, ...], tuple[str, ...]]
    values: tuple[tuple[float, ...], tuple[float, ...]]
    blocks: tuple[tuple[int, ...], tuple[int, ...]] | None


def unit_values(
    claim: Claim, evidence: Evidence, answers: Callable[[], Answers] | None = None
) -> UnitValues | None:
    """Return the values that a claim's effect was made of; None where it is none of single units' values.

    ``answers`` gives what was measured for the claim, for the kinds whose figures do not show it.
    """
    found = _two(claim, evidence)
    if found is not None or answers is None:
        return found
    told = told_of(claim, kind_of(claim.sentence).name, evidence, answers())
    return None if told is None else _told(told, evidence.effect.value)


def _told(told: Told, value: float | None) -> UnitValues | None:
    keys = tuple(unit_key(texts) for texts in told.texts)
    other = keys if told.second else ()
    found = UnitValues(told.of, told.scale, bool(told.second), (keys, other), (told.first, told.second), None)
    return found if _whole(found) and _gives(found, value) else None


def _two(claim: Claim, evidence: Evidence) -> UnitValues | None:
    shown = next((figure for figure in evidence.figures if isinstance(figure, Distributions)), None)
    if shown is None:
        return None
    labels = tuple(row.label for row in shown.rows)
    if labels == BOTH and evidence.effect.name.startswith(CHANGE):
        return _before_and_after(claim, evidence, shown)
    names = getattr(claim.sentence, "first", None), getattr(claim.sentence, "second", None)
    if evidence.effect.name in SCALES and labels == names and all(name in claim.sets for name in names):
        return _two_sets(claim, evidence, shown)
    return None


def _two_sets(claim: Claim, evidence: Evidence, shown: Distributions) -> UnitValues | None:
    scale = SCALES[evidence.effect.name]
    first, second = (in_order(claim.sets[row.label]) for row in shown.rows)
    design = design_of(first, second)
    values = shown.rows[0].values, shown.rows[1].values
    keys = _keys(first, design.first_rows), _keys(second, design.second_rows)
    found = UnitValues(shown.axis, scale, design.paired, keys, values, _blocks(design))
    return found if _whole(found) and _gives(found, evidence.effect.value) else None


def _before_and_after(claim: Claim, evidence: Evidence, shown: Distributions) -> UnitValues | None:
    """Take what is predicted after a change for the first set, and before it for the second."""
    asked = Asked.of(claim)
    keys = _keys(asked.prompts, asked.units.rows)
    before, after = (row.values for row in shown.rows)
    found = UnitValues(shown.axis, "difference", True, (keys, keys), (after, before), None)
    return found if _whole(found) and _gives(found, evidence.effect.value) else None


def unit_noise(claim: Claim, moved: Mapping[Measurement, NDArray[np.float64]]) -> float | None:
    """Return how far the values of a claim's one neuron moved when its sets were measured again, None if unknown.

    ``moved`` is that of every neuron of a layer, by what was measured.
    """
    said = claim.sentence
    who = getattr(said, "who", None)
    names = getattr(said, "first", None), getattr(said, "second", None)
    if not isinstance(who, Subject) or who.how != "one" or not all(name in claim.sets for name in names):
        return None
    (neuron,) = who.neurons
    asked = [activations(claim.settings, neuron.layer, in_order(claim.sets[str(name)])) for name in names]
    if not all(need in moved for need in asked):
        return None
    return max(float(moved[need][neuron.index]) for need in asked)


def unit_key(texts: Iterable[str]) -> str:
    """Return the hash of the prompts of one unit, in any order."""
    digest = hashlib.sha256()
    for text in sorted(texts):
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()[:KEY]


def _whole(found: UnitValues) -> bool:
    """Say whether each unit has one value and a key of its own."""
    return all(
        len(set(keys)) == len(keys) == len(values)
        for keys, values in zip(found.keys, found.values, strict=True)
    )


def _gives(found: UnitValues, value: float | None) -> bool:
    """Say whether the effect comes out of the values again."""
    again = _again(found)
    if value is None or again is None:  # a difference in sd of values that never vary
        return value is again
    return math.isclose(value, again, rel_tol=1e-6, abs_tol=1e-12)


def _again(found: UnitValues) -> float | None:
    sides = [np.asarray(side) for side in found.values]
    if found.scale == "ratio":
        return stats.ratio_of_means_estimate(*sides).value
    if found.scale == "mean" or found.scale == "share" or found.scale == "mean AUROC":
        return float(sides[0].mean())
    independent, paired, blocked = WAYS[found.scale]
    if found.blocks is not None:
        return blocked(*sides, found.blocks).value
    return (paired if found.paired else independent)(*sides).value


def _blocks(design: TwoSampleDesign) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    if design.blocks is None:
        return None
    first, second = (tuple(map(int, side)) for side in design.blocks)
    return first, second


@by_identity
def _keys(prompts: Sequence[Prompt], rows: Sequence[Sequence[int]]) -> tuple[str, ...]:
    return tuple(unit_key(prompts[place].text for place in row) for row in rows)
