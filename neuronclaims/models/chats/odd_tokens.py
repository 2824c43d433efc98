"""Say what a model's tokenizer makes of texts that look rendered, or end in white space: special tokens, lost markup.

Only such texts are split, by the tokenizer alone, so a set without any costs nothing. No torch.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from neuronclaims.measurements.errors import MeasurementError, ModelError, shorten, told_as
from neuronclaims.models.chats.templates import ChatTemplate
from neuronclaims.models.chats.turns import special_tokens
from neuronclaims.models.sources import Source
from neuronclaims.models.splitting import Splitter
from neuronclaims.models.tokenization_check import splitter_of
from neuronclaims.prompts import PromptInput, is_plain
from neuronclaims.prompts.markup import MARKUP, parts

_BRACKETS = re.compile(r"[<\[｜]")
"""What special tokens and markup begin with: a text without any holds none."""


BLANKS = " ▁Ġ\n\t\r\v\fĊĉč"
"""White space, as vocabularies write it."""


@dataclass(frozen=True, slots=True)
class OddTokens:
    """Sentences on the texts of one set: those for every claim, and those where the last token of a text is read."""

    always: tuple[str, ...] = ()
    last: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Tokenizer:
    """A model's tokenizer: what splits texts, what it knows, and the template of its chats."""

    model: str
    split: Splitter
    template: ChatTemplate
    object: Any

    @cached_property
    def special(self) -> frozenset[str]:
        """The special tokens, as they are written."""
        if hasattr(self.object, "get_added_tokens_decoder"):
            added = self.object.get_added_tokens_decoder().values()
            return frozenset(token.content for token in added if token.special)
        return special_tokens(self.object)

    def marks(self, item: str) -> bool:
        """Say whether a prompt must be split: it holds a special token or markup, or ends in white space."""
        held = any(self._special.search(part) or MARKUP.search(part) for part in parts(item))
        return held or end_of(item)[-1:].isspace()

    @cached_property
    def _special(self) -> re.Pattern[str]:
        tokens = sorted(filter(None, self.special), key=len, reverse=True)
        return re.compile("|".join(map(re.escape, tokens)) or "(?!)")

    def knows(self, text: str) -> bool:
        """Say whether a text is one token of the vocabulary."""
        inner = getattr(self.object, "backend_tokenizer", self.object)
        return (
            inner.token_to_id(text) is not None
            if hasattr(inner, "token_to_id")
            else text in inner.get_vocab()
        )

    def tokens(self, item: str, *, special: bool) -> tuple[str, ...]:
        """Return the tokens of a prompt, with those that are added to it or without."""
        with told_as(ModelError, f"The tokenizer of {self.model} fails on {shorten(item)}"):
            return self.split(item, self.template.rendered(item), special=special).tokens


def is_odd(item: str) -> bool:
    """Say whether a prompt may hold markup, or ends in white space."""
    return end_of(item)[-1:].isspace() or any(_BRACKETS.search(part) for part in parts(item))


def odd_tokens(source: Source, sets: Mapping[str, Sequence[str]]) -> dict[str, OddTokens]:
    """Return what there is to say of the texts of some sets, by name; nothing of a set without odd texts.

    A tokenizer that cannot be read without Transformers, that fails, or that does not name its special tokens is silent
    here: what is wrong with it the run tells.
    """
    odd = {name: [item for item in items if is_odd(item)] for name, items in sets.items()}
    if not any(odd.values()):
        return {}
    try:
        with told_as(ModelError, f"The tokenizer of {source.name} fails"):
            found = splitter_of(source)
            if found is None:
                return {}
            known = _Tokenizer(source.name, *found)
            return {name: _said(name, items, len(sets[name]), known) for name, items in odd.items() if items}
    except ModelError:
        return {}


class _Odd(NamedTuple):
    """In how many prompts what is odd was found, by the token or the markup."""

    twice: Counter[str]
    typed: Counter[str]
    template: Counter[str]
    lost: Counter[str]
    ends: Counter[str]


def _counted(items: Sequence[str], known: _Tokenizer) -> _Odd:
    odd = _Odd(*(Counter[str]() for _ in range(5)))
    for item in filter(known.marks, items):
        try:
            given = known.tokens(item, special=True)
            own = known.tokens(item, special=False) if is_plain(item) else given
        except MeasurementError:
            continue  # a chat that the template refuses: the run tells
        if given[:1] == given[1:2] and given[0] in known.special:
            odd.twice[given[0]] += 1
        elif token := _typed(item, own, known):
            odd.typed[token] += 1
        for mark in _first_unknown(item, known):
            (odd.template if mark in (known.template.text or "") else odd.lost)[mark] += 1
        if own and not own[-1].strip(BLANKS) and end_of(item)[-1:].isspace():
            odd.ends[own[-1]] += 1
    return odd


def _said(name: str, items: Sequence[str], count: int, known: _Tokenizer) -> OddTokens:
    odd, found, model = _counted(items, known), _Sentences(name, count), known.model
    plain = any(map(is_plain, items))
    chat = "Take it out, or write 'messages' where a chat is meant" if plain else "Take it out"
    return OddTokens(
        (
            *found.each(
                odd.twice,
                ("begins with", "begin with"),
                f"which the tokenizer of {model} writes there, too: the model reads it twice. Take it out of the texts",
            ),
            *found.each(
                odd.typed,
                ("holds", "hold"),
                f"a special token of {model}: it is read as that token, and does not count as text. {chat}",
            ),
            *found.each(
                odd.template,
                ("holds", "hold"),
                f"which the chat template of {model} writes around messages. {chat}",
            ),
            *found.each(
                odd.lost,
                ("holds", "hold"),
                f"markup of other models' chats: {model} has no such token and reads it piece by piece. {chat}",
            ),
        ),
        tuple(
            found.each(
                odd.ends,
                ("ends in", "end in"),
                f"white space that {model} reads as a token of its own: the last token is that one, and not the word "
                "before it",
            )
        ),
    )


@dataclass(frozen=True, slots=True)
class _Sentences:
    """Sentences on some of the prompts of one set."""

    name: str
    prompts: int

    def each(self, counts: Counter[str], verbs: tuple[str, str], rest: str) -> list[str]:
        """Return a sentence for each of the two tokens that most prompts have."""
        of = f"of {self.prompts:,} {'prompt' if self.prompts == 1 else 'prompts'} of {self.name!r}"
        return [
            f"{count:,} {of} {verbs[count > 1]} {token!r}, {rest}" for token, count in counts.most_common(2)
        ]


def _typed(item: str, own: Sequence[str], known: _Tokenizer) -> str | None:
    """Return the first special token that stands in a text, or in a message of a chat, and is read as one."""
    held = set(own)
    for part in parts(item):
        for token in sorted(known.special):
            if token and token in part and token in held:
                return token
    return None


def _first_unknown(item: str, known: _Tokenizer) -> Iterator[str]:
    """Yield the first markup in a prompt that is no token of the model."""
    found = (match[0] for part in parts(item) for match in MARKUP.finditer(part))
    yield from [mark for mark in dict.fromkeys(found) if not known.knows(mark)][:1]


def end_of(item: str) -> str:
    """Return the text at whose end a model goes on: a prompt's, or the prefill of a chat."""
    return item if is_plain(item) else PromptInput.of(item).prefill or ""
