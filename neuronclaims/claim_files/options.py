"""Settings that belong to some kinds of claim: which there are, what they hold, and what holds where none is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, Literal, TypeAlias, TypeVar, get_args

from neuronclaims.sentences.numbers import Amount

RankBy: TypeAlias = Literal["diff", "abs", "z"]
Weighting: TypeAlias = Literal["uniform", "legacy_growing"]
Replacement: TypeAlias = Literal["zero", "mean", "resample"]
Changed: TypeAlias = Literal["all", "last"]
Reading: TypeAlias = Literal["model", "legacy_embed"]
Norm: TypeAlias = Literal["folded", "plain"]
Measure: TypeAlias = Literal["dot", "cosine"]
Outcome: TypeAlias = Literal["logit", "probability"]
Score: TypeAlias = Literal["z", "raw", "cosine"]

CHOICES: Mapping[str, tuple[str, ...]] = {
    "rank_by": get_args(RankBy),
    "weighting": get_args(Weighting),
    "replacement": get_args(Replacement),
    "positions": get_args(Changed),
    "readout": get_args(Reading),
    "norm": get_args(Norm),
    "measure": get_args(Measure),
    "outcome": get_args(Outcome),
    "score": get_args(Score),
}
"""The options that are one of some words."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bins:
    """Half-open bins from ``start`` to ``stop``, each ``width`` wide: exact decimals, as text."""

    start: str
    stop: str
    width: str

    @property
    def edges(self) -> tuple[float, ...]:
        """The edges of all bins, each the float nearest to its decimal."""
        start, stop, width = Decimal(self.start), Decimal(self.stop), Decimal(self.width)
        return tuple(float(start + number * width) for number in range(int((stop - start) / width) + 1))


@dataclass(frozen=True, slots=True)
class Damage:
    """The set on which a change of the model is reported (KL divergence, nats), and the most it may be, if any."""

    set: str
    at_most: float | None = None


class _Option(Generic[T]):
    """An option as an attribute: its value where it was given, and what holds where nothing is said."""

    def __init__(self, unsaid: T) -> None:
        self.unsaid = unsaid
        self.name = ""

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.name = name

    def __get__(self, options: Mapping[str, Any] | None, owner: type[Any]) -> T:
        found: T = self.unsaid if options is None else options.get(self.name, self.unsaid)
        return found


@dataclass(frozen=True, slots=True)
class Options(Mapping[str, Any]):
    """The options of one claim: as a mapping those that were given, as attributes all, with what holds unsaid."""

    given: tuple[tuple[str, Any], ...] = ()

    margin = _Option[Amount | None](None)
    """The size below which an effect counts as none."""
    rank_by = _Option[RankBy]("diff")
    """What neurons are ranked by: the difference, its size, or the difference in standard deviations."""
    weighting = _Option[Weighting]("uniform")
    """How generated tokens are weighted in a mean: alike, or the earlier the more, as a published log did."""
    replacement = _Option[Replacement]("zero")
    """What an ablated neuron holds instead of its value."""
    positions = _Option[Changed]("all")
    """The positions at which a neuron is changed."""
    readout = _Option[Reading]("model")
    """What turns a state into a prediction: the model, or its input embedding, as a published figure did."""
    norm = _Option[Norm]("folded")
    """Whether the scale of the final norm is folded into the weights that are compared."""
    measure = _Option[Measure]("dot")
    """How two weight vectors are compared."""
    outcome = _Option[Outcome]("logit")
    """What of a prediction counts: its logit (or difference of logits), or its probability."""
    score = _Option[Score]("z")
    """How a projection on a direction is scaled."""
    reference = _Option[str | None](None)
    """The set over whose texts means are taken, or from which values are resampled."""
    damage = _Option[Damage | None](None)
    """Where a change of the model is to do no harm."""
    centred = _Option[bool](True)
    """Whether the mean over the vocabulary is taken from the tokens' weights."""
    bins = _Option[Bins | None](None)
    """The bins that values are counted in."""
    fewest = _Option[int | None](None)
    """The least count with which a bin is shown."""
    noise_floor = _Option[float | None](None)
    """The size below which a difference between two predictions is noise."""
    forming_threshold = _Option[float | None](None)
    """The t beyond which a cell can be part of a cluster."""

    def __getitem__(self, name: str) -> Any:
        return dict(self.given)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self.given))

    def __len__(self) -> int:
        return len(self.given)

    @property
    def sets(self) -> tuple[str, ...]:
        """The names of the prompt sets that options name."""
        named = self.reference, self.damage.set if self.damage else None
        return tuple(dict.fromkeys(name for name in named if name is not None))


NONE_GIVEN = Options()
OPTIONS = tuple(name for name, value in vars(Options).items() if isinstance(value, _Option))
"""All options that a template may name."""
