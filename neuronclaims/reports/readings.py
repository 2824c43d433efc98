"""The tokens that are read or changed in prompts, in words for the page and the dry run."""

from __future__ import annotations

from neuronclaims.tokens.readings import PromptReading, TokensReading


def told(shown: PromptReading) -> str:
    """Return the tokens of one prompt in their text, and how many more prompts have the same."""
    more = f" and {shown.count - len(shown.tokens):,} more tokens" if shown.count > len(shown.tokens) else ""
    alike = f" (the same in {shown.alike - 1:,} more)" if shown.alike > 1 else ""
    return f"{shown.marked}{more}{alike}"


def rest_of(reading: TokensReading) -> str:
    """Say how many different tokens were found that are not shown.

    >>> rest_of(TokensReading("hanoi", False, "last of prompt", 40, 1, ()))
    '40 texts, the same tokens in all'
    """
    what = "the same tokens in all" if reading.different == 1 else f"{reading.different:,} different tokens"
    return f"{reading.prompts:,} {'text' if reading.prompts == 1 else 'texts'}, {what}"
