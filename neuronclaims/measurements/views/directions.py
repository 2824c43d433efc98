"""Directions and probes as viewed sites: one number of a token, read from its values and written back into them.

Each reads with a vector and moves along one. Of a direction v, the number is how many times v lies in the values x,
x·v / |v|², and a change of it by 1 adds v: so ablating it to zero projects it out. Of a probe with the weights w and
the bias b the number is its output, w·x + b, and a change of it by 1 adds w / |w|², the shortest step that does so: at
zero it is undecided.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements.activations import Generation, TokenRule
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.views.fits import Method
from neuronclaims.measurements.views.view import ViewedSite
from neuronclaims.sites import Site

DIGITS = 16
"""How many digits of a SHA-256 name a direction in the cache."""


Floats: TypeAlias = NDArray[np.float64]


class Axis(NamedTuple):
    """How one number is read and written: ``along · x + offset``, and ``step`` for a change by 1; both [width]."""

    along: Floats
    step: Floats
    offset: float = 0.0


@dataclass(frozen=True)
class Vectors:
    """Vectors that stand in a file: one, of one layer or for all, or one of each layer.

    ``values`` are [1, width] or, with ``by_layer``, [layers, width]; ``biases`` are as many. ``layer`` is the one that
    the vector is of, None where it may be read at any. ``origin`` says where they stand, for messages. Vectors that are
    ``padded`` name some neurons, and all others have no weight.

    >>> given = Vectors("direction", np.array([[3.0, 4.0]], np.float32), (0.0,), layer=5)
    >>> given.axis(5).step.tolist(), given.axis(5).along.tolist()
    ([3.0, 4.0], [0.12, 0.16])
    """

    noun: Literal["direction", "probe"]
    values: NDArray[np.float32] = field(compare=False, repr=False)
    biases: tuple[float, ...]
    layer: int | None = None
    by_layer: bool = False
    origin: str = field(default="", compare=False)
    padded: bool = False
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        told = repr((self.noun, self.values.shape, self.biases, self.layer, self.by_layer)).encode()
        content = np.ascontiguousarray(self.values, dtype="<f4").tobytes()
        object.__setattr__(self, "digest", sha256(told + content).hexdigest())

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        return int(self.values.shape[1])

    def axis(self, layer: int, width: int | None = None) -> Axis:
        """Return how the number of a layer is read and written, where values have some width."""
        row = layer if self.by_layer else 0
        vector = self.values[row].astype(np.float64)
        vector = np.pad(vector, (0, (width or self.width) - self.width))
        scaled = vector / float(vector @ vector)
        if self.noun == "probe":
            return Axis(vector, scaled, self.biases[row])
        return Axis(scaled, vector)

    def check(self, base: Site, facts: ModelFacts) -> None:
        """Raise MeasurementError where a model's values at the base have another width, or it has other layers."""
        wide = facts.width_of(base)
        if self.padded and self.width > wide:
            raise MeasurementError(
                f"{facts.name} has {wide:,} neurons at {base}, 0 to {wide - 1}: there is none "
                f"{self.width - 1} to weigh."
            )
        if self.width != wide and not self.padded:
            raise MeasurementError(
                f"The {self.noun} in {self.origin} has {self.width:,} numbers, and {facts.name} has {wide:,} at "
                f"{base}: it belongs to another model or another site."
            )
        if self.by_layer and len(self.values) != facts.layers:
            also = " Its first row may be of the embeddings: leave that out." * (
                len(self.values) == facts.layers + 1
            )
            raise MeasurementError(
                f"{self.origin} holds a {self.noun} for each of {len(self.values):,} layers, and {facts.name} has "
                f"{facts.layers}.{also}"
            )


def _words(noun: str, name: str, base: Site, layer: int | None) -> str:
    return " ".join([noun, *([name] if name else []), f"at {base}", *([] if layer is None else [str(layer)])])


