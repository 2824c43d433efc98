"""The token that ends what the assistant says, as a model's template writes it: where an answer in a chat stops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.chats.templates import template_of
from neuronclaims.prompts import ChatMessage, PromptInput, is_chat

_ASKED = ChatMessage("user", "Where is Hanoi?")
_TALK = PromptInput(messages=(_ASKED, ChatMessage("assistant", "In Vietnam."), _ASKED)).item


def special_tokens(tokenizer: Any) -> frozenset[str]:
    """Return the special tokens of a tokenizer object of Transformers, as they are written."""
    added = getattr(tokenizer, "added_tokens_decoder", {}).values()
    return frozenset(tokenizer.all_special_tokens) | {str(token) for token in added if token.special}


def turn_ends(tokenizer: Any, items: Sequence[str]) -> frozenset[int]:
    """Return the token that ends the assistant's words in chats, if any of some prompts is one and there is such.

    Settings of a model often name it among the tokens that end a text, and sometimes forget it: the model would then be
    taken to answer what it makes the user say.
    """
    if not any(map(is_chat, items)):
        return frozenset()
    try:
        talk = template_of(tokenizer, "the model").rendered(_TALK)
    except MeasurementError:
        return frozenset()
    said = [end for role, _, end in talk.ranges if role == "assistant"]
    behind = talk.text[said[0] :].lstrip() if said else ""
    found = [token for token in special_tokens(tokenizer) if token and behind.startswith(token)]
    return frozenset([int(tokenizer.convert_tokens_to_ids(max(found, key=len)))] if found else [])
