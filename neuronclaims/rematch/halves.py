"""Split the prompts of a claim file: one half to look for neurons, the other to test claims about them."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from neuronclaims.claim_files.claims import ClaimFile, PairSet, Prompt, PromptPair, PromptSet
from neuronclaims.claim_files.prompts.sameness import likeness
from neuronclaims.errors import NeuronClaimsError

SetKey: TypeAlias = tuple[Literal["pairs", "set"], str]
"""A list of pairs or a prompt set, and its name."""

Units: TypeAlias = Mapping[SetKey, list[tuple[tuple[str, ...], tuple[Hashable, ...]]]]
"""By set the texts of each prompt or pair, with keys that those which belong together share."""


@dataclass(frozen=True, slots=True)
class Halves:
    """Two lists of different texts; what belongs together (a group, a pair, one text however spelled) is in one list.

    Groups and pairs of the sets in ``torn`` are the exception: they tie so many prompts of other sets together that
    those could not be halved.
    """

    searched: frozenset[str]
    checked: frozenset[str]
    torn: frozenset[SetKey] = frozenset()

    def torn_of(self, sets: Iterable[str], pairs: Iterable[str]) -> tuple[str, ...]:
        """Return the names of those prompt sets and lists of pairs whose groups lie in both halves."""
        keys: list[SetKey] = [*(("set", name) for name in sets), *(("pairs", name) for name in pairs)]
        return tuple(name for sort, name in keys if (sort, name) in self.torn)

    def kept(self, prompts: PromptSet) -> PromptSet:
        """Return the prompts of a set in the half that was not searched."""
        some = tuple(prompt for prompt in prompts.prompts if prompt.text in self.checked)
        return replace(prompts, prompts=some)

    def kept_pairs(self, pairs: PairSet) -> PairSet:
        """Return the pairs of a set in the half that was not searched."""
        return replace(pairs, pairs=tuple(pair for pair in pairs.pairs if pair.clean in self.checked))


def halved(file: ClaimFile) -> Halves:
    """Split all prompts of a file, always the same way; raise NeuronClaimsError if they all belong together.

    Of every set about half goes to either side: what belongs together is dealt out in an order made from its text,
    always to the side on which its sets have less so far. Where the groups of one set tie another together, as frames
    tie names that all stand in each of them, the coarsest of them are torn until every set that can be halved is.
    """
    units = _units(file)
    found = dealt(units, frozenset())
    grouped = sorted((name for name in units if _keys(units[name])), key=lambda n: (len(_keys(units[n])), n))
    least = _whole(dealt(units, frozenset(grouped)), units)
    torn: list[SetKey] = []
    for name in grouped:
        if _whole(found, units) <= least:
            break
        torn = [*torn, name]
        found = dealt(units, frozenset(torn))
    for name in torn[:-1]:
        fewer = dealt(units, found.torn - {name})
        found = fewer if _whole(fewer, units) <= least else found
    if not found.searched or not found.checked or len(found.torn) == len(units):
        raise NeuronClaimsError(
            f"The prompts of {file.path.name} cannot be halved: all of them belong together by their groups and pairs, "
            "or there is one alone. Neurons are looked for on one half and tested on the other."
        )
    return found


def dealt(units: Units, torn: frozenset[SetKey]) -> Halves:
    """Deal texts out to both halves: what shares a key goes to one of them, but for the keys of the sets ``torn``."""
    together = _Together()
    for name, each in units.items():
        for texts, keys in each:
            together.join(name, texts, () if name in torn else keys)
    sides: tuple[set[str], set[str]] = (set(), set())
    counts: dict[SetKey, list[int]] = {name: [0, 0] for name in units}
    for found, sets in together.components():
        behind = sum((counts[name][1] - counts[name][0]) * many for name, many in sets.items())
        side = 0 if behind > 0 or (behind == 0 and len(sides[0]) <= len(sides[1])) else 1
        sides[side].update(found)
        for name, many in sets.items():
            counts[name][side] += many
    return Halves(frozenset(sides[0]), frozenset(sides[1]), torn)


def _whole(halves: Halves, units: Units) -> set[SetKey]:
    """Return the sets that lie completely in one half."""
    texts = {name: {text for some, _ in each for text in some} for name, each in units.items()}
    return {name for name, all_of in texts.items() if len({text in halves.checked for text in all_of}) < 2}


def _keys(units: Iterable[tuple[tuple[str, ...], tuple[Hashable, ...]]]) -> set[Hashable]:
    return {key for _, keys in units for key in keys}


def _units(file: ClaimFile) -> Units:
    return {
        **{("set", name): [of_prompt(each) for each in made.prompts] for name, made in file.sets.items()},
        **{("pairs", name): [of_pair(each) for each in made.pairs] for name, made in file.pairs.items()},
    }


def of_prompt(prompt: Prompt) -> tuple[tuple[str, ...], tuple[Hashable, ...]]:
    """Return the text of a prompt, with the keys that it shares with those of its group and of its pair."""
    return (prompt.text,), (*_key("group", prompt.group), *_key("pair", prompt.pair))


def of_pair(pair: PromptPair) -> tuple[tuple[str, ...], tuple[Hashable, ...]]:
    """Return both texts of a pair, with the key that it shares with those of its group."""
    return (pair.clean, pair.corrupted), _key("group", pair.group)


def _key(sort: str, name: str | None) -> tuple[Hashable, ...]:
    return () if name is None else ((sort, name),)


class _Together:
    """Texts that belong together: one text in its spellings, those of a group and of a pair (a union-find forest)."""

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}
        self._texts: dict[str, dict[SetKey, int]] = {}

    def join(self, name: SetKey, texts: Iterable[str], keys: Iterable[Hashable]) -> None:
        """Put texts of a set together, with all that share a key with them."""
        for text in texts:
            sets = self._texts.setdefault(text, {})
            sets[name] = sets.get(name, 0) + 1
        same = [("same", likeness(text)) for text in texts]
        nodes: list[Hashable] = [*(("text", text) for text in texts), *same, *keys]
        for node in nodes:
            self._above[self._top(node)] = self._top(nodes[0])

    def components(self) -> Iterator[tuple[list[str], dict[SetKey, int]]]:
        """Yield the texts of each component with how many of each set it has, in an order made from the texts."""
        found: dict[Hashable, list[str]] = {}
        for text in sorted(self._texts):
            found.setdefault(self._top(("text", text)), []).append(text)
        for texts in sorted(found.values(), key=lambda texts: (-len(texts), _hash(texts[0]))):
            sets: dict[SetKey, int] = {}
            for text in texts:
                for name, many in self._texts[text].items():
                    sets[name] = sets.get(name, 0) + many
            yield texts, sets

    def _top(self, node: Hashable) -> Hashable:
        self._above.setdefault(node, node)
        while self._above[node] != node:
            self._above[node] = self._above[self._above[node]]
            node = self._above[node]
        return node


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
