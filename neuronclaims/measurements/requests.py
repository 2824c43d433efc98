"""What can be asked of a model, as plain data.

Kinds of claim ask with these, runs answer them. Nothing here knows of a claim, a file or a model library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from neuronclaims.sites import Site

Pool: TypeAlias = str
"""How the positions of a text become one number per neuron.

``last``, ``mean`` and ``max`` of the values; ``beyond 6``, the share of positions at which a value's size is at least
6; ``massive``, the share at which it is above 100 and at least 1,000 times the median size of its position's values
(Sun et al. 2024); ``each 30``, no pooling: the values of the first 30 positions one after the other, after their
number, zeros where a text has fewer; ``legacy_growing``, a mean in which position j of N, counted from 0, weighs
N - 1 - j, as where every step of a generation recorded all tokens so far once more.
"""

Span: TypeAlias = Literal["prompt", "generated", "emitting"]
Replacement: TypeAlias = Literal["zero", "mean", "resample"]
"""What an ablated neuron holds instead of its value: nothing, or its mean or single values over other texts."""

Which: TypeAlias = Literal["all", "last"]
"""The positions at which a neuron is changed."""


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


@dataclass(frozen=True, slots=True)
class Continuations:
    """What a model writes after some texts: an array [len(prompts)] of str, in the order given.

    It is the text ``Activations`` with the same ``generate`` are measured on, without special tokens and the one that
    stops it; "" where the model stops at once.
    """

    prompts: tuple[str, ...]
    generate: Generation


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts of equally many tokens, between which a prediction changes."""

    clean: str
    corrupted: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is asked of the next-token logits after a text: the logit of ``token``, less that of ``against`` if given.

    Both are single tokens, written as they are in the vocabulary's text, a leading space included.
    """

    token: str
    against: str | None = None

    def __str__(self) -> str:
        return f"{self.token!r}" if self.against is None else f"{self.token!r} over {self.against!r}"


@dataclass(frozen=True, slots=True)
class Restoration:
    """What putting the clean text's values of some neurons into the run on the corrupted text does to a prediction.

    ``neurons`` are (layer, index), restored together. The answer is float32 [pairs, 3]: the prediction on the clean
    text, on the corrupted text, and on the corrupted text with the neurons restored.
    """

    site: Site
    neurons: tuple[tuple[int, int], ...]
    prediction: Prediction
    pairs: tuple[Pair, ...]
    positions: Which = "all"


@dataclass(frozen=True, slots=True)
class RestorationSweep:
    """The same for every neuron of one layer, each alone: float32 [pairs, 2 + width], the last ones per neuron."""

    site: Site
    layer: int
    prediction: Prediction
    pairs: tuple[Pair, ...]
    positions: Which = "all"


@dataclass(frozen=True, slots=True)
class Ablation:
    """What replacing the values of some neurons at all positions does to a prediction, and to everything else.

    ``neurons`` are (layer, index), replaced together. ``reference`` are the texts over whose positions a ``mean`` is
    taken or values are resampled from (with a seed made from each text); it is empty for ``zero``. The answer is
    float32 [prompts, 5]: the prediction before and after; the probability of its token before and after; and the
    Kullback-Leibler divergence of the next-token distributions before from those after, in nats, averaged over the
    positions that hold text.
    """

    site: Site
    neurons: tuple[tuple[int, int], ...]
    replacement: Replacement
    prediction: Prediction
    prompts: tuple[str, ...]
    reference: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AblationSweep:
    """The prediction before, and after replacing each neuron of one layer alone: float32 [prompts, 1 + width]."""

    site: Site
    layer: int
    replacement: Replacement
    prediction: Prediction
    prompts: tuple[str, ...]
    reference: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Readout:
    """How a neuron goes with a token being the model's own top prediction, position by position, per document.

    The answer is float32 [documents, 3 + 2 (len(edges) + 1)]: the number of positions, the number at which ``token``
    is the top prediction, the AUROC of the neuron's value for it within the document (-1 where all positions or none
    are such), then per bin of the value its positions, then per bin those with the token on top. Bins are half-open,
    [edge, next edge), with one below the first edge and one from the last on. Documents longer than the model's
    context are read in pieces. ``legacy_embed`` takes for the top prediction what a published figure took for it: the
    token whose input embedding has the largest product with the state before the final norm, normalised without
    that norm's own scale and shift.
    """

    site: Site
    layer: int
    index: int
    token: str
    edges: tuple[float, ...]
    documents: tuple[str, ...]
    legacy_embed: bool = False


@dataclass(frozen=True, slots=True)
class Congruence:
    """The product of output weights of MLP neurons with output weights of tokens; no text is run.

    With ``index`` None: every neuron of the layer with ``token``, float32 [1, width]; with ``token`` None: neuron
    ``index`` with every token, float32 [1, vocabulary]. ``fold_norm`` multiplies the neuron's weights by the scale of
    the final norm, ``centred`` takes the mean over the vocabulary from the token weights, ``cosine`` divides by both
    lengths. ``legacy_embed`` takes the input embedding for the token weights, as some published figures do.
    """

    layer: int
    index: int | None
    token: str | None
    fold_norm: bool = True
    centred: bool = True
    cosine: bool = False
    legacy_embed: bool = False


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The text of every token, by its id: an array [1, vocabulary] of str."""


Measurement: TypeAlias = (
    Activations
    | Continuations
    | Restoration
    | RestorationSweep
    | Ablation
    | AblationSweep
    | Readout
    | Congruence
    | Vocabulary
)
"""Anything a claim can need."""


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

    def layers_at(self, site: str) -> range:
        """Return the layers that have neurons at a site: all of them, of the final norm only the last."""
        return range(self.layers - 1 if site == "final_norm" else 0, self.layers)
