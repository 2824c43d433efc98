"""How claims of neurons among the top K of a set's prompts read, and that they are not."""

from __future__ import annotations

from dataclasses import dataclass

from neuronclaims.kinds.shared.subjects import check_denied
from neuronclaims.kinds.top_k.tracing import RankingOptions
from neuronclaims.sentences.subjects import Subject
from neuronclaims.sentences.templates import FieldError, Template


def _check(k: int, first: str, second: str, share: float) -> None:
    if k < 1:
        raise FieldError("k", "at least the top 1 must be asked for", "1")
    if first == second:
        raise FieldError("second", "a set cannot be its own baseline: name another")
    if not 0 < share < 1:
        near = "95%" if share == 1 else "5%"
        raise FieldError("share", "a share of 0% or 100% cannot be tested: it must lie between them", near)


@dataclass(frozen=True, slots=True)
class Consistent:
    """The sentence of neurons that are among the top K, in parts."""

    who: Subject
    k: int
    first: str
    second: str
    share: float
    site: str | None = None

    def __post_init__(self) -> None:
        _check(self.k, self.first, self.second, self.share)

    def __str__(self) -> str:
        return CONSISTENT_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class Absent:
    """The sentence of neurons that are seldom among the top K, in parts."""

    who: Subject
    k: int
    first: str
    second: str
    share: float
    site: str | None = None

    def __post_init__(self) -> None:
        check_denied(self.who)
        _check(self.k, self.first, self.second, self.share)

    def __str__(self) -> str:
        return ABSENT_TEMPLATE.render(self)


CONSISTENT_TEMPLATE = Template(
    "[{site:site}] {who:subject} is among the top {k:count} neurons for {first:set} over {second:set} "
    "in at least {share:share} of prompts",
    Consistent,
    options=RankingOptions,
)
ABSENT_TEMPLATE = Template(
    "[{site:site}] {who:subject} is not among the top {k:count} neurons for {first:set} over {second:set} "
    "in more than {share:share} of prompts",
    Absent,
    options=RankingOptions,
)
