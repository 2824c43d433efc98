"""What is looked for token by token: some tokens that are named, all that fit a pattern, or a label of the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from json import dumps
from time import monotonic
from typing import TypeAlias

SECONDS = 5.0
"""How long a pattern may take for a whole vocabulary: one that takes longer runs for ever on some text."""

LONGEST = 200
"""Characters of a pattern."""


class TokenClassError(ValueError):
    """A pattern that cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class TokenClass:
    """Tokens that count as one: those of ``tokens``, or where there are none all that ``pattern`` fits.

    A pattern is a regular expression for the whole text of a token, white space around it left out.

    >>> digits = TokenClass(pattern="[0-9]+")
    >>> digits, digits.members([" an", " 12", "7", "x7"])
    (a token matching "[0-9]+", [1, 2])
    """

    tokens: tuple[str, ...] = ()
    pattern: str = ""

    def __repr__(self) -> str:
        if self.tokens:
            return " or ".join(map(repr, self.tokens))
        return f"a token matching {dumps(self.pattern, ensure_ascii=False)}"

    @property
    def name(self) -> object:
        """What stands for it in names of the cache: plain data."""
        return {"tokens": list(self.tokens)} if self.tokens else {"matching": self.pattern}

    def members(self, texts: Sequence[str]) -> list[int]:
        """Return the numbers of the tokens, of all texts of a vocabulary, that a pattern fits.

        Raises TokenClassError for a pattern that takes too long.
        """
        import regex  # type: ignore[import-untyped]

        end = monotonic() + SECONDS
        try:
            fits = regex.compile(self.pattern).fullmatch
            return [
                number
                for number, text in enumerate(texts)
                if fits(text.strip(), timeout=max(1e-3, end - monotonic())) is not None
            ]
        except TimeoutError:
            raise TokenClassError(
                f"the pattern {dumps(self.pattern)} takes more than {SECONDS:g} seconds for the vocabulary: say it "
                "without repeats inside repeats"
            ) from None
        except regex.error as error:
            raise TokenClassError(
                f"the pattern {dumps(self.pattern)} is no regular expression: {error}"
            ) from None


@dataclass(frozen=True, slots=True)
class TokenLabel:
    """The tokens that lie in stretches of the text which somebody labelled so.

    >>> TokenLabel("noun")
    label "noun"
    """

    name: str

    def __repr__(self) -> str:
        return f"label {dumps(self.name, ensure_ascii=False)}"


WantedToken: TypeAlias = "str | TokenClass"
"""What is looked for in predictions: one token, or a class of them."""

Wanted: TypeAlias = "WantedToken | TokenLabel"
"""What a sentence looks for: a token or a class of them, or a label of the text itself."""


def token_name(wanted: WantedToken) -> object:
    """Return what stands for a token or a class in names of the cache."""
    return wanted if isinstance(wanted, str) else wanted.name


def check_pattern(pattern: str) -> None:
    """Raise TokenClassError for a text that is no pattern.

    >>> check_pattern("[0-9")
    Traceback (most recent call last):
        ...
    neuronclaims.token_classes.TokenClassError: no regular expression: unterminated character set
    """
    import re

    if len(pattern) > LONGEST:
        raise TokenClassError(f"a pattern has at most {LONGEST} characters")
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        reason = error.msg if isinstance(error, re.error) else str(error)
        raise TokenClassError(f"no regular expression: {reason}") from None
