"""Say what a claim about the activity of a direction needs: a direction, two sets, layers and positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from neuronclaims.claim_files.directions.direction import once
from neuronclaims.kinds.kind import ClaimError, Sample
from neuronclaims.kinds.projection.activity_maps import ActivityMaps
from neuronclaims.kinds.projection.scores import scores, standardised
from neuronclaims.kinds.shared.designs import design_of, left_out
from neuronclaims.kinds.shared.requests import activations, in_order, resamples_of, seed_of
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.views.fits import fitted
from neuronclaims.results import Selection

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, Prompt, Settings
    from neuronclaims.claim_files.directions.direction import Direction
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.measurements.views.fits import Floats
    from neuronclaims.sentences.positions import TokenPositions
    from neuronclaims.sentences.subjects.layers import Layers
    from neuronclaims.stats import TwoSampleDesign

SCALES = {
    "z": "activity (sd of neutral prompts)",
    "raw": "activity (projection)",
    "cosine": "activity (cosine)",
}
"""What a score is, as axes say it."""

VALUES = {
    "z": "activity (sd of neutral prompts)",
    "raw": "activity (projection)",
    "cosine": "activity (cosine)",
}
"""The keys under which baselines keep scores: they stay as they are, whatever an axis comes to say."""


def places_in_words(settings: Settings, positions: TokenPositions | None) -> str | None:
    """Return the tokens that are read one by one; None where one number is read by the claim's own rule."""
    return None if positions is None else f"{positions} of {settings.tokens.span}"


