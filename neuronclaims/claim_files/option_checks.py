"""The options of claims: which a kind takes, what the file or the claim gives, and the sets they name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neuronclaims.claim_files.drafts import Draft
from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.options import OPTIONS, Options
from neuronclaims.claim_files.schema import Header
from neuronclaims.claim_files.yaml.positions import Entries, Node, Scalar
from neuronclaims.claim_files.yaml.source import Source
from neuronclaims.sentences.messages import closest, either, quoted

NAMING_SETS = ("reference", "damage")
"""The options that name a prompt set."""


def options_of(draft: Draft, header: Header) -> Options:
    """Return the options of a claim: its own, or else the file's, as far as its kind takes them."""
    taken = draft.parsed.template.options if draft.parsed is not None else ()
    given = []
    for name in sorted(taken):
        own = draft.entry.option(name) if draft.entry is not None else None
        value = own if own is not None else header.option(name)
        if value is not None:
            given.append((name, value))
    return Options(tuple(given))


def not_taken(drafts: Sequence[Draft], root: Entries, source: Source) -> Iterator[Problem]:
    """Refuse options that mean nothing to a claim's kind, and those of the file that mean nothing to any claim."""
    for draft in drafts:
        if draft.parsed is None or not isinstance(draft.node, Entries):
            continue
        taken = draft.parsed.template.options
        for name in OPTIONS:
            if draft.gives(name) and name not in taken:
                key = draft.node.entries[name][0]
                takes = f"it takes {_and(taken)}" if taken else "it takes no settings of its own"
                message = f"{quoted(name)} means nothing to this kind of claim: {takes}"
                near = closest(name, taken)
                yield source.problem(key.start, message, width=key.end - key.start, suggestion=near)
    if any(draft.parsed is None for draft in drafts):
        return
    every = {name for draft in drafts if draft.parsed is not None for name in draft.parsed.template.options}
    for name in OPTIONS:
        if name in root.entries and name not in every and drafts:
            key = root.entries[name][0]
            message = f"{quoted(name)} means nothing to any claim of this file"
            yield source.problem(key.start, message, width=key.end - key.start)


def unknown_sets(
    drafts: Sequence[Draft], root: Entries, known: Sequence[str], source: Source
) -> Iterator[Problem]:
    """Refuse options that name a prompt set which is not there."""
    for level in (root, *(draft.node for draft in drafts if isinstance(draft.node, Entries))):
        for option in NAMING_SETS:
            scalar = _set_named(level.get(option))
            if scalar is not None and not scalar.missing and scalar.text not in known:
                message = f"there is no prompt set {quoted(scalar.text)}"
                message += "" if known else ": the file has no 'sets'"
                width, near = scalar.end - scalar.start, closest(scalar.text, known)
                yield source.problem(
                    scalar.start, message, width=width, suggestion=near, allowed=tuple(known)
                )


def _set_named(node: Node | None) -> Scalar | None:
    inner = node.get("set") if isinstance(node, Entries) else node
    return inner if isinstance(inner, Scalar) else None


def _and(names: Sequence[str]) -> str:
    return either(names).replace(" or ", " and ")
