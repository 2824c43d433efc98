"""Congruence: a neuron's output weights write a token more than other tokens, or more than its layer does.

    mlp_post neuron 31:892 writes " an" more than 99.9% of tokens
    mlp_post neuron 31:892 writes " an" more than 99% of its layer

What a neuron of an MLP adds to the residual stream is its value times its row of the output projection. The product
of that row with a token's column of the unembedding is how much it raises the token's logit, but for the final norm's
division by the state's size, which all tokens and neurons of a state share. Claimed is the share of all other tokens,
or of the layer's other neurons, whose product lies strictly below.

It is a fact about weights: no text is run, no chance is in it, and it takes no part in the correction. What is
multiplied with what can be said otherwise (``norm``, ``centred``, ``measure``, ``readout``) and always is told.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from neuronclaims import stats
from neuronclaims.kinds.kind import FACT, Attainable, ClaimError, Finding, Sample, Statement
from neuronclaims.kinds.logit_readout.congruence_shown import figures_of, notes_of
from neuronclaims.kinds.logit_readout.readout_values import ReadoutWith
from neuronclaims.kinds.shared.neurons import check_neuron
from neuronclaims.kinds.shared.requests import percent
from neuronclaims.kinds.shared.selection import chosen_before, selection_notes
from neuronclaims.measurements import Congruence, Vocabulary
from neuronclaims.results import Rank
from neuronclaims.sentences.neurons import Neuron
from neuronclaims.sentences.options import OneOf, Options, Truth
from neuronclaims.sentences.templates import FieldError, Template
from neuronclaims.stats import Estimate
from neuronclaims.stats.sentences import apart

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts

SITE = "mlp_post"


@dataclass(frozen=True, slots=True)
class Writing:
    """The sentence of a neuron that writes a token, in parts."""

    neuron: Neuron
    token: str
    share: float
    over: Literal["tokens", "its layer"]
    site: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise FieldError("share", "the share must lie between 0% and 100%", "99.9%")

    def __str__(self) -> str:
        return TEMPLATE.render(self)


class CongruenceOptions(Options):
    """What claims of congruence take besides."""

    readout: ReadoutWith = "model"
    norm: Annotated[Literal["folded", "plain"], OneOf("choice of norm")] = Field(
        "folded", description="Whether the final norm's scale is folded in: folded (if unsaid) or plain."
    )
    centred: Truth = Field(
        True, description="Whether the vocabulary's mean is taken from token weights: true if unsaid."
    )
    measure: Annotated[Literal["dot", "cosine"], OneOf("measure")] = Field(
        "dot", description="How weights are compared: dot (if unsaid) or cosine."
    )


TEMPLATE = Template(
    "[{site:site}] neuron {neuron:neuron} writes {token:token} more than {share:share} of {over:tokens|its layer}",
    Writing,
    options=CongruenceOptions,
    texts=False,
)


@dataclass(frozen=True, slots=True, eq=False)
class Products:
    """The products of one neuron with all tokens, of one token with the neuron's layer, and where both meet."""

    of_tokens: NDArray[np.float64]
    of_layer: NDArray[np.float64]
    texts: NDArray[np.str_]
    token: int
    neuron: int

    @property
    def value(self) -> float:
        """The neuron's product with the token."""
        return float(self.of_tokens[self.token])

    def below(self, over: str) -> tuple[int, int]:
        """Return how many of the other tokens, or other neurons of the layer, lie strictly below; of how many."""
        many, own = (self.of_tokens, self.token) if over == "tokens" else (self.of_layer, self.neuron)
        return int((many < many[own]).sum()), len(many) - 1


