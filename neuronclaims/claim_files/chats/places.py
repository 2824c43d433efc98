"""Read chats where they stand, in a claim file or in a row of a file, and show what is wrong at its place."""

from __future__ import annotations

import json
from collections.abc import Iterator

from neuronclaims.claim_files.chats.forms import ChatForm
from neuronclaims.claim_files.chats.messages import MessagesError, messages_in, messages_of
from neuronclaims.claim_files.entries import FileSet, ListedPairs, ListedSet
from neuronclaims.claim_files.errors import ClaimFileError, Problem
from neuronclaims.claim_files.labels.reading import LabelsError
from neuronclaims.claim_files.prompts.located import MARKED
from neuronclaims.claim_files.prompts.rows import PromptRow, PromptTable
from neuronclaims.claim_files.yaml.positions import Entries, Items, Node, Scalar, plain
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.claim_files.yaml.validation import Section, resolve, validate
from neuronclaims.prompts import ChatMessage
from neuronclaims.prompts.inputs import MARK
from neuronclaims.sentences.messages import closest, quoted

MESSAGES, TEXT = "messages", "text"
"""The columns that hold chats and texts where nothing else is said."""


def is_meant(entry: Entries, key: str, instead: tuple[str, ...]) -> bool:
    """Say whether a mapping is one with a key, however that is spelled, and not one with others instead."""
    if key not in entry.entries and any(other in entry.entries for other in instead):
        return False
    return any(each == key or closest(each, (key,)) for each in entry.entries)


def messages_at(node: Node, source: SourceText, problems: list[Problem]) -> tuple[ChatMessage, ...] | None:
    """Return the messages that a node of a claim file holds; None, with a problem, where it holds none."""
    try:
        return messages_of(plain(node))
    except MessagesError as error:
        problems += _at_node(error, node, source)
        return None


def _at_node(error: MessagesError, node: Node, source: SourceText) -> Iterator[Problem]:
    found, key = resolve(node, error.where)
    if isinstance(found, Scalar) and found.missing:
        return  # said already, as a key or an item without a value
    at = key if key is not None and (error.key or not isinstance(found, Scalar)) else found
    width = at.end - at.start if isinstance(at, Scalar) else 1
    yield source.problem(at.start, str(error), width=width, suggestion=error.suggestion)


def row_item(row: PromptRow, chosen: FileSet) -> str:
    """Return the item of a row's prompt, "" for a row without one; raise MessagesError for what is no chat.

    Where the claim file names no column, a row is a chat if it has messages, and otherwise a text.
    """
    column = chosen.messages or (MESSAGES if chosen.column is None and MESSAGES in row.nested else None)
    text = row.values.get(chosen.column or TEXT, "")
    if column is None:
        return chosen.form.item(text, (), row.values) if text else ""
    if chosen.messages is None and text:
        raise MessagesError(
            "this row has a text and messages: say which is meant, 'column: text' or 'messages: messages'"
        )
    cell = row.values.get(column, "")
    if column not in row.nested and not cell.strip():
        raise MessagesError(f"this row has no messages (column {quoted(column)})")
    if column in row.nested:
        return cell_item(row, column, chosen.form)
    try:
        return chosen.form.item("", messages_in(cell), row.values)
    except MessagesError as error:
        raise _in_column(error, column) from None


def cell_item(row: PromptRow, column: str, form: ChatForm) -> str:
    """Return the item of a cell that holds a text or, as JSON has it, a list of messages; "" for an empty one."""
    text = row.values.get(column, "")
    if column in row.nested:
        return form.item("", _numbered(row.nested[column], column), row.values)
    if text.startswith(MARK):
        raise MessagesError(MARKED)
    return form.item(text, (), row.values) if text else ""


def _numbered(nested: str, column: str) -> tuple[ChatMessage, ...]:
    try:
        return messages_of(json.loads(nested))
    except MessagesError as error:
        raise _in_column(error, column) from None


def _in_column(error: MessagesError, column: str) -> MessagesError:
    number = f", message {int(error.where[0]) + 1}" if error.where else ""
    return MessagesError(f"{error} (column {quoted(column)}{number})", (), error.suggestion)


def read_listed(
    what: str, node: Entries, key: str, model: type[ListedSet] | type[ListedPairs], source: SourceText
) -> tuple[ChatForm, Scalar, Items]:
    """Return what a mapping says of all its prompts, and the list of them under ``key``.

    Raises ClaimFileError with all that is wrong with the mapping.
    """
    both = f"{what} is a list or a file, not both"
    section = Section(model, f"in {what}", elsewhere={"file": both, "dataset": both})
    chosen, problems = validate(section, node, source)
    if key not in node.entries:
        raise ClaimFileError(problems)
    at, items = node.entries[key]
    if not isinstance(items, Items) and not (isinstance(items, Scalar) and items.missing):
        said = f"{quoted(key)} is a list of {key} here"
        problems.append(source.problem(at.start, said, width=at.end - at.start))
    for name in ("system", "prefill"):
        if isinstance(node.get(name), Entries):
            said = f"{quoted(name)} is one text here: a list of {key} has no columns"
            problems.append(source.problem(node.entries[name][0].start, said, width=len(name)))
    if chosen is None or problems or not isinstance(items, Items):
        raise ClaimFileError(problems)
    return chosen.form, at, items


def at_row(error: MessagesError | LabelsError, row: PromptRow, table: PromptTable) -> Problem:
    """Return what is wrong with the chat or the labels of a row, at the row."""
    start, width = table.span(row)
    return table.source.problem(start, str(error), width=width, suggestion=error.suggestion)
