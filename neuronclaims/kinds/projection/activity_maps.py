"""How active a direction is for each prompt: a map over layers and token positions, from what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.figures import Panel, Surface
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.projection.directions import fitted, scores, standardised
from neuronclaims.kinds.shared.requests import activations, in_order
from neuronclaims.measurements import Activations, TokenRule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim, Direction, Prompt
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.kinds.projection.directions import Floats
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.sentences.layers import Layers
    from neuronclaims.sentences.positions import TokenPositions


@dataclass(frozen=True, slots=True)
class Activity:
    """A direction, two sets, and where they are looked at: ``positions`` None stands for the claim's token rule."""

    claim: Claim
    direction: Direction
    sets: tuple[tuple[Prompt, ...], tuple[Prompt, ...]]
    layers: Layers | None
    positions: TokenPositions | None

    @classmethod
    def of(cls, claim: Claim, layers: Layers | None, positions: TokenPositions | None) -> Activity:
        """Look up the direction and the sets; raise ClaimError where the claim's options leave out what they need."""
        said, settings = claim.sentence, claim.settings
        direction = claim.directions[said.direction]
        if settings.tokens.pool == "max":
            raise ClaimError(
                "The largest values of single neurons make no state, so they have no direction. Write 'tokens: last of "
                f"{settings.tokens.span}' or 'tokens: mean of {settings.tokens.span}'."
            )
        if settings.options.score == "z" and (
            direction.neutral is None or len(direction.neutral.prompts) < 2
        ):
            raise ClaimError(
                f"Scores are standardised by neutral prompts, and the direction {direction.name!r} has fewer than 2. "
                "Give it a 'neutral' set, or write 'score: raw'."
            )
        sets = in_order(claim.sets[said.first]), in_order(claim.sets[said.second])
        return cls(claim, direction, sets, layers, positions)

    @property
    def scale(self) -> str:
        """What a score is, in words."""
        words = {
            "z": "activity (sd of neutral prompts)",
            "raw": "activity (projection)",
            "cosine": "activity (cosine)",
        }
        return words[self.claim.settings.options.score]

    def needs(self, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for all layers on both sets, on the neutral set, and on what the direction is fitted on.

        Raises ClaimError for a layer or a site the model does not have.
        """
        if self.claim.settings.site not in facts.widths:
            raise ClaimError(
                f"{facts.name} has no site {self.claim.settings.site}; it has {', '.join(facts.widths)}."
            )
        named = None if self.layers is None else self.layers.layers
        layers = facts.layers_at(self.claim.settings.site) if named is None else named
        if layers[-1] >= facts.layers:
            raise ClaimError(
                f"{facts.name} has no layer {layers[-1]}: it has {facts.layers} layers, 0 to {facts.layers - 1}."
            )
        return tuple(need for layer in layers for need in self._asked(layer))

    def maps(self, answers: Answers) -> Maps:
        """Fit the direction at each layer and score every prompt: [prompts, layers, positions] per set."""
        layers = sorted({need.layer for need in answers if isinstance(need, Activations)})
        grids = [self._layer(answers, layer) for layer in layers]
        first, second = (np.stack([grid[place] for grid in grids], axis=1) for place in (0, 1))
        return Maps(tuple(layers), self.positions.first if self.positions else 1, first, second)

    @property
    def _rule(self) -> TokenRule | None:
        span = self.claim.settings.tokens.span
        return None if self.positions is None else TokenRule(f"each {self.positions.last}", span)

    @property
    def _neutral(self) -> tuple[Prompt, ...]:
        standardise = self.claim.settings.options.score == "z" and self.direction.neutral is not None
        return in_order(self.direction.neutral) if standardise and self.direction.neutral else ()

    def _asked(self, layer: int) -> tuple[Measurement, ...]:
        tested = [self._asks(prompts, layer) for prompts in (*self.sets, self._neutral) if prompts]
        sides = (self._fits(side, layer) for side in self._sides)
        return (*tested, *sides)

    def _asks(self, prompts: Sequence[Prompt], layer: int) -> Activations:
        return activations(self.claim.settings, layer, prompts, self._rule)

    def _fits(self, side: Sequence[Prompt], layer: int) -> Activations:
        return activations(self.claim.settings, layer, _once(side))

    def _layer(self, answers: Answers, layer: int) -> tuple[Floats, Floats]:
        sides = [self._states(answers, side, layer) for side in self._sides]
        direction = fitted(self.direction, sides[0], sides[1], layer)
        first, second = (self._scored(answers, prompts, layer, direction) for prompts in self.sets)
        if not self._neutral:
            return first, second
        neutral = self._scored(answers, self._neutral, layer, direction)
        name = self.direction.name
        return standardised(first, neutral, name, layer), standardised(second, neutral, name, layer)

    @property
    def _sides(self) -> tuple[tuple[Prompt, ...], tuple[Prompt, ...]]:
        """What the direction is fitted on, in the order of its texts: both sides of pairs in that of the pairs."""
        first, second = self.direction.first, self.direction.second
        if not self.direction.paired:
            return _once(first), _once(second)
        pairs = sorted(zip(first, second, strict=True), key=lambda pair: (pair[0].text, pair[1].text))
        return tuple(one for one, _ in pairs), tuple(two for _, two in pairs)

    def _states(self, answers: Answers, side: Sequence[Prompt], layer: int) -> Floats:
        rows = {prompt.text: row for row, prompt in enumerate(_once(side))}
        found = answers[self._fits(side, layer)].astype(np.float64)
        return found[[rows[prompt.text] for prompt in side]]

    def _scored(self, answers: Answers, prompts: Sequence[Prompt], layer: int, direction: Floats) -> Floats:
        """Return scores [prompts, positions], NaN where a prompt has no such token."""
        found = answers[self._asks(prompts, layer)].astype(np.float64)
        score = self.claim.settings.options.score
        if self.positions is None:
            return scores(found, direction, score)[:, None]
        states = found[:, 1:].reshape(len(found), self.positions.last, -1)
        made = scores(states, direction, score)
        made[np.arange(self.positions.last) >= found[:, :1]] = np.nan
        return made[:, self.positions.first - 1 :]


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """Scores [prompts, layers, positions] of both sets, NaN where a prompt has no such token.

    ``start`` is the number of the first position, counted from 1.
    """

    layers: tuple[int, ...]
    start: int
    first: Floats
    second: Floats

    @property
    def counts(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """How many prompts of each set have each position."""
        first, second = (np.isfinite(grid[:, 0]).sum(axis=0) for grid in (self.first, self.second))
        return tuple(int(count) for count in first), tuple(int(count) for count in second)

    @property
    def shared(self) -> int:
        """How many positions, from the first on, every prompt has."""
        sizes = len(self.first), len(self.second)
        whole = [
            all(pair)
            for pair in zip(*(np.equal(c, n) for c, n in zip(self.counts, sizes, strict=True)), strict=True)
        ]
        return whole.index(False) if False in whole else len(whole)

    def note(self, names: tuple[str, str]) -> tuple[str, ...]:
        """Say how many prompts have how many positions, where not all have all."""
        if self.shared == self.first.shape[2]:
            return ()
        told = (
            f"{name}: {', '.join(_runs(counts, self.start))}"
            for name, counts in zip(names, self.counts, strict=True)
        )
        return (f"Prompts differ in length. Prompts that have a token, by its place: {'; '.join(told)}.",)

    def surface(self, names: tuple[str, str], scale: str) -> Surface:
        """Draw the mean of each set over layers (x) and positions (y), with the number of prompts per position.

        It ends with the longest prompt.
        """
        longest = 1 + max(place for place, both in enumerate(zip(*self.counts, strict=True)) if any(both))
        panels = tuple(
            Panel(name, _means(grid[:, :, :longest]), counts[:longest])
            for name, grid, counts in zip(names, (self.first, self.second), self.counts, strict=True)
        )
        ys = tuple(float(self.start + place) for place in range(longest))
        return Surface("layer", "token", scale, tuple(map(float, self.layers)), ys, panels)


def _once(side: Sequence[Prompt]) -> tuple[Prompt, ...]:
    """Return prompts in the order of their text, each text once: a clean text may stand in several pairs."""
    return tuple(sorted({prompt.text: prompt for prompt in side}.values(), key=lambda prompt: prompt.text))


def _means(grid: NDArray[np.float64]) -> tuple[tuple[float | None, ...], ...]:
    known = np.isfinite(grid)
    sums, counts = np.where(known, grid, 0.0).sum(axis=0), known.sum(axis=0)
    return tuple(
        tuple(float(total / count) if count else None for total, count in zip(*row, strict=True))
        for row in zip(sums.T, counts.T, strict=True)
    )


def _runs(counts: Sequence[int], start: int) -> list[str]:
    """Return "1 to 5: 12" for each run of positions with equally many prompts."""
    edges = [place for place in range(len(counts)) if place == 0 or counts[place] != counts[place - 1]]
    ends = [*edges[1:], len(counts)]
    return [
        f"{counts[edge]} at token {start + edge}"
        if end == edge + 1
        else f"{counts[edge]} at tokens {start + edge} to {start + end - 1}"
        for edge, end in zip(edges, ends, strict=True)
    ]
