"""What sentences speak of: sites, neurons, amounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

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
class Amount:
    """A size: in standard deviations when ``unit`` is ``"sd"``, in the activation's own unit when None."""

    value: float
    unit: str | None = None

    def __str__(self) -> str:
        return f"{number_text(self.value)} {self.unit}" if self.unit else number_text(self.value)


def number_text(value: float) -> str:
    """Return the shortest text that reads back as ``value``, without a trailing ``.0``."""
    return repr(float(value) + 0.0).removesuffix(".0")  # adding 0.0 turns -0.0 into 0.0
