"""Ids made from sentences: short, stable, and never the same for two different sentences.

A sentence in plain words, such as ``ablating neuron 2:5 lowers " the" in a``, has the id of its words alone. A token in
quotes is often the finding itself, so its id keeps what sets the token apart: capitals, signs, a space that is not
there. Capitals, hyphens and signs elsewhere (in the names of prompt sets, before numbers) are kept only where two
sentences of a file would have one id without them.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

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


def plain_id(sentence: str) -> str:
    r"""Return the id of a sentence that shares it with no other: its words, and its tokens with what sets them apart.

    >>> plain_id('ablating neuron 2:5 lowers " the" in a')
    'ablating-neuron-2:5-lowers-the-in-a'
    >>> plain_id('ablating neuron 2:5 lowers "The" in a')
    'ablating-neuron-2:5-lowers-unspaced-The-in-a'
    >>> plain_id('ablating neuron 2:5 lowers "\\n" in a')
    'ablating-neuron-2:5-lowers-unspaced-u000a-in-a'
    >>> plain_id('neuron 2:5 predicts label "noun" in a')
    'neuron-2:5-predicts-label-noun-in-a'
    """
    return _joined(sentence, slug)


def exact_id(sentence: str) -> str:
    """Return the id of a sentence where ``plain_id`` gives it to another one, too.

    Capitals stay, ``-`` within words is doubled, and the sign of a number is written out. A sentence without any of
    these has its plain id.

    >>> exact_id("neuron 2:5 activates more for Hanoi-a than baseline")
    'neuron-2:5-activates-more-for-Hanoi--a-than-baseline'
    >>> exact_id("adding -4 to neuron 2:5")
    'adding-minus-4-to-neuron-2:5'
    """
    return _joined(sentence, _exact)


def unique_id(sentence: str) -> str:
    """Return an id that no other sentence has, whatever it is: its exact id, and a short hash of its text."""
    return f"{exact_id(sentence)}-{_hash(sentence)}"


_FORMS: tuple[Callable[[str], str], ...] = (plain_id, exact_id, unique_id)


def made_ids(sentences: Sequence[str], taken: Sequence[str] = ()) -> dict[str, str]:
    """Return an id for each different sentence of a file: the plainest that no other has and that is not ``taken``.

    >>> list(made_ids(["x in Hanoi", "x in hanoi", "y in hanoi"]).values())
    ['x-in-hanoi', 'y-in-hanoi', 'x-in-Hanoi']
    """
    found: dict[str, str] = {}
    used = set(taken)
    for form in _FORMS:
        rivals: dict[str, list[str]] = {}
        for sentence in dict.fromkeys(sentences):
            if sentence not in found:
                rivals.setdefault(form(sentence), []).append(sentence)
        for made, group in rivals.items():
            own = group if len(group) == 1 else [each for each in group if exact_id(each) == made]
            if len(own) == 1 and (made not in used or form is unique_id):
                found[own[0]] = made
                used.add(made)
    return found


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
        pieces.append(_hash(text))
    return "-".join(piece for piece in pieces if piece)


def _spelled(text: str) -> Iterator[str]:
    """Yield the words of a text, and each sign between them as its number in Unicode; spaces are left out."""
    for piece in re.findall(r"\w+|[^\w ]", unicodedata.normalize("NFC", text)):
        yield piece if _in_words(piece[0]) else f"u{ord(piece[0]):04x}"


def _exact(word: str) -> str:
    word = re.sub(r"^-(?=[0-9.])", "minus ", unicodedata.normalize("NFC", word))
    kept = "".join(sign if sign in ":-" or _in_words(sign) else " " for sign in word)
    return "-".join(_LONE_COLON.sub(" ", kept).replace("-", "--").split())


def _in_words(sign: str) -> bool:
    return sign.isalnum() or unicodedata.category(sign) in ("Mn", "Mc")


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
