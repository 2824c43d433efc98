"""Pairs of a clean and a corrupted text: written in the claim file, or taken from a file beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from neuronclaims.claim_files.claims import PairSet, PromptPair
from neuronclaims.claim_files.entries import FilePairs, PairEntry
from neuronclaims.claim_files.errors import ClaimFileError, Problem
from neuronclaims.claim_files.prompts.graders import grader_of, wrong_graders
from neuronclaims.claim_files.prompts.rows import SUFFIXES, PromptRow, PromptTable
from neuronclaims.claim_files.prompts.tables import from_file
from neuronclaims.claim_files.yaml.positions import Entries, Items, Node, Scalar
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.claim_files.yaml.validation import Section, validate
from neuronclaims.sentences.messages import quoted


@dataclass(frozen=True, slots=True)
class _Placed:
    """A pair and the characters of a source that an error about it should show."""

    pair: PromptPair
    source: SourceText
    start: int
    width: int
    graded_by: str | None = None

    @property
    def where(self) -> str:
        return self.pair.source

    def problem(self, message: str) -> Problem:
        return self.source.problem(self.start, message, width=self.width)


def read_pairs(name: str, key: Scalar, node: Node, source: SourceText) -> PairSet:
    """Read one entry of ``pairs``. Raises ClaimFileError with all that is wrong with it."""
    if isinstance(node, Items):
        located = _inline(name, key, node, source)
    elif isinstance(node, Entries):
        located = from_file(f"the entry {quoted(name)} of 'pairs'", node, source, FilePairs, _unsaid, _pairs)
    else:
        message = (
            f"the pairs {quoted(name)} are a list of {{clean, corrupted}}, or a mapping with the key 'file'"
        )
        near = f"{{file: {node.text}}}" if node.text.endswith(SUFFIXES) else None
        problem = source.problem(node.start, message, width=node.end - node.start, suggestion=near)
        raise ClaimFileError([problem])
    problems = [*_partly(located), *_equal(located), *_repeated(located)]
    if problems:
        raise ClaimFileError(problems)
    return PairSet(name, tuple(each.pair for each in located), source.place(key.start), located[0].graded_by)


def _inline(name: str, key: Scalar, node: Items, source: SourceText) -> list[_Placed]:
    if not node.items:
        message = f"the entry {quoted(name)} of 'pairs' has no pairs"
        raise ClaimFileError([source.problem(key.start, message, width=key.end - key.start)])
    problems: list[Problem] = []
    located = [pair for item in node.items if (pair := _inline_pair(item, source, problems))]
    if problems:
        raise ClaimFileError(problems)
    return located


def _inline_pair(item: Node, source: SourceText, problems: list[Problem]) -> _Placed | None:
    if not isinstance(item, Entries):
        message = "a pair is a mapping with the keys 'clean' and 'corrupted'"
        width = item.end - item.start if isinstance(item, Scalar) else 1
        problems.append(source.problem(item.start, message, width=width))
        return None
    entry, found = validate(Section(PairEntry, "in a pair"), item, source)
    problems += found
    clean = item.get("clean")
    if entry is None or not isinstance(clean, Scalar):
        return None
    where = f"{source.path}:{source.place(clean.start).line}"
    pair = PromptPair(entry.clean, entry.corrupted, where, entry.id, entry.group)
    located = _Placed(pair, source, clean.start, clean.end - clean.start)
    problems += _blank(located)
    return located


def _unsaid(chosen: FilePairs, table: PromptTable) -> Iterator[tuple[str, str]]:
    for key, column in (("clean", chosen.clean), ("corrupted", chosen.corrupted)):
        if column not in (table.columns or ()) and key not in chosen.model_fields_set:
            yield f"the {key} texts", key


def _pairs(rows: Sequence[PromptRow], chosen: FilePairs, table: PromptTable) -> list[_Placed]:
    if table.columns is None:
        message = "pairs have two columns, and a .txt file has none: use .csv or .jsonl"
        raise ClaimFileError([table.source.problem(0, message)])
    located = [_pair(row, chosen, table) for row in rows]
    problems = [problem for each in located for problem in _blank(each)] + [
        each.problem(f"this row has no {field} (column {quoted(column)})")
        for field, column in (("id", chosen.id), ("group", chosen.group))
        for each in located
        if column and not getattr(each.pair, field)
    ]
    problems += wrong_graders(located, chosen)
    if problems:
        raise ClaimFileError(problems)
    return located


def _pair(row: PromptRow, chosen: FilePairs, table: PromptTable) -> _Placed:
    pair = PromptPair(
        clean=row.values.get(chosen.clean, ""),
        corrupted=row.values.get(chosen.corrupted, ""),
        source=f"{table.name}:{row.line}",
        id=row.values.get(chosen.id) if chosen.id else None,
        group=row.values.get(chosen.group) if chosen.group else None,
    )
    return _Placed(pair, table.source, *table.span(row), graded_by=grader_of(row, chosen))


def _blank(located: _Placed) -> Iterator[Problem]:
    for what, text in (("clean", located.pair.clean), ("corrupted", located.pair.corrupted)):
        if not text.strip():
            yield located.problem(f"this pair has no {what} text")


def _partly(located: Sequence[_Placed]) -> Iterator[Problem]:
    without = [each for each in located if each.pair.group is None]
    if 0 < len(without) < len(located):
        rule = "give every pair a group, or none"
        yield without[0].problem(f"this pair has no group, but others beside it have one: {rule}")


def _equal(located: Sequence[_Placed]) -> Iterator[Problem]:
    for each in located:
        if each.pair.clean == each.pair.corrupted:
            yield each.problem("the two texts of this pair are the same: nothing differs between them")


def _repeated(located: Sequence[_Placed]) -> Iterator[Problem]:
    first: dict[tuple[str, str], _Placed] = {}
    for each in located:
        earlier = first.setdefault((each.pair.clean, each.pair.corrupted), each)
        if earlier is not each:
            where = earlier.pair.source
            yield each.problem(
                f"this pair stands here already ({where}); identical pairs are not independent"
            )
