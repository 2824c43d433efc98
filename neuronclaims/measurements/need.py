"""What a need is: one row of numbers per text, by a name that lasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from neuronclaims.measurements import ModelFacts
from neuronclaims.models.errors import MeasurementError
from neuronclaims.sites import site_names

Work: TypeAlias = Literal["pooled", "changed", "readout"]
"""The sorts of work: which worker answers a need."""


class Need(Protocol):
    """What is wanted of each of some texts: a row of float32 numbers.

    ``str(need)`` is its lasting name in the cache, so it holds all that its rows depend on besides model and text.
    """

    @property
    def work(self) -> Work:
        """Return which worker answers it."""
        ...

    def width(self, facts: ModelFacts) -> int:
        """Return how many numbers a row has."""
        ...

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where this model cannot answer."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What one measurement asks: a need, of which texts, in its order. A pair of texts is one item, too."""

    need: Need
    items: tuple[str, ...]


def check_place(facts: ModelFacts, site: str, layer: int, index: int | None = None) -> None:
    """Raise MeasurementError unless the model has this site, layer and, where given, neuron."""
    if site not in facts.widths:
        why = "is not measured on" if site in site_names() else "is no site, on"
        raise MeasurementError(
            f"Site {site!r} {why} {facts.family} models such as {facts.name}. "
            f"Sites: {', '.join(facts.widths)}."
        )
    if not 0 <= layer < facts.layers:
        raise MeasurementError(f"{facts.name} has layers 0 to {facts.layers - 1}; there is no layer {layer}.")
    if layer not in facts.layers_at(site):
        raise MeasurementError(
            f"{site} stands behind the last block, so in {facts.name} its neurons have layer {facts.layers - 1}; "
            f"there is none at layer {layer}."
        )
    if index is not None and not 0 <= index < facts.widths[site]:
        raise MeasurementError(
            f"{facts.name} has neurons 0 to {facts.widths[site] - 1} at {site}; there is no neuron {layer}:{index}."
        )


def check_predicts(facts: ModelFacts) -> None:
    """Raise MeasurementError for a model that predicts no next token."""
    if not facts.causal:
        raise MeasurementError(
            f"{facts.name} is an encoder ({facts.family}) and predicts no next token, so there is no prediction to "
            "change or to read."
        )
