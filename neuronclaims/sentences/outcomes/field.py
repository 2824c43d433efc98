"""The field for an outcome: ``" an" over " a"``, ``probability of " an"``, ``loss``, ``entropy``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.sentences.choices import Choice
from neuronclaims.sentences.field_types import MisreadError, OneWord, Pattern, Word, expect_words, literal
from neuronclaims.sentences.messages import closest, quoted
from neuronclaims.sentences.outcomes.said import BY_NORM, NAMED, NORM_WAYS, How, SaidOutcome, What

WORDS = (*NAMED, "probability", "continuations")
"""What an outcome may begin with, a token in quotes excepted."""

_AFTER = Choice(("that begin with", "that contain", "graded by"))
_WAY = Choice(NORM_WAYS)
_WANTED = ('a text such as "I cannot"', "'one of' and the name of a prompt set")

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
    """The field for what is lowered or raised; ``token`` reads a token, ``name`` the name of a set or of a grader.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> from neuronclaims.sentences.fields import FIELD_TYPES
    >>> outcome, used = FIELD_TYPES["outcome"].read(split_words("continuations that contain one of refusals"))
    >>> outcome.listed, used
    ('refusals', 6)
    """

    token: OneWord[str]
    name: OneWord[str]

    @property
    def expected(self) -> tuple[str, ...]:
        """Return what was expected, for errors."""
        return (self.token.what, *map(quoted, WORDS))

    @property
    def shape(self) -> str:
        """Return how a list of templates shows the field."""
        token = self.token.shape
        written = f"continuations (that begin with|contain) ({token}|one of SET)|continuations graded by NAME"
        named = "|".join(f"{each} [{'|'.join(NORM_WAYS)}]" if each in BY_NORM else each for each in NAMED)
        return f"{token} [over {token}]|probability of {token}|{named}|{written}"

    @property
    def candidates(self) -> tuple[str, ...]:
        """Return the words that it may begin with."""
        return WORDS

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the rows of words that it reads."""
        (token,), (name,) = self.token.patterns, self.name.patterns
        wanted = (token, (*literal("one of"), *name))
        return (
            token,
            (*token, *literal("over"), *token),
            (*literal("probability of"), *token),
            *map(literal, NAMED),
            *(literal(f"{each} {way}") for each in BY_NORM for way in NORM_WAYS),
            *(
                (*literal(f"continuations that {how}"), *each)
                for how in ("begin with", "contain")
                for each in wanted
            ),
            (*literal("continuations graded by"), *name),
        )

    def read(self, words: Sequence[Word]) -> tuple[SaidOutcome, int]:
        """Read a token, two of them, or the words of an outcome."""
        first = words[0]
        if first.quoted:
            return self._tokens(words)
        named = next((what for what in NAMED if what == first.text), None)
        if named is not None:
            return self._by_norm(words, named)
        if first.text == "probability":
            expect_words(words, ("of",), 1)
            return SaidOutcome("probability", self._token(words, 2)), 3
        if first.text == "continuations":
            return self._continuations(words)
        meant = LIKE.get(first.text.casefold()) or closest(first.text, WORDS)
        if meant is not None:
            raise MisreadError(f"there is no outcome {quoted(first.text)}", meant)
        # Any other word was meant as a token: the rule for tokens says how these are written.
        self.token.parse(first)
        raise MisreadError

    def named(self, value: SaidOutcome) -> tuple[tuple[str, str], ...]:
        """Return (section, name) of what it names in the file: the set whose texts are looked for."""
        return (("lists", value.listed),) if value.listed else ()

    def write(self, value: SaidOutcome) -> str:
        """Return the outcome in words."""
        return str(value)

    def _tokens(self, words: Sequence[Word]) -> tuple[SaidOutcome, int]:
        token = self._token(words, 0)
        if len(words) < 2 or words[1].quoted or words[1].text != "over":
            return SaidOutcome("token", token), 1
        return SaidOutcome("token", token, self._token(words, 2)), 3

    def _by_norm(self, words: Sequence[Word], what: What) -> tuple[SaidOutcome, int]:
        """Read which part of a named outcome counts, where that is said."""
        if len(words) < 2 or words[1].text not in ("through", "with"):
            return SaidOutcome(what), 1
        if what not in BY_NORM:
            raise MisreadError(
                f"only of {' and '.join(BY_NORM)} is it told what goes through the final norm, not of {what}",
                ahead=1,
            )
        try:
            said, used = _WAY.read(words[1:])
        except MisreadError as misread:
            raise misread.shifted(1, _WAY.expected) from None
        return SaidOutcome(what, norm=next(way for way in NORM_WAYS if way == said)), 1 + used

    def _continuations(self, words: Sequence[Word]) -> tuple[SaidOutcome, int]:
        after, used = self._after(words)
        at = 1 + used
        if not after or at >= len(words):
            raise MisreadError(ahead=at, expected=_WANTED if after else _AFTER.expected)
        if after == "graded by":
            return SaidOutcome("continuations", how="graded by", grader=self._name(words, at)), at + 1
        how: How = "contain" if after == "that contain" else "begin with"
        if words[at].quoted:
            return SaidOutcome("continuations", self._token(words, at), how=how), at + 1
        if words[at].text != "one":
            raise MisreadError(ahead=at, expected=_WANTED, candidates=("one",))
        expect_words(words, ("one", "of"), at)
        return SaidOutcome("continuations", how=how, listed=self._name(words, at + 2)), at + 3

    def _after(self, words: Sequence[Word]) -> tuple[str, int]:
        """Read what stands after "continuations"."""
        if len(words) < 2:
            return "", 0
        try:
            return _AFTER.read(words[1:])
        except MisreadError as misread:
            raise misread.shifted(1, _AFTER.expected) from None

    def _name(self, words: Sequence[Word], at: int) -> str:
        if at >= len(words):
            raise MisreadError(ahead=at, expected=self.name.expected)
        try:
            return self.name.parse(words[at])
        except MisreadError as misread:
            raise misread.shifted(at, self.name.expected) from None

    def _token(self, words: Sequence[Word], at: int) -> str:
        if at >= len(words):
            raise MisreadError(ahead=at, expected=self.token.expected)
        try:
            return self.token.parse(words[at])
        except MisreadError as misread:
            raise misread.shifted(at, self.token.expected) from None
