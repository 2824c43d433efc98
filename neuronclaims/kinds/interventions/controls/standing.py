"""Where the neurons of a claim stand when they are changed: how they were chosen, their controls, their size.

Every kind that changes neurons asks for the same controls and tells them in the same words: random neurons drawn for
each text or, where that is asked for, all others of the layer; and whether the claim's neurons are outlier dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast

from neuronclaims.kinds.interventions.changed_neurons import swept_layers, who_of
from neuronclaims.kinds.interventions.controls.options import controls_of
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.outliers.outlier_dimensions import LargeTokens, large_tokens_needed
from neuronclaims.kinds.shared.subjects.selection import chosen_before, selection_notes, selection_of
from neuronclaims.measurements.changing.controls import Controls, controls_per_text, most_controls
from neuronclaims.measurements.views.directions import beside_random
from neuronclaims.measurements.views.view import ViewedSite, noun_of
from neuronclaims.sites import printed

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.interventions.controls.options import How
    from neuronclaims.kinds.interventions.controls.random_neurons import RandomNeurons
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.measurements.changing.controls import Changing
    from neuronclaims.results import Rank, Selection
    from neuronclaims.stats import Estimate

MOST_FORWARDS = 250_000
"""How many forwards of the whole model a claim may cost that changes each latent of a dictionary by itself."""

WITHOUT: Mapping[str, str] = {
    "mixed": "Whole layers, and neurons of several sites changed together, are compared with no others.",
    "none": "Compared with no other neurons ('controls: none').",
    "sample": "Their layers have too few other neurons to draw controls from.",
}
"""What notes say where there are no controls."""


def controls_needed(
    claim: Claim,
    facts: ModelFacts,
    texts: Sequence[str],
    *,
    together: Changing,
    alone: Callable[[int], Measurement],
) -> tuple[Measurement, ...]:
    """Ask for all that a claim's neurons are compared with, and for the share of tokens of ``texts`` they are large at.

    ``together`` is the change of the claim's neurons, ``alone`` asks for each neuron of a layer by itself.

    Raises ClaimError where the model lacks the neurons or predicts nothing, and for controls that cannot be had.
    """
    layers, how = swept_layers(claim, facts), controls_of(claim)
    large = large_tokens_needed(claim.sentence.neurons, claim.settings, texts)
    if how == "layer":
        _check_affordable(claim, facts, len(layers), texts)
        return *large, *map(alone, layers)
    return *large, *(_sample(claim, facts, together) if how == "sample" else ())


def _check_affordable(claim: Claim, facts: ModelFacts, layers: int, texts: Sequence[str]) -> None:
    """Raise ClaimError where to change each latent of a dictionary by itself would take more than ``MOST_FORWARDS``."""
    site = claim.settings.site
    if not isinstance(site, ViewedSite) or site.layer is None:
        return
    width, different = layers * facts.width_of(site), len(set(texts))
    forwards = round(width * different * (facts.layers - site.layer) / facts.layers)
    if forwards > MOST_FORWARDS:
        raise ClaimError(
            f"To change each of {width:,} {noun_of(site)}s by itself in {different:,} texts takes about {forwards:,} "
            f"forwards of {facts.name}; at most {MOST_FORWARDS:,} are made for one claim. Name the {noun_of(site)} and "
            "test it on new prompts ('discovered_on'), compare it with random ones ('controls: sample'), or take fewer "
            "prompts."
        )


def _sample(claim: Claim, facts: ModelFacts, together: Changing) -> tuple[Controls, ...]:
    """Ask for random neurons in the place of the claim's; for nothing where a layer has too few others."""
    together = _with_others(together)
    need = together.need
    named = [sum(layer == each for layer, _ in need.neurons) for each in need.layers]
    width = facts.width_of(need.site)
    fewest = width - 2 * max(named) + 1
    if fewest < 1:
        if claim.sentence.beyond:
            raise ClaimError(
                f"There is nothing to compare with ('{claim.sentence.compared}'): a layer of {facts.name} has "
                f"{width:,} {noun_of(need.site)}s at {printed(need.site)}, of which {max(named):,} are changed. "
                "Name fewer."
            )
        return ()
    most = most_controls(need.prediction)
    count = controls_per_text(facts, need.layers, 2 if need.pairs else 1, most)
    return (Controls(together, min(count, fewest)),)


def sampled(answers: Answers, together: Changing) -> Controls | None:
    """Return the controls of a change among what was measured; None where it has none."""
    wanted = _with_others(together)
    return next((need for need in answers if isinstance(need, Controls) and need.of == wanted), None)


def _with_others(together: Changing) -> Changing:
    """Return a change at a site that holds others beside what is changed: a direction gets random ones there."""
    site = together.need.site
    wider = beside_random(site)
    return together if wider == site else cast("Changing", replace(cast(Any, together), site=wider))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a claim's changed neurons were chosen, and where they stand among others.

    ``how`` says what they are compared with; None where nothing is said of that.
    ``noun`` is what one of those changed is called.
    """

    selection: Selection
    rank: Rank | None
    controls: RandomNeurons | None
    large: LargeTokens
    how: How | Literal["mixed"] | None
    noun: str = "neuron"

    @classmethod
    def of(
        cls,
        claim: Claim,
        answers: Answers,
        controls: RandomNeurons | None,
        rank: Rank | None,
        *,
        searched: int,
    ) -> Standing:
        """Read the answers; ``searched`` is how many neurons the claimed one was picked from, itself included."""
        mixed = claim.sentence.change.mixed
        selection = chosen_before(claim, "neurons") if mixed else selection_of(claim, who_of(claim), searched)
        large = LargeTokens.of(claim.sentence.neurons, answers)
        return cls(
            selection,
            rank,
            controls,
            large,
            "mixed" if mixed else controls_of(claim),
            noun_of(claim.settings.site),
        )

    @property
    def others(self) -> tuple[Estimate, ...]:
        """The share of controls that are as strong, and the share of tokens at which a neuron is large."""
        large = (self.large.largest,) if self.large.shares else ()
        return (*(self.controls.others if self.controls else ()), *large)

    @property
    def notes(self) -> tuple[str, ...]:
        """All this in sentences."""
        return (*selection_notes(self.selection), *self._compared, *self.large.notes)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The claim's neurons beside random ones."""
        return self.controls.figures if self.controls else ()

    @property
    def _compared(self) -> tuple[str, ...]:
        if self.controls is not None:
            return self.controls.notes
        if self.rank is not None:
            return (
                f"The {self.rank.among - 1:,} other {self.noun}s of its layer, each changed alone, are the controls.",
            )
        return (WITHOUT[self.how],) if self.how is not None and self.how in WITHOUT else ()
