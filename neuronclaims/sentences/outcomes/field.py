"""The field for an outcome: ``" an" over " a"``, ``probability of " an"``, ``loss``, ``entropy``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.sentences.field_types import MisreadError, OneWord, Pattern, Word, expect_words, literal
from neuronclaims.sentences.messages import closest, quoted
from neuronclaims.sentences.outcomes.said import NAMED, SaidOutcome

WORDS = (*NAMED, "probability")
"""What an outcome may begin with, a token in quotes excepted."""

LIKE = {
    "log-likelihood": "loss",
    "likelihood": "probability",
    "surprisal": "loss",
    "ppl": "perplexity",
    "kl": "divergence",
    "cross-entropy": "loss",
    "uncertainty": "entropy",
    "logprob": "probability",
}
"""Other words for outcomes."""


@dataclass(frozen=True, slots=True)
class OutcomeField:
    """The field for what is lowered or raised; ``token`` reads a token.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> from neuronclaims.sentences.tokens import TOKEN
    >>> OutcomeField(TOKEN).read(split_words("loss of german"))
    (SaidOutcome(what='loss', token='', against=None), 1)
    """

    token: OneWord[str]

    @property
    def expected(self) -> tuple[str, ...]:
        """Return what was expected, for errors."""
        return (self.token.what, *map(quoted, WORDS))

    @property
    def shape(self) -> str:
        """Return how a list of templates shows the field."""
        token = self.token.shape
        return f"{token} [over {token}]|probability of {token}|{'|'.join(NAMED)}"

    @property
    def candidates(self) -> tuple[str, ...]:
        """Return the words that it may begin with."""
        return WORDS

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the rows of words that it reads."""
        (token,) = self.token.patterns
        return (
            token,
            (*token, *literal("over"), *token),
            (*literal("probability of"), *token),
            *map(literal, NAMED),
        )

    def read(self, words: Sequence[Word]) -> tuple[SaidOutcome, int]:
        """Read a token, two of them, or the words of an outcome."""
        first = words[0]
        if first.quoted:
            return self._tokens(words)
        named = next((what for what in NAMED if what == first.text), None)
        if named is not None:
            return SaidOutcome(named), 1
        if first.text == "probability":
            expect_words(words, ("of",), 1)
            return SaidOutcome("probability", self._token(words, 2)), 3
        meant = LIKE.get(first.text.casefold()) or closest(first.text, WORDS)
        if meant is not None:
            raise MisreadError(f"there is no outcome {quoted(first.text)}", meant)
        # Any other word was meant as a token: the rule for tokens says how these are written.
        self.token.parse(first)
        raise MisreadError

    def write(self, value: SaidOutcome) -> str:
        """Return the outcome in words."""
        return str(value)

    def _tokens(self, words: Sequence[Word]) -> tuple[SaidOutcome, int]:
        token = self._token(words, 0)
        if len(words) < 2 or words[1].quoted or words[1].text != "over":
            return SaidOutcome("token", token), 1
        return SaidOutcome("token", token, self._token(words, 2)), 3

    def _token(self, words: Sequence[Word], at: int) -> str:
        if at >= len(words):
            raise MisreadError(ahead=at, expected=self.token.expected)
        try:
            return self.token.parse(words[at])
        except MisreadError as misread:
            raise misread.shifted(at, self.token.expected) from None
