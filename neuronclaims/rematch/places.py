"""Find the characters of a claim file that name its models and neurons."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from neuronclaims.claim_files.yaml.positions import Entries, Items, Node, Scalar, compose
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.rematch.naming import named
from neuronclaims.sentences.parser import parse
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.templates import Template

_NEURON = re.compile(r"(?<![0-9:.])([0-9]+):([0-9]+)(?![0-9:.])")
WIDTH = 108
"""How long the lines of a comment at the head of a file are at most."""
_CLOSED = re.compile(r"[\]}\s]*(?:\s#.*)?")
_DASH = re.compile(r"[ \t]*-[ \t]+")


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters ``start`` to ``end`` of a text, and the text that replaces them."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class WrittenClaim:
    """One claim as it stands in the file: its item in the list of claims, and its sentence."""

    source: SourceText
    node: Node
    sentence: Scalar

    def edits(self, places: Mapping[Neuron, Neuron], templates: Sequence[Template]) -> Iterator[Edit]:
        """Yield the edits that replace the neurons of the sentence by those in ``places``.

        As many words look like neurons in the file's text as in the sentence, which may have been folded or quoted
        there: they are joined in their order.
        """
        parsed = parse(self.sentence.text, templates)
        spans = [parsed.spans[field] for field in named(parsed.value)]
        own = _NEURON.finditer(self.sentence.text)
        there = _NEURON.finditer(self.source.text, self.sentence.start, self.sentence.end)
        for said, match in zip(own, there, strict=False):
            neuron = Neuron(int(match[1]), int(match[2]))
            meant = any(start <= said.start() < end for start, end in spans) and said[0] == match[0]
            if meant and places.get(neuron, neuron) != neuron:
                yield Edit(match.start(), match.end(), str(places[neuron]))

    def comment(self, text: str) -> Edit:
        """Return a comment on a line of its own above the claim."""
        start, indent = self._line()
        return Edit(start, start, f"{indent}# {text}\n")

    def out_commented(self, text: str) -> Edit | None:
        """Return an edit that turns the claim into a comment below ``text``; None if its lines hold other things."""
        start, indent = self._line()
        first = self.source.place(self.node.start).line
        last = self.source.place(max(start, _end(self.node) - 1)).line
        lines = self.source.lines[first - 1 : last]
        alone = _DASH.fullmatch(self.source.text[start : self.node.start])
        if not alone or not _CLOSED.fullmatch(self.source.lines[last - 1][self._column(last) :]):
            return None
        body = "".join(f"{indent}# {line[len(indent) :]}\n" for line in lines)
        return Edit(start, self.source.line_start(last + 1), f"{indent}# {text}\n{body}")

    def _column(self, line: int) -> int:
        return _end(self.node) - self.source.line_start(line)

    def _line(self) -> tuple[int, str]:
        """Return where the line of the claim begins, and its indentation."""
        start = self.source.line_start(self.source.place(self.node.start).line)
        line = self.source.text[start : self.node.start]
        return start, line[: len(line) - len(line.lstrip(" \t"))]


def written(source: SourceText) -> list[WrittenClaim]:
    """Return all claims of a file that was read without problems, in its order."""
    root = compose(source)
    node = root.get("claims") if isinstance(root, Entries) else None
    found = []
    for item in node.items if isinstance(node, Items) else ():
        sentence = item.get("claim") if isinstance(item, Entries) else item
        if isinstance(sentence, Scalar):
            found.append(WrittenClaim(source, item, sentence))
    return found


def of_models(source: SourceText, models: str) -> Edit | None:
    """Return the edit that replaces all models of a file by one, as ``models`` spells it."""
    root = compose(source)
    node = root.get("models") if isinstance(root, Entries) else None
    if isinstance(node, Entries) and node.entries:
        pairs = [*node.entries.values()]
        name = next(iter(node.entries))
        return Edit(pairs[0][0].start, pairs[-1][1].end, f"{name}: {models}")
    names = (
        [node]
        if isinstance(node, Scalar)
        else [i for i in getattr(node, "items", []) if isinstance(i, Scalar)]
    )
    return Edit(names[0].start, names[-1].end, models) if names else None


def head(source: SourceText, text: str) -> Edit:
    """Return a comment above the first key of a file."""
    start = compose(source).start
    return Edit(start, start, "".join(f"# {line}\n" for line in textwrap.wrap(text, WIDTH)))


def applied(text: str, edits: Sequence[Edit]) -> str:
    """Return a text with edits made to it, none of which overlap."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


def _end(node: Node) -> int:
    """Return where the last item of a node ends, without closing brackets."""
    if isinstance(node, Scalar):
        return node.end
    below = node.items if isinstance(node, Items) else [value for _, value in node.entries.values()]
    return max([node.end, *(_end(child) for child in below)])
