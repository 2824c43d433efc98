"""Congruence: a neuron's output weights write a token more than other tokens, or more than its layer does.

    mlp_post neuron 31:892 writes " an" more than 99.9% of tokens
    mlp_post neuron 31:892 writes " an" more than 99% of its layer

What a neuron of an MLP adds to the residual stream is its value times its row of the output projection. The product of
that row with a token's column of the unembedding is how much it raises the token's logit, but for the final norm's
division by the state's size, which all tokens and neurons of a state share. The claim is about the share of all other
tokens, or of the layer's other neurons, whose product lies strictly below.

It is a fact about weights: no text is run, no chance is in it, and it takes no part in the correction. What is
multiplied with what is an option (``norm``, ``centred``, ``measure``, ``readout``), and a note always says it.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from neuronclaims.kinds.kind import FACT, Attainable, Finding, Sample, Statement
from neuronclaims.kinds.logit_readout.readout_option import ReadoutWith
from neuronclaims.kinds.logit_readout.weight_products import Others, WeightProducts
from neuronclaims.kinds.shared.refusals import check_unsearched
from neuronclaims.kinds.shared.requests import percent
from neuronclaims.kinds.shared.subjects.neurons import check_neuron
from neuronclaims.kinds.shared.subjects.selection import chosen_before, selection_notes
from neuronclaims.measurements import Congruence, Vocabulary
from neuronclaims.sentences.options import OneOf, Options, Truth
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.templates import FieldError, Template
from neuronclaims.sites import printed
from neuronclaims.stats.sentences import apart

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts

SITE = "mlp_post"

OTHERS: tuple[Others, ...] = ("tokens", "its layer")


@dataclass(frozen=True, slots=True)
class Writing:
    """The sentence of a neuron that writes a token, in parts."""

    neuron: Neuron
    token: str
    share: float
    over: Others
    site: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise FieldError("share", "the share must lie between 0% and 100%", "99.9%")

    def __str__(self) -> str:
        return TEMPLATE.render(self)


class CongruenceOptions(Options):
    """The options of claims of congruence."""

    readout: ReadoutWith = "model"
    norm: Annotated[Literal["folded", "plain"], OneOf("choice of norm")] = Field(
        "folded", description="Whether the final norm's scale is folded in: folded (default) or plain."
    )
    centred: Truth = Field(
        True, description="Whether the vocabulary's mean is taken from token weights: true by default."
    )
    measure: Annotated[Literal["dot", "cosine"], OneOf("measure")] = Field(
        "dot", description="How weights are compared: dot (default) or cosine."
    )


def _check(claim: Claim[Any, Any]) -> None:
    """Raise FieldError for settings that the sentence cannot have."""
    if claim.settings.site != SITE:
        message = (
            f"only neurons of an MLP have output weights that write tokens: their site is {SITE}, not "
            f"{printed(claim.settings.site)}"
        )
        raise FieldError("site", message, SITE)
    message = (
        "what weights say is a fact: there is no p in it that could allow for a search: leave 'searched' out"
    )
    check_unsearched(claim, message)


TEMPLATE = Template(
    "[{site:site}] neuron {neuron:neuron} writes {token:token} more than {share:share} of {over:tokens|its layer}",
    Writing,
    options=CongruenceOptions,
    check=_check,
    texts=False,
)


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
        check_neuron(said.neuron, SITE, facts)
        return (*_requests(claim), Vocabulary())

    def judge(self, claim: Claim[Writing, CongruenceOptions], answers: Answers, family: Family) -> Finding:  # noqa: ARG002
        """Count how many others lie below."""
        said = claim.sentence
        products, selection = _products(claim, answers), chosen_before(claim, "neuron")
        shares = {others: products.share_below(others) for others in OTHERS}
        unit = "token" if said.over == "tokens" else "neuron"
        return Finding(
            estimate=shares.pop(said.over),
            statement=Statement(
                "greater", 0.0, said.share, f"more than {percent(said.share)} of {said.over}"
            ),
            test=None,
            sample=Sample(unit, ((said.over, products.below(said.over)[1]),)),
            selection=selection,
            others=(*shares.values(), products.product),
            rank=products.rank,
            notes=(
                *selection_notes(selection),
                _multiplied(claim.settings.options),
                products.note,
                "Weights alone: whether the neuron is ever active where the token could come is another claim.",
            ),
            figures=products.figures,
            measured=_measured(said, products),
        )


def _requests(claim: Claim[Writing, CongruenceOptions]) -> tuple[Congruence, Congruence]:
    """Return both measurements: the neuron's product with every token, and the token's with every neuron."""
    layer, index, options = claim.sentence.neuron.layer, claim.sentence.neuron.index, claim.settings.options
    how = (options.norm == "folded", options.centred, options.measure == "cosine", options.readout != "model")
    return Congruence(layer, index, None, *how), Congruence(layer, None, claim.sentence.token, *how)


def _products(claim: Claim[Writing, CongruenceOptions], answers: Answers) -> WeightProducts:
    of_tokens, of_layer = (answers[need][0].astype(np.float64) for need in _requests(claim))
    texts, said = answers[Vocabulary()][0], claim.sentence
    return WeightProducts.of(of_tokens, of_layer, texts, said.token, said.neuron)


def _multiplied(options: CongruenceOptions) -> str:
    """Say what was multiplied with what."""
    tokens = "input embedding" if options.readout == "legacy_embed" else "unembedding"
    how = (
        "final norm's scale folded in" if options.norm == "folded" else "without the final norm's scale",
        "vocabulary's mean taken away" if options.centred else "vocabulary's mean left in",
        "cosine" if options.measure == "cosine" else "dot product",
    )
    return f"Output weights times {tokens}; {', '.join(how)}."


def _measured(said: Writing, products: WeightProducts) -> str:
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


KIND = CongruenceKind()
