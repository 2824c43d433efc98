"""Find what prompts of one set share: the same words, all words but one, or a frame with one or two words exchanged.

Prompts made from a few frames (``the capital of … is``) are not independent, though each is a different text. What is
found here is told and proposed as ``group:``; it changes no test.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import heapify, heappop, heappush

from neuronclaims.claim_files.prompts.sameness import content, likeness, spoken
from neuronclaims.set_accounts import Frame

FEWEST = 3
"""How many prompts make a frame; two that share all words but one are near copies."""

SHARED = 5
"""How many words two near copies share, at least."""

MOST_WORDS, MOST_GAPS = 60_000, 30_000
"""How many words of a set are looked at, whole prompts from its beginning, and how many pairs of gaps are tried."""

REMEMBERED = 1_000
"""How many prompts a set has at most whose likenesses are remembered: several claim files often read one set."""

GAP = "…"
_WORD = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
    "|(?:(?![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])[\\w'’])+"
)
"""A word; a sign of scripts that write no spaces between words (Thai, Burmese, Khmer, Chinese, Japanese) is one."""

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Likenesses:
    """What the prompts of a set share: each frame with the places of its prompts, and copies by their places.

    A copy stands with the place of the first prompt that it repeats.
    """

    frames: tuple[tuple[Frame, tuple[int, ...]], ...]
    same_words: Mapping[int, int]
    near_copies: Mapping[int, int]


@lru_cache(maxsize=20_000)
def words_of(text: str) -> Words:
    """Return the words of a text, without capitals and punctuation.

    >>> words_of("Hanoi is OLD, isn't it?")
    ('hanoi', 'is', 'old', "isn't", 'it')
    """
    return tuple(_WORD.findall(likeness(text)))


def likenesses(texts: Sequence[str]) -> Likenesses:
    """Look for what the texts of one set share; of a large set in its first 60,000 words alone.

    >>> found = likenesses([f"The {what} is on the table." for what in ("cat", "red hat", "pen")] + ["We left."])
    >>> [frame for frame, places in found.frames]
    [Frame(text='The … is on the table', prompts=3)]
    """
    return _known(tuple(texts)) if len(texts) <= REMEMBERED else _found(texts)


@lru_cache(maxsize=256)
def _known(texts: tuple[str, ...]) -> Likenesses:
    return _found(texts)


def _found(texts: Sequence[str]) -> Likenesses:
    texts = spoken(texts)
    words = _words(texts)
    same = _repeats((tuple(sorted(each)), place) for place, each in enumerate(words))
    one = {place: list(_one_gap(each)) for place, each in enumerate(words)}
    different = [place for place in range(len(words)) if place not in same]
    frames = _frames(one, different)
    left = sorted(set(different) - {place for places in frames.values() for place in places})
    if sum(len(words[place]) ** 2 for place in left) <= 2 * MOST_GAPS:
        frames |= _frames({place: list(_two_gaps(words[place])) for place in left}, left)
    framed = {place for places in frames.values() for place in places}
    near = _repeats(
        (key, place)
        for place, keys in one.items()
        if place not in framed
        for key, shared, wide in keys
        if shared >= SHARED and wide == 1
    )
    said = {place: _said(texts[place], key) for key, (place, *_) in frames.items()}
    found = [(Frame(said[places[0]], len(places)), tuple(places)) for places in frames.values()]
    found.sort(key=lambda each: (-each[0].prompts, each[0].text, each[1]))
    return Likenesses(
        tuple(found), same, {place: first for place, first in near.items() if place not in same}
    )


def _words(texts: Sequence[str]) -> list[Words]:
    left, words = MOST_WORDS, []
    for text in texts:
        words.append(words_of(text))
        left -= len(words[-1])
        if left < 0:
            break
    return words


_Key = tuple[Hashable, Hashable]
"""What stands before a gap and behind it; or the words of a text, two of them left out."""


def _one_gap(words: Words) -> Iterator[tuple[_Key, int, int]]:
    """Yield, for each gap of one or two words, what is left, the number of words left, and how wide the gap is."""
    before, behind = [0], [0]
    for first, last in zip(words, reversed(words), strict=True):
        before.append(hash((before[-1], first)))
        behind.append(hash((behind[-1], last)))
    count = len(words)
    for wide in (1, 2):
        for start in range(count - wide + 1):
            after = count - wide - start
            if start + after > wide:
                yield ((start, before[start]), (after, behind[after])), start + after, wide


def _two_gaps(words: Words) -> Iterator[tuple[_Key, int, int]]:
    """Yield the words without two that are not neighbours, where three words in five are left."""
    count = len(words)
    if 5 <= count <= 60:
        for first in range(count):
            for second in range(first + 2, count):
                left = hash((words[:first], words[first + 1 : second], words[second + 1 :]))
                yield ((count, first, second), left), count - 2, 1


def _frames(
    keys: Mapping[int, Iterable[tuple[_Key, int, int]]], places: Iterable[int]
) -> dict[_Key, list[int]]:
    """Return frames of at least three prompts: the largest first, and each prompt in one of them."""
    members: defaultdict[_Key, set[int]] = defaultdict(set)
    shares: dict[_Key, int] = {}
    for place in places:
        for key, shared, _ in keys[place]:
            members[key].add(place)
            shares[key] = shared
    waiting = [
        (-len(found), -shares[key], min(found), number, key)
        for number, (key, found) in enumerate(members.items())
        if len(found) >= FEWEST
    ]
    heapify(waiting)
    taken: set[int] = set()
    frames: dict[_Key, list[int]] = {}
    while waiting:
        count, shared, first, number, key = heappop(waiting)
        left = members[key] - taken
        if len(left) < -count:  # some of its prompts went to a larger frame: it waits for its turn again
            members[key] = left
            if len(left) >= FEWEST:
                heappush(waiting, (-len(left), shared, first, number, key))
            continue
        frames[key] = sorted(left)
        taken |= left
    return frames


def _repeats(keyed: Iterable[tuple[Hashable, int]]) -> dict[int, int]:
    """Return the places whose key an earlier place has, each with that place; an empty key has nothing to repeat."""
    first: dict[Hashable, int] = {}
    found = ((place, first.setdefault(key, place)) for key, place in keyed if key)
    return {place: earlier for place, earlier in found if earlier != place}


def _said(text: str, key: _Key) -> str:
    """Return a prompt with ``…`` for what its frame leaves open."""
    known = [found[0] for found in _WORD.finditer(content(text))]
    if len(known) != len(words_of(text)):  # a compatible form became several words
        known = list(words_of(text))
    shape = key[0]
    assert isinstance(shape, tuple)
    if len(shape) == 3:
        gaps = {shape[1], shape[2]}
        return " ".join(GAP if place in gaps else word for place, word in enumerate(known))
    assert isinstance(key[1], tuple)
    start, after = shape[0], key[1][0]
    return " ".join([*known[:start], GAP, *known[len(known) - after :]])


def same_words_in(first: Sequence[str], second: Sequence[str]) -> Mapping[int, int]:
    """Return the places in the first of texts whose words the second has too, each with the place there."""
    known = {tuple(sorted(words_of(text))): place for place, text in enumerate(spoken(second))}
    found = ((place, known.get(tuple(sorted(words_of(text))))) for place, text in enumerate(spoken(first)))
    return {place: other for place, other in found if other is not None}
