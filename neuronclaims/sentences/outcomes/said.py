"""What a sentence says is lowered or raised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from neuronclaims.sentences.tokens import token_text

What: TypeAlias = Literal[
    "token", "probability", "loss", "perplexity", "entropy", "divergence", "continuations"
]

How: TypeAlias = Literal["begin with", "contain", "graded by"]

NormWay: TypeAlias = Literal["through the final norm", "with the final norm fixed"]

NORM_WAYS: tuple[NormWay, ...] = ("through the final norm", "with the final norm fixed")
"""How a sentence says which part of an outcome counts, by whether the final norm's scale brings it about."""

BY_NORM: tuple[What, ...] = ("loss", "entropy")
"""The outcomes of which such a part can be told."""

NAMED: tuple[What, ...] = ("loss", "perplexity", "entropy", "divergence")
"""The outcomes that are one word."""


@dataclass(frozen=True, slots=True)
class SaidOutcome:
    """An outcome: ``what``, and of which ``token``, over which it is compared with, if any.

    Of continuations ``how`` says which count: those that begin with or contain the text ``token``, or one of the set
    ``listed``, or as ``grader`` grades them. ``norm`` says which part of an entropy or a loss counts.

    >>> str(SaidOutcome("token", " an", " a")), str(SaidOutcome("probability", " an")), str(SaidOutcome("loss"))
    ('" an" over " a"', 'probability of " an"', 'loss')
    """

    what: What
    token: str = ""
    against: str | None = None
    how: How | None = None
    listed: str = ""
    grader: str = ""
    norm: NormWay | None = None

    def __str__(self) -> str:
        if self.how == "graded by":
            return f"continuations graded by {self.grader}"
        if self.how is not None:
            wanted = f"one of {self.listed}" if self.listed else token_text(self.token)
            return f"continuations that {self.how} {wanted}"
        if self.what == "token":
            over = "" if self.against is None else f" over {token_text(self.against)}"
            return token_text(self.token) + over
        return f"probability of {token_text(self.token)}" if self.what == "probability" else self.named

    @property
    def named(self) -> str:
        """What it is called, without tokens and texts: as in "entropy through the final norm"."""
        return self.what if self.norm is None else f"{self.what} {self.norm}"

    @property
    def of_texts(self) -> bool:
        """Whether it belongs to whole texts, so that one says "of" them: their loss or perplexity."""
        return self.what in ("loss", "perplexity")

    @property
    def of_tokens(self) -> bool:
        """Whether it is about tokens that are named."""
        return self.what in ("token", "probability")

    @property
    def writes(self) -> bool:
        """Whether text must be written for it."""
        return self.what == "continuations"
