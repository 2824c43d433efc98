"""Prompt sets: written in the claim file, or taken from a file of prompts beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial

from neuronclaims.claim_files.chats.forms import ChatForm
from neuronclaims.claim_files.chats.messages import MessagesError
from neuronclaims.claim_files.chats.places import (
    MESSAGES,
    TEXT,
    at_row,
    is_meant,
    messages_at,
    read_listed,
    row_item,
)
from neuronclaims.claim_files.claims import Prompt, PromptSet
from neuronclaims.claim_files.entries import ChatEntry, FileSet, ListedSet, PromptEntry
from neuronclaims.claim_files.errors import ClaimFileError, Problem
from neuronclaims.claim_files.labels.placing import cell_labels, labels_at, without_labels
from neuronclaims.claim_files.labels.reading import LabelsError
from neuronclaims.claim_files.prompts.account import account_of
from neuronclaims.claim_files.prompts.columns import kept_columns
from neuronclaims.claim_files.prompts.graders import grader_of, wrong_graders
from neuronclaims.claim_files.prompts.located import (
    MARKED,
    Located,
    empty_cells,
    given_to_some,
    marked,
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
from neuronclaims.prompts import ChatMessage, brief
from neuronclaims.prompts.inputs import MARK
from neuronclaims.sentences.messages import quoted
from neuronclaims.set_accounts import RowsTaken

OWN_COLUMNS = "numbers of your own go into 'numbers', texts into 'spans'"
"""Said of a key of a prompt that nobody knows."""


def read_set(
    name: str, key: Scalar, node: Node, source: SourceText, columns: Collection[str] = ()
) -> PromptSet:
    """Read one prompt set of a claim file; ``columns`` are those that claims read tokens by.

    Raises ClaimFileError with all that is wrong with it.
    """
    taken, what, named = None, f"the set {quoted(name)}", tuple[str, ...]()
    if isinstance(node, Items):
        prompts = read_items(f"{what} has no prompts", key, node, source, partial(_inline_prompt, ChatForm()))
    elif isinstance(node, Entries) and is_meant(node, "prompts", ("file", "dataset")):
        form, key, items = read_listed(what, node, "prompts", ListedSet, source)
        prompts = read_items(f"{what} has no prompts", key, items, source, partial(_inline_prompt, form))
    elif isinstance(node, Entries):
        prompts, taken, named = prompts_from_file(what, node, source, columns)
    else:
        raise ClaimFileError([_neither(name, node, source)])
    fields = ("group", "pair", "block")
    problems = [
        *given_to_some(prompts, fields, "prompt", "of its set"),
        *_repeated(prompts),
        *without_labels(prompts),
    ]
    if problems:
        raise ClaimFileError(problems)
    texts = tuple(located.member for located in prompts)
    graded_by = (
        prompts[0].graded_by if prompts else None
    )  # of a list with nothing in it, which is said already
    named = named or tuple(dict.fromkeys(own for text in texts for own, _ in text.columns))
    account = account_of(name, texts, taken)
    return PromptSet(name, texts, source.place(key.start), graded_by, account, named)


def _neither(name: str, node: Scalar, source: SourceText) -> Problem:
    message = f"the set {quoted(name)} is a list of prompts, or a mapping with the key 'file'"
    near = f"{{file: {node.text}}}" if node.text.endswith(SUFFIXES) else f"[{node.text}]"
    return source.problem(node.start, message, width=node.end - node.start, suggestion=near)


def _inline_prompt(
    form: ChatForm, item: Node, source: SourceText, problems: list[Problem]
) -> Located[Prompt] | None:
    """Read one prompt of a list: a text, or a mapping with a text or messages; None, with a problem, for others."""
    if isinstance(item, Items):
        message = "a prompt is a text, or a mapping with the key 'text' or 'messages'; this is a list"
        problems.append(source.problem(item.start, message))
        return None
    written = _written(item, source, problems)
    if written is None:
        return None
    entry, at, messages = written
    text = entry.text if isinstance(entry, PromptEntry) else ""
    where = f"{source.path}:{source.place(at.start).line}"
    group, pair, block = (label(each) for each in (entry.group, entry.pair, entry.block))
    spans = tuple(sorted({**(entry.numbers or {}), **(entry.spans or {})}.items()))
    prompt = Prompt(text, where, entry.id, group, pair, block, columns=spans)
    located = Located(prompt, source, at.start, at.end - at.start)
    if not messages and not content(text):
        problems.append(located.problem("this prompt is empty"))
    problems += marked(located, [text])
    try:
        prompt = replace(prompt, text=form.item(text, messages))
        given = item.get("labels") if isinstance(item, Entries) else None
        labels = None if given is None else labels_at(given, prompt.text, source, problems)
        return replace(located, member=replace(prompt, labels=labels))
    except MessagesError as error:
        problems.append(located.problem(str(error)))
        return None


def _written(
    item: Scalar | Entries, source: SourceText, problems: list[Problem]
) -> tuple[PromptEntry | ChatEntry, Scalar, tuple[ChatMessage, ...]] | None:
    """Return what is written of a prompt, where errors about it point, and its messages; None where it is nothing."""
    if isinstance(item, Scalar):
        return None if item.missing else (PromptEntry.model_construct(text=item.text), item, ())
    if is_meant(item, MESSAGES, (TEXT,)):
        both = {TEXT: "a prompt is a text or a chat, not both"}
        chat, found = validate(
            Section(ChatEntry, "in a prompt", elsewhere=both, own=OWN_COLUMNS), item, source
        )
        problems += found
        messages = messages_at(item.entries[MESSAGES][1], source, problems) if chat is not None else None
        return None if chat is None or messages is None else (chat, item.entries[MESSAGES][0], messages)
    plain, found = validate(Section(PromptEntry, "in a prompt", own=OWN_COLUMNS), item, source)
    problems += found
    value = item.get(TEXT)
    return (
        (plain, value, ()) if plain is not None and isinstance(value, Scalar) and not value.missing else None
    )


def prompts_from_file(
    what: str, node: Entries, source: SourceText, columns: Collection[str] = ()
) -> tuple[list[Located[Prompt]], RowsTaken, tuple[str, ...]]:
    """Read the prompts of one set, called ``what`` in messages, from the file its mapping names, and what was taken.

    The prompts keep what their rows hold in ``columns``; all columns of the file are returned as well. Raises
    ClaimFileError with places in the claim file and, for faulty rows, in the file of prompts as well.
    """
    return from_file(what, node, source, FileSet, _unsaid, partial(_prompts, columns), columns)


def _unsaid(chosen: FileSet, table: PromptTable) -> Iterator[tuple[str, str]]:
    known = {TEXT, MESSAGES} & set(table.columns or ())
    if (
        chosen.column is None
        and chosen.messages is None
        and (table.name.endswith((".csv", ".tsv")) or not known)
    ):
        yield "the prompts", "column"


def _prompts(
    columns: Collection[str], rows: Sequence[PromptRow], chosen: FileSet, table: PromptTable
) -> list[Located[Prompt]]:
    prompts, problems = list[Located[Prompt]](), list[Problem]()
    for row in rows:
        try:
            prompts.append(_prompt(row, chosen, table, columns))
        except (MessagesError, LabelsError) as error:
            problems.append(at_row(error, row, table))
    wanted = {"id": chosen.id, "group": chosen.group, "pair": chosen.pair, "block": chosen.block}
    problems += [
        located.problem(f"this row has no prompt (column {quoted(chosen.column or TEXT)})")
        for located in prompts
        if not content(located.member.text)
    ]
    if len(prompts) == len(rows) and chosen.messages is None:
        problems += no_texts(prompts, rows, (chosen.column or TEXT,))
    problems += empty_cells(prompts, wanted)
    problems += wrong_graders(prompts, chosen) if prompts else ()
    if problems:
        raise ClaimFileError(problems[:MOST_PROBLEMS])
    return prompts


def _prompt(row: PromptRow, chosen: FileSet, table: PromptTable, columns: Collection[str]) -> Located[Prompt]:
    place = table.span(row)
    text = row.values.get(chosen.column or TEXT, "")
    if chosen.messages is None and text.startswith(MARK):
        raise MessagesError(MARKED)
    prompt = Prompt(
        text=row_item(row, chosen),
        source=f"{table.name}:{row.line}",
        id=row.values.get(chosen.id) if chosen.id else None,
        group=label(row.values.get(chosen.group)) if chosen.group else None,
        pair=label(row.values.get(chosen.pair)) if chosen.pair else None,
        block=label(row.values.get(chosen.block)) if chosen.block else None,
        columns=kept_columns(columns, row.nested, row.values),
    )
    if chosen.labels is not None and content(prompt.text):
        prompt = replace(prompt, labels=cell_labels(row, chosen.labels, prompt.text))
    return Located(prompt, table.source, *place, graded_by=grader_of(row, chosen))


def _repeated(prompts: Sequence[Located[Prompt]]) -> Iterator[Problem]:
    """Refuse a prompt that stands twice in one set: identical prompts are not independent."""
    first: dict[str | bytes, Located[Prompt]] = {}
    for located in prompts:
        text = located.member.text
        earlier = first.setdefault(_short(content(text)), located)
        if earlier is not located:
            where = f"{earlier.where}{but_for(text, earlier.member.text)}"
            yield located.problem(
                f"the prompt {quoted(brief(text, 60))} is in this set already ({where}); identical prompts are not "
                "independent"
            )


def _short(text: str) -> str | bytes:
    """Return what stands for a text among others: of a long one a hash, so that a corpus is not held twice."""
    if len(text) <= 64:
        return text
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
