"""The claims of a file while they are being read: each by itself, then all of them together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.ids import made_ids
from neuronclaims.claim_files.schema import ClaimEntry, FileSchema, Header
from neuronclaims.claim_files.yaml.positions import Entries, Items, Node, Scalar, index_in
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.claim_files.yaml.validation import Section, validate
from neuronclaims.measurements.views.view import base_of
from neuronclaims.sentences.messages import quoted
from neuronclaims.sentences.misread.misses import SentenceError, UnclosedQuoteError
from neuronclaims.sentences.parser import Parsed, parse
from neuronclaims.sentences.templates import TEXTS, Template
from neuronclaims.sites import printed, site_names
from neuronclaims.tokens.rule_words import EXAMPLES


@dataclass(frozen=True, slots=True)
class Draft:
    """One claim as far as it could be read; ``node`` is its item in the file, ``sentence`` its sentence."""

    node: Node
    sentence: Scalar | None
    entry: ClaimEntry | None
    parsed: Parsed | None

    @property
    def given_id(self) -> str | None:
        """Return the id that the file gives the claim, None where it gives none."""
        if self.entry is not None:
            return self.entry.id
        written = self.node.get("id") if isinstance(self.node, Entries) else None
        return written.text if isinstance(written, Scalar) and not written.missing else None

    def gives(self, key: str) -> bool:
        """Say whether the claim has a setting of its own, valid or not."""
        return isinstance(self.node, Entries) and key in self.node.entries

    def named(self, section: str) -> tuple[tuple[str, str], ...]:
        """Return (field, name) for the entries of a section that the sentence names."""
        return self.parsed.template.named(self.parsed.value, section) if self.parsed is not None else ()

    @property
    def tested(self) -> tuple[str, ...]:
        """Return the names of the sets and pairs whose prompts test the claim."""
        return tuple(name for section in ("sets", "pairs", TEXTS) for _, name in self.named(section))

    @property
    def writes(self) -> bool:
        """Say whether text is written for the claim, whatever its token rule says."""
        return self.parsed is not None and self.parsed.template.writes(self.parsed.value)

    @property
    def site(self) -> str | None:
        """Return the site that the sentence names, None where it names none."""
        return self.parsed.template.site(self.parsed.value) if self.parsed is not None else None

    def does_without(self, key: str) -> bool:
        """Say whether the claim needs no such key: its sentence names the site or tokens, or its kind reads no text."""
        if key == "site":
            return self.parsed is None or self.site is not None
        if self.parsed is None:
            return False
        return not self.parsed.template.texts or self.parsed.template.own_site is not None

    @property
    def columns_of_spans(self) -> tuple[str, ...]:
        """Return the columns of prompts by which the sentence itself reads tokens."""
        return self.parsed.template.columns_of_spans(self.parsed.value) if self.parsed is not None else ()


def read_drafts(
    node: Items, source: SourceText, templates: Sequence[Template], problems: list[Problem]
) -> list[Draft]:
    """Read every claim of the list as far as possible, adding what is wrong to ``problems``."""
    schema = FileSchema.of(templates)
    section = Section(
        schema.claim,
        "in a claim",
        elsewhere={
            name: "it holds for all claims, at the top of the file"
            for name in Header.model_fields
            if name not in ClaimEntry.model_fields
        },
        unlisted=schema.options,
    )
    return [_draft(item, section, source, templates, problems) for item in node.items]


def _draft(
    item: Node,
    section: Section[ClaimEntry],
    source: SourceText,
    templates: Sequence[Template],
    problems: list[Problem],
) -> Draft:
    if isinstance(item, Items):
        message = "a claim is a sentence, or a mapping with the key 'claim'; this is a list"
        problems.append(source.problem(item.start, message))
        return Draft(item, None, None, None)
    entry: ClaimEntry | None
    if isinstance(item, Scalar):
        sentence: Node | None = item
        entry = ClaimEntry.model_construct(claim=item.text)
    else:
        entry, found = validate(section, item, source)
        problems += found
        sentence = item.get("claim")
    if not isinstance(sentence, Scalar) or sentence.missing:
        return Draft(item, None, entry, None)
    try:
        return Draft(item, sentence, entry, parse(sentence.text, templates))
    except SentenceError as error:
        problems.append(_sentence_problem(source, sentence, error))
        return Draft(item, sentence, entry, None)


def _sentence_problem(source: SourceText, sentence: Scalar, error: SentenceError) -> Problem:
    message = error.message
    if isinstance(error, UnclosedQuoteError) and re.match(
        r"\s+#", source.text[sentence.end : sentence.end + 2]
    ):
        message += "; in YAML ' #' begins a comment: put the whole sentence in single quotes"
    return in_sentence(
        source, sentence, error.column - 1, error.width, message, error.suggestion, error.allowed
    )


def in_sentence(
    source: SourceText,
    sentence: Scalar,
    offset: int,
    width: int,
    message: str,
    suggestion: str | None = None,
    allowed: tuple[str, ...] = (),
) -> Problem:
    """Return a problem about some characters of a sentence, at their place in the file if it is known."""
    index = index_in(source, sentence, offset)
    if index is None:
        message = f"{message} (character {offset + 1} of the sentence)"
        index, width = sentence.start, sentence.end - sentence.start
    return source.problem(index, message, width=width, suggestion=suggestion, allowed=allowed)


def ids_of(drafts: Sequence[Draft]) -> list[str | None]:
    """Return the id of each claim: the one given, or one made from its sentence; None where neither could be read."""
    given = [draft.given_id for draft in drafts if draft.given_id is not None]
    made = made_ids([d.parsed.text for d in drafts if d.parsed is not None and d.given_id is None], given)
    return [draft.given_id or (made[draft.parsed.text] if draft.parsed else None) for draft in drafts]


def repeated_ids(drafts: Sequence[Draft], source: SourceText) -> Iterator[Problem]:
    """Refuse two claims of one id; two equal sentences with different settings need ids to be told apart."""
    first: dict[str, Draft] = {}
    for draft, own in zip(drafts, ids_of(drafts), strict=True):
        if own is None:
            continue
        earlier = first.setdefault(own, draft)
        if earlier is draft:
            continue
        line = source.place(earlier.node.start).line
        given = draft.given_id is not None
        if (
            given
            or earlier.parsed is None
            or draft.parsed is None
            or earlier.parsed.text != draft.parsed.text
        ):
            message = f"the id {quoted(own)} is taken by the claim in line {line}: give another"
        else:
            message = f"this claim stands already in line {line}: if their settings differ, give each an 'id'"
        yield _at(draft, source, message, "id" if given else "claim")


def lacking(drafts: Sequence[Draft], root: Entries, source: SourceText) -> Iterator[Problem]:
    """Report claims without a site or tokens, if the file gives none either."""
    for key, why, options in (
        ("site", "a neuron without a site is never a guess", site_names()),
        ("tokens", "which token positions count is never a guess", EXAMPLES),
    ):
        without = [d for d in drafts if not d.gives(key) and not d.does_without(key)]
        if key in root.entries or not without:
            continue
        count = f"{len(without)} claims, this one first, have" if len(without) > 1 else "this claim has"
        advice = f"write '{key}: ...' at the top of the file or in the claim"
        message = f"{count} no {quoted(key)}, and {why}: {advice}"
        yield _at(without[0], source, message, "claim", options)


def two_sites(drafts: Sequence[Draft], source: SourceText) -> Iterator[Problem]:
    """Refuse a claim whose sentence and whose ``site`` disagree."""
    for draft in drafts:
        said = draft.entry.site if draft.entry is not None else None
        if said and draft.site and said not in (draft.site, base_of(draft.site)):
            message = (
                f"the sentence is about {quoted(printed(draft.site))}, so 'site' cannot be {quoted(said)}"
            )
            yield _at(draft, source, message, "site")


def _at(draft: Draft, source: SourceText, message: str, key: str, allowed: tuple[str, ...] = ()) -> Problem:
    """Return a problem at the value of one of the claim's keys, or at the claim if it has no such key."""
    value = draft.node.get(key) if isinstance(draft.node, Entries) else None
    at = value or draft.sentence or draft.node
    width = at.end - at.start if isinstance(at, Scalar) else 1
    return source.problem(at.start, message, width=width, allowed=allowed)
