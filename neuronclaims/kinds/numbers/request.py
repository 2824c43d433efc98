"""Say what a claim about numbers of prompts asks for, and hold values beside numbers, one of each per unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuronclaims.claim_files.prompts.numbers import POSITION, number_of
from neuronclaims.figures import Point, Points
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.outliers.token_share import PromptUnits
from neuronclaims.kinds.shared.requests import activations, in_order, resamples_of, seed_of
from neuronclaims.kinds.shared.subjects.neurons import check_neuron
from neuronclaims.kinds.shared.subjects.ranks import layers_with_ranked, ranks_in_model
from neuronclaims.kinds.shared.subjects.selection import layers_needed, search_of
from neuronclaims.kinds.shared.unit_names import continuations_needed, names_of_units
from neuronclaims.kinds.shared.units import of_numbers
from neuronclaims.measurements import Activations
from neuronclaims.measurements.views.view import titled
from neuronclaims.sentences.subjects.neurons import Neuron

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import UnitValues
    from neuronclaims.sentences.subjects.subject import Subject
    from neuronclaims.stats import Resampling

    Floats = NDArray[np.float64]

DRAWN = 1_000
"""How many units are drawn at most."""


@dataclass(frozen=True, slots=True, eq=False)
class NumbersRequest:
    """The neurons of a claim and the prompts of its set, in the order of their texts, each with its number.

    ``numbers`` [units] are means over the prompts of a unit, ``blocks`` the number of each unit's block, None where
    prompts have none. The claim's sentence has ``who``, ``column`` and ``first``.
    """

    claim: Claim[Any, Any]
    prompts: tuple[Prompt, ...]
    units: PromptUnits
    numbers: Floats
    blocks: tuple[int, ...] | None
    averaged: bool

    @classmethod
    def of(cls, claim: Claim[Any, Any]) -> NumbersRequest:
        """Look up prompts and numbers; raise ClaimError for too few units, and units of one number."""
        said = claim.sentence
        ranks_in_model(claim)
        prompts = in_order(claim.sets[said.first])
        units = PromptUnits.of(prompts)
        single = np.array([_number(prompt, said.column) for prompt in prompts])
        numbers = np.array([single[list(rows)].mean() for rows in units.rows])
        blocks = _blocks(prompts, units)
        if not _varies(numbers, blocks):
            where = f"{said.first!r} within blocks" if blocks is not None else repr(said.first)
            raise ClaimError(
                f"{said.column!r} is the same for all {units.unit}s of {where}, so nothing can go with it. Leave out "
                "the groups or blocks within which it differs."
            )
        averaged = any(np.ptp(single[list(rows)]) > 0 for rows in units.rows)
        return cls(claim, prompts, units, numbers, blocks, bool(averaged))

    @property
    def who(self) -> Subject:
        """The neurons that the claim is about."""
        subject: Subject = self.claim.sentence.who
        return subject

    @property
    def searched(self) -> bool:
        """Whether the neuron was picked on the same prompts, or is picked now."""
        return search_of(self.claim, self.who) is not None

    @property
    def seed(self) -> int:
        """A seed that comes from the prompts."""
        return seed_of(self.claim.settings, (self.prompts,), "numbers")

    def resampling(self, family: Family) -> Resampling:
        """Return how permutations are drawn if they are too many to enumerate."""
        return family.resampling(self.seed, resamples_of(self.claim.settings))

    def needs(self, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the neurons' layers, or all searched or ranked among; raise ClaimError where the model lacks one."""
        settings = self.claim.settings
        for neuron in self.who.neurons:
            check_neuron(neuron, settings.site, facts)
        needed = layers_needed(self.claim, self.who, facts)
        layers = layers_with_ranked(self.claim, needed, facts.layers_at(settings.site))
        values = (activations(settings, layer, self.prompts) for layer in layers)
        return *values, *continuations_needed(settings, self.prompts, self.units.rows)

    def layers(self, answers: Answers) -> Mapping[int, Floats]:
        """Return the values of all layers measured [units, width], by layer."""
        numbers = sorted({need.layer for need in answers if isinstance(need, Activations)})
        return {
            layer: self.units.means(answers[activations(self.claim.settings, layer, self.prompts)])
            for layer in numbers
        }

    def figure(self, neuron: Neuron, values: Floats, answers: Answers) -> Points:
        """Draw the neuron's value over the number, one point per unit; of many units, only some."""
        settings, said = self.claim.settings, self.claim.sentence
        names = names_of_units(settings, self.prompts, answers, self.units.rows)
        order = np.argsort(self.numbers, kind="stable")
        drawn = order[np.unique(np.linspace(0, len(order) - 1, DRAWN).round().astype(int))]
        points = tuple(
            Point(
                float(self.numbers[place]),
                float(values[place]),
                names[place] if names else f"{self.units.unit} {place + 1}",
            )
            for place in drawn
        )
        named = titled(settings.site, neuron.layer, neuron.index)
        return Points(said.column, f"{named}, {settings.tokens}", points)

    def unit_values(self, neuron: Neuron, values: Floats) -> UnitValues | None:
        """Return one neuron's values beside the numbers; None within blocks, of which baselines keep intervals."""
        if self.blocks is not None:
            return None
        settings = self.claim.settings
        of = f"{settings.site} {neuron}, {settings.tokens}, beside {self.claim.sentence.column}"
        return of_numbers(of, self.prompts, self.units.rows, values, self.numbers)

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what was averaged, and what is permuted."""
        said, unit = self.claim.sentence, self.units.unit
        averaged = f"{said.column!r} differs within groups: each group counts once, with its mean."
        blocks = f"Ranks are taken, and numbers permuted, within the {len(set(self.blocks or ()))} blocks of {unit}s."
        return (*((averaged,) if self.averaged else ()), *((blocks,) if self.blocks is not None else ()))


def _number(prompt: Prompt, column: str) -> float:
    found = number_of(prompt, column)
    if found is None and column == POSITION:
        raise ClaimError(
            "Waves of the position of tokens cannot be claimed: only 'goes with position' is measured without a "
            f"column. Give the prompts a column {POSITION!r} to claim waves over prompts."
        )
    if found is None:
        raise ClaimError(f"The prompt in {prompt.source} has no number {column!r}.")
    return found


def _blocks(prompts: tuple[Prompt, ...], units: PromptUnits) -> tuple[int, ...] | None:
    """Return the number of each unit's block, None without blocks; raise ClaimError for a group in two blocks."""
    if any(prompt.block is None for prompt in prompts):
        return None
    found = [sorted({str(prompts[row].block) for row in rows}) for rows in units.rows]
    for names in found:
        if len(names) > 1:
            raise ClaimError(
                f"A group lies in the blocks {names[0]!r} and {names[1]!r}; a group belongs to one block."
            )
    known = {name: number for number, name in enumerate(sorted({names[0] for names in found}))}
    return tuple(known[names[0]] for names in found)


def _varies(numbers: Floats, blocks: tuple[int, ...] | None) -> bool:
    codes = np.zeros(len(numbers), dtype=int) if blocks is None else np.array(blocks)
    return any(np.ptp(numbers[codes == code]) > 0 for code in np.unique(codes))
