"""How claims of shared top neurons read: how many two sets share, and with which of two a set shares more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neuronclaims.kinds.top_k.top_k_scores import RankingOptions
from neuronclaims.sentences.templates import FieldError, Template

TOP, BASELINE = 10, "baseline"
"""How many neurons are the top ones, and which set is the baseline, where a comparison does not say."""


def _check(k: int, baseline: str, concepts: tuple[str, ...]) -> None:
    if k < 1:
        raise FieldError("k", "at least the top 1 must be asked for", "1")
    for name in concepts:
        if concepts.count(name) > 1 or name == baseline:
            own = f"the baseline is {baseline!r} unless the sentence ends in 'over NAME'"
            raise FieldError("baseline", f"{name!r} stands against itself; {own}")


@dataclass(frozen=True, slots=True)
class Sharing:
    """The sentence of two sets that share so many top neurons, in parts."""

    first: str
    second: str
    bound: Literal["at least", "at most"]
    shared: int
    k: int
    baseline: str

    def __post_init__(self) -> None:
        _check(self.k, self.baseline, (self.first, self.second))
        if self.bound == "at least" and not 1 <= self.shared <= self.k:
            raise FieldError("shared", f"of the top {self.k}, at least 1 and at most {self.k} can be shared")
        if self.bound == "at most" and self.shared >= self.k:
            raise FieldError("shared", f"no two sets share more than {self.k} of their top {self.k}")

    def __str__(self) -> str:
        return SHARING_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class Nearer:
    """The sentence of a set that shares more with one set than with another, in parts.

    Where the sentence names neither, the top ``TOP`` are meant and the set called ``BASELINE``.
    """

    first: str
    near: str
    far: str
    k: int | None = None
    baseline: str | None = None

    def __post_init__(self) -> None:
        if self.k is None:
            object.__setattr__(self, "k", TOP)
        if self.baseline is None:
            object.__setattr__(self, "baseline", BASELINE)
        _check(int(self.k or 0), str(self.baseline), (self.first, self.near, self.far))

    def __str__(self) -> str:
        return NEARER_TEMPLATE.render(self)


SHARING_TEMPLATE = Template(
    "{first:set} and {second:set} share {bound:at least|at most} {shared:count} of their top {k:count} neurons "
    "over {baseline:set}",
    Sharing,
    options=RankingOptions,
)
NEARER_TEMPLATE = Template(
    "{first:set} overlaps more with {near:set} than with {far:set} [in their top {k:count} neurons] "
    "[over {baseline:set}]",
    Nearer,
    options=RankingOptions,
)
