"""Graded answers in files: which model gave the answers of each row, by the fingerprint of its weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from neuronclaims.claim_files.entries import FINGERPRINT, FilePairs, FileSet
from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.prompts.rows import PromptRow
from neuronclaims.sentences.messages import quoted


class Answer(Protocol):
    """A prompt or a pair that was read from a row of graded answers, and where it stands."""

    @property
    def graded_by(self) -> str | None:
        """Return the fingerprint of the model whose answer it is."""
        ...

    @property
    def where(self) -> str:
        """Return the file and line it stands in."""
        ...

    def problem(self, message: str) -> Problem:
        """Return a problem with it."""
        ...


def grader_of(row: PromptRow, chosen: FileSet | FilePairs) -> str | None:
    """Return the fingerprint in a row, or in the claim file for all rows; None if answers are not graded."""
    grader = chosen.graded_by
    return None if grader is None else grader.fingerprint or row.values.get(grader.column or "")


def wrong_graders(answers: Sequence[Answer], chosen: FileSet | FilePairs) -> Iterator[Problem]:
    """Check that all answers were given by one model, and that its fingerprint is one."""
    if chosen.graded_by is None or chosen.graded_by.column is None:
        return
    column = quoted(chosen.graded_by.column)
    first = answers[0]
    for answer in answers:
        if not FINGERPRINT.fullmatch(answer.graded_by or ""):
            message = (
                f"this row does not say which model was graded (column {column}): it must hold a SHA-256"
            )
            yield answer.problem(message)
        elif answer.graded_by != first.graded_by:
            message = (
                f"this row grades another model than {first.where} does (column {column}): "
                "choose the rows of one model with 'where'"
            )
            yield answer.problem(message)
            return
