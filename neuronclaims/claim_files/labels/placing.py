"""Labels where they stand, in a row of a file or beside a prompt of a claim file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neuronclaims.claim_files.claims import Prompt
from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.labels.reading import LabelsError, labels_in, labels_of
from neuronclaims.claim_files.prompts.located import Located
from neuronclaims.claim_files.prompts.rows import PromptRow
from neuronclaims.claim_files.yaml.positions import Items, Node, Scalar, plain
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.prompts import LabelledStretch, PromptInput
from neuronclaims.sentences.messages import quoted


def cell_labels(row: PromptRow, column: str, item: str) -> tuple[LabelledStretch, ...]:
    """Return the labels of a row's prompt; raise LabelsError where they are no stretches of it, or are missing."""
    text = PromptInput.of(item).labelled_text
    cell = row.nested.get(column) or row.values.get(column, "")
    if not cell.strip():
        raise LabelsError(
            f"this row has no labels (column {quoted(column)}): write [] where nothing is labelled, or leave the row "
            "out if nobody labelled it"
        )
    try:
        return labels_in(cell, text)
    except LabelsError as error:
        number = f", stretch {int(error.where[0]) + 1}" if error.where else ""
        raise LabelsError(f"{error} (column {quoted(column)}{number})") from None


def labels_at(
    node: Node, item: str, source: SourceText, problems: list[Problem]
) -> tuple[LabelledStretch, ...] | None:
    """Return the labels beside a prompt of a claim file; None, with a problem, where they are none."""
    if isinstance(node, Scalar) and node.missing:
        return None  # said already, as a key without a value
    try:
        return labels_of(plain(node), PromptInput.of(item).labelled_text)
    except LabelsError as error:
        at = node.items[int(error.where[0])] if error.where and isinstance(node, Items) else node
        problems.append(source.problem(at.start, str(error), width=max(1, at.end - at.start)))
        return None


def without_labels(prompts: Sequence[Located[Prompt]]) -> Iterator[Problem]:
    """Refuse prompts without labels where others of their set have some: they would count as not labelled."""
    bare = [located for located in prompts if located.member.labels is None]
    if 0 < len(bare) < len(prompts):
        yield bare[0].problem(
            "this prompt has no labels, but others of its set have some: write 'labels: []' where nothing is labelled"
        )
