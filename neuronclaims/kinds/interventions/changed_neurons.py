"""The neurons that a claim changes together, and the units of the texts they are changed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from neuronclaims.claim_files.claims import Prompt
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.shared.requests import plural
from neuronclaims.kinds.shared.subjects.neurons import check_neuron
from neuronclaims.kinds.shared.subjects.selection import layers_needed, search_of
from neuronclaims.measurements.changing.along import ChangedAlong
from neuronclaims.measurements.views.view import ViewedSite
from neuronclaims.sentences.changes.change import ModelChange
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.stats import PlannedClaim, Planning

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from neuronclaims.claim_files.claims import Claim, PairSet
    from neuronclaims.measurements import ModelFacts
    from neuronclaims.sites import Site
    from neuronclaims.stats import Alternative
    from neuronclaims.stats.designs import Unit

    Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TextUnits:
    """What is counted: texts (or pairs of texts), or their groups; ``rows`` are the texts of each, by place."""

    unit: Unit
    rows: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, groups: Sequence[str | None], alone: Unit) -> TextUnits:
        """Take groups for units where there are such; raise ClaimError for fewer than two units."""
        grouped = all(group is not None for group in groups)
        members: dict[str, list[int]] = {}
        for place, group in enumerate(groups):
            members.setdefault(str(group) if grouped else str(place), []).append(place)
        made = cls("group" if grouped else alone, tuple(tuple(rows) for rows in members.values()))
        if len(made.rows) < 2:
            raise ClaimError(f"Signs must be flipped of at least 2 {made.unit}s, but there is {made.size}.")
        return made

    @property
    def size(self) -> str:
        """How many there are, in words."""
        return plural(len(self.rows), self.unit)

    @property
    def texts(self) -> int:
        """How many texts they are made of."""
        return sum(map(len, self.rows))

    @property
    def smallest_p(self) -> float:
        """The least two-sided p that their mean can have."""
        return self.planning("greater", "").smallest_p

    def planning(self, side: Alternative, of: str, margin: float | None = None) -> Planning:
        """Return what so many can show of mean changes in standard deviations; ``of`` says of what these are.

        With a ``margin``, a change on ``side`` is claimed to be smaller than that.
        """
        count = len(self.rows)
        claim = PlannedClaim("mean", 0.0, side, paired=True, margin=margin, each=self.texts / count)
        return Planning(claim, (count, count), self.unit, of)

    def means(self, values: ArrayLike) -> Floats:
        """Average values [texts, ...] within units, in float64."""
        wide = np.asarray(values, dtype=np.float64)
        return np.array([wide[list(rows)].mean(axis=0) for rows in self.rows])


def clean_texts(pairs: PairSet) -> tuple[Prompt, ...]:
    """Return the clean texts of pairs in the order of their text, each once; raise ClaimError for one in two groups."""
    found: dict[str, Prompt] = {}
    for pair in pairs.pairs:
        earlier = found.setdefault(pair.clean, pair.prompts[0])
        if earlier.group != pair.group:
            raise ClaimError(
                f"The clean text {pair.clean!r} of {pairs.name!r} is in two groups, {earlier.group!r} "
                f"({earlier.source}) and {pair.group!r} ({pair.source}): give pairs of one clean text one group."
            )
    return tuple(sorted(found.values(), key=lambda prompt: prompt.text))


def who_of(claim: Claim) -> Subject:
    """Return the neurons of a sentence, changed together, as whom the claim is about."""
    change: ModelChange = claim.sentence.change
    said = None if change.mixed else change.parts[0].said
    if change.among is not None:
        return Subject("some", (), change.among, said=said)
    return Subject("one" if change.single else "every", change.all_neurons, said=said)


def is_searched(claim: Claim) -> bool:
    """Say whether the neuron of a claim was picked on the very texts that test it."""
    return search_of(claim, who_of(claim)) is not None


def places(neurons: Sequence[Neuron]) -> tuple[tuple[int, int], ...]:
    """Return neurons as measurements name them."""
    return tuple((neuron.layer, neuron.index) for neuron in neurons)


def changed_along(change: ModelChange, site: Site) -> tuple[ChangedAlong, ...]:
    """Return what a measurement changes besides the neurons named first: whole layers, and all that "and" adds.

    ``site`` is the claim's, which counts where the sentence names none.

    >>> from neuronclaims.sentences.changes.change import ChangedPart
    >>> from neuronclaims.sentences.subjects.layers import Layers
    >>> [along] = changed_along(ModelChange("ablating", (ChangedPart((), Layers((3, 4))),)), "mlp_post")
    >>> str(along)
    'mlp_post all of 3 all of 4'
    """
    return tuple(ChangedAlong(part.place or site, places(part.neurons), part.whole) for part in change.also)


def swept_layers(claim: Claim, facts: ModelFacts) -> tuple[int, ...]:
    """Return the layers of which each neuron is changed alone: none where several neurons are changed together.

    Raises ClaimError for a model that predicts nothing, and for neurons and layers it lacks.
    """
    if not facts.causal:
        raise ClaimError(
            f"{facts.name} ({facts.architecture}) is an encoder or has no head and predicts no next token, so there is "
            "no prediction to change. Name a model that generates text."
        )
    change: ModelChange = claim.sentence.change
    for part in change.parts:
        for neuron in (*part.neurons, *(Neuron(layer, 0) for layer in part.whole)):
            check_neuron(neuron, part.place or claim.settings.site, facts)
    if not change.single:
        return ()
    site, layers = claim.settings.site, layers_needed(claim, who_of(claim), facts)
    if isinstance(site, ViewedSite) and site.layer is not None:
        layers = tuple(layer for layer in layers if layer == site.layer)
    if is_searched(claim):
        for layer in layers or (0,):
            check_neuron(Neuron(layer, 0), site, facts)
    return layers
