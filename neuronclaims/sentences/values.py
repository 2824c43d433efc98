"""What sentences speak of: sites, neurons, amounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from neuronclaims.sentences.search import Search

Site: TypeAlias = Literal[
    "resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_pre", "mlp_post", "mlp_out", "final_norm"
]
"""Where in a block a neuron is read, by its TransformerLens name."""

SITES: tuple[str, ...] = get_args(Site)


@dataclass(frozen=True, slots=True, order=True)
class Neuron:
    """One coordinate of one layer, both counted from 0; at which site, the claim says elsewhere."""

    layer: int
    index: int

    def __str__(self) -> str:
        return f"{self.layer}:{self.index}"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a claim is about: one neuron, every one of ``neurons``, or some neuron of ``layers``.

    ``layers`` is given for "some" alone, and then says all layers where the sentence names none.
    """

    how: Literal["one", "every", "some"]
    neurons: tuple[Neuron, ...]
    layers: Search | None = None

    def __str__(self) -> str:
        named = ", ".join(str(neuron) for neuron in self.neurons)
        if self.layers is None:
            return f"neuron {named}" if self.how == "one" else f"every neuron of {named}"
        return "some neuron" if self.layers.layers is None else f"some neuron of {self.layers}"


@dataclass(frozen=True, slots=True)
class Positions:
    """Tokens of a text from ``first`` to ``last``, both included, counted from 1."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"token {self.first}" if self.first == self.last else f"tokens {self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class Amount:
    """A size: in standard deviations when ``unit`` is ``"sd"``, in the activation's own unit when None."""

    value: float
    unit: str | None = None

    def __str__(self) -> str:
        return f"{number_text(self.value)} {self.unit}" if self.unit else number_text(self.value)


def number_text(value: float) -> str:
    """Return the shortest text that reads back as ``value``, without a trailing ``.0``."""
    return repr(float(value) + 0.0).removesuffix(".0")  # adding 0.0 turns -0.0 into 0.0
