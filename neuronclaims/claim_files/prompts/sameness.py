"""Decide which texts are the same: one notion for prompts, pairs, groups, labels and prompts of discovery.

Two texts are the same unit where nobody who reads them sees a difference: they differ in white space, in characters
that show nothing, or in how an accented letter is composed. A model may well give two such texts different values; no
claim about what they say can be tested on that. What goes to the model is always the text as it was written.

Unicode's form C is taken and not KC: KC makes ``x²`` of ``x2`` and half of ``½``, which a reader does see. Capitals
and such forms only make texts look alike (``likeness``): that is told, and keeps a prompt of discovery out of a test.

Chats are the same where each of their messages is, said by the same side.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache

from neuronclaims.prompts import ChatMessage, PromptInput, is_plain, shown

INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000\U000e0001\U000e0080-\U000e0fff]"
)
"""What shows nothing by itself: Unicode's Default_Ignorable_Code_Point, control and annotation characters.

Tag characters (U+E0020 to U+E007F) are not in it: they spell words, such as those of the flags of England and Wales.
"""

_BLANK = re.compile("[\u2800\u3164\uffa0]")
"""Letters and signs that show a blank: they count as white space."""

_RUNS = re.compile(r"[\s\u2800\u3164\uffa0]+")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_TRUTH = {"true": "1", "false": "0"}


REMEMBERED = 300
"""Texts of more characters are worked out anew: a corpus of them is not held twice."""


def content(text: str) -> str:
    r"""Return what two texts have in common exactly when they are the same.

    >>> content("I\u00a0ate  pho\u200b. ") == content("I ate pho.")
    True
    >>> content("x²") == content("x2")
    False
    """
    return _content(text) if len(text) <= REMEMBERED else _content.__wrapped__(text)


def likeness(text: str) -> str:
    """Return what two texts have in common when they are the same but for capitals and compatible forms.

    >>> likeness("ＨＡＮＯＩ ") == likeness("Hanoi")
    True
    """
    return _likeness(text) if len(text) <= REMEMBERED else _likeness.__wrapped__(text)


@lru_cache(maxsize=100_000)
def _content(text: str) -> str:
    if not is_plain(text) and (chat := _chat(text, content)) is not None:
        return chat
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    seen = unicodedata.normalize("NFC", INVISIBLE.sub("", text))
    return " ".join(_BLANK.sub(" ", seen).split())


@lru_cache(maxsize=100_000)
def _likeness(text: str) -> str:
    if not is_plain(text) and (chat := _chat(text, likeness)) is not None:
        return chat
    folded = unicodedata.normalize("NFKC", content(text)).casefold()
    return content(unicodedata.normalize("NFKC", folded))


def _chat(item: str, alike: Callable[[str], str]) -> str | None:
    """Return a chat with each message as ``alike`` makes it; None for what only begins as a chat does."""
    with suppress(ValueError, AttributeError, TypeError):
        messages = PromptInput.of(item).messages
        said = tuple(ChatMessage(each.role, alike(each.content)) for each in messages)
        return PromptInput(messages=said).item if said else None
    return None


def spoken(items: Sequence[str]) -> list[str]:
    """Return the words of some prompts: the texts, and what is said in chats, in their order.

    A system message that all of them have says nothing that could tell them apart, and is left out.

    >>> chats = [PromptInput(messages=(ChatMessage("system", "Be brief."), ChatMessage("user", text))) for text in "ab"]
    >>> spoken([chat.item for chat in chats])
    ['a', 'b']
    """
    if all(map(is_plain, items)):
        return list(items)
    given = [PromptInput.of(item) for item in items]
    first = {content(each.messages[0].content) if _begins(each) else None for each in given}
    shared = len(first) == 1 and None not in first and len(given) > 1
    return [
        "\n".join(message.content for message in each.messages[shared:]) if each.messages else each.text
        for each in given
    ]


def _begins(given: PromptInput) -> bool:
    return len(given.messages) > 1 and given.messages[0].role == "system"


def label_likeness(value: str) -> str:
    """Return what two labels have in common when they look alike: but for spaces, hyphens and ways to write 1.

    >>> {label_likeness(value) for value in ("1", "1.0", "True", " true")}
    {'1'}
    >>> label_likeness("Not-Hanoi") == label_likeness("not_hanoi")
    True
    """
    known = likeness(value)
    known = _TRUTH.get(known, known)
    if len(known) <= 300 and _NUMBER.fullmatch(known):
        return f"{float(known):.17g}"
    return re.sub(r"[\s_-]+", "", known) or known


def label(value: str | None) -> str | None:
    """Return a group, a pair or a block as it is compared: labels that are the same become equal."""
    return None if value is None else content(value) or value


def difference(one: str, other: str) -> str:
    r"""Say in what two texts differ that are the same; the empty text where they do not differ at all.

    >>> difference("Hanoi", "Hanoi ")
    'white space'
    >>> difference("Hanoi", "Ha\u00adnoi\u00a0")
    'white space and invisible characters (U+00AD)'
    """
    if one == other:
        return ""
    one, other = shown(one), shown(other)
    sides = [INVISIBLE.sub("", text) for text in (one, other)]
    found = []
    if _RUNS.findall(sides[0]) != _RUNS.findall(sides[1]):
        found.append("white space")
    hidden = [INVISIBLE.findall(text) for text in (one, other)]
    if hidden[0] != hidden[1]:
        named = sorted({f"U+{ord(sign):04X}" for side in hidden for sign in side})
        found.append(f"invisible characters ({', '.join(named[:3])}{', ...' if len(named) > 3 else ''})")
    words = [_RUNS.sub(" ", side).strip() for side in sides]
    if words[0] != words[1]:
        found.append("how letters are composed")
    return " and ".join(found) or "invisible characters"


def but_for(one: str, other: str) -> str:
    """Return words to add behind "the same": `` but for white space``; none for equal texts."""
    found = difference(one, other)
    return f" but for {found}" if found else ""
