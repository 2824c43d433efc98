"""What kinds refuse of their claims by the sentence and the settings alone, said at the words that are meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neuronclaims.claim_files.claims import Claim
from neuronclaims.claim_files.drafts import Draft, in_sentence
from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.yaml.positions import Entries, Scalar
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.sentences.templates import FieldError


def refused(drafts: Sequence[Draft], claims: Sequence[Claim], source: SourceText) -> Iterator[Problem]:
    """Yield what the checks of templates refuse, claim by claim."""
    for draft, claim in zip(drafts, claims, strict=True):
        assert draft.parsed is not None
        check = draft.parsed.template.check
        if check is None:
            continue
        try:
            check(claim)
        except FieldError as error:
            yield _problem(draft, error, source)
        except Exception as error:
            # A kind may be a stranger's: its defect is one problem of its claim.
            first = str(error).partition("\n")[0]
            message = f"the check of this kind of claim fails: {type(error).__name__}: {first}"
            yield _problem(draft, FieldError("", message), source)


def _problem(draft: Draft, error: FieldError, source: SourceText) -> Problem:
    """Return a problem at a field of the sentence, at a setting of the claim's own, or at the whole sentence."""
    assert draft.parsed is not None
    assert draft.sentence is not None
    if error.field in draft.parsed.spans:
        start, end = draft.parsed.spans[error.field]
        return in_sentence(source, draft.sentence, start, end - start, error.message, error.suggestion)
    value = draft.node.get(error.field) if isinstance(draft.node, Entries) else None
    if value is not None:
        width = value.end - value.start if isinstance(value, Scalar) else 1
        return source.problem(value.start, error.message, width=width, suggestion=error.suggestion)
    near = f"{error.field}: {error.suggestion}" if error.suggestion else None
    return in_sentence(source, draft.sentence, 0, len(draft.sentence.text), error.message, near)
