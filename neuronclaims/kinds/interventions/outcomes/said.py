"""Which outcomes a sentence can say in which words, and what its number means."""

from __future__ import annotations

import math
from typing import Literal

from neuronclaims.sentences.numbers import Percent, gain_text
from neuronclaims.sentences.outcomes.said import SaidOutcome
from neuronclaims.sentences.templates import FieldError


def check_said(
    outcome: SaidOutcome,
    direction: str,
    where: tuple[str, str | None],
    by: float | None,
    *,
    compared: Literal["second", "beyond"] | None,
) -> None:
    """Raise FieldError for an outcome that does not fit the other words of a sentence.

    ``where`` are the words before the first set and before the second, None where there is no second; ``compared``
    says what the change is set beside: that in the second set, or that by random neurons.
    """
    for field, word in zip(("where", "than"), where, strict=True):
        if word == "of" and not outcome.of_texts:
            raise FieldError(field, f"{outcome} is read at the end of texts: it changes 'in' them", "in")
    if outcome.what == "divergence" and direction in ("lowers", "does not lower"):
        meant = direction.replace("lower", "raise")
        raise FieldError("direction", "a divergence is 0 before a change, so nothing lowers it", meant)
    if outcome.what == "divergence" and direction == "raises" and by is None and not compared:
        rule = (
            "a divergence is 0 before a change, so any change raises it: say by how much, or more than where"
        )
        raise FieldError("outcome", rule, "divergence ... by at least 0.1")
    if outcome.writes and compared == "beyond":
        rule = "random neurons write nothing: to write under each of them would cost as many texts again"
        raise FieldError("compared", rule)
    if isinstance(by, Percent) and outcome.writes:
        raise FieldError("by", "a share of continuations changes by a number, such as 0.2", f"{float(by):g}")
    if isinstance(by, Percent) and outcome.what != "perplexity":
        raise FieldError("by", "only a perplexity changes by a percentage; write a number, such as 0.5")
    if by is not None and outcome.what == "perplexity" and not isinstance(by, Percent):
        raise FieldError("by", "a perplexity is claimed to change by a percentage, such as 10%")
    if isinstance(by, Percent) and by >= 1 and direction == "lowers":
        raise FieldError("by", f"no perplexity falls by {gain_text(by)}: it stays above 0")


def size_of(by: float, *, falling: bool) -> float:
    """Return a number of a sentence in the unit of its effect: a percentage as the size of a change of the logarithm.

    >>> size_of(0.5, falling=True), round(size_of(Percent(0.1), falling=False), 4)
    (0.5, 0.0953)
    """
    if not isinstance(by, Percent):
        return by
    return -math.log1p(-by) if falling else math.log1p(by)
