"""What can be read of a run on a text: a prediction, the loss, the entropy and the divergence of what is predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neuronclaims.measurements.activations import written
from neuronclaims.prompts.sampling import Sampling
from neuronclaims.tokens.spans import ChangedTokens

_READERS = "neuronclaims.models.running.changing.outcomes"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is asked of the next-token logits after a text: the logit of ``token``, less that of ``against`` if given.

    Both are single tokens, written as they are in the vocabulary's text, a leading space included. The second
    number is the probability of ``token``.

    >>> str(Prediction(" an", " a"))
    "' an' over ' a'"
    """

    token: str
    against: str | None = None
    reader: ClassVar[str] = f"{_READERS}:TokenReader"
    at: ClassVar[ChangedTokens | None] = None

    def __str__(self) -> str:
        return f"{self.token!r}" if self.against is None else f"{self.token!r} over {self.against!r}"

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens, one or two."""
        return (self.token,) if self.against is None else (self.token, self.against)

    @property
    def parts(self) -> tuple[object, ...]:
        """Its lasting name: the two tokens."""
        return self.token, self.against


@dataclass(frozen=True, slots=True)
class Loss:
    """The mean loss of a text in nats: minus the logarithm of the probability of each token, given those before it.

    Tokens that stand for no text (BOS and the like) are not counted, and neither is a first token, which nothing
    predicts. With ``at``, only these tokens count. The second number is the share of tokens
    that are the likeliest ones.

    >>> str(Loss()), Loss().parts
    ('loss', ({'read': 'loss'},))
    """

    at: ChangedTokens | None = None
    reader: ClassVar[str] = f"{_READERS}:LossReader"

    def __str__(self) -> str:
        return "loss" if self.at is None else f"loss of {self.at}"

    @property
    def tokens(self) -> tuple[str, ...]:
        """No token."""
        return ()

    @property
    def parts(self) -> tuple[object, ...]:
        """Its lasting name, with the tokens."""
        return ({"read": "loss"} if self.at is None else {"read": "loss", "at": str(self.at)},)


@dataclass(frozen=True, slots=True)
class Entropy:
    """The entropy in nats of what is predicted after a text: Shannon's, of the distribution of the next token.

    The second number is the probability of the likeliest token.

    >>> str(Entropy()), Entropy().parts
    ('entropy', ({'read': 'entropy'},))
    """

    reader: ClassVar[str] = f"{_READERS}:EntropyReader"
    at: ClassVar[ChangedTokens | None] = None

    def __str__(self) -> str:
        return "entropy"

    @property
    def tokens(self) -> tuple[str, ...]:
        """No token."""
        return ()

    @property
    def parts(self) -> tuple[object, ...]:
        """Its lasting name."""
        return ({"read": "entropy"},)


@dataclass(frozen=True, slots=True)
class Divergence:
    """How far what is predicted moves: Kullback and Leibler's divergence in nats, the distribution before from after.

    It is the mean over all positions that hold text; before the change it is 0. The second number is the share
    of positions whose likeliest token is the same as before.

    >>> str(Divergence()), Divergence().parts
    ('divergence', ({'read': 'divergence'},))
    """

    reader: ClassVar[str] = f"{_READERS}:DivergenceReader"
    at: ClassVar[ChangedTokens | None] = None

    def __str__(self) -> str:
        return "divergence"

    @property
    def tokens(self) -> tuple[str, ...]:
        """No token."""
        return ()

    @property
    def parts(self) -> tuple[object, ...]:
        """Its lasting name."""
        return ({"read": "divergence"},)


@dataclass(frozen=True, slots=True)
class Written:
    """The tokens that are written after a text, at most ``limit``; drawn where ``sampling`` says so.

    It is no number: ``ChangedContinuations`` asks for it.

    >>> str(Written(8)), Written(8).numbers
    ('the next 8 tokens', 8)
    """

    limit: int
    sampling: Sampling | None = None
    reader: ClassVar[str] = "neuronclaims.models.running.changing.written:TextWriter"
    at: ClassVar[ChangedTokens | None] = None

    def __str__(self) -> str:
        return f"the next {self.limit} tokens"

    @property
    def tokens(self) -> tuple[str, ...]:
        """No token."""
        return ()

    @property
    def parts(self) -> tuple[object, ...]:
        """Its lasting name, with how tokens are drawn."""
        return ({"read": f"written/{self.limit}{written(self.sampling)}"},)

    @property
    def samples(self) -> int:
        """How many texts are written after each."""
        return self.sampling.samples if self.sampling else 1

    @property
    def numbers(self) -> int:
        """How many numbers it takes to hold the tokens of one run."""
        return self.limit * self.samples
