"""The tokens that a claim reads and changes, where not all tokens of a text count alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
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
    if getattr(kind, "each_token", False):
        tokens = replace(tokens, pool="mean")
    elif _own_words(claim) is not None:
        return
    if not (template.texts and template.pooled) or tokens.span.generates:
        return
    if tokens.pool in _EVERY and tokens.span.whole:
        return
    own = ChangedTokens("all" if tokens.pool in _EVERY else tokens.pool, tokens.span)
    for name in names:
        if name in claim.sets:
            yield TokensAsked(name, False, str(tokens), own, _items(claim.sets[name], own.columns))


def tokens_in_words(claim: Claim) -> str:
    """Return which tokens of its texts a claim reads, and which it changes, in words; nothing where no text is run.

    A kind that does not read by the rule of the claim file says what it reads (``tokens_in_words``).
    """
    kind, settings = kind_of(claim.sentence), claim.settings
    if (own := _own_words(claim)) is not None:
        return own
    if not kind.template.texts:
        return ""
    at = getattr(settings.options, "at", None)
    if at is not None:
        return f"changed: {at}; read: {_read_after_change(claim)}"
    if not kind.template.pooled:
        return str(ALL_TOKENS)
    drawn = f" ({settings.sampling})" if settings.sampling else ""
    return f"{settings.tokens}{drawn}"


def _own_words(claim: Claim) -> str | None:
    own = getattr(kind_of(claim.sentence), "tokens_in_words", None)
    found: str | None = own(claim) if own is not None else None
    return found


def _read_after_change(claim: Claim) -> str:
    """Return where the prediction is read: at the end of texts, but for losses and for what is written."""
    outcome = getattr(claim.sentence, "outcome", None)
    if outcome is not None and outcome.writes:
        sampling = claim.settings.sampling
        return f"all of generated ({sampling})" if sampling else "all of generated"
    if outcome is not None and outcome.of_texts:
        return str(getattr(claim.settings.options, "loss_at", None) or ALL_TOKENS)
    return "last of prompt"


def _set(claim: Claim, name: str) -> PromptSet | PairSet:
    return claim.sets[name] if name in claim.sets else claim.pairs[name]


@memoize
def _items(found: PromptSet | PairSet, columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(prompt.item(columns) for prompt in found.prompts)
