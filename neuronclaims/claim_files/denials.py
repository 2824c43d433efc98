"""Claims of "does not", and the margin that they need and no other claim takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neuronclaims.claim_files.drafts import Draft, in_sentence
from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.yaml.positions import Entries
from neuronclaims.claim_files.yaml.source import Source
from neuronclaims.sentences.messages import quoted

MARGIN = "margin"


def wrong_margins(drafts: Sequence[Draft], root: Entries, source: Source) -> Iterator[Problem]:
    """Ask for a margin where a claim denies and has none, and refuse one of a claim that denies nothing.

    At the top of a file a margin holds for the claims that deny; the others pay no heed to it.
    """
    for draft in drafts:
        if draft.parsed is None or not _may_deny(draft):
            continue
        denial = draft.parsed.template.denial(draft.parsed.value)
        if denial is None and draft.gives(MARGIN):
            yield _needless(draft, source)
        elif denial is not None and not draft.gives(MARGIN) and MARGIN not in root.entries:
            yield _missing(draft, denial, source)


def _may_deny(draft: Draft) -> bool:
    assert draft.parsed is not None
    template = draft.parsed.template
    return MARGIN in template.options.model_fields and bool(template.denials)


def _needless(draft: Draft, source: Source) -> Problem:
    assert draft.parsed is not None
    assert isinstance(draft.node, Entries)
    key = draft.node.entries[MARGIN][0]
    denials = draft.parsed.template.denials
    message = f"this claim denies nothing, so a margin means nothing to it: only {denials} has one"
    return source.problem(key.start, message, width=key.end - key.start)


def _missing(draft: Draft, field: str, source: Source) -> Problem:
    assert draft.parsed is not None
    assert draft.sentence is not None
    start, end = draft.parsed.spans[field]
    said = quoted(getattr(draft.parsed.value, field))
    example = draft.parsed.template.margin or "'margin: ...', the size below which an effect counts as none"
    message = f"{said} can be shown only up to a margin, and this claim has none: add {example}"
    return in_sentence(source, draft.sentence, start, end - start, message)
