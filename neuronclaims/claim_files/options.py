"""The options of claims as a file gives them: read by the model that the claim's kind declares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neuronclaims.claim_files.drafts import Draft, in_sentence
from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.schema import FileSchema
from neuronclaims.claim_files.selection import about_some
from neuronclaims.claim_files.yaml.positions import Entries, Node, Scalar
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.claim_files.yaml.validation import Section, validate
from neuronclaims.sentences.messages import closest, either, quoted
from neuronclaims.sentences.options import Options

MARGIN = "margin"
"""The option that claims which deny need, and no others take."""


class OptionReader:
    """Reads the options of one claim after another: its own where it gives them, else the file's."""

    def __init__(self, root: Entries, source: SourceText) -> None:
        self._root, self._source = root, source
        self._of_the_file: dict[type[Options], Options] = {}
        """What claims get that give no option of their own."""

    def read(self, draft: Draft, problems: list[Problem]) -> Options:
        """Return the options of a claim, adding what is wrong to ``problems``."""
        if draft.parsed is None:
            return Options()
        model = draft.parsed.template.options
        own = any(draft.gives(name) for name in model.model_fields)
        if not own and model in self._of_the_file:
            return self._of_the_file[model]
        given = {
            name: entry
            for level in (self._root, draft.node)
            if isinstance(level, Entries)
            for name, entry in level.entries.items()
            if name in model.model_fields
        }
        node = Entries(draft.node.start, draft.node.end, given)
        options, found = validate(Section(model, "in a claim"), node, self._source)
        problems += found
        if options is None:
            return Options()
        if not own:
            self._of_the_file[model] = options
        return options


def not_taken(
    drafts: Sequence[Draft], root: Entries, schema: FileSchema, source: SourceText
) -> Iterator[Problem]:
    """Refuse options that a claim's kind does not have, and options of the file that no claim's kind has."""
    for draft in drafts:
        if draft.parsed is None or not isinstance(draft.node, Entries):
            continue
        taken = tuple(draft.parsed.template.options.model_fields)
        for name in schema.options:
            if draft.gives(name) and name not in taken:
                key = draft.node.entries[name][0]
                takes = f"it takes {_and(taken)}" if taken else "it takes no settings of its own"
                message = f"{quoted(name)} means nothing to this kind of claim: {takes}"
                near = closest(name, taken)
                yield source.problem(key.start, message, width=key.end - key.start, suggestion=near)
    if any(draft.parsed is None for draft in drafts):
        return
    models = {draft.parsed.template.options for draft in drafts if draft.parsed is not None}
    every = {name for model in models for name in model.model_fields}
    for name in schema.options:
        if name in root.entries and name not in every and drafts:
            key = root.entries[name][0]
            message = f"{quoted(name)} means nothing to any claim of this file"
            yield source.problem(key.start, message, width=key.end - key.start)


def unknown_sets(
    drafts: Sequence[Draft], root: Entries, known: Sequence[str], schema: FileSchema, source: SourceText
) -> Iterator[Problem]:
    """Refuse options that name a prompt set which is not there."""
    for level in (root, *(draft.node for draft in drafts if isinstance(draft.node, Entries))):
        for path in schema.set_options:
            scalar = _scalar_at(level, path)
            if scalar is not None and not scalar.missing and scalar.name not in known:
                message = f"there is no prompt set {quoted(scalar.text)}"
                message += "" if known else ": the file has no 'sets'"
                width, near = scalar.end - scalar.start, closest(scalar.text, known)
                yield source.problem(
                    scalar.start, message, width=width, suggestion=near, allowed=tuple(known)
                )


def _scalar_at(level: Entries, path: tuple[str, ...]) -> Scalar | None:
    """Return the text at a path; a text in place of a mapping stands for the whole mapping."""
    node: Node | None = level
    for step in path:
        node = node.get(step) if isinstance(node, Entries) else node
    return node if isinstance(node, Scalar) else None


def _and(names: Sequence[str]) -> str:
    return either(names, "and")


def wrong_margins(drafts: Sequence[Draft], root: Entries, source: SourceText) -> Iterator[Problem]:
    """Report a claim of "does not" without a margin, and a margin of any other claim.

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


def _needless(draft: Draft, source: SourceText) -> Problem:
    assert draft.parsed is not None
    assert isinstance(draft.node, Entries)
    key = draft.node.entries[MARGIN][0]
    denials = draft.parsed.template.denials
    message = f"this claim denies nothing, so a margin means nothing to it: only {denials} has one"
    return source.problem(key.start, message, width=key.end - key.start)


def _missing(draft: Draft, field: str, source: SourceText) -> Problem:
    """Return that a margin is missing, or that none would help."""
    assert draft.parsed is not None
    assert draft.sentence is not None
    start, end = draft.parsed.spans[field]
    said = quoted(getattr(draft.parsed.value, field))
    if about_some(draft):  # no margin would help
        message = f"{said} cannot be claimed of some of many: name the one that is meant"
        return in_sentence(source, draft.sentence, start, end - start, message)
    example = draft.parsed.template.margin or "'margin: ...', the size below which an effect counts as none"
    message = f"{said} can be shown only up to a margin, and this claim has none: add {example}"
    return in_sentence(source, draft.sentence, start, end - start, message)
