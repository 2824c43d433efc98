"""What is changed together with the neurons of a measurement: whole layers, and neurons of another site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.sites import Site


@dataclass(frozen=True, slots=True)
class ChangedAlong:
    """Neurons (layer, index) of a site, and layers of it of which all neurons are changed.

    >>> str(ChangedAlong("resid_post", ((3, 17),), (4, 5)))
    'resid_post 3:17 all of 4 all of 5'
    """

    site: Site
    neurons: tuple[tuple[int, int], ...] = ()
    layers: tuple[int, ...] = ()

    def __str__(self) -> str:
        named = [f"{layer}:{index}" for layer, index in sorted(set(self.neurons))]
        return " ".join([self.site, *named, *(f"all of {layer}" for layer in sorted(set(self.layers)))])

    @property
    def places(self) -> Iterator[tuple[Site, int]]:
        """The sites and layers changed."""
        for layer in {*self.layers, *(layer for layer, _ in self.neurons)}:
            yield self.site, layer

    def columns(self, place: tuple[Site, int]) -> tuple[int, ...] | None:
        """Return the neurons it changes at a site of a layer, None for all of them.

        >>> along = ChangedAlong("resid_post", ((3, 17),), (4,))
        >>> along.columns(("resid_post", 3)), along.columns(("resid_post", 4)), along.columns(("mlp_post", 3))
        ((17,), None, ())
        """
        site, at = place
        if site != self.site:
            return ()
        return None if at in self.layers else tuple(index for layer, index in self.neurons if layer == at)

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where the model lacks any of it."""
        for layer in self.layers:
            facts.check_place(self.site, layer)
        for layer, index in self.neurons:
            facts.check_place(self.site, layer, index)
