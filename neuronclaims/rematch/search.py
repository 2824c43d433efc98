"""Look for a neuron in another model: the neuron of its site that correlates best with it, token by token.

The neuron of the new model that correlates best on one half of the texts is taken for the old one only if it

- correlates at least ``LEAST`` on that half and, once more, on the other half, which had no part in choosing it;
- stands ``MARGIN`` above the second best, and ``MARGIN`` above the best axis of ``ROTATIONS`` random rotations of
  each layer. A margin is a difference of Fisher's z (the inverse hyperbolic tangent of r).

docs/adr/0041 has the reasons, and how often independently trained models pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.rematch.rotations import Rotation
from neuronclaims.rematch.sums import Sums
from neuronclaims.rematch.tokenwise import Held, shared
from neuronclaims.sentences.subjects.neurons import Neuron

LEAST = 0.7
MARGIN = 0.3
ROTATIONS = 5
FEWEST = 30
"""Fewer tokens in a half than this tell nothing."""
STREAM = frozenset({"resid_pre", "resid_mid", "resid_post", "final_norm"})
"""Sites of the residual stream, whose coordinates go on from layer to layer."""
NEARLY = 1 - 1e-9
"""The largest r whose z is told from another."""

Status: TypeAlias = Literal["still", "moved", "not found"]
Step: TypeAlias = tuple[NDArray[np.float32], Mapping[int, NDArray[np.float32]]]


@dataclass(frozen=True, slots=True)
class Match:
    """The result of looking for one neuron.

    ``best`` is the neuron of the new model that correlates most on the searched half, with ``r`` there and ``held``
    on the other half; ``second`` is the r of the next one, ``rotated`` the largest absolute r of any axis of the
    rotated layers. ``why`` says in words why it was not taken for the old one, None where it was.
    """

    old: Neuron
    best: Neuron
    r: float
    held: float
    second: float
    rotated: float
    why: str | None

    @property
    def status(self) -> Status:
        """Whether the neuron is still in its place, moved to ``best``, or was not found."""
        if self.why is not None:
            return "not found"
        return "still" if self.best == self.old else "moved"


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """The values of some neurons of one site of the old model, which is then no longer needed.

    By text: where its tokens end, and the neurons' values [tokens, neurons].
    """

    site: str
    neurons: tuple[Neuron, ...]
    ends: Mapping[str, NDArray[np.int64]]
    values: Mapping[str, NDArray[np.float32]]

    @classmethod
    def of(cls, old: Held, site: str, neurons: Iterable[Neuron], texts: Sequence[str]) -> Remembered:
        """Read the neurons once."""
        some, ends = tuple(sorted(neurons)), old.ends(texts)
        places = {text: np.arange(len(each)) for text, each in ends.items()}
        values: dict[str, NDArray[np.float32]] = {}
        for read, layers in old.values(site, sorted({neuron.layer for neuron in some}), places):
            together = np.stack([layers[neuron.layer][:, neuron.index] for neuron in some], axis=1)
            cuts = np.cumsum([len(places[text]) for text in read])[:-1]
            values |= zip(read, np.split(together, cuts), strict=True)
        return cls(site, some, ends, values)


@dataclass(frozen=True, slots=True, eq=False)
class RematchPair:
    """Neurons of an old model, and the new model they are looked for in."""

    old: Remembered
    new: Held

    def layers(self) -> list[int]:
        """Return the layers of the new model that have neurons at the site."""
        return list(self.new.facts.layers_at(self.old.site))

    @property
    def width(self) -> int:
        """How many neurons a layer of the new model has at the site."""
        return self.new.facts.widths[self.old.site]

    def read(self, texts: Sequence[str]) -> Iterator[Step]:
        """Yield the old neurons' values [tokens, neurons] and the new layers' [tokens, width], some texts at a time.

        Only tokens that end at the same character in both models take part.
        """
        ends = {text: self.old.ends[text] for text in texts if text in self.old.ends}
        old, new = shared(ends, self.new.ends(texts))
        for some, layers in self.new.values(self.old.site, self.layers(), new):
            yield np.concatenate([self.old.values[text][old[text]] for text in some]), layers


def matches(pair: RematchPair, searched: Sequence[str], checked: Sequence[str]) -> dict[Neuron, Match]:
    """Look for every neuron of a pair of models: on the texts ``searched``, and once more on those ``checked``."""
    first, again = correlated(pair, searched), correlated(pair, checked)
    tokens = min(_tokens(first), _tokens(again))
    if tokens < FEWEST:
        why = f"the two halves of the prompts have {tokens} tokens that both models read alike; {FEWEST} are needed"
        return {neuron: Match(neuron, neuron, 0.0, 0.0, 0.0, 0.0, why) for neuron in pair.old.neurons}
    turned = rotated(pair, searched, first)
    still = next(iter(first.values())).still()
    layers, width = pair.layers(), pair.width
    searched_r, checked_r = _side_by_side(first, layers), _side_by_side(again, layers)
    found = {}
    for row, neuron in enumerate(pair.old.neurons):
        best = int(searched_r[row].argmax())
        others = np.delete(searched_r[row], _same(best, width, len(layers), pair.old.site))
        found[neuron] = _match(
            neuron,
            Neuron(layers[best // width], best % width),
            float(searched_r[row, best]),
            float(checked_r[row, best]),
            float(others.max(initial=0.0)),
            float(turned[row]),
            bool(still[row]),
        )
    return found


def correlated(pair: RematchPair, texts: Sequence[str]) -> dict[int, Sums]:
    """Return, by layer of the new model, the sums over all tokens of some texts."""
    sums = {layer: Sums() for layer in pair.layers()}
    for x, layers in pair.read(texts):
        for layer, y in layers.items():
            sums[layer].add(x, y)
    return sums


def rotated(pair: RematchPair, texts: Sequence[str], sums: Mapping[int, Sums]) -> NDArray[np.float64]:
    """Return, for every old neuron, the largest absolute r of an axis of the randomly rotated new layers.

    Neurons are brought to mean 0 and variance 1 before they are rotated: the largest would else decide all axes.
    """
    standard = {layer: _standard(one) for layer, one in sums.items()}
    turns = {(layer, n): Rotation.of(pair.width, layer, n) for layer in sums for n in range(ROTATIONS)}
    turned = {key: Sums() for key in turns}
    for x, layers in pair.read(texts):
        for (layer, n), rotation in turns.items():
            turned[layer, n].add(x, rotation.turned(standard[layer](layers[layer])))
    return np.asarray(np.max([np.abs(one.correlations()).max(1) for one in turned.values()], axis=0))


def z(r: float) -> float:
    """Return Fisher's z of a correlation."""
    return float(np.arctanh(np.clip(r, -NEARLY, NEARLY)))


