"""YAML as text with positions: every scalar stays the text that was written, every node knows where it stands.

YAML's own typing would read the neuron ``11:36`` as 696 and the prompt ``no`` as False; here the schema
decides types. The tree is built from the parser's events rather than from its composed nodes: only events
still show an alias, and no depth of nesting or number of nodes can then exhaust the stack or the memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from neuronclaims.claim_files.errors import ClaimFileError, Problem
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.claim_files.yaml.yaml_errors import translated
from neuronclaims.sentences.field_types import composed

DEEPEST = 20
MOST_NODES = 200_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A piece of text; ``start`` and ``end`` bound it in the source, quotes included."""

    text: str
    start: int
    end: int
    plain: bool

    @property
    def missing(self) -> bool:
        """Return whether nothing at all was written, as in ``key:``."""
        return self.plain and not self.text

    @property
    def name(self) -> str:
        """Return the text as a name: accented letters in one piece, however a keyboard or a file system made them."""
        return composed(self.text)


@dataclass(frozen=True, slots=True)
class Items:
    """A YAML sequence."""

    start: int
    end: int
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entries:
    """A YAML mapping: for each key, as a name, its scalar and its value, in the file's order."""

    start: int
    end: int
    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)

    def get(self, key: str) -> Node | None:
        """Return the value of a key, or None."""
        entry = self.entries.get(key)
        return entry[1] if entry else None

    def key(self, key: str) -> Scalar | None:
        """Return the scalar in which a key is written, or None."""
        entry = self.entries.get(key)
        return entry[0] if entry else None


Node: TypeAlias = Scalar | Items | Entries


def compose(source: SourceText, soft: list[Problem] | None = None) -> Node:
    """Read one YAML document. Raises ClaimFileError with all problems found.

    What leaves the tree whole, such as an anchor, is added to ``soft`` instead, where that is given.
    """
    builder = _Builder(source)
    try:
        for event in yaml.parse(source.text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        builder.problems.append(translated(error, source))
    except _StopError:
        pass
    blank = builder.root is None or (isinstance(builder.root, Scalar) and builder.root.missing)
    if blank and not builder.problems:
        builder.problems.append(source.problem(0, "the file is empty: a claim file starts with 'version: 1'"))
    if builder.problems or builder.root is None or (soft is None and builder.soft):
        raise ClaimFileError([*builder.soft, *builder.problems])
    if soft is not None:
        soft += builder.soft
    return builder.root


def plain(node: Node) -> Any:
    """Return the node as strings, lists and dicts."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, (_, value) in node.entries.items()}


def scalars(node: Node) -> Iterator[Scalar]:
    """Yield all scalar values below a node, keys left out."""
    if isinstance(node, Scalar):
        yield node
        return
    below = node.items if isinstance(node, Items) else [value for _, value in node.entries.values()]
    for child in below:
        yield from scalars(child)


def index_in(source: SourceText, scalar: Scalar, offset: int) -> int | None:
    """Return where in the source a character of the scalar's text stands.

    Known for plain and quoted scalars on one line without escapes. None for all others (folded, escaped):
    their text is not the source's text, and only the scalar's start can be shown.
    """
    if source.text[scalar.start : scalar.end] == scalar.text:
        return scalar.start + offset
    if source.text[scalar.start + 1 : scalar.end - 1] == scalar.text:
        return scalar.start + 1 + offset
    return None


class _StopError(Exception):
    """There is no use in reading on."""


class _Builder:
    """Makes the tree, one event at a time."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self.soft: list[Problem] = []
        self._open: list[Items | Entries] = []
        self._keys: list[Node | None] = []
        self._said: set[str] = set()
        self._nodes = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Take the next event of the parser."""
        if isinstance(event, yaml.ScalarEvent):
            self._add(event, Scalar(event.value, *_ends(event), plain=not event.style))
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            kind = Entries if isinstance(event, yaml.MappingStartEvent) else Items
            node = kind(*_ends(event))
            self._add(event, node)
            self._open.append(node)
            self._keys.append(None)
            if len(self._open) > DEEPEST:
                self._stop(event, f"nested more than {DEEPEST} levels deep")
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._open.pop()
            self._keys.pop()
        elif isinstance(event, yaml.AliasEvent):
            self._say(event, "claim files have no aliases (*); write the value out")
            self._add(event, Scalar("*", *_ends(event), plain=False))
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop(event, "a second YAML document begins here; a claim file is one document")

    def _add(self, event: Any, node: Node) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._stop(event, f"the file has more than {MOST_NODES} entries; put long prompt sets into files")
        if getattr(event, "tag", None) is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._say(event, f"claim files have no tags such as {tag}: every value is plain text", self.soft)
        if getattr(event, "anchor", None) is not None and not isinstance(event, yaml.AliasEvent):
            message = "claim files have no anchors (&); name what is used twice in 'sets'"
            self._say(event, message, self.soft)
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if isinstance(parent, Items):
            parent.items.append(node)
        else:
            self._add_entry(parent, node)

    def _add_entry(self, parent: Entries, node: Node) -> None:
        key = self._keys[-1]
        if key is None:
            self._keys[-1] = node
            return
        self._keys[-1] = None
        if not isinstance(key, Scalar):
            self.problems.append(
                self.source.problem(key.start, "a key must be a word, not a list or a mapping")
            )
        elif key.name in parent.entries:
            first = self.source.place(parent.entries[key.name][0].start)
            message = f"the key '{key.text}' is given twice, first in line {first.line}"
            self.problems.append(self.source.problem(key.start, message, width=key.end - key.start))
        else:
            parent.entries[key.name] = (key, node)

    def _say(self, event: yaml.Event, message: str, problems: list[Problem] | None = None) -> None:
        if message in self._said:
            return  # once is enough: a bomb of aliases has thousands
        self._said.add(message)
        start, end = _ends(event)
        to = self.problems if problems is None else problems
        to.append(self.source.problem(start, message, width=end - start))

    def _stop(self, event: yaml.Event, message: str) -> None:
        self.problems.append(self.source.problem(_ends(event)[0], message))
        raise _StopError


def _ends(event: Any) -> tuple[int, int]:
    return event.start_mark.index, event.end_mark.index
