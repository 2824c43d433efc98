"""Prompt sets that a claim file takes from a file: each row a prompt, with what belongs to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neuronclaims.claim_files.claims import Prompt
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.prompts.graders import grader_of, wrong_graders
from neuronclaims.claim_files.prompts.located import Placed
from neuronclaims.claim_files.prompts.rows import Row, Table
from neuronclaims.claim_files.prompts.tables import from_file
from neuronclaims.claim_files.yaml.entries import FileSet
from neuronclaims.claim_files.yaml.positions import Entries
from neuronclaims.claim_files.yaml.source import Source
from neuronclaims.sentences.messages import quoted


def prompts_from_file(what: str, node: Entries, source: Source) -> list[Placed]:
    """Read the prompts of one set, called ``what`` in messages, from the file its mapping names.

    Raises ClaimFileError with places in the claim file and, for faulty rows, in the file of prompts as well.
    """
    return from_file(what, node, source, FileSet, _unsaid, _prompts)


def _unsaid(chosen: FileSet, table: Table) -> Iterator[tuple[str, str]]:
    if chosen.column is None and (table.name.endswith(".csv") or "text" not in (table.columns or ())):
        yield "the prompts", "column"


def _prompts(rows: Sequence[Row], chosen: FileSet, table: Table) -> list[Placed]:
    prompts = [_prompt(row, chosen, table) for row in rows]
    wanted = {"id": chosen.id, "group": chosen.group, "pair": chosen.pair, "block": chosen.block}
    problems = [
        placed.problem(f"this row has no prompt (column {quoted(chosen.column or 'text')})")
        for placed in prompts
        if not placed.prompt.text.strip()
    ] + [
        placed.problem(f"this row has no {field} (column {quoted(column)})")
        for field, column in wanted.items()
        for placed in prompts
        if column and not getattr(placed.prompt, field)
    ]
    problems += wrong_graders(prompts, chosen)
    if problems:
        raise ClaimFileError(problems)
    return prompts


def _prompt(row: Row, chosen: FileSet, table: Table) -> Placed:
    prompt = Prompt(
        text=row.values.get(chosen.column or "text", ""),
        source=f"{table.name}:{row.line}",
        id=row.values.get(chosen.id) if chosen.id else None,
        group=row.values.get(chosen.group) if chosen.group else None,
        pair=row.values.get(chosen.pair) if chosen.pair else None,
        block=row.values.get(chosen.block) if chosen.block else None,
    )
    return Placed(prompt, table.source, *table.span(row), graded_by=grader_of(row, chosen))
