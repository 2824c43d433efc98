"""The named entries of a claim file: its prompt sets, its pairs of prompts, its directions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from neuronclaims.claim_files.claims import PairSet, Prompt, PromptSet
from neuronclaims.claim_files.dictionaries.reading import read_entry
from neuronclaims.claim_files.directions.direction import Direction, Probe
from neuronclaims.claim_files.directions.reading import Entered, read_direction
from neuronclaims.claim_files.directions.vectors import read_probe
from neuronclaims.claim_files.errors import ClaimFileError, Problem
from neuronclaims.claim_files.neuron_sets.reading import read_neurons
from neuronclaims.claim_files.prompts.columns import columns_named
from neuronclaims.claim_files.prompts.pairs import read_pairs
from neuronclaims.claim_files.prompts.sets import read_set
from neuronclaims.claim_files.yaml.positions import Entries, Items, Node, Scalar
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.measurements.views.heads import HEADS
from neuronclaims.sentences.binding import Bindable
from neuronclaims.sentences.messages import quoted
from neuronclaims.sentences.names import is_name
from neuronclaims.sentences.subjects.head_names import SECTION
from neuronclaims.sentences.subjects.latents import SECTION as DICTIONARIES
from neuronclaims.sentences.subjects.latents import NamedDictionary
from neuronclaims.sentences.subjects.neuron_sets import RESERVED, NeuronSet
from neuronclaims.sentences.subjects.neuron_sets import SECTION as NEURONS
from neuronclaims.sentences.templates import LISTS, TEXTS

T = TypeVar("T")

_WHAT = {
    "sets": "a prompt set",
    "pairs": "pairs of prompts",
    "directions": "a direction",
    "probes": "a probe",
    NEURONS: "a set of neurons",
    DICTIONARIES: "a dictionary",
}
_PREFIX = {
    "sets": "set",
    "pairs": "pair",
    "directions": "direction",
    "probes": "probe",
    NEURONS: "neurons",
    DICTIONARIES: "sae",
}
"""What a name that begins with a digit is proposed to begin with, by section."""
_HOLDS = {
    "sets": "prompt sets, each under its name",
    "pairs": "pairs of prompts, each list of them under its name",
    "directions": "directions, each under its name",
    "probes": "probes, each under its name",
    NEURONS: "sets of neurons, each under its name",
    DICTIONARIES: "dictionaries, each under its name",
}


@dataclass(frozen=True, slots=True)
class Sections:
    """The entries that could be read, and by section all names that were written; ``texts`` are sets and pairs."""

    sets: Mapping[str, PromptSet]
    pairs: Mapping[str, PairSet]
    directions: Mapping[str, Direction]
    names: Mapping[str, tuple[str, ...]]
    neurons: Mapping[str, NeuronSet]
    probes: Mapping[str, Probe]
    dictionaries: Mapping[str, NamedDictionary]

    @property
    def bindable(self) -> Bindable:
        """The entries whose content sentences take, by section."""
        return {
            NEURONS: self.neurons,
            "directions": self.directions,
            "probes": self.probes,
            DICTIONARIES: self.dictionaries,
            SECTION: {SECTION: HEADS},
        }

    def graded(self, names: Iterable[str]) -> dict[str, str]:
        """Return which of some sets and pairs hold graded answers, each with the fingerprint of its model."""
        found = {name: self.sets.get(name) or self.pairs.get(name) for name in names}
        return {name: entry.graded_by for name, entry in found.items() if entry and entry.graded_by}

    def columns(self, name: str) -> tuple[str, ...]:
        """Return the columns of a set or of pairs; none where they could not be read, or have none."""
        found = self.sets.get(name) or self.pairs.get(name)
        return found.columns if found else ()

    def prompts(self, name: str) -> tuple[Prompt, ...]:
        """Return the prompts of a set, or the texts of pairs; none where they could not be read."""
        found = self.sets.get(name) or self.pairs.get(name)
        return found.prompts if found else ()


def read_sections(
    root: Entries, source: SourceText, problems: list[Problem], read_by: Iterable[str] = ()
) -> Sections:
    """Read all sets, pairs and directions of a file, adding what is wrong to ``problems``.

    ``read_by`` are the columns whose numbers sentences name, or by which they read tokens.
    """
    names = {section: _names(root, section) for section in _WHAT}
    names[TEXTS], names[LISTS] = names["sets"] + names["pairs"], names["sets"]
    problems += _twice(root, source)
    columns = columns_named(root) | frozenset(read_by)
    sets = _section(root, "sets", partial(read_set, columns=columns), source, problems)
    pairs = _section(root, "pairs", partial(read_pairs, columns=columns), source, problems)
    entered = Entered(sets, pairs, names["sets"], names["pairs"])
    directions = _section(root, "directions", partial(_direction, entered), source, problems)
    probes = _section(root, "probes", read_probe, source, problems)
    neurons = _section(root, NEURONS, read_neurons, source, problems)
    dictionaries = _section(root, DICTIONARIES, read_entry, source, problems)
    return Sections(sets, pairs, directions, names, neurons, probes, dictionaries)


def absent(root: Entries, key: str, what: str, source: SourceText) -> list[Problem]:
    """Say that a section is not there, holds nothing, or is of the wrong shape."""
    given = root.entries.get(key)
    if given is None:
        return [source.problem(root.start, f"the file has no {quoted(key)}: it needs {what}")]
    if isinstance(given[1], Scalar) and given[1].missing:
        return []  # said already, as a key without a value
    empty = isinstance(given[1], (Items, Entries)) and not (
        given[1].items if isinstance(given[1], Items) else given[1].entries
    )
    message = f"{quoted(key)} is empty" if empty else f"{quoted(key)} must hold {what}"
    return [source.problem(given[0].start, message, width=len(key))]


def _names(root: Entries, section: str) -> tuple[str, ...]:
    node = root.get(section)
    return tuple(node.entries) if isinstance(node, Entries) else ()


def _direction(entered: Entered, name: str, key: Scalar, node: Node, source: SourceText) -> Direction | None:
    return read_direction(name, key, node, entered, source)


def _section(
    root: Entries,
    section: str,
    read: Callable[[str, Scalar, Node, SourceText], T | None],
    source: SourceText,
    problems: list[Problem],
) -> dict[str, T]:
    node = root.get(section)
    if not isinstance(node, Entries) or not node.entries:
        if node is not None:
            problems += absent(root, section, _HOLDS[section], source)
        return {}
    found: dict[str, T] = {}
    for name, (key, value) in node.entries.items():
        problems += _misnamed(name, key, section, source)
        if isinstance(value, Scalar) and value.missing:
            continue
        try:
            entry = read(name, key, value, source)
        except ClaimFileError as error:
            problems += error.problems
        else:
            found.update({} if entry is None else {name: entry})
    return found


def _misnamed(name: str, key: Scalar, section: str, source: SourceText) -> list[Problem]:
    if section == NEURONS and name in RESERVED:
        message = f"{quoted(name)} cannot name {_WHAT[section]}: after 'some neuron of' it begins layers"
        near = f"{name}_neurons"
        return [source.problem(key.start, message, width=key.end - key.start, suggestion=near)]
    if is_name(name):
        return []
    rule = "letters, digits, '_' and '-', not beginning with a digit"
    message = f"{quoted(name)} cannot name {_WHAT[section]}: {rule}"
    near = re.sub(r"_+", "_", "".join(sign if is_name(f"a{sign}") else "_" for sign in name)).strip("_-")
    near = near if is_name(near) else f"{_PREFIX[section]}_{near}".rstrip("_")
    return [source.problem(key.start, message, width=key.end - key.start, suggestion=near)]


def _twice(root: Entries, source: SourceText) -> list[Problem]:
    """Refuse one name for two things: in a sentence they could not be told apart."""
    first: dict[str, tuple[str, int]] = {}
    problems = []
    for section, what in _WHAT.items():
        node = root.get(section)
        for name, (key, _) in node.entries.items() if isinstance(node, Entries) else ():
            if name in first:
                earlier, line = first[name]
                message = f"{quoted(name)} cannot name {what}: it names {earlier} already, in line {line}"
                problems.append(source.problem(key.start, message, width=key.end - key.start))
            first.setdefault(name, (what, source.place(key.start).line))
    return problems
