"""What is known of a model before it is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.views.view import ViewedSite, base_of
from neuronclaims.sites import site_names


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model before it is loaded: from its ``config.json`` alone.

    ``architecture`` is its name in words, such as "GPT-2"; ``widths`` gives the number of neurons per layer at every
    site the model has; ``causal`` says whether the model can generate text. The sites ``at_end`` stand once behind the
    last block, not in every block. ``heads`` is how many heads of queries a layer has, 0 where no one number is known.

    >>> from dataclasses import replace
    >>> facts = ModelFacts("demo", "GPT-2", 6, {"mlp_post": 512, "final_norm": 128}, True)
    >>> facts.layers_at("mlp_post"), facts.layers_at("final_norm")
    (range(0, 6), range(5, 6))
    >>> mixed = replace(facts, lacking={"mlp_post": {1: "it is a mixture of experts."}})
    >>> mixed.layers_at("mlp_post")
    (0, 2, 3, 4, 5)
    """

    name: str
    architecture: str
    layers: int
    widths: Mapping[str, int]
    causal: bool
    at_end: frozenset[str] = frozenset({"final_norm"})
    lacking: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    heads: int = 0

    def has(self, site: str) -> bool:
        """Return whether the model has a site, or the base of a viewed one."""
        return base_of(site) in self.widths

    def width_of(self, site: str) -> int:
        """Return the number of neurons per layer at a site the model has; of latents, heads, at a viewed one."""
        return site.view.width(self) if isinstance(site, ViewedSite) else self.widths[site]

    def layers_at(self, site: str) -> Sequence[int]:
        """Return the layers that have neurons at a site, in order: all, or the last for a site at the model's end.

        A viewed site may be of one of them alone.
        """
        if isinstance(site, ViewedSite):
            there = self.layers_at(site.base)
            return there if site.layer is None else tuple(layer for layer in there if layer == site.layer)
        every = range(self.layers - 1 if site in self.at_end else 0, self.layers)
        without = self.lacking.get(site)
        return tuple(layer for layer in every if layer not in without) if without else every

    def without(self, site: str) -> str:
        """Return the sentence that the model has no such site: why not, where that is known, and which it has.

        >>> ModelFacts("demo", "GPT-2", 6, {"mlp_post": 512}, True).without("resid_mid")
        'demo has no site resid_mid; it has mlp_post.'
        """
        because = f": {self.refused[site]} It" if site in self.refused else "; it"
        return f"{self.name} has no site {site}{because} has {', '.join(self.widths)}."

    def check_place(self, site: str, layer: int, index: int | None = None) -> None:
        """Raise MeasurementError unless the model has this site, layer and, where given, neuron."""
        if isinstance(site, ViewedSite):
            self._check_viewed(site, layer, index)
            return
        if site not in self.widths:
            why = "is not measured on" if site in site_names() else "is no site, on"
            because = f": {self.refused[site]}" if site in self.refused else "."
            raise MeasurementError(
                f"Site {site!r} {why} {self.architecture} models such as {self.name}{because} "
                f"Sites: {', '.join(self.widths)}."
            )
        if not 0 <= layer < self.layers:
            raise MeasurementError(
                f"{self.name} has layers 0 to {self.layers - 1}; there is no layer {layer}."
            )
        if layer in self.lacking.get(site, ()):
            raise MeasurementError(f"Layer {layer} of {self.name} has no {site}: {self.lacking[site][layer]}")
        if layer not in self.layers_at(site):
            raise MeasurementError(
                f"{site} stands behind the last block, so in {self.name} its neurons have layer {self.layers - 1}; "
                f"there is none at layer {layer}."
            )
        if index is not None and not 0 <= index < self.widths[site]:
            raise MeasurementError(
                f"{self.name} has neurons 0 to {self.widths[site] - 1} at {site}; there is no neuron {layer}:{index}."
            )

    def _check_viewed(self, site: ViewedSite, layer: int, index: int | None) -> None:
        self.check_place(site.base, layer)
        noun = site.view.noun
        if site.layer not in (None, layer):
            raise MeasurementError(
                f"There is no {noun} of layer {layer} of {self.name}: what is read is the {site.words}."
            )
        site.view.check(self)
        width = self.width_of(site)
        if index is not None and not 0 <= index < width:
            raise MeasurementError(
                f"There is no {noun} {index} in layer {layer} of {self.name}: there are the {noun}s 0 to {width - 1}."
            )

    def check_predicts(self) -> None:
        """Raise MeasurementError for a model that predicts no next token."""
        if not self.causal:
            raise MeasurementError(
                f"{self.name} ({self.architecture}) is an encoder or has no head and predicts no next token, so "
                "there is no prediction to change or to read."
            )
