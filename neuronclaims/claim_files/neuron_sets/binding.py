"""Give sentences what the entries of the file hold that they name: the neurons of a set, and their site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from neuronclaims.claim_files.drafts import Draft, in_sentence
from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.sections import Sections
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.measurements.views.view import base_of
from neuronclaims.sentences.binding import Bindable
from neuronclaims.sentences.messages import quoted
from neuronclaims.sentences.templates import FieldError


def bound_drafts(
    drafts: Sequence[Draft], sections: Sections, source: SourceText, problems: list[Problem]
) -> list[Draft]:
    """Return the drafts with the entries bound that their sentences name, adding what is wrong to ``problems``.

    A name that is not there leaves its sentence as it was.
    """
    entries: Bindable = sections.bindable
    return [_bound(draft, entries, source, problems) for draft in drafts]


def _bound(draft: Draft, entries: Bindable, source: SourceText, problems: list[Problem]) -> Draft:
    if draft.parsed is None or not draft.parsed.template.binding:
        return draft
    parsed, template = draft.parsed, draft.parsed.template
    try:
        value = template.bind(parsed.value, entries)
    except FieldError as error:
        problems.append(_problem(draft, error, source))
        return draft
    if value is parsed.value:
        return draft
    site, own = template.site(value), dict(template.own_sites(value))
    for field, other in own.items():
        if site is not None and other != site:
            message = (
                f"what is named here lies at {quoted(base_of(other))} by itself, so the sentence cannot be about "
                f"{quoted(base_of(site))}: leave that out"
            )
            problems.append(_problem(draft, FieldError(field, message), source))
    return replace(draft, parsed=replace(parsed, value=value))


def _problem(draft: Draft, error: FieldError, source: SourceText) -> Problem:
    assert draft.parsed is not None
    assert draft.sentence is not None
    spans: Mapping[str, tuple[int, int]] = draft.parsed.spans
    start, end = spans.get(error.field, (0, len(draft.sentence.text)))
    return in_sentence(source, draft.sentence, start, end - start, error.message, error.suggestion)
