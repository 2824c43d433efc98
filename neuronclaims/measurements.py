"""What can be asked of a model, as plain data.

Kinds of claim ask with these, runs answer them. Nothing here knows of a claim, a file or a model library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Site: TypeAlias = Literal[
    "resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_pre", "mlp_post", "mlp_out", "final_norm"
]
"""Where in a block a neuron is read, by its TransformerLens name.

``mlp_post`` is the input of the MLP's output projection (for gated MLPs: act(gate) x up); ``resid_post`` is a
block's output, before any final norm.
"""

Pool: TypeAlias = Literal["last", "mean", "max"]
Span: TypeAlias = Literal["prompt", "generated", "emitting"]


@dataclass(frozen=True, slots=True)
class TokenRule:
    """Which positions of a text count, and how they become one number per prompt.

    ``span`` names the positions: those of the prompt; those that hold generated tokens, the last one included; or
    those that emitted them (last prompt token to last but one generated). ``pool`` turns their values into one.
    Special and padding tokens never count.
    """

    pool: Pool
    span: Span

    def __str__(self) -> str:
        return f"{self.pool} of {self.span}"


@dataclass(frozen=True, slots=True)
class Generation:
    """How a prompt is continued: greedily, up to ``max_new_tokens`` tokens or the end-of-text token."""

    max_new_tokens: int


@dataclass(frozen=True, slots=True)
class Activations:
    """The pooled activations of one whole layer at one site, for some prompts.

    The answer is a float32 array [len(prompts), width of the site], one row per prompt in the order given.
    ``generate`` is needed when, and only when, ``tokens.span`` is not ``prompt``.
    """

    site: Site
    layer: int
    tokens: TokenRule
    prompts: tuple[str, ...]
    generate: Generation | None = None


Measurement: TypeAlias = Activations
"""Anything a claim can need. More kinds of measurement join this union as kinds of claim ask for them."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model before it is loaded: from its ``config.json`` alone.

    ``widths`` gives the number of neurons per layer at every site the model has; ``causal`` says whether the model
    can generate text.
    """

    name: str
    family: str
    layers: int
    widths: Mapping[str, int]
    causal: bool
