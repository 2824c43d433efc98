"""Claims of "does not", and the margin that they need and no other claim takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neuronclaims.claim_files.drafts import Draft, in_sentence
from neuronclaims.claim_files.errors import Problem, quoted
from neuronclaims.claim_files.yaml.positions import Entries
from neuronclaims.claim_files.yaml.source import Source

MARGIN = "margin"


def wrong_margins(drafts: Sequence[Draft], root: Entries, source: Source) -> Iterator[Problem]:
    """Ask for a margin where a claim denies and has none, and refuse one of a claim that denies nothing.

    At the top of a file a margin holds for the claims that deny; the others pay no heed to it.
    """
    for draft in drafts:
        if draft.parsed is None or not _may_deny(draft):
            continue
        denial = draft.parsed.phrase.denial(draft.parsed.value)
        if denial is None and draft.gives(MARGIN):
            yield _needless(draft, source)
        elif denial is not None and not draft.gives(MARGIN) and MARGIN not in root.entries:
            yield _missing(draft, denial, source)


def _may_deny(draft: Draft) -> bool:
    assert draft.parsed is not None
    phrase = draft.parsed.phrase
    return MARGIN in phrase.options and bool(phrase.denials)


def _needless(draft: Draft, source: Source) -> Problem:
    assert draft.parsed is not None
    assert isinstance(draft.node, Entries)
    key = draft.node.entries[MARGIN][0]
    message = f"this claim denies nothing, so a margin means nothing to it: only {draft.parsed.phrase.denials} has one"
    return source.problem(key.start, message, width=key.end - key.start)


def _missing(draft: Draft, field: str, source: Source) -> Problem:
    assert draft.parsed is not None
    assert draft.sentence is not None
    start, end = draft.parsed.spans[field]
    said = quoted(getattr(draft.parsed.value, field))
    example = draft.parsed.phrase.margin or "'margin: ...', the size below which an effect counts as none"
    message = f"{said} can be shown only up to a margin, and this claim has none: add {example}"
    return in_sentence(source, draft.sentence, start, end - start, message)
