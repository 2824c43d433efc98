"""Check, by the templates alone, that no sentence can be read in two ways.

Every template becomes a graph of words: each node is one word, and leads to the nodes that may follow it. Two templates
read alike where both graphs can be walked to the end together, each word fitting both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from neuronclaims.sentences.field_types import Label
from neuronclaims.sentences.messages import quoted
from neuronclaims.sentences.templates import Template
from neuronclaims.sentences.wording.compiled import TemplateError
from neuronclaims.sentences.wording.pieces import Piece

END = -1
_Entry: TypeAlias = frozenset[int]
_Pair: TypeAlias = tuple[int, int]


@dataclass(slots=True)
class _Graph:
    """Words of a template: ``labels`` by node, ``after`` the nodes that may follow (``END`` where none must)."""

    labels: list[Label] = field(default_factory=list)
    after: list[_Entry] = field(default_factory=list)
    start: _Entry = frozenset()

    @classmethod
    def of(cls, template: Template) -> _Graph:
        graph = cls()
        entry: _Entry = frozenset({END})
        for segment in reversed(template.segments):
            inside = graph._before(segment.pieces, entry)
            entry = inside | entry if segment.optional else inside
        graph.start = entry
        return graph

    def _before(self, pieces: Sequence[Piece], entry: _Entry) -> _Entry:
        """Put pieces in front of what follows them; return where one enters them."""
        for piece in reversed(pieces):
            entry = self._rows(piece.patterns, entry)
        return entry

    def _rows(self, patterns: Sequence[Sequence[Label]], entry: _Entry) -> _Entry:
        """Put rows of words in front of what follows them; rows that begin with the same words share their nodes."""
        found: set[int] = set()
        begun: dict[object, tuple[Label, list[Sequence[Label]]]] = {}
        for pattern in patterns:
            if pattern:
                first = pattern[0]
                key = first.examples if first.fixed else id(first)
                begun.setdefault(key, (first, []))[1].append(pattern[1:])
            else:
                found |= entry
        for label, rests in begun.values():
            after = self._rows(rests, entry)
            self.labels.append(label)
            self.after.append(after)
            found.add(len(self.labels) - 1)
        return frozenset(found)


def check_templates(templates: Mapping[str, Template]) -> None:
    """Refuse templates if two of them could read the same sentence; they are given by the names of their kinds.

    Raises TemplateError with the names of both, and where one template alone could read a sentence in two ways.

    >>> from dataclasses import dataclass
    >>> from neuronclaims.sentences.templates import Template
    >>> @dataclass(frozen=True)
    ... class Likes:
    ...     place: str
    >>> @dataclass(frozen=True)
    ... class Loves:
    ...     place: str
    >>> check_templates({"likes": Template("likes {place:set}", Likes), "loves": Template("loves {place:set}", Loves)})
    >>> try:
    ...     check_templates({"a": Template("likes {place:set}", Likes), "b": Template("likes {place:set}", Loves)})
    ... except TemplateError as error:
    ...     print(error)
    a sentence could be read both as a, 'likes SET', and as b, 'likes SET'
    """
    named = [(name, template, _Graph.of(template)) for name, template in templates.items()]
    for number, (name, template, graph) in enumerate(named):
        for other_name, other, other_graph in named[number + 1 :]:
            if template.build is other.build:
                raise TemplateError(f"{name} and {other_name} both build {template.build.__name__}")
            if any(END in graph.after[a] & other_graph.after[b] for a, b in _walk(graph, other_graph)):
                raise TemplateError(
                    f"a sentence could be read both as {name}, {quoted(template.shape)}, "
                    f"and as {other_name}, {quoted(other.shape)}"
                )
        if _reads_twice(graph):
            raise TemplateError(f"a sentence could be read in two ways as {name}: {quoted(template.shape)}")


def _walk(first: _Graph, second: _Graph) -> Iterator[_Pair]:
    """Yield the pairs of nodes that one row of words can reach in both graphs."""
    seen: set[_Pair] = set()
    waiting = [(a, b) for a in first.start for b in second.start]
    while waiting:
        pair = waiting.pop()
        if pair in seen or END in pair or not first.labels[pair[0]].meets(second.labels[pair[1]]):
            continue
        seen.add(pair)
        yield pair
        waiting.extend((a, b) for a in first.after[pair[0]] for b in second.after[pair[1]])


def _reads_twice(graph: _Graph) -> bool:
    """Return whether one row of words can take two different ways through a graph."""
    reached = set(_walk(graph, graph))
    ending = {pair for pair in reached if END in graph.after[pair[0]] & graph.after[pair[1]]}
    before: dict[_Pair, list[_Pair]] = {}
    for pair in reached:
        for after in ((a, b) for a in graph.after[pair[0]] for b in graph.after[pair[1]]):
            before.setdefault(after, []).append(pair)
    waiting, useful = list(ending), set(ending)
    while waiting:
        for earlier in before.get(waiting.pop(), ()):
            if earlier not in useful:
                useful.add(earlier)
                waiting.append(earlier)
    return any(a != b for a, b in useful)
