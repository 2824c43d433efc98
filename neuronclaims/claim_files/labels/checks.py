"""Check the labels that sentences name: their sets have labels, and this one among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neuronclaims.claim_files.drafts import Draft, in_sentence
from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.labels.reading import names_in
from neuronclaims.claim_files.prompts.columns import span_at
from neuronclaims.claim_files.sections import Sections
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.sentences.messages import closest, quoted

USUAL = ("labels", "spans", "ents", "entities")
"""What columns of labels are often called."""


def wrong_labels(drafts: Sequence[Draft], sections: Sections, source: SourceText) -> Iterator[Problem]:
    """Refuse labels of sets that have none, labels that never occur, and labels of what a model writes."""
    said: set[tuple[str, str]] = set()
    for draft in drafts:
        if draft.parsed is None or draft.sentence is None:
            continue
        for field, label in draft.parsed.template.labels(draft.parsed.value):
            yield from _written(draft, source)
            for _, name in draft.named("sets"):
                wrong = _wrong(name, label, sections) if name in sections.sets else None
                if wrong is not None and (name, label) not in said:
                    said.add((name, label))
                    start, end = draft.parsed.spans[field]
                    yield in_sentence(source, draft.sentence, start, end - start, *wrong)


def _wrong(name: str, label: str, sections: Sections) -> tuple[str, str | None, tuple[str, ...]] | None:
    """Return what is wrong with a label of a set, what was probably meant, and what there is."""
    labels = [prompt.labels for prompt in sections.sets[name].prompts if prompt.labels is not None]
    if not labels:
        columns = sections.columns(name)
        usual = next((column for column in USUAL if column in columns), None)
        how = (
            "say 'labels: COLUMN' of the set"
            if columns
            else "write 'labels: [[4, 7, noun]]' beside each text"
        )
        near = f"labels: {usual}" if usual else None
        return f"the prompts of {quoted(name)} have no labels: {how}", near, columns
    names = tuple(sorted(names_in(labels)))
    if label in names:
        return None
    if not names:
        return f"nothing is labelled in {quoted(name)}: all its labels are []", None, ()
    return f"no stretch of {quoted(name)} is labelled {quoted(label)}", closest(label, names), names


def _written(draft: Draft, source: SourceText) -> Iterator[Problem]:
    """Refuse a token rule of the claim's own that reads what the model writes."""
    found = span_at(draft.node, "tokens")
    if found is not None and found[0].generates:
        span, at = found
        message = (
            f"labels are of the texts in the file, and {quoted(span.named)} is what the model writes: every "
            "token of the texts is read, so write 'tokens: mean of prompt'"
        )
        yield source.problem(at.start, message, width=at.end - at.start)
