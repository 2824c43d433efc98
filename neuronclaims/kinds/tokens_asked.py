"""The tokens that a claim reads and changes, where not all tokens of a text count alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from neuronclaims.kinds.registry import kind_of
from neuronclaims.kinds.shared.memoize import memoize
from neuronclaims.sentences.templates import TEXTS
from neuronclaims.tokens.readings import TokensAsked
from neuronclaims.tokens.spans import ALL_TOKENS, ChangedTokens

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, PairSet, PromptSet

_EVERY = ("mean", "max")
"""Pools of all tokens of a span."""


def tokens_asked(claim: Claim) -> Iterator[TokensAsked]:
    """Yield the tokens that a claim reads or changes, for each set of prompts that its sentence names.

    Nothing is yielded where all tokens of a text count, and of tokens that a model writes, which nobody knows before.
    """
    kind = kind_of(claim.sentence)
    template, reads = kind.template, getattr(kind, "tokens_read", None)
    if reads is not None:
        yield from reads(claim)
    names = [
        name for section in ("sets", "pairs", TEXTS) for _, name in template.named(claim.sentence, section)
    ]
    at = getattr(claim.settings.options, "at", ALL_TOKENS)
    if at != ALL_TOKENS:
        yield from (
            TokensAsked(name, True, str(at), at, _items(_set(claim, name), at.columns)) for name in names
        )
    loss_at = getattr(claim.settings.options, "loss_at", None)
    if loss_at is not None and claim.sentence.outcome.of_texts:
        for name in names:
            items = _items(_set(claim, name), loss_at.columns)
            yield TokensAsked(name, False, f"loss of {loss_at}", loss_at, items)
    tokens = claim.settings.tokens
    if not (template.texts and template.pooled) or tokens.span.generates:
        return
    if tokens.pool in _EVERY and tokens.span.whole:
        return
    own = ChangedTokens("all" if tokens.pool in _EVERY else tokens.pool, tokens.span)
    for name in names:
        if name in claim.sets:
            yield TokensAsked(name, False, str(tokens), own, _items(claim.sets[name], own.columns))


def _set(claim: Claim, name: str) -> PromptSet | PairSet:
    return claim.sets[name] if name in claim.sets else claim.pairs[name]


@memoize
def _items(found: PromptSet | PairSet, columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(prompt.item(columns) for prompt in found.prompts)
