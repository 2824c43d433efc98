"""Ids made from sentences: short, stable, and never the same for two different sentences.

A sentence such as ``neuron 2:340 activates more for hanoi than baseline`` has the id of the words that tell it from
others, ``2-340-more-hanoi-baseline``, whatever else stands in its file. A token in quotes is often the finding
itself, so its id keeps what sets the token apart: capitals, signs, a space that is not there. An id that would be
longer than ``LONGEST`` is cut, and ends with a short hash of the sentence; so does that of the later one of two
claims that would have the same.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

LONGEST = 40
"""The most characters of a made id, unless two sentences have one short hash."""

FILLER = re.compile("activates?|are|at|does|for|from|in|is|least|neurons?|of|on|than|that|the|to|with")
"""Words that tell no sentence from another."""

LONGEST_TOKEN = 24
"""The most characters of a token that stand in an id."""

UNSPACED = "unspaced"
"""What an id says before a token that begins with no space: `` the`` is ``the``, ``the`` is ``unspaced-the``."""

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\S+', re.DOTALL)
_LONE_COLON = re.compile(r"(?<![0-9]):|:(?![0-9])")


def slug(text: str) -> str:
    """Return an id for some words: in lower case, joined by ``-``; a single ``:`` between digits stays.

    pytest's selection by node id allows no ``[``, ``]`` or ``::``, and its display breaks at ``.``.

    >>> slug("mlp_post neuron 3:17 activates more for Hanoi")
    'mlp-post-neuron-3:17-activates-more-for-hanoi'
    >>> slug("neuron 3:17 activates more for Αθήνα")
    'neuron-3:17-activates-more-for-αθήνα'
    """
    lower = unicodedata.normalize("NFC", text.lower())
    kept = "".join(sign if sign == ":" or _in_words(sign) else "-" for sign in lower)
    return re.sub("-+", "-", _LONE_COLON.sub("-", kept)).strip("-")


def short_id(sentence: str) -> str:
    r"""Return the id of a sentence that no earlier one of its file has: the words that tell it from others.

    >>> short_id("neuron 2:340 activates more for hanoi than baseline")
    '2-340-more-hanoi-baseline'
    >>> short_id('ablating neuron 2:5 lowers "The" in texts')
    'ablating-2-5-lowers-unspaced-The-texts'
    >>> short_id('neuron 2:5 predicts label "noun" in texts')
    '2-5-predicts-label-noun-texts'
    >>> len(short_id("neuron 2:340 activates more for hanoi than baseline by at least 0.5 sd"))
    35
    >>> short_id('adding -4 to neurons 2:5, 3:17 raises " an" over " a" in articles')
    'adding-minus-4-2-5-3-17-raises-an-96b5aa'
    """
    made = _joined(sentence, _telling)
    return made if 0 < len(made) <= LONGEST else _hashed(made, sentence, 6)


def made_ids(sentences: Sequence[str], taken: Sequence[str] = ()) -> dict[str, str]:
    """Return an id for each different sentence of a file: its short one, if no earlier sentence has that.

    A later one of the same id, or of one that is ``taken``, ends with a hash of its text, so claims that are added
    below others never change the ids of those.

    >>> list(made_ids(["x in Hanoi", "x in hanoi", "y in hanoi"]).values())
    ['x-hanoi', 'x-hanoi-c7a062', 'y-hanoi']
    """
    found: dict[str, str] = {}
    used = set(taken)
    for sentence in dict.fromkeys(sentences):
        found[sentence] = next(form for form in _forms(sentence) if form not in used)
        used.add(found[sentence])
    return found


def is_made(id_: str, sentence: str) -> bool:
    """Say whether an id is one that is made from a sentence, so that it says nothing beside it.

    >>> is_made("2-340-more-hanoi-baseline", "neuron 2:340 activates more for hanoi than baseline")
    True
    """
    return id_ in _forms(sentence)


def _forms(sentence: str) -> tuple[str, ...]:
    """Return the ids that may be made from a sentence, the first that is free being taken."""
    short = short_id(sentence)
    return short, *(_hashed(short, sentence, digits) for digits in (6, 16, 64))


def _telling(word: str) -> str:
    """Return what an id has of a word; nothing of one that tells no sentence from another."""
    sign = "minus-" if re.match(r"-[0-9.]", word) else ""
    return "" if FILLER.fullmatch(word) else sign + slug(word).replace(":", "-")


def _hashed(made: str, sentence: str, digits: int) -> str:
    """Return an id that ends with a hash of its sentence, cut at the end of a word where it would be too long."""
    room = LONGEST - digits - 1
    if len(made) > room:
        words = made[: room + 1].split("-")[:-1] if room > 0 else []
        made = "-".join(words) or made[: max(0, room)]
    return f"{made}-{_hash(sentence)[:digits]}".strip("-")


def _joined(sentence: str, words: Callable[[str], str]) -> str:
    found = [word[0] for word in _WORD.finditer(sentence)]
    made = (
        _token(word, UNSPACED if before != "label" else "") or words(word)  # no label begins with a space
        for before, word in zip(["", *found], found, strict=False)
    )
    return "-".join(piece for piece in made if piece)


def _token(word: str, unspaced: str) -> str:
    """Return the part of an id that stands for a text in quotes; the empty text for any other word.

    It begins with ``unspaced`` where the text begins with no space.
    """
    if len(word) < 2 or not word.startswith('"'):
        return ""
    try:
        text: str = json.loads(word, strict=False)
    except ValueError:
        return ""
    body = text.removeprefix(" ")
    pieces = ["" if text.startswith(" ") else unspaced]
    if len(body) <= LONGEST_TOKEN and all(map(_in_words, body)) and unicodedata.is_normalized("NFC", body):
        return "-".join(piece for piece in (*pieces, body or "u0020") if piece)
    pieces += _spelled(body[:LONGEST_TOKEN])
    if len(body) > LONGEST_TOKEN or not unicodedata.is_normalized("NFC", body):
        pieces.append(_hash(text)[:8])
    return "-".join(piece for piece in pieces if piece)


def _spelled(text: str) -> Iterator[str]:
    """Yield the words of a text, and each sign between them as its number in Unicode; spaces are left out."""
    for piece in re.findall(r"\w+|[^\w ]", unicodedata.normalize("NFC", text)):
        yield piece if _in_words(piece[0]) else f"u{ord(piece[0]):04x}"


def _in_words(sign: str) -> bool:
    return sign.isalnum() or unicodedata.category(sign) in ("Mn", "Mc")


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
