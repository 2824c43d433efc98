"""Fields that allow one of some options, each of one word or of several: ``activates|does not activate``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.sentences.field_types import MisreadError, Pattern, Word, literal
from neuronclaims.sentences.messages import closest, quoted


@dataclass(frozen=True, slots=True)
class Choice:
    """A field whose value is one of some options; if several fit, the longest counts.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> Choice(("activates", "does not activate")).read(split_words("does not activate more"))
    ('does not activate', 3)
    """

    options: tuple[str, ...]

    @property
    def expected(self) -> tuple[str, ...]:
        """Return the options, quoted."""
        return tuple(quoted(option) for option in self.options)

    @property
    def shape(self) -> str:
        """Return the options between bars, in parentheses where one has several words."""
        joined = "|".join(self.options)
        return f"({joined})" if " " in joined else joined

    @property
    def candidates(self) -> tuple[str, ...]:
        """Return the options."""
        return self.options

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the words of each option."""
        return tuple(literal(option) for option in self.options)

    def read(self, words: Sequence[Word]) -> tuple[str, int]:
        """Return the longest option that the words begin with."""
        fitting = {option: _fitting(option.split(), words) for option in self.options}
        whole = [option for option, count in fitting.items() if count == len(option.split())]
        if whole:
            option = max(whole, key=len)
            return option, fitting[option]
        furthest = max(fitting.values())
        if furthest == 0:
            raise MisreadError(suggestion=self._meant(words))
        wanted = [option.split()[furthest] for option in self.options if fitting[option] == furthest]
        different = tuple(dict.fromkeys(wanted))
        raise MisreadError(
            ahead=furthest, expected=tuple(quoted(word) for word in different), candidates=different
        )

    def write(self, value: str) -> str:
        """Return the option."""
        return value

    def _meant(self, words: Sequence[Word]) -> str | None:
        """Return the option that some words are close to: ``doesn't activate``, ``not activate``."""
        if closest(words[0].text, self.options):
            return None
        for option in self.options:
            count = len(option.split())
            for taken in (count, count - 1):
                if taken > 1 and closest(" ".join(word.text for word in words[:taken]), (option,)):
                    return option
        return None


def _fitting(wanted: Sequence[str], words: Sequence[Word]) -> int:
    """Return how many words in a row are those wanted."""
    for count, (want, word) in enumerate(zip(wanted, words, strict=False)):
        if word.quoted or word.text != want:
            return count
    return min(len(wanted), len(words))
