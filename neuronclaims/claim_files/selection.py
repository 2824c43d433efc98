"""How the neurons of a claim file were chosen: on other prompts, on the same prompts, or not said.

``discovered_on`` names the prompts a neuron was found on; none of them may test it. ``searched`` names the layers it
was picked from on the very prompts that test it. A claim's own key takes the place of the file's, whichever it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from neuronclaims.claim_files.claims import Discovery, Prompt
from neuronclaims.claim_files.drafts import Draft, in_sentence
from neuronclaims.claim_files.errors import ClaimFileError, Problem
from neuronclaims.claim_files.names import both_places, in_both
from neuronclaims.claim_files.prompts.origin import SUFFIXES
from neuronclaims.claim_files.prompts.sameness import likeness
from neuronclaims.claim_files.prompts.sets import prompts_from_file
from neuronclaims.claim_files.schema import Header
from neuronclaims.claim_files.sections import Sections
from neuronclaims.claim_files.yaml.positions import Entries, Items, Node, Scalar, plain
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.sentences.messages import closest, quoted
from neuronclaims.sentences.subjects.layers import Layers
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.set_accounts import RowsTaken

DISCOVERED, SEARCHED = "discovered_on", "searched"


@dataclass(frozen=True, slots=True)
class NeuronSource:
    """How the neuron of one claim was chosen; neither is given where the file does not say."""

    discovered: Discovery | None = None
    searched: Layers | None = None


def read_selections(
    root: Entries,
    header: Header | None,
    drafts: Sequence[Draft],
    sections: Sections,
    source: SourceText,
    problems: list[Problem],
) -> list[NeuronSource]:
    """Return how the neuron of each draft was chosen, adding what is wrong to ``problems``."""
    levels = [root, *(draft.node for draft in drafts if isinstance(draft.node, Entries))]
    problems += _both(levels, source)
    found = _discoveries(levels, sections, source, problems)
    problems += _not_new(root, drafts, found, sections, source)
    problems += _outside(header, drafts, source)
    return [_selection(root, header, draft, found) for draft in drafts]


_Discoveries = Mapping[int, Discovery]
"""What was read of each ``discovered_on``, by where its value starts."""


def _selection(root: Entries, header: Header | None, draft: Draft, found: _Discoveries) -> NeuronSource:
    node = _level(root, draft).get(DISCOVERED)
    return NeuronSource(found.get(node.start) if node else None, _searched(header, draft))


def _level(root: Entries, draft: Draft) -> Entries:
    """Return the mapping that says how a claim's neuron was chosen: the claim itself, or the file."""
    own = draft.gives(DISCOVERED) or draft.gives(SEARCHED)
    return draft.node if own and isinstance(draft.node, Entries) else root


def _searched(header: Header | None, draft: Draft) -> Layers | None:
    own = draft.gives(DISCOVERED) or draft.gives(SEARCHED)
    level = draft.entry if own else header
    return level.searched if level is not None and not about_some(draft) else None


def about_some(draft: Draft) -> bool:
    """Return whether the sentence is about some neuron of several, and so says itself what is searched."""
    subjects = (subject for field in ("subject", "heads") for _, subject in _values(draft, field))
    picked = (change.among is not None for _, change in _values(draft, "change"))
    return any(subject.how == "some" for subject in subjects) or any(picked)


def _values(draft: Draft, field: str) -> list[tuple[str, Any]]:
    return [] if draft.parsed is None else list(draft.parsed.template.values(draft.parsed.value, field))


def _neurons(draft: Draft) -> list[tuple[str, Neuron]]:
    """Return (field, neuron) for the neurons whose choice ``searched`` can speak of."""
    subjects = [(field, who.neurons) for kind in ("subject", "heads") for field, who in _values(draft, kind)]
    changed = [(field, change.named_alone) for field, change in _values(draft, "change")]
    listed = subjects + changed + _values(draft, "neurons")
    return _values(draft, "neuron") + [(field, each) for field, neurons in listed for each in neurons]


def _both(levels: Iterable[Entries], source: SourceText) -> Iterator[Problem]:
    for level in levels:
        first, second = level.key(DISCOVERED), level.key(SEARCHED)
        if first is not None and second is not None:
            later = max(first, second, key=lambda key: key.start)
            message = (
                f"{quoted(DISCOVERED)} and {quoted(SEARCHED)} exclude each other: either the neuron was found on "
                "other prompts, or it was picked on the prompts that test it; keep one"
            )
            yield source.problem(later.start, message, width=later.end - later.start)