class CongruenceKind:
    """A neuron whose output weights write a token."""

    name, template = "congruence", TEMPLATE

    def attainable(self, claim: Claim[Writing, CongruenceOptions]) -> Attainable:  # noqa: ARG002
        """Say that this is a fact."""
        return FACT

    def joint_test_key(self, claim: Claim[Writing, CongruenceOptions]) -> Hashable | None:  # noqa: ARG002
        """Say that nothing is exchanged."""
        return None

    def needs(self, claim: Claim[Writing, CongruenceOptions], facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the neuron's product with every token, the token's with every neuron, and the tokens' texts."""
        said = claim.sentence
        if claim.settings.site != SITE:
            raise ClaimError(
                f"Only neurons of an MLP have output weights that write tokens: their site is {SITE}, not "
                f"{claim.settings.site}."
            )
        if claim.settings.searched is not None:
            raise ClaimError(
                "What weights say is a fact: there is no p in it that could allow for a search ('searched'). Take "
                "'searched' out of this claim."
            )
        check_neuron(said.neuron, SITE, facts)
        return (*_asks(claim), Vocabulary())

    def judge(self, claim: Claim[Writing, CongruenceOptions], answers: Answers, family: Family) -> Finding:  # noqa: ARG002
        """Count how many others lie below."""
        said = claim.sentence
        products = _products(claim, answers)
        shares = {over: _share(products, over) for over in ("tokens", "its layer")}
        above = int((products.of_layer > products.of_layer[products.neuron]).sum())
        selection = chosen_before(claim, "neuron")
        return Finding(
            estimate=shares.pop(said.over),
            statement=Statement(
                "greater", 0.0, said.share, f"more than {percent(said.share)} of {said.over}"
            ),
            test=None,
            sample=Sample(
                "token" if said.over == "tokens" else "neuron", ((said.over, products.below(said.over)[1]),)
            ),
            selection=selection,
            others=(*shares.values(), _read("product_of_weights", "product of weights", products.value)),
            rank=Rank(1 + above, len(products.of_layer), "product of weights"),
            notes=(*selection_notes(selection), *notes_of(claim, products)),
            figures=figures_of(claim, products),
            measured=_measured(said, products),
        )


def _asks(claim: Claim[Writing, CongruenceOptions]) -> tuple[Congruence, Congruence]:
    said = claim.sentence
    options = claim.settings.options
    layer, index = said.neuron.layer, said.neuron.index
    how = (options.norm == "folded", options.centred, options.measure == "cosine", options.readout != "model")
    return Congruence(layer, index, None, *how), Congruence(layer, None, said.token, *how)


def _products(claim: Claim[Writing, CongruenceOptions], answers: Answers) -> Products:
    said = claim.sentence
    of_neuron, of_token = (answers[asked][0].astype(np.float64) for asked in _asks(claim))
    texts, neuron = answers[Vocabulary()][0], said.neuron.index
    # Some models have more rows of weights than there are tokens, to fill up a round number.
    known = min(len(texts), len(of_neuron))
    texts, of_neuron = texts[:known], of_neuron[:known]
    named = np.flatnonzero(texts == said.token)
    # Several tokens may have one text; the one that was measured is the one with the same product.
    token = int(named[np.abs(of_neuron[named] - of_token[neuron]).argmin()])
    return Products(of_neuron, of_token, texts, token, neuron)


def _share(products: Products, over: str) -> Estimate:
    below, others = products.below(over)
    name = "share of other tokens below" if over == "tokens" else "share of the layer's other neurons below"
    return _read("share_below", name, below / others if others else None)


def _measured(said: Writing, products: Products) -> str:
    """Say how many others lie below, all and none of them in words."""
    below, others = products.below(said.over)
    of_tokens = said.over == "tokens"
    if below == others:
        rest = "every other token" if of_tokens else "every other neuron of its layer"
        return f"the neuron writes {said.token!r} more than {rest}"
    if not below:
        many = "the neuron writes no other token" if of_tokens else "no other neuron of its layer writes"
        return f"{many} less than {said.token!r}" if of_tokens else f"{many} {said.token!r} less"
    share = apart(100 * below / others, 0, 100, 100 * said.share)
    return f"the neuron writes {said.token!r} more than {share} % of {said.over}"


def _read(key: str, name: str, value: float | None) -> Estimate:
    return Estimate(stats.EffectSize(key, name), value, None, None, 0.95, "read off the weights")


KIND = CongruenceKind()
