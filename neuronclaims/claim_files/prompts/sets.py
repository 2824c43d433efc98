"""Prompt sets: written in the claim file, or taken from a file of prompts beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neuronclaims.claim_files.claims import Prompt, PromptSet
from neuronclaims.claim_files.entries import FileSet, PromptEntry
from neuronclaims.claim_files.errors import ClaimFileError, Problem
from neuronclaims.claim_files.prompts.account import account_of
from neuronclaims.claim_files.prompts.graders import grader_of, wrong_graders
from neuronclaims.claim_files.prompts.located import (
    Located,
    empty_cells,
    given_to_some,
    marked,
    no_texts,
    read_items,
)
from neuronclaims.claim_files.prompts.origin import SUFFIXES
from neuronclaims.claim_files.prompts.rows import PromptRow, PromptTable
from neuronclaims.claim_files.prompts.sameness import but_for, content, label
from neuronclaims.claim_files.prompts.tables import from_file
from neuronclaims.claim_files.yaml.positions import Entries, Items, Node, Scalar
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.claim_files.yaml.validation import Section, validate
from neuronclaims.sentences.messages import quoted
from neuronclaims.set_accounts import RowsTaken


def read_set(name: str, key: Scalar, node: Node, source: SourceText) -> PromptSet:
    """Read one prompt set of a claim file. Raises ClaimFileError with all that is wrong with it."""
    taken = None
    if isinstance(node, Items):
        prompts = read_items(f"the set {quoted(name)} has no prompts", key, node, source, _inline_prompt)
    elif isinstance(node, Entries):
        prompts, taken = prompts_from_file(f"the set {quoted(name)}", node, source)
    else:
        raise ClaimFileError([_neither(name, node, source)])
    fields = ("group", "pair", "block")
    problems = [*given_to_some(prompts, fields, "prompt", "of its set"), *_repeated(prompts)]
    if problems:
        raise ClaimFileError(problems)
    texts = tuple(located.member for located in prompts)
    graded_by = (
        prompts[0].graded_by if prompts else None
    )  # of a list with nothing in it, which is said already
    return PromptSet(name, texts, source.place(key.start), graded_by, account_of(name, texts, taken))


def _neither(name: str, node: Scalar, source: SourceText) -> Problem:
    message = f"the set {quoted(name)} is a list of prompts, or a mapping with the key 'file'"
    near = f"{{file: {node.text}}}" if node.text.endswith(SUFFIXES) else f"[{node.text}]"
    return source.problem(node.start, message, width=node.end - node.start, suggestion=near)


def _inline_prompt(item: Node, source: SourceText, problems: list[Problem]) -> Located[Prompt] | None:
    """Read one prompt of a list: a text or a mapping; None, with a problem, where it is neither."""
    if isinstance(item, Items):
        message = "a prompt is a text, or a mapping with the key 'text'; this is a list"
        problems.append(source.problem(item.start, message))
        return None
    if isinstance(item, Scalar):
        entry, text = PromptEntry.model_construct(text=item.text), item
    else:
        checked, found = validate(Section(PromptEntry, "in a prompt"), item, source)
        problems += found
        value = item.get("text")
        if checked is None or not isinstance(value, Scalar):
            return None
        entry, text = checked, value
    if text.missing:
        return None  # said already, as a value that is not there
    where = f"{source.path}:{source.place(text.start).line}"
    prompt = Prompt(entry.text, where, entry.id, label(entry.group), label(entry.pair), label(entry.block))
    located = Located(prompt, source, text.start, text.end - text.start)
    if not content(text.text):
        problems.append(located.problem("this prompt is empty"))
    problems += marked(located, [entry.text])
    return located


def prompts_from_file(
    what: str, node: Entries, source: SourceText
) -> tuple[list[Located[Prompt]], RowsTaken]:
    """Read the prompts of one set, called ``what`` in messages, from the file its mapping names, and what was taken.

    Raises ClaimFileError with places in the claim file and, for faulty rows, in the file of prompts as well.
    """
    return from_file(what, node, source, FileSet, _unsaid, _prompts)


def _unsaid(chosen: FileSet, table: PromptTable) -> Iterator[tuple[str, str]]:
    if chosen.column is None and (
        table.name.endswith((".csv", ".tsv")) or "text" not in (table.columns or ())
    ):
        yield "the prompts", "column"


def _prompts(rows: Sequence[PromptRow], chosen: FileSet, table: PromptTable) -> list[Located[Prompt]]:
    prompts = [_prompt(row, chosen, table) for row in rows]
    wanted = {"id": chosen.id, "group": chosen.group, "pair": chosen.pair, "block": chosen.block}
    problems = [
        located.problem(f"this row has no prompt (column {quoted(chosen.column or 'text')})")
        for located in prompts
        if not content(located.member.text)
    ]
    problems += no_texts(prompts, rows, (chosen.column or "text",))
    problems += [problem for each in prompts for problem in marked(each, [each.member.text])]
    problems += empty_cells(prompts, wanted)
    problems += wrong_graders(prompts, chosen)
    if problems:
        raise ClaimFileError(problems)
    return prompts


def _prompt(row: PromptRow, chosen: FileSet, table: PromptTable) -> Located[Prompt]:
    prompt = Prompt(
        text=row.values.get(chosen.column or "text", ""),
        source=f"{table.name}:{row.line}",
        id=row.values.get(chosen.id) if chosen.id else None,
        group=label(row.values.get(chosen.group)) if chosen.group else None,
        pair=label(row.values.get(chosen.pair)) if chosen.pair else None,
        block=label(row.values.get(chosen.block)) if chosen.block else None,
    )
    return Located(prompt, table.source, *table.span(row), graded_by=grader_of(row, chosen))


def _repeated(prompts: Sequence[Located[Prompt]]) -> Iterator[Problem]:
    """Refuse a prompt that stands twice in one set: identical prompts are not independent."""
    first: dict[str, Located[Prompt]] = {}
    for located in prompts:
        text = located.member.text
        earlier = first.setdefault(content(text), located)
        if earlier is not located:
            where = f"{earlier.where}{but_for(text, earlier.member.text)}"
            yield located.problem(
                f"the prompt {quoted(text)} is in this set already ({where}); identical prompts are not independent"
            )
