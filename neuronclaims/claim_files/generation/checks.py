"""Whether claims about generated text say how it is generated, and whether what they say is of any use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neuronclaims.claim_files.drafts import Draft
from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.yaml.positions import Entries, Scalar
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.sentences.messages import quoted
from neuronclaims.tokens.grammar import read_tokens
from neuronclaims.tokens.rule_words import TokensError


def without_generation(drafts: Sequence[Draft], root: Entries, source: SourceText) -> Iterator[Problem]:
    """Report claims about generated tokens without ``generate``: the number of tokens has no default."""
    if "generate" in root.entries:
        return
    seen: set[int] = set()
    for draft in drafts:
        if draft.writes and draft.sentence is not None and not draft.gives("generate"):
            advice = "add 'generate: {max_new_tokens: 20}', with the number that was used"
            message = f"continuations are to be written, but nothing says how long: {advice}"
            yield source.problem(
                draft.sentence.start, message, width=draft.sentence.end - draft.sentence.start
            )
            continue
        tokens = _tokens_of(draft, root)
        if tokens is None or draft.gives("generate") or tokens.start in seen:
            continue
        if _of_generated(tokens.text):
            seen.add(tokens.start)
            advice = "add 'generate: {max_new_tokens: 20}', with the number that was used"
            message = f"{quoted(tokens.text)} counts generated tokens, but nothing says how many: {advice}"
            yield source.problem(tokens.start, message, width=tokens.end - tokens.start)


def idle_sampling(drafts: Sequence[Draft], root: Entries, source: SourceText) -> Iterator[Problem]:
    """Refuse a temperature where no claim that it holds for is about generated text."""
    for level in (root, *(draft.node for draft in drafts if isinstance(draft.node, Entries))):
        generate = level.get("generate")
        key = generate.key("temperature") if isinstance(generate, Entries) else None
        if key is None:
            continue
        held = [d for d in drafts if d.node is level or (level is root and not d.gives("generate"))]
        rules = [_tokens_of(draft, root) for draft in held]
        if not any(
            draft.writes or (rule is not None and _of_generated(rule.text))
            for draft, rule in zip(held, rules, strict=True)
        ):
            message = "no text is drawn here: no claim that this holds for is about generated tokens"
            yield source.problem(key.start, message, width=key.end - key.start)


def _tokens_of(draft: Draft, root: Entries) -> Scalar | None:
    """Return where a claim's token rule is written, None if it is nowhere."""
    given = draft.node if draft.gives("tokens") else root
    tokens = given.get("tokens") if isinstance(given, Entries) else None
    return tokens if isinstance(tokens, Scalar) else None


def _of_generated(text: str) -> bool:
    try:
        return read_tokens(text).span.generates
    except TokensError:  # said where the value is read
        return False
