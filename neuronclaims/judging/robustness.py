"""Find out whether a verdict rests on single units or on the texts of one frame."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.claim_files.prompts.frames import likenesses
from neuronclaims.kinds.shared.units import pair_text, unit_key
from neuronclaims.prompts import shown
from neuronclaims.robustness.left_out import LeftOut, Robustness
from neuronclaims.stats.robustness.again import RESAMPLES, Again
from neuronclaims.stats.robustness.samples import Samples
from neuronclaims.stats.rule import plain_p

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds import Finding
    from neuronclaims.results import UnitValues
    from neuronclaims.stats import Decision
    from neuronclaims.stats.robustness.in_family import InFamily

LONGEST = 60
"""Characters of a text that are told."""
MOST_UNITS = 1_000
"""Of more units, those are left out that draw the effect most."""


def robustness_of(
    claim: Claim, finding: Finding, decision: Decision, correction: InFamily, alpha: float
) -> Robustness | None:
    """Return how a verdict stands with other prompts.

    None where nothing was decided, and where the values of units are not known or lie in blocks.
    """
    units, test, said = finding.units, finding.test, finding.statement
    if decision.verdict == "inconclusive" or units is None or test is None or units.blocks is not None:
        return None
    first, second = (np.asarray(side, dtype=np.float64) for side in units.values)
    alone = not units.paired and not units.keys[1]
    samples = Samples(units.scale, first, second, units.paired, alone)
    told = finding.estimate.value
    if (
        not samples.enough
        or told is None
        or not math.isclose(samples.effect, told, rel_tol=1e-6, abs_tol=1e-12)
    ):
        return None  # the effect that is told is another than that of these values
    p, unseen = plain_p(finding.estimate, test, said.side, said.null, said.threshold)
    least = test.smallest_p if test.exact and test.smallest_p > unseen else 0.0
    again = Again(samples, said.side, said.null, said.threshold, p, alpha, correction, least, unseen)
    if again.verdict != decision.verdict:  # as where a claim is made of several that must all hold
        return None
    texts = _texts(claim, units)
    frames = _frames(texts)
    return Robustness(
        verdict=decision.verdict,
        units=_left_out(
            again, finding.sample.unit, [((place,), text) for place, text in _each(samples, texts)]
        ),
        frames=_left_out(again, "frame", frames) if len(frames) > 1 else None,
        resamples=RESAMPLES,
        same=again.resampled(seed=claim.settings.seed),
    )


def _each(samples: Samples, texts: Sequence[str]) -> Iterable[tuple[int, str]]:
    """Return the units that are left out, with their texts: of very many those that draw the effect most."""
    weights = np.abs(np.concatenate(samples.weights))
    most = np.argsort(-weights, kind="stable")[:MOST_UNITS]
    return ((int(place), texts[place]) for place in sorted(most))


def _left_out(again: Again, what: str, left: Sequence[tuple[tuple[int, ...], str]]) -> LeftOut:
    found = [(again.without(places), again.effect_without(places), text) for places, text in left]
    changed = [each for each in found if each[0] != again.verdict]
    effects = [effect for _, effect, _ in found if np.isfinite(effect)]
    towards = changed or found
    weakest = min(towards, key=lambda each: (np.nan_to_num(abs(each[1] - again.nearest(each[1]))), each[2]))
    text = shown(weakest[2])
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return LeftOut(
        what,
        len(found),
        len(changed),
        min(effects, default=None),
        max(effects, default=None),
        text,
        weakest[0],
    )


def _texts(claim: Claim, units: UnitValues) -> list[str]:
    """Return a text of every unit, those of the second set after those of the first; empty where it is not known."""
    known = _by_key(claim)
    joined = units.paired or not units.keys[1]
    keys = units.keys[0] if joined else (*units.keys[0], *units.keys[1])
    return [known.get(key, "") for key in keys]


def _by_key(claim: Claim) -> Mapping[str, str]:
    """Return a text of each unit by the unit's key; of pairs that are restored or corrupted, the clean text."""
    found: dict[str, str] = {}
    for each in claim.sets.values():
        texts = [(prompt.group, prompt.text, prompt.text) for prompt in each.prompts]
        found |= _of_groups(texts)
    for pairs in claim.pairs.values():
        both = [(pair.group, pair_text(pair), pair.clean) for pair in pairs.pairs]
        sides = [(pair.group, text, text) for pair in pairs.pairs for text in (pair.clean, pair.corrupted)]
        found |= {**_of_groups(sides[::2]), **_of_groups(sides[1::2]), **_of_groups(both)}
    return found


def _of_groups(texts: Iterable[tuple[str | None, str, str]]) -> dict[str, str]:
    """Return what is shown of each unit, by its key; its members have a group, a hashed text and one to show."""
    groups: dict[str, list[tuple[str, str]]] = {}
    alone: dict[str, list[str]] = {}
    for group, hashed, text in texts:
        if group is None:
            alone.setdefault(hashed, []).append(text)
        else:
            groups.setdefault(group, []).append((hashed, text))
    return {
        unit_key([hashed] * many): min(each) for hashed, each in alone.items() for many in {1, len(each)}
    } | {
        unit_key(hashed for hashed, _ in members): min(text for _, text in members)
        for each in groups.values()
        for members in (each, dict.fromkeys(each))  # of pairs, a text that several have is one prompt
    }


def _frames(texts: Sequence[str]) -> list[tuple[tuple[int, ...], str]]:
    """Return the places of the units of each frame, with its text."""
    places = [place for place, text in enumerate(texts) if text]
    found = likenesses([texts[place] for place in places]).frames
    return [(tuple(places[each] for each in own), frame.text) for frame, own in found]
