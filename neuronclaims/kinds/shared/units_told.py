"""What the effects of claims that compare no two sets are made of: one value per unit, read from the answers again.

A kind whose effect is no mean of single units has none here: what is shared between two lists of the top neurons, or
found anywhere in a grid, comes from whole layers of every prompt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from neuronclaims.figures import Bins, Distributions
from neuronclaims.kinds.interventions import restoration_values
from neuronclaims.kinds.logit_readout import readout_values
from neuronclaims.kinds.shared.layer_profiles import OneSet
from neuronclaims.kinds.shared.requests import plain
from neuronclaims.kinds.top_k import consistency_values
from neuronclaims.sentences.neurons import Neuron
from neuronclaims.sentences.numbers import number_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim, Prompt, PromptPair
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.results import Evidence

_NEURON = re.compile(r"(?:^| )(\d+):(\d+)(?=,|$)")


@dataclass(frozen=True, slots=True)
class Told:
    """Values [units] of one set, or of two in pairs, with the texts of each unit; see ``baselines.rows.Values``."""

    of: str
    scale: Literal["ratio", "mean", "share", "mean AUROC"]
    texts: tuple[tuple[str, ...], ...]
    first: tuple[float, ...]
    second: tuple[float, ...] = ()


def told_of(claim: Claim, kind: str, evidence: Evidence, answers: Answers) -> Told | None:
    """Return what a claim's effect was made of; None for a kind of which nothing is told here."""
    made = _BY_KIND.get(kind)
    return None if made is None else made(claim, evidence, answers)


def _restored(claim: Claim, _: Evidence, answers: Answers) -> Told:
    asked = restoration_values.Asked.of(claim)
    measured = restoration_values.Measured.of(asked, answers)
    texts = tuple(tuple(_both(asked.pairs[place]) for place in row) for row in asked.units.rows)
    of = f"{claim.settings.site} {_listed(claim.sentence.neurons)} restored: {asked.prediction}"
    return Told(of, "ratio", texts, plain(measured.tops), plain(measured.bottoms))


def _outlying(claim: Claim, _: Evidence, answers: Answers) -> Told:
    said = claim.sentence
    one = OneSet.of(claim, said.neuron.layer)
    pool = f"beyond {number_text(said.bound)}"
    return _of_one_set(one, f"{said.neuron} {pool}", "mean", one.means(answers, pool)[:, said.neuron.index])


def _massive(claim: Claim, _: Evidence, answers: Answers) -> Told:
    neuron = claim.sentence.neuron
    one = OneSet.of(claim, neuron.layer)
    some = one.units.means((answers[one.asks("massive")] > 0).astype("float32"))
    return _of_one_set(one, f"{neuron} massive", "share", some[:, neuron.index])


def _within(claim: Claim, _: Evidence, answers: Answers) -> Told:
    said = claim.sentence
    one = OneSet.of(claim, said.layer)
    beyond = one.means(answers, f"beyond {number_text(said.bound)}")
    return _of_one_set(one, f"layer {said.layer} within {said.bound:g}", "mean", 1 - beyond.mean(axis=1))


def _consistent(claim: Claim, evidence: Evidence, answers: Answers) -> Told | None:
    neuron = _shown(evidence)
    if neuron is None:
        return None
    tops = consistency_values.Tops.of(consistency_values.Asked.of(claim), answers)
    shares, _ = tops.shares(tops.columns.column(neuron))
    of = f"{claim.settings.site} {neuron}, {claim.settings.tokens}: among the top {claim.sentence.k}"
    return Told(of, "share", _texts(tops.asked.first, tops.asked.units.rows), plain(shares))


def _predicting(claim: Claim, evidence: Evidence, answers: Answers) -> Told | None:
    neuron = _shown(evidence)
    if neuron is None:
        return None
    asked = readout_values.Asked.of(claim)
    measured = readout_values.Measured.of(asked, answers, neuron)
    rows = [row for row in asked.units.rows if measured.telling[list(row)].any()]
    of = f"{claim.settings.site} {neuron} for {claim.sentence.token!r} on top"
    values = measured.found.effects + measured.found.chance
    return Told(of, "mean AUROC", _texts(asked.documents, rows), plain(values))


_BY_KIND: dict[str, Callable[[Claim, Evidence, Answers], Told | None]] = {
    "restoration": _restored,
    "outlier": _outlying,
    "no outlier": _outlying,
    "massive": _massive,
    "not massive": _massive,
    "band": _within,
    "consistency": _consistent,
    "absence": _consistent,
    "prediction": _predicting,
}


def _of_one_set(one: OneSet, what: str, scale: Literal["mean", "share"], values: NDArray[np.float64]) -> Told:
    settings = one.claim.settings
    of = f"{settings.site} {what}, {settings.tokens.span}"
    return Told(of, scale, _texts(one.prompts, one.units.rows), plain(values))


def _texts(prompts: Sequence[Prompt], rows: Sequence[Sequence[int]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(prompts[place].text for place in row) for row in rows)


def _both(pair: PromptPair) -> str:
    """Return a pair's texts as one, which no other pair's are."""
    return f"{len(pair.clean)}:{pair.clean}{pair.corrupted}"


def _shown(evidence: Evidence) -> Neuron | None:
    """Return the neuron that a verdict rests on, by the figure of its values; a claim may be about several."""
    axes = [
        figure.axis if isinstance(figure, Distributions) else figure.x_axis
        for figure in evidence.figures
        if isinstance(figure, (Distributions, Bins))
    ]
    found = next((match for axis in axes if (match := _NEURON.search(axis))), None)
    return None if found is None else Neuron(int(found[1]), int(found[2]))


def _listed(neurons: Sequence[Neuron]) -> str:
    return ", ".join(map(str, neurons))
