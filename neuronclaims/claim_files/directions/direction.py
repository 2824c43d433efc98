"""A direction and a probe, as a claim file declares them, and the sites at which their numbers are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuronclaims.claim_files.errors import Place
from neuronclaims.measurements.activations import Generation, TokenRule
from neuronclaims.measurements.views.directions import FittedDirection, GivenDirection, GivenProbe, Vectors
from neuronclaims.measurements.views.fits import Method
from neuronclaims.measurements.views.view import ViewedSite
from neuronclaims.sentences.messages import quoted
from neuronclaims.sentences.subjects.forms import Bound
from neuronclaims.sentences.subjects.layers import Layers
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sites import Site

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Prompt, PromptSet, Settings

PCA = "pca of paired differences"


@dataclass(frozen=True, slots=True)
class Direction:
    """A direction in activation space: how it is fitted, and on what; or the vectors ``given`` in a file.

    It points from ``second`` to ``first``: from one set's prompts to another's, or from corrupted to clean texts. With
    pairs, and for the method that needs pairs, the two are aligned. ``names`` are the sets or the pairs it was made
    from. ``neutral`` is the set by whose mean and spread scores are standardised, None where the file names none.
    Given vectors are of ``site`` and have no method and no prompts.
    """

    name: str
    method: Method | None
    names: tuple[str, ...]
    first: tuple[Prompt, ...]
    second: tuple[Prompt, ...]
    neutral: PromptSet | None
    place: Place
    given: Vectors | None = None
    site: Site | None = None

    @property
    def sides(self) -> tuple[tuple[Prompt, ...], tuple[Prompt, ...]]:
        """The prompts for the fit: each text once, in their order; both sides of pairs in the order of the pairs."""
        if not self.paired:
            return once(self.first), once(self.second)
        pairs = sorted(
            zip(self.first, self.second, strict=True), key=lambda pair: (pair[0].text, pair[1].text)
        )
        return tuple(one for one, _ in pairs), tuple(two for _, two in pairs)

    def bound(self, layers: tuple[int, ...]) -> Bound:
        """Return its one number at each layer; where it is fitted, its site is there when the claim's is known.

        Raises ValueError where it is not of these layers, or of several and none is named.
        """
        own = self.given.layer if self.given is not None else None
        if not layers and own is None:
            raise ValueError(
                f"{quoted(self.name)} is of every layer: say of which one, '{self.name} at layer 8'"
            )
        if own is not None and layers not in ((), (own,)):
            raise ValueError(f"{quoted(self.name)} is of layer {own}, not of {Layers(layers)}")
        neurons = tuple(Neuron(layer, 0) for layer in (layers if own is None else (own,)))
        if self.given is None or self.site is None:
            return Bound(neurons)
        return Bound(neurons, ViewedSite(self.site, GivenDirection(self.site, self.given, self.name)))

    def viewed(self, settings: Settings) -> ViewedSite:
        """Return the site at which a direction that is fitted is read: fitted at the site and by the tokens of a claim.

        The largest values of single neurons make no state: where these count, the mean over the same tokens is taken.
        """
        assert self.method is not None
        columns = settings.tokens.span.columns
        first, second = (tuple(prompt.item(columns) for prompt in side) for side in self.sides)
        generated = settings.generate if settings.tokens.span.generates else None
        generate = Generation(generated, settings.sampling) if generated else None
        rule = TokenRule(
            "mean" if settings.tokens.pool == "max" else settings.tokens.pool, settings.tokens.span
        )
        view = FittedDirection(self.name, settings.site, self.method, first, second, rule, generate)
        return ViewedSite(settings.site, view)

    @property
    def made_from(self) -> tuple[str, ...]:
        """Return the names of all sets and pairs it rests on, the neutral set included."""
        return (*self.names, *([self.neutral.name] if self.neutral else []))

    @property
    def paired(self) -> bool:
        """Return whether ``first`` and ``second`` are aligned in pairs."""
        return len(self.names) == 1 or self.method == PCA


def once(side: Sequence[Prompt]) -> tuple[Prompt, ...]:
    """Return prompts in the order of their text, each text once: a clean text may stand in several pairs."""
    return tuple(sorted({prompt.text: prompt for prompt in side}.values(), key=lambda prompt: prompt.text))


@dataclass(frozen=True, slots=True)
class Probe:
    """A linear probe of the values at a site, trained elsewhere."""

    name: str
    site: Site
    given: Vectors
    place: Place

    def bound(self, layers: tuple[int, ...]) -> Bound:
        """Return its one number; raise ValueError where it is not of these layers."""
        own = self.given.layer
        assert own is not None
        if layers not in ((), (own,)):
            raise ValueError(f"{quoted(self.name)} reads layer {own}, not {Layers(layers)}")
        return Bound((Neuron(own, 0),), ViewedSite(self.site, GivenProbe(self.site, self.given, self.name)))


@dataclass(frozen=True, slots=True)
class PlacedDirection:
    """A direction that is fitted, read at the site and the tokens of one claim."""

    direction: Direction
    settings: Settings

    def bound(self, layers: tuple[int, ...]) -> Bound:
        """Return its one number at each layer, and the site at which that is read."""
        return Bound(self.direction.bound(layers).neurons, self.direction.viewed(self.settings))