def _match(
    old: Neuron, best: Neuron, r: float, held: float, second: float, turned: float, still: bool
) -> Match:
    whys = (
        (still, "it says the same at every token of these prompts"),
        (r < LEAST, f"no neuron goes with it: the best, {best}, has r = {r:.2f}"),
        (z(r) - z(second) < MARGIN, f"two neurons go with it alike: r = {r:.2f} and {second:.2f}"),
        (
            z(r) - z(turned) < MARGIN,
            f"{best} goes with it (r = {r:.2f}) hardly better than an axis of a rotated layer does ({turned:.2f})",
        ),
        (
            held < LEAST,
            f"{best} goes with it on half of the prompts (r = {r:.2f}), less on the other ({held:.2f})",
        ),
    )
    return Match(old, best, r, held, second, turned, next((why for wrong, why in whys if wrong), None))


def _same(best: int, width: int, layers: int, site: str) -> list[int]:
    """Return the columns that are no second best: the best, and in the residual stream its other layers."""
    return [best % width + width * layer for layer in range(layers)] if site in STREAM else [best]


def _standard(sums: Sums) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    mean, deviation = (each.astype(np.float32) for each in sums.scales())
    scale = np.divide(1, deviation, out=np.zeros_like(deviation), where=deviation > 0)
    return lambda values: (values - mean) * scale


def _side_by_side(sums: Mapping[int, Sums], layers: Sequence[int]) -> NDArray[np.float64]:
    return np.concatenate([sums[layer].correlations() for layer in layers], axis=1)


def _tokens(sums: Mapping[int, Sums]) -> int:
    return next(iter(sums.values())).tokens
