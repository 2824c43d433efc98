"""What is shown and said of the tokens that a neuron writes: which ones most, and what was multiplied with what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.figures import Point, Points, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.logit_readout.congruence import CongruenceOptions, Products, Writing

LISTED, SPACED = 10, 300
"""How many tokens a table lists from either end; how many points of a figure are evenly spaced over the ranks."""


def notes_of(claim: Claim[Writing, CongruenceOptions], products: Products) -> tuple[str, ...]:
    """Say what was multiplied with what, and where the neuron and the token stand."""
    options, said = claim.settings.options, claim.sentence
    tokens = "input embedding" if options.readout == "legacy_embed" else "unembedding"
    how = (
        "final norm's scale folded in" if options.norm == "folded" else "without the final norm's scale",
        "vocabulary's mean taken away" if options.centred else "vocabulary's mean left in",
        "cosine" if options.measure == "cosine" else "dot product",
    )
    place = 1 + int((products.of_tokens > products.value).sum())
    best = str(products.texts[int(products.of_tokens.argmax())])
    return (
        f"Output weights times {tokens}; {', '.join(how)}.",
        f"Of {len(products.of_tokens):,} tokens, {said.token!r} has rank {place:,}; first is {best!r}.",
        "Weights alone: whether the neuron is ever active where the token could come is another claim.",
    )


def figures_of(claim: Claim[Writing, CongruenceOptions], products: Products) -> tuple[Figure, ...]:
    """Draw the products over the ranks of tokens and over the layer, and list the tokens at both ends."""
    said = claim.sentence
    names = [repr(str(text)) for text in products.texts]
    neurons = [f"{said.neuron.layer}:{index}" for index in range(len(products.of_layer))]
    return (
        _ranked("rank of token", f"product with {said.neuron}", products.of_tokens, products.token, names),
        _table(products, names),
        _ranked(
            f"rank in layer {said.neuron.layer}",
            f"product with {said.token!r}",
            products.of_layer,
            products.neuron,
            neurons,
        ),
    )


def _ranked(axis: str, height: str, values: NDArray[np.float64], own: int, names: list[str]) -> Points:
    """Draw values by their rank, the highest first: both ends, some between, and the one claimed."""
    order = np.argsort(-values, kind="stable")
    last = len(order) - 1
    places = {
        *range(min(LISTED, len(order))),
        *range(max(0, len(order) - LISTED), len(order)),
        *np.linspace(0, last, SPACED).astype(int).tolist(),
        int(np.flatnonzero(order == own)[0]),
    }
    points = tuple(
        Point(place + 1.0, float(values[order[place]]), names[order[place]], marked=bool(order[place] == own))
        for place in sorted(places)
    )
    return Points(axis, height, points)


def _table(products: Products, names: list[str]) -> Table:
    order = np.argsort(-products.of_tokens, kind="stable")
    ends = dict.fromkeys([*range(min(LISTED, len(order))), *range(max(0, len(order) - LISTED), len(order))])
    rows = tuple(
        (str(place + 1), names[order[place]], f"{products.of_tokens[order[place]]:.4g}") for place in ends
    )
    return Table("tokens written most and least", ("rank", "token", "product"), rows)