def _discoveries(
    levels: Iterable[Entries], sections: Sections, source: SourceText, problems: list[Problem]
) -> _Discoveries:
    reading = _Reading(sections, source)
    found = {}
    for level in levels:
        node = level.get(DISCOVERED)
        if node is not None and not (isinstance(node, Scalar) and node.missing):
            found[node.start] = reading.discovery(node, problems)
    return found


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads what ``discovered_on`` names; a file that many claims name alike is read once."""

    sections: Sections
    source: SourceText
    read: dict[str, tuple[Sequence[Prompt], RowsTaken]] = field(default_factory=dict)

    def discovery(self, node: Node, problems: list[Problem]) -> Discovery:
        items = node.items if isinstance(node, Items) else [node]
        if not items:
            problems.append(self.source.problem(node.start, f"{quoted(DISCOVERED)} is an empty list"))
        prompts: list[Prompt] = []
        taken: list[RowsTaken] = []
        for item in items:
            try:
                found, rows = self._prompts(item)
                prompts += found
                taken += rows
            except ClaimFileError as error:
                problems += error.problems
        different = {likeness(prompt.text): prompt for prompt in reversed(prompts)}
        names = tuple(_named(item) for item in items)
        return Discovery(names, tuple(different.values())[::-1], tuple(taken))

    def _prompts(self, item: Node) -> tuple[Sequence[Prompt], list[RowsTaken]]:
        """Return the prompts of one entry: a set by its name, or a file of prompts with the rows taken of it."""
        if isinstance(item, Items):
            message = f"{quoted(DISCOVERED)} holds names of prompt sets and files; this is a list in a list"
            raise ClaimFileError([self.source.problem(item.start, message)])
        if isinstance(item, Scalar):
            return self._set(item), []
        written = repr(plain(item))
        if written not in self.read:
            located, rows, _ = prompts_from_file(quoted(DISCOVERED), item, self.source)
            self.read[written] = [each.member for each in located], rows
        prompts, rows = self.read[written]
        return prompts, [rows]

    def _set(self, item: Scalar) -> Sequence[Prompt]:
        known = self.sections.names["sets"] + self.sections.names["pairs"]
        if item.name in known or item.missing:
            return self.sections.prompts(item.name)
        near, allowed = closest(item.text, known), known
        message = f"there is no prompt set {quoted(item.text)}"
        if item.text.endswith(SUFFIXES):
            near, allowed = f"{{file: {item.text}}}", ()
        elif near is None:
            message += f"; {quoted(DISCOVERED)} names prompt sets of this file, or files of prompts"
        width = item.end - item.start
        raise ClaimFileError(
            [self.source.problem(item.start, message, width=width, suggestion=near, allowed=allowed)]
        )


def _named(item: Node) -> str:
    file = item.get("file") if isinstance(item, Entries) else item
    return file.text if isinstance(file, Scalar) else ""


def _not_new(
    root: Entries, drafts: Sequence[Draft], found: _Discoveries, sections: Sections, source: SourceText
) -> Iterator[Problem]:
    """Refuse prompts of ``discovered_on`` that also test the claim: one problem for each ``discovered_on``."""
    tested: dict[int, dict[str, None]] = {}
    nodes: dict[int, Node] = {}
    for draft in drafts:
        node = _level(root, draft).get(DISCOVERED)
        if node is None or node.start not in found or draft.parsed is None:
            continue
        nodes[node.start] = node
        tested.setdefault(node.start, {}).update(dict.fromkeys(draft.tested))
    for start, used in tested.items():
        prompts = [prompt for name in used for prompt in sections.prompts(name)]
        if shared := in_both(prompts, found[start].prompts):
            node = nodes[start]
            width = node.end - node.start if isinstance(node, Scalar) else 1
            message = (
                f"{both_places(shared, quoted(DISCOVERED))}; a prompt that a neuron was found on cannot test it "
                f"(if it was picked on these very prompts, write {quoted(SEARCHED)})"
            )
            yield source.problem(start, message, width=width)


def _outside(header: Header | None, drafts: Sequence[Draft], source: SourceText) -> Iterator[Problem]:
    """Refuse a neuron that does not lie in the layers it was picked from."""
    for draft in drafts:
        if draft.parsed is None or draft.sentence is None:
            continue
        neurons = _neurons(draft)
        if not neurons and draft.gives(SEARCHED) and isinstance(draft.node, Entries):
            key = draft.node.entries[SEARCHED][0]
            message = f"{quoted(SEARCHED)} is about how one neuron was picked, and this sentence names no single one"
            if about_some(draft):
                message = f"this sentence says itself what is searched: leave {quoted(SEARCHED)} out"
            yield source.problem(key.start, message, width=key.end - key.start)
        search = _searched(header, draft)
        if search is None:
            continue
        for name, neuron in neurons:
            if neuron.layer not in search:
                yield _outside_problem(name, neuron, search, draft, source)


def _outside_problem(name: str, neuron: Neuron, search: Layers, draft: Draft, source: SourceText) -> Problem:
    assert draft.parsed is not None
    assert draft.sentence is not None
    written = draft.node.get(SEARCHED) if isinstance(draft.node, Entries) else None
    if isinstance(written, Scalar):
        message = (
            f"the {_noun(neuron, draft)} of this claim lies in layer {neuron.layer}, which is not in what was "
            f"searched, {search}"
        )
        width = written.end - written.start
        return source.problem(written.start, message, width=width, suggestion=f"layer {neuron.layer}")
    start, end = _written(neuron, draft.sentence.text, *draft.parsed.spans[name])
    message = (
        f"this {_noun(neuron, draft)} is not in what was searched, {search}: give the claim its own "
        f"{quoted(SEARCHED)}"
    )
    near = f"{SEARCHED}: layer {neuron.layer}"
    return in_sentence(source, draft.sentence, start, end - start, message, near)


def _noun(neuron: Neuron, draft: Draft) -> str:
    """Return what the sentence calls it: a neuron, a head or a latent."""
    parts = [part for _, change in _values(draft, "change") for part in change.parts]
    said = [part.said.noun for part in parts if part.said is not None and neuron in part.neurons]
    return next(iter([*said, *(who.noun for _, who in _values(draft, "heads"))]), "neuron")


def _written(neuron: Neuron, text: str, start: int, end: int) -> tuple[int, int]:
    """Return where within some characters of a sentence a neuron is written; all of them where it is not found."""
    for match in re.finditer(r"([0-9]+):([0-9]+)", text[start:end]):
        if Neuron(int(match[1]), int(match[2])) == neuron:
            return start + match.start(), start + match.end()
    return start, end
