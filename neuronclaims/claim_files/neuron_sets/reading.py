"""Read one entry of ``neurons:``: neurons written in the claim file, or taken from a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neuronclaims.claim_files.errors import ClaimFileError, Problem
from neuronclaims.claim_files.neuron_sets.entries import FileNeurons, ListedNeurons
from neuronclaims.claim_files.neuron_sets.rows import (
    COMPONENT,
    COMPONENTS,
    SUFFIXES,
    NeuronRow,
    RowsError,
    columns_of,
    read_rows,
)
from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.claim_files.prompts.sameness import content
from neuronclaims.claim_files.yaml.positions import Entries, Items, Node, Scalar
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.claim_files.yaml.validation import Section, validate
from neuronclaims.foreign_files import ForeignFileError
from neuronclaims.sentences.field_types import MisreadError
from neuronclaims.sentences.messages import closest, either, quoted
from neuronclaims.sentences.subjects.neuron_sets import NeuronSet
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.subjects.spellings import Spelled, spelled_neuron
from neuronclaims.sites import Site

MOST_NEURONS = 20_000
"""The most neurons of one set."""

MOST_PROBLEMS = 20


def read_neurons(name: str, key: Scalar, node: Node, source: SourceText) -> NeuronSet:
    """Read one entry of ``neurons``. Raises ClaimFileError with all that is wrong with it."""
    what = f"the set of neurons {quoted(name)}"
    if isinstance(node, Items) and node.items:
        return _listed(name, node, None, source)
    if isinstance(node, Entries) and "file" in node.entries:
        return _from_file(name, what, node, source)
    if isinstance(node, Entries) and node.entries:
        entry, problems = validate(Section(ListedNeurons, f"in {what}"), node, source)
        items = node.get("neurons")
        if entry is None or not isinstance(items, Items):
            raise ClaimFileError(problems)
        return _listed(name, items, entry.site, source)
    message = f"{what} must hold neurons, such as [11:365, 11:680], or a file of them"
    raise ClaimFileError([source.problem(key.start, message, width=key.end - key.start)])


def _listed(name: str, node: Items, site: Site | None, source: SourceText) -> NeuronSet:
    found: dict[Neuron, None] = {}
    problems: list[Problem] = []
    sites = [] if site is None else [site]
    for item in node.items:
        if not isinstance(item, Scalar):
            problems.append(source.problem(item.start, "expected a neuron such as 11:365"))
            continue
        width = item.end - item.start
        try:
            spelled = spelled_neuron(item.text)
        except MisreadError as misread:
            problems.append(
                source.problem(item.start, str(misread.reason), width=width, suggestion=misread.suggestion)
            )
            continue
        if spelled.neuron in found:
            message = f"neuron {spelled.neuron} is named twice"
            problems.append(source.problem(item.start, message, width=width))
        if spelled.site is not None and spelled.site not in sites:
            sites.append(spelled.site)
            if len(sites) > 1:
                problems.append(source.problem(item.start, _two_sites(sites), width=width))
        found[spelled.neuron] = None
    if problems:
        raise ClaimFileError(problems)
    return NeuronSet(name, tuple(found), sites[0] if sites else None)


def _two_sites(sites: Sequence[Site]) -> str:
    return f"this neuron lies at {quoted(sites[-1])}, others of the set at {quoted(sites[0])}: give each site a set"


def _from_file(name: str, what: str, node: Entries, source: SourceText) -> NeuronSet:
    entry, problems = validate(Section(FileNeurons, f"in {what}"), node, source)
    at = node.get("file")
    if entry is None or not isinstance(at, Scalar):
        raise ClaimFileError(problems)
    reading = _NeuronFile(what, entry, at, node, source)
    try:
        return reading.read(name)
    except RowsError as error:
        raise reading.wrong(f"{error}", error.choice) from None
    except ForeignFileError as error:
        raise reading.wrong(str(error)) from None


@dataclass(frozen=True, slots=True)
class _NeuronFile:
    """One entry that names a file; ``at`` is where it names it."""

    what: str
    entry: FileNeurons
    at: Scalar
    node: Entries
    source: SourceText

    def wrong(self, message: str, allowed: tuple[str, ...] = ()) -> ClaimFileError:
        """Return an error of the file, at the key that must be changed."""
        key = self.node.get("language") if "list" in message else None
        at = key if isinstance(key, Scalar) else self.at
        text = message if message.startswith(str(self._path)) else f"{self._name}: {message}"
        near = closest(at.text, allowed) if at is key else None
        return ClaimFileError(
            [self.source.problem(at.start, text, width=at.end - at.start, suggestion=near, allowed=allowed)]
        )

    @property
    def _path(self) -> Path:
        return Path(os.path.normpath(Path(self.source.path).parent / self.entry.file))

    @property
    def _name(self) -> str:
        return self.entry.file

    def read(self, name: str) -> NeuronSet:
        self._check_place()
        rows = self._taken(read_rows(self._path, self._name, self.entry.language, self.entry.languages or ()))
        layer, neuron = columns_of(rows, self.entry.layer, self.entry.neuron)
        found: dict[Neuron, tuple[tuple[str, str], ...]] = {}
        sites: list[Site] = [] if self.entry.site is None else [self.entry.site]
        problems: list[str] = []
        for row in rows:
            try:
                spelled = _neuron_of(row, layer, neuron)
            except MisreadError as misread:
                problems.append(f"{row.place}: {misread.reason}")
                continue
            if spelled.neuron in found:
                problems.append(f"{row.place}: neuron {spelled.neuron} is named twice")
            if spelled.site is not None and spelled.site not in sites:
                sites.append(spelled.site)
                if len(sites) > 1:
                    problems.append(f"{row.place}: {_two_sites(sites)}")
            found[spelled.neuron] = _labels(row, (layer, neuron))
        if len(found) > MOST_NEURONS:
            raise RowsError(f"it holds {len(found):,} neurons, and a set has at most {MOST_NEURONS:,}")
        if problems:
            raise ClaimFileError([self._problem(each) for each in problems[:MOST_PROBLEMS]])
        labels = tuple(found.values())
        origin = self._name if self.entry.language is None else f"{self._name}, {self.entry.language}"
        return NeuronSet(
            name, tuple(found), sites[0] if sites else None, origin, labels if any(labels) else ()
        )

    def _problem(self, message: str) -> Problem:
        return self.source.problem(self.at.start, message, width=self.at.end - self.at.start)

    def _check_place(self) -> None:
        """Raise ClaimFileError where the file is of another kind, leads out of the project, or is not there."""
        folders = self.source.folders or PromptFolders.around(Path(self.source.path))
        if self._path.suffix not in SUFFIXES:
            raise RowsError(f"it is no file of neurons: its name must end in {either(SUFFIXES)}")
        if not folders.holds(Path(self.source.path).parent / self.entry.file):
            raise RowsError(f"it is not read, as it leads out of the project ({folders.root})")
        if not self._path.is_file() and self.entry.get:
            message = f"needs {quoted(self._name)}, which is not here: {self.entry.get}"
            raise ClaimFileError([replace(self._problem(message), not_shipped=True)])
        if not self._path.is_file():
            there = [each.name for each in self._neighbours() if each.suffix in SUFFIXES]
            near = closest(self._path.name, there)
            width = self.at.end - self.at.start
            message = f"there is no file {quoted(str(self._path))}"
            raise ClaimFileError([self.source.problem(self.at.start, message, width=width, suggestion=near)])

    def _neighbours(self) -> Iterator[Path]:
        try:
            yield from sorted(self._path.parent.iterdir())
        except OSError:
            return

    def _taken(self, rows: Sequence[NeuronRow]) -> list[NeuronRow]:
        """Return the rows that ``where`` takes; raise RowsError where there are none."""
        if not rows:
            raise RowsError("it lists no neurons")
        where: Mapping[str, list[str]] = self.entry.where or {}
        for column in where:
            columns = tuple(dict.fromkeys(each for row in rows for each in row.values))
            if column not in columns:
                raise RowsError(f"it has no column {quoted(column)}", columns)
        wanted = {column: {content(each) for each in values} for column, values in where.items()}
        taken = [
            row
            for row in rows
            if all(content(row.values.get(column, "")) in own for column, own in wanted.items())
        ]
        if not taken:
            held = "; ".join(_held(column, rows) for column in where)
            raise RowsError(f"none of its {len(rows):,} rows fits 'where': {held}")
        return taken


def _held(column: str, rows: Sequence[NeuronRow]) -> str:
    values = list(dict.fromkeys(row.values.get(column, "") for row in rows))
    more = f" and {len(values) - 5} more" if len(values) > 5 else ""
    return f"{quoted(column)} holds {', '.join(map(quoted, values[:5]))}{more}"


def _neuron_of(row: NeuronRow, layer: str | None, neuron: str) -> Spelled:
    text = row.values.get(neuron, "").strip()
    if layer is None or not row.values.get(layer, "").strip():
        return spelled_neuron(text)
    spelled = spelled_neuron(f"{_whole(row.values[layer])}:{_whole(text)}")
    return Spelled(spelled.neuron, COMPONENTS.get(row.values.get(COMPONENT, "")))


def _whole(text: str) -> str:
    """Return a whole number as tables may have it: ``12.0`` is 12."""
    return text.strip().removesuffix(".0")


def _labels(row: NeuronRow, own: Sequence[str | None]) -> tuple[tuple[str, str], ...]:
    """Return what else a row says, the first things of it."""
    return tuple((column, value[:40]) for column, value in row.values.items() if column not in own)[:4]