@dataclass(frozen=True, slots=True)
class ActivityRequest:
    """A direction, two sets with their prompts in the order of their text, and what may be exchanged.

    All layers are meant where ``layers`` is None, and the claim's token rule where ``positions`` is.
    """

    claim: Claim[Any, Any]
    direction: Direction
    sets: tuple[tuple[Prompt, ...], tuple[Prompt, ...]]
    design: TwoSampleDesign
    layers: Layers | None
    positions: TokenPositions | None

    @classmethod
    def of(
        cls, claim: Claim[Any, Any], layers: Layers | None, positions: TokenPositions | None
    ) -> ActivityRequest:
        """Look up the direction and the sets; raise ClaimError if an option that they need is missing."""
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
        if direction.given is not None and direction.site != settings.site:
            raise ClaimError(
                f"The direction {direction.name!r} is of {direction.site}, and this claim of {settings.site}: write "
                f"'site: {direction.site}'."
            )
        sets = in_order(claim.sets[said.first]), in_order(claim.sets[said.second])
        return cls(claim, direction, sets, design_of(*sets), layers, positions)

    @property
    def score(self) -> Literal["z", "raw", "cosine"]:
        """How a projection is scaled."""
        return cast('Literal["z", "raw", "cosine"]', self.claim.settings.options.score)

    @property
    def scale(self) -> str:
        """What a score is, as an axis says it."""
        return SCALES[self.score]

    @property
    def values_key(self) -> str:
        """What a score is, as baselines know it."""
        return VALUES[self.score]

    @property
    def names(self) -> tuple[str, str]:
        """The names of the two sets."""
        return self.claim.sentence.first, self.claim.sentence.second

    @property
    def seed(self) -> int:
        """A seed that comes from the prompts, as for other claims about the same two sets."""
        return seed_of(self.claim.settings, self.sets, "two sets")

    @property
    def draws(self) -> int:
        """How many relabellings are drawn where they cannot all be enumerated."""
        return resamples_of(self.claim.settings)

    @property
    def rows(self) -> tuple[Sequence[Sequence[int]], Sequence[Sequence[int]]]:
        """The prompts of each unit of both sets, by place."""
        return self.design.first_rows, self.design.second_rows

    @property
    def selection(self) -> Selection:
        """How the direction came about: it was fitted on other prompts, or stands in a file."""
        if self.direction.given is not None:
            return Selection("beforehand", what="direction")
        names = self.direction.names
        return Selection("discovered", names, prompts=self._fitted_on, what="direction")

    @property
    def sample(self) -> Sample:
        """Return how many units of each set take part."""
        design, (first, second) = self.design, self.names
        counts = (first, design.counts[0]), (second, design.counts[1])
        return Sample(design.unit, counts, paired=design.paired)

    def notes(self, maps: ActivityMaps) -> tuple[str, ...]:
        """Say on what the direction was fitted, which layers have more weight, and which prompts have less."""
        raw = self.score == "raw" and len(maps.layers) > 1
        loud = "Raw projections grow with the size of the states: layers with large states count for more."
        given = self.direction.given
        came = (
            f"The direction ({self.direction.method}) was fitted on {self._fitted_on:,} other prompts, none of them "
            "tested here."
            if given is None
            else f"The direction stands in {given.origin}; on which prompts it was found is not known here."
        )
        return (
            came,
            *((loud,) if raw else ()),
            *(maps.far_notes if self.score == "z" else ()),
            *maps.length_notes(self.names),
            *left_out(self.design),
        )

    def needs(self, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for all layers on both sets, on the neutral set, and on what the direction is fitted on.

        Raises ClaimError for a layer or a site the model does not have.
        """
        site = self.claim.settings.site
        if not facts.has(site):
            raise ClaimError(facts.without(site))
        named = None if self.layers is None else self.layers.layers
        layers = facts.layers_at(site) if named is None else named
        self._check_given(layers, facts)
        if layers[-1] >= facts.layers:
            raise ClaimError(
                f"{facts.name} has no layer {layers[-1]}: it has {facts.layers} layers, 0 to {facts.layers - 1}."
            )
        return tuple(need for layer in layers for need in self._of_layer(layer))

    def maps(self, answers: Answers) -> ActivityMaps:
        """Fit the direction at each layer and score every prompt: [prompts, layers, positions] per set."""
        layers = sorted({need.layer for need in answers if isinstance(need, Activations)})
        grids = [self._scores_of_layer(answers, layer) for layer in layers]
        first, second = (np.stack([grid[place] for grid in grids], axis=1) for place in (0, 1))
        return ActivityMaps(tuple(layers), self.positions.first if self.positions else 1, first, second)

    @property
    def _fitted_on(self) -> int:
        return len({prompt.text for prompt in (*self.direction.first, *self.direction.second)})

    @property
    def _neutral(self) -> tuple[Prompt, ...]:
        neutral = self.direction.neutral
        return in_order(neutral) if self.score == "z" and neutral is not None else ()

    def _check_given(self, layers: Sequence[int], facts: ModelFacts) -> None:
        """Raise ClaimError where the vectors of a file do not fit the model, or are not of these layers."""
        given = self.direction.given
        if given is None:
            return
        try:
            given.check(self.claim.settings.site, facts)
        except MeasurementError as error:
            raise ClaimError(str(error)) from None
        if given.layer is not None and tuple(layers) != (given.layer,):
            raise ClaimError(
                f"The direction {self.direction.name!r} is of layer {given.layer} alone: write "
                f"'in layer {given.layer}'."
            )

    def _of_layer(self, layer: int) -> tuple[Measurement, ...]:
        tested = [self._tested(prompts, layer) for prompts in (*self.sets, self._neutral) if prompts]
        if self.direction.given is not None:
            return tuple(tested)
        return (*tested, *(self._fitting(side, layer) for side in self.direction.sides))

    def _tested(self, prompts: Sequence[Prompt], layer: int) -> Activations:
        settings, rule = self.claim.settings, None
        if self.positions is not None:
            rule = TokenRule(f"each {self.positions.last}", settings.tokens.span)
        return activations(settings, layer, prompts, rule)

    def _fitting(self, side: Sequence[Prompt], layer: int) -> Activations:
        return activations(self.claim.settings, layer, once(side))

    def _scores_of_layer(self, answers: Answers, layer: int) -> tuple[Floats, Floats]:
        direction = self._vector(answers, layer)
        first, second = (self._scores(answers, prompts, layer, direction) for prompts in self.sets)
        if not self._neutral:
            return first, second
        neutral = self._scores(answers, self._neutral, layer, direction)
        name = self.direction.name
        return standardised(first, neutral, name, layer), standardised(second, neutral, name, layer)

    def _vector(self, answers: Answers, layer: int) -> Floats:
        """Return the direction at one layer, [width], of length 1."""
        made = self.direction
        if made.given is not None:
            vector = made.given.axis(layer).step
            return np.asarray(vector / np.linalg.norm(vector))
        assert made.method is not None
        first, second = (self._states(answers, side, layer) for side in made.sides)
        try:
            return fitted(made.name, made.method, first, second, layer)
        except MeasurementError as error:
            raise ClaimError(str(error)) from None

    def _states(self, answers: Answers, side: Sequence[Prompt], layer: int) -> Floats:
        rows = {prompt.text: row for row, prompt in enumerate(once(side))}
        found = answers[self._fitting(side, layer)].astype(np.float64)
        return found[[rows[prompt.text] for prompt in side]]

    def _scores(self, answers: Answers, prompts: Sequence[Prompt], layer: int, direction: Floats) -> Floats:
        """Return scores [prompts, positions], NaN where a prompt has no such token."""
        found = answers[self._tested(prompts, layer)].astype(np.float64)
        if self.positions is None:
            return scores(found, direction, self.score)[:, None]
        states = found[:, 1:].reshape(len(found), self.positions.last, -1)
        made = scores(states, direction, self.score)
        made[np.arange(self.positions.last) >= found[:, :1]] = np.nan
        return made[:, self.positions.first - 1 :]
