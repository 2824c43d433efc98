"""Pairs of a clean and a corrupted text: written in the claim file, or taken from a file beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import partial

from neuronclaims.claim_files.chats.forms import ChatForm
from neuronclaims.claim_files.chats.messages import MessagesError
from neuronclaims.claim_files.chats.places import at_row, cell_item, is_meant, messages_at, read_listed
from neuronclaims.claim_files.claims import PairSet, PromptPair
from neuronclaims.claim_files.entries import FilePairs, ListedPairs, PairEntry
from neuronclaims.claim_files.errors import ClaimFileError, Problem
from neuronclaims.claim_files.prompts.account import account_of_pairs
from neuronclaims.claim_files.prompts.columns import kept_columns, with_sides
from neuronclaims.claim_files.prompts.graders import grader_of, wrong_graders
from neuronclaims.claim_files.prompts.located import (
    MARKED,
    Located,
    empty_cells,
    given_to_some,
    no_texts,
    read_items,
)
from neuronclaims.claim_files.prompts.origin import SUFFIXES
from neuronclaims.claim_files.prompts.rows import MOST_PROBLEMS, PromptRow, PromptTable
from neuronclaims.claim_files.prompts.sameness import but_for, content, label
from neuronclaims.claim_files.prompts.tables import from_file
from neuronclaims.claim_files.yaml.positions import Entries, Items, Node, Scalar
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.claim_files.yaml.validation import Section, validate
from neuronclaims.prompts import shown
from neuronclaims.prompts.inputs import MARK
from neuronclaims.sentences.messages import quoted


def read_pairs(
    name: str, key: Scalar, node: Node, source: SourceText, columns: Collection[str] = ()
) -> PairSet:
    """Read one entry of ``pairs``; ``columns`` are those that claims change tokens by.

    Raises ClaimFileError with all that is wrong with it.
    """
    taken, named, wanted = None, tuple[str, ...](), with_sides(columns)
    what = f"the entry {quoted(name)} of 'pairs'"
    if isinstance(node, Items):
        located = read_items(f"{what} has no pairs", key, node, source, partial(_inline_pair, ChatForm()))
    elif isinstance(node, Entries) and is_meant(node, "pairs", ("file", "dataset")):
        form, key, items = read_listed(what, node, "pairs", ListedPairs, source)
        located = read_items(f"{what} has no pairs", key, items, source, partial(_inline_pair, form))
    elif isinstance(node, Entries):
        make = partial(_pairs, wanted)
        located, taken, named = from_file(what, node, source, FilePairs, _unsaid, make, wanted)
    else:
        message = (
            f"the pairs {quoted(name)} are a list of {{clean, corrupted}}, or a mapping with the key 'file'"
        )
        near = f"{{file: {node.text}}}" if node.text.endswith(SUFFIXES) else None
        problem = source.problem(node.start, message, width=node.end - node.start, suggestion=near)
        raise ClaimFileError([problem])
    problems = [
        *given_to_some(located, ("group",), "pair", "beside it"),
        *_equal(located),
        *_repeated(located),
    ]
    if problems:
        raise ClaimFileError(problems)
    pairs = tuple(each.member for each in located)
    graded_by = (
        located[0].graded_by if located else None
    )  # of a list with nothing in it, which is said already
    named = named or tuple(dict.fromkeys(own for pair in pairs for own, _ in pair.columns))
    account = account_of_pairs(name, pairs, taken)
    return PairSet(name, pairs, source.place(key.start), graded_by, account, named)


def _inline_pair(
    form: ChatForm, item: Node, source: SourceText, problems: list[Problem]
) -> Located[PromptPair] | None:
    if not isinstance(item, Entries):
        message = "a pair is a mapping with the keys 'clean' and 'corrupted'"
        width = item.end - item.start if isinstance(item, Scalar) else 1
        problems.append(source.problem(item.start, message, width=width))
        return None
    entry, found = validate(Section(PairEntry, "in a pair"), item, source)
    problems += found
    if entry is None:
        return None
    (key, clean), (_, corrupted) = item.entries["clean"], item.entries["corrupted"]
    at = clean if isinstance(clean, Scalar) else key
    if any(isinstance(side, Scalar) and side.missing for side in (clean, corrupted)):
        return None  # said already
    sides = [_side(side, form, at, source, problems) for side in (clean, corrupted)]
    if sides[0] is None or sides[1] is None:
        return None
    where = f"{source.path}:{source.place(at.start).line}"
    spans = tuple(sorted((entry.spans or {}).items()))
    pair = PromptPair(sides[0], sides[1], where, entry.id, label(entry.group), spans)
    located = Located(pair, source, at.start, at.end - at.start)
    problems += _blank(located)
    return located


def _side(node: Node, form: ChatForm, at: Scalar, source: SourceText, problems: list[Problem]) -> str | None:
    """Return the item of one side of a pair, a text or messages; None, with a problem, where it is neither."""
    text = node.text if isinstance(node, Scalar) else ""
    messages = () if isinstance(node, Scalar) else messages_at(node, source, problems)
    try:
        if text.startswith(MARK):
            raise MessagesError(MARKED)
        return None if messages is None else form.item(text, messages) if text or messages else ""
    except MessagesError as error:
        problems.append(source.problem(at.start, str(error), width=at.end - at.start))
        return None


def _unsaid(chosen: FilePairs, table: PromptTable) -> Iterator[tuple[str, str]]:
    for key, column in (("clean", chosen.clean), ("corrupted", chosen.corrupted)):
        if column not in (table.columns or ()) and key not in chosen.model_fields_set:
            yield f"the {key} texts", key


def _pairs(
    columns: Collection[str], rows: Sequence[PromptRow], chosen: FilePairs, table: PromptTable
) -> list[Located[PromptPair]]:
    if table.columns is None:
        message = "pairs have two columns, and a .txt file has none: use .csv or .jsonl"
        raise ClaimFileError([table.source.problem(0, message)])
    located, problems = list[Located[PromptPair]](), list[Problem]()
    for row in rows:
        try:
            located.append(_pair(row, chosen, table, columns))
        except MessagesError as error:
            problems.append(at_row(error, row, table))
    problems += [problem for each in located for problem in _blank(each)]
    if problems:
        raise ClaimFileError(problems[:MOST_PROBLEMS])
    problems += no_texts(located, rows, (chosen.clean, chosen.corrupted))
    problems += empty_cells(located, {"id": chosen.id, "group": chosen.group})
    problems += wrong_graders(located, chosen)
    if problems:
        raise ClaimFileError(problems)
    return located


def _pair(
    row: PromptRow, chosen: FilePairs, table: PromptTable, columns: Collection[str]
) -> Located[PromptPair]:
    pair = PromptPair(
        clean=cell_item(row, chosen.clean, chosen.form),
        corrupted=cell_item(row, chosen.corrupted, chosen.form),
        source=f"{table.name}:{row.line}",
        id=row.values.get(chosen.id) if chosen.id else None,
        group=label(row.values.get(chosen.group)) if chosen.group else None,
        columns=kept_columns(columns, row.nested, row.values),
    )
    return Located(pair, table.source, *table.span(row), graded_by=grader_of(row, chosen))


def _blank(located: Located[PromptPair]) -> Iterator[Problem]:
    for what, text in (("clean", located.member.clean), ("corrupted", located.member.corrupted)):
        if not content(text):
            yield located.problem(f"this pair has no {what} text")


def _equal(located: Sequence[Located[PromptPair]]) -> Iterator[Problem]:
    for each in located:
        clean, corrupted = each.member.clean, each.member.corrupted
        if content(clean) == content(corrupted):
            same = f"the same{but_for(clean, corrupted)}"
            yield each.problem(f"the two texts of this pair are {same}: nothing differs between them")


def _repeated(located: Sequence[Located[PromptPair]]) -> Iterator[Problem]:
    first: dict[tuple[str, str], Located[PromptPair]] = {}
    for each in located:
        earlier = first.setdefault((content(each.member.clean), content(each.member.corrupted)), each)
        if earlier is not each:
            texts = [f"{shown(one.member.clean)}|{shown(one.member.corrupted)}" for one in (each, earlier)]
            where = f"{earlier.where}{but_for(*texts)}"
            yield each.problem(
                f"this pair stands here already ({where}); identical pairs are not independent"
            )
