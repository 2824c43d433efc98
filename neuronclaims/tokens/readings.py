"""Which tokens of which prompts are read or changed, token by token, as plain data that reports show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from neuronclaims.foreign_text import spelled
from neuronclaims.tokens.spans import ChangedTokens, SpanError
from neuronclaims.tokens.split_text import SplitText, Stretch

LOOKED_AT, FIRST, SHOWN, MOST_TOKENS = 1_000, 3, 12, 8
"""Of each set: how many prompts are looked at, how many of the first are shown, how many in all, and tokens of each."""

_AROUND, _BLANKS = 24, str.maketrans({"Ġ": " ", "▁": " ", "Ċ": "\n"})


@dataclass(frozen=True, slots=True)
class TokensAsked:
    """The tokens that a claim reads in the prompts of a set, or changes there; ``items`` stand for the prompts."""

    set: str
    changed: bool
    rule: str
    at: ChangedTokens
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PromptReading:
    """The tokens that are read in one prompt, or changed.

    ``marked`` is the text around them, each in brackets, ``places`` are theirs from 0, special tokens counted (the
    first ones of many), ``count`` how many there are. ``alike`` is how many of the prompts looked at have tokens of the
    same text. Characters that are not seen are written as escapes.
    """

    marked: str
    tokens: tuple[str, ...]
    places: tuple[int, ...]
    count: int
    alike: int


@dataclass(frozen=True, slots=True)
class TokensReading:
    """The tokens of a rule in a set: its first prompts, and one of each that differs from those before.

    ``prompts`` is how many were looked at, ``different`` how many different tokens they have.
    """

    set: str
    changed: bool
    rule: str
    prompts: int
    different: int
    shown: tuple[PromptReading, ...]

    @property
    def does(self) -> str:
        """What is done at the tokens."""
        return "changes" if self.changed else "reads"


def reading_of(asked: TokensAsked, split: Callable[[str], SplitText]) -> TokensReading:
    """Return which tokens are asked for; a prompt that has none of them is left to the run, which tells.

    >>> text = SplitText("I ate", ("<s>", "I", " ate"), (False, True, True), ((0, 0), (0, 1), (1, 5)))
    >>> from neuronclaims.tokens.spans import Span
    >>> asked = TokensAsked("food", False, "last of prompt", ChangedTokens("last", Span("prompt")), ("I ate",))
    >>> reading_of(asked, lambda item: text).shown[0].marked
    'I[ ate]'
    """
    found: list[tuple[SplitText, tuple[int, ...], tuple[str, ...]]] = []
    for item in asked.items[:LOOKED_AT]:
        try:
            text = split(item)
            places = text.changed(asked.at)
        except SpanError:
            continue
        found.append((text, places, tuple(token_text(text, place) for place in places[:MOST_TOKENS])))
    counts: dict[tuple[str, ...], int] = {}
    for _, _, tokens in found:
        counts[tokens] = counts.get(tokens, 0) + 1
    shown, seen = list[PromptReading](), set[tuple[str, ...]]()
    for number, (text, places, tokens) in enumerate(found):
        if len(shown) < SHOWN and (number < FIRST or tokens not in seen):
            first = places[:MOST_TOKENS]
            shown.append(PromptReading(marked(text, first), tokens, first, len(places), counts[tokens]))
        seen.add(tokens)
    return TokensReading(asked.set, asked.changed, asked.rule, len(found), len(counts), tuple(shown))


def marked(text: SplitText, places: tuple[int, ...]) -> str:
    """Return the text around some tokens, with each of them in brackets; what lies far from them is left out."""
    if text.offsets is None:
        chosen = set(places)
        pieces = [f"[{token}]" if place in chosen else token for place, token in enumerate(text.tokens)]
        return spelled(_cut(" | ".join(pieces)))
    written, at = list[str](), max(0, text.offsets[places[0]][0] - _AROUND)
    written += ["…"] if at else []
    for place in places:
        start, end = _own(text, place)
        written.append(_between(text.text[at : max(at, start)]))
        written.append(f"[{token_text(text, place)}]")
        at = max(at, end)
    after = text.text[at : at + _AROUND]
    return spelled("".join([*written, after, "…" if at + _AROUND < len(text.text) else ""]))


def _own(text: SplitText, place: int) -> Stretch:
    assert text.offsets is not None
    return text.offsets[place]


def token_text(text: SplitText, place: int) -> str:
    """Return a token's text, or its name in the vocabulary where it has no characters of its own."""
    if text.offsets is not None:
        start, end = text.offsets[place]
        alone = place == 0 or text.offsets[place - 1] != (start, end)
        alone = alone and (place + 1 == len(text.offsets) or text.offsets[place + 1] != (start, end))
        if start < end and alone:
            return spelled(text.text[start:end])
    return spelled(text.tokens[place].translate(_BLANKS))


def _between(text: str) -> str:
    return text if len(text) <= 2 * _AROUND else f"{text[:_AROUND]}…{text[-_AROUND:]}"


def _cut(text: str) -> str:
    return text if len(text) <= 8 * _AROUND else f"{text[: 8 * _AROUND]}…"
