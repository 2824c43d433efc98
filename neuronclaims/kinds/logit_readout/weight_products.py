"""Hold products of weights: how much a neuron raises each token, and how much each neuron of its layer raises one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from neuronclaims.figures import Point, Points, Table
from neuronclaims.results import Rank
from neuronclaims.stats import EffectSize, Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.figures import Figure
    from neuronclaims.sentences.subjects.neurons import Neuron

Others: TypeAlias = Literal["tokens", "its layer"]
"""What a product is compared with: those of the neuron with other tokens, or of other neurons with the token."""

LISTED, SPACED = 10, 300
"""How many tokens a table lists from either end; how many points of a figure are evenly spaced over the ranks."""


@dataclass(frozen=True, slots=True, eq=False)
class WeightProducts:
    """The products of one neuron with all tokens, ``of_tokens`` [tokens], and of one token with the neuron's layer.

    ``texts`` [tokens] are those of the tokens; ``token`` is the place of the one among them.

    >>> from neuronclaims.sentences.subjects.neurons import Neuron
    >>> products = WeightProducts.of(
    ...     np.array([0.1, 0.9, 0.4]), np.array([0.9, 1.2]), np.array([" a", " an", " the"]), " an", Neuron(5, 0)
    ... )
    >>> products.below("tokens"), products.below("its layer"), products.rank.place
    ((2, 2), (0, 1), 2)
    """

    of_tokens: NDArray[np.float64]
    of_layer: NDArray[np.float64]
    texts: NDArray[np.str_]
    token: int
    neuron: Neuron

    @classmethod
    def of(
        cls,
        of_tokens: NDArray[np.float64],
        of_layer: NDArray[np.float64],
        texts: NDArray[np.str_],
        token: str,
        neuron: Neuron,
    ) -> WeightProducts:
        """Find the token by its text; of several with one text, the one that was multiplied with the layer."""
        # Some models have more rows of weights than there are tokens, to fill up a round number.
        known = min(len(texts), len(of_tokens))
        texts, of_tokens = texts[:known], of_tokens[:known]
        named = np.flatnonzero(texts == token)
        place = int(named[np.abs(of_tokens[named] - of_layer[neuron.index]).argmin()])
        return cls(of_tokens, of_layer, texts, place, neuron)

    @property
    def value(self) -> float:
        """The neuron's product with the token."""
        return float(self.of_tokens[self.token])

    @property
    def product(self) -> Estimate:
        """That product, as an effect."""
        return _read("product_of_weights", "product of weights", self.value)

    @property
    def rank(self) -> Rank:
        """The neuron's place in its layer by the product with the token."""
        above = int((self.of_layer > self.of_layer[self.neuron.index]).sum())
        return Rank(1 + above, len(self.of_layer), "product of weights")

    def below(self, others: Others) -> tuple[int, int]:
        """Return how many other tokens, or other neurons of the layer, lie strictly below, and how many there are."""
        of_tokens = others == "tokens"
        many, own = (self.of_tokens, self.token) if of_tokens else (self.of_layer, self.neuron.index)
        return int((many < many[own]).sum()), len(many) - 1

    def share_below(self, others: Others) -> Estimate:
        """Return the share of the others that lie strictly below, None where there are no others."""
        below, count = self.below(others)
        of_tokens = others == "tokens"
        name = "share of other tokens below" if of_tokens else "share of the layer's other neurons below"
        return _read("share_below", name, below / count if count else None)

    @property
    def note(self) -> str:
        """The rank of the token among all tokens, and which token is first."""
        place = 1 + int((self.of_tokens > self.value).sum())
        own, best = (str(self.texts[at]) for at in (self.token, int(self.of_tokens.argmax())))
        return f"Of {len(self.of_tokens):,} tokens, {own!r} has rank {place:,}; first is {best!r}."

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The products over the ranks of tokens and over the layer, and a list of the tokens at both ends."""
        layer, token = self.neuron.layer, str(self.texts[self.token])
        names = [repr(str(text)) for text in self.texts]
        neurons = [f"{layer}:{index}" for index in range(len(self.of_layer))]
        of_tokens = _ranked(self.of_tokens, self.token, names)
        of_layer = _ranked(self.of_layer, self.neuron.index, neurons)
        return (
            Points("rank of token", f"product with {self.neuron}", of_tokens),
            self._table(names),
            Points(f"rank in layer {layer}", f"product with {token!r}", of_layer),
        )

    def _table(self, names: list[str]) -> Table:
        order = np.argsort(-self.of_tokens, kind="stable")
        rows = tuple(
            (str(place + 1), names[order[place]], f"{self.of_tokens[order[place]]:.4g}")
            for place in _ends(len(order))
        )
        return Table("tokens written most and least", ("rank", "token", "product"), rows)


def _read(key: str, name: str, value: float | None) -> Estimate:
    return Estimate(EffectSize(key, name), value, None, None, 0.95, "read off the weights")


def _ends(many: int) -> list[int]:
    """Return the first and the last ranks, each once."""
    return list(dict.fromkeys([*range(min(LISTED, many)), *range(max(0, many - LISTED), many)]))


def _ranked(values: NDArray[np.float64], own: int, names: list[str]) -> tuple[Point, ...]:
    """Return values by their rank, the highest first: both ends, some between, and the claim's own."""
    order = np.argsort(-values, kind="stable")
    spaced = np.linspace(0, len(order) - 1, SPACED).astype(int).tolist()
    places = {*_ends(len(order)), *spaced, int(np.flatnonzero(order == own)[0])}
    return tuple(
        Point(place + 1.0, float(values[order[place]]), names[order[place]], marked=bool(order[place] == own))
        for place in sorted(places)
    )
