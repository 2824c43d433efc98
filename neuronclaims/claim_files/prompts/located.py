"""A prompt or a pair and where it stands, while its set is still being checked; the checks that both sorts share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from neuronclaims.claim_files.claims import Prompt, PromptPair
from neuronclaims.claim_files.errors import ClaimFileError, Problem, told_once
from neuronclaims.claim_files.prompts.rows import PromptRow
from neuronclaims.claim_files.yaml.positions import Items, Node, Scalar
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.prompts.inputs import MARK
from neuronclaims.sentences.messages import quoted

Member = TypeVar("Member", Prompt, PromptPair)


@dataclass(frozen=True, slots=True)
class Located(Generic[Member]):
    """A prompt or a pair, and the characters of a source that an error about it should show.

    ``graded_by`` is the fingerprint of the model that gave this answer, None for what is not a graded answer.
    """

    member: Member
    source: SourceText
    start: int
    width: int
    graded_by: str | None = None

    @property
    def where(self) -> str:
        """Return the file and line it stands in."""
        return self.member.source

    def problem(self, message: str) -> Problem:
        """Return a problem with this prompt or pair."""
        return self.source.problem(self.start, message, width=self.width)


def read_items(
    empty: str,
    key: Scalar,
    node: Items,
    source: SourceText,
    read: Callable[[Node, SourceText, list[Problem]], Located[Member] | None],
) -> list[Located[Member]]:
    """Read the prompts or pairs of a list, each by ``read``.

    Raises ClaimFileError with all that is wrong with them, or with the message ``empty`` for a list of none.
    """
    if not node.items:
        raise ClaimFileError([source.problem(key.start, empty, width=key.end - key.start)])
    problems: list[Problem] = []
    members = [located for item in node.items if (located := read(item, source, problems))]
    if problems:
        raise ClaimFileError(told_once(problems))
    return members


def empty_cells(members: Sequence[Located[Member]], columns: dict[str, str | None]) -> Iterator[Problem]:
    """Refuse rows that hold nothing in a column that was named; ``columns`` are given by the field they fill."""
    for field, column in columns.items():
        for located in members:
            if column and not getattr(located.member, field):
                yield located.problem(f"this row has no {field} (column {quoted(column)})")


def no_texts(
    members: Sequence[Located[Member]], rows: Sequence[PromptRow], columns: Sequence[str]
) -> Iterator[Problem]:
    """Refuse numbers and truth values of JSON where a text is to be run: how they are written is not kept."""
    for located, row in zip(members, rows, strict=True):
        for column in columns:
            if column in row.unquoted:
                written = row.unquoted[column]
                yield located.problem(
                    f"column {quoted(column)} holds {written} here, which is no text; write it in quotes if it is one"
                )


MARKED = "a text begins with the character U+0000, which is kept for chats; take it out"


def marked(located: Located[Member], texts: Sequence[str]) -> Iterator[Problem]:
    """Refuse texts that begin with U+0000, as items of chats do (``prompts/inputs.py``)."""
    if any(text.startswith(MARK) for text in texts):
        yield located.problem(MARKED)


def given_to_some(
    members: Sequence[Located[Member]], fields: Sequence[str], noun: str, others: str
) -> Iterator[Problem]:
    """Refuse a field, such as a group, that only some members of a set have; ``others`` names the rest in words."""
    for field in fields:
        without = [located for located in members if getattr(located.member, field) is None]
        if 0 < len(without) < len(members):
            rule = f"give every {noun} a {field}, or none"
            yield without[0].problem(f"this {noun} has no {field}, but others {others} have one: {rule}")