@dataclass(frozen=True)
class GivenDirection:
    """The view of a direction whose vectors stand in a file."""

    base: Site
    vectors: Vectors
    name: str = field(default="", compare=False)
    worker: ClassVar[str] = "neuronclaims.models.running.views.directions:given"
    noun: ClassVar[str] = "direction"
    smooth: ClassVar[bool] = True

    def __str__(self) -> str:
        return f"{self.noun} {self.vectors.digest[:DIGITS]}"

    @property
    def words(self) -> str:
        """Return what it is, for people."""
        return _words(self.noun, self.name, self.base, self.layer)

    def number_words(self, layer: int, index: int) -> str:  # noqa: ARG002
        """Return what it is, and the layer in which it is read."""
        return _words(self.noun, self.name, self.base, layer)

    @property
    def layer(self) -> int | None:
        """The layer that it is of; None where it may be read at any."""
        return self.vectors.layer

    def width(self, facts: ModelFacts) -> int:  # noqa: ARG002
        """Return 1: a direction is one number of a token."""
        return 1

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where the vectors do not fit the model."""
        self.vectors.check(self.base, facts)


@dataclass(frozen=True)
class GivenProbe(GivenDirection):
    """The view of a probe: weights and a bias."""

    noun: ClassVar[str] = "probe"


@dataclass(frozen=True)
class FittedDirection:
    """The view of a direction that is fitted at each layer, on the states of two sides of prompts at its base.

    Its unit is the distance of the means of the two sides along it (``fits.step``). ``first`` and ``second`` are
    aligned where the method needs pairs. ``tokens`` and ``generate`` say which states of the prompts are taken.
    """

    name: str = field(compare=False)
    base: Site
    method: Method
    first: tuple[str, ...]
    second: tuple[str, ...]
    tokens: TokenRule
    generate: Generation | None = None
    worker: ClassVar[str] = "neuronclaims.models.running.views.directions:fitted"
    noun: ClassVar[str] = "direction"
    smooth: ClassVar[bool] = True
    layer: ClassVar[int | None] = None

    def __str__(self) -> str:
        return f"{self.noun} {self._digest[:DIGITS]}"

    @property
    def words(self) -> str:
        """Return what it is, for people."""
        return _words(self.noun, self.name, self.base, self.layer)

    def number_words(self, layer: int, index: int) -> str:  # noqa: ARG002
        """Return what it is, and the layer in which it is read."""
        return _words(self.noun, self.name, self.base, layer)

    @cached_property
    def _digest(self) -> str:
        told = (self.method, self.first, self.second, str(self.tokens), repr(self.generate))
        return sha256(repr(told).encode()).hexdigest()

    def width(self, facts: ModelFacts) -> int:  # noqa: ARG002
        """Return 1: a direction is one number of a token."""
        return 1

    def check(self, facts: ModelFacts) -> None:
        """Check nothing: it is fitted on the model itself."""


RANDOM = 32
"""How many random directions a direction is compared with."""


@dataclass(frozen=True)
class BesideRandom:
    """The view of a direction as number 0, and behind it ``RANDOM`` random directions as long: its controls.

    The random ones are drawn evenly from all directions, by the name of the direction and its layer, so that every
    machine draws the same.
    """

    own: GivenDirection | FittedDirection
    worker: ClassVar[str] = "neuronclaims.models.running.views.directions:beside_random"
    noun: ClassVar[str] = "direction"
    smooth: ClassVar[bool] = True

    def __str__(self) -> str:
        return f"{self.own} beside {RANDOM} random"

    @property
    def words(self) -> str:
        """Return what they are, for people."""
        return f"{self.own.words}, beside {RANDOM} random ones"

    def number_words(self, layer: int, index: int) -> str:
        """Return the direction, or which of the random ones it is."""
        own = self.own.number_words(layer, 0)
        return own if index == 0 else f"random one {index} beside {own}"

    @property
    def layer(self) -> int | None:
        """The layer that the direction is of; None where it may be read at any."""
        return self.own.layer

    def width(self, facts: ModelFacts) -> int:  # noqa: ARG002
        """Return how many directions there are, the random ones included."""
        return 1 + RANDOM

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where the direction does not fit the model."""
        self.own.check(facts)

    def seed(self, layer: int) -> int:
        """Return the seed of the random directions of a layer."""
        return int.from_bytes(sha256(f"{self} {layer}".encode()).digest()[:8], "little")


@dataclass(frozen=True)
class ProbeBesideRandom(BesideRandom):
    """The same for a probe: the random ones are as long, and have no bias."""

    noun: ClassVar[str] = "probe"


def beside_random(site: Site) -> Site:
    """Return the site at which a direction or a probe stands beside random ones; any other site as it is.

    >>> beside_random("mlp_post")
    'mlp_post'
    """
    if not isinstance(site, ViewedSite) or not isinstance(site.view, (GivenDirection, FittedDirection)):
        return site
    beside = ProbeBesideRandom if isinstance(site.view, GivenProbe) else BesideRandom
    return ViewedSite(site.base, beside(site.view))


def fit_passes(places: Iterable[tuple[Site, int]], facts: ModelFacts) -> float:
    """Return how many forwards the fits take of the directions read at some places; each is fitted once in a layer.

    >>> from neuronclaims.measurements import TokenRule
    >>> view = FittedDirection("h", "resid_post", "mean difference", ("a", "b"), ("c",), TokenRule("last", "prompt"))
    >>> facts = ModelFacts("demo", "GPT-2", 6, {"resid_post": 128}, True)
    >>> fit_passes([(ViewedSite("resid_post", view), 2), ("resid_post", 5)], facts)
    1.5
    """
    fitted = {
        (str(own), site.base, layer): own
        for site, layer in places
        if isinstance(site, ViewedSite)
        and isinstance(own := getattr(site.view, "own", site.view), FittedDirection)
    }
    return sum(
        len({*own.first, *own.second}) * (1.0 if own.generate else (layer + 1) / facts.layers)
        for (_, _, layer), own in fitted.items()
    )
