"""The markup of chat templates as common models spell it: what a text holds that was rendered, or typed, by hand."""

from __future__ import annotations

import re

from neuronclaims.prompts.inputs import PromptInput, is_plain

FIRST = re.compile(
    r"\s*(<s>|<bos>|\[CLS\]|<\|begin_of_text\|>|<\|startoftext\|>|<\|endoftext\|>|<｜begin▁of▁sentence｜>)"
)
"""Tokens that begin a text, as tokenizers of common models spell them."""

MARKUP = re.compile(
    r"<\|/?[A-Za-z0-9_]{1,40}\|>|<｜[^｜<>]{1,40}｜>|\[/?(?:INST|SYSTEM_PROMPT)\]|<</?SYS>>|"
    r"<(?:start|end)_of_turn>|</?s>|<(?:bos|eos)>"
)
"""What templates write around messages; none of it is part of what somebody says."""


def parts(item: str) -> tuple[str, ...]:
    """Return the text of a prompt, or the texts of all messages of a chat."""
    return (item,) if is_plain(item) else _of(PromptInput.of(item))


def markup_in(item: str) -> str | None:
    """Return the first markup that stands in a prompt's text, or in a message of a chat.

    >>> markup_in("[INST] Where is Hanoi? [/INST]")
    '[INST]'
    """
    found = (MARKUP.search(part) for part in parts(item))
    return next((match[0] for match in found if match), None)


def _of(given: PromptInput) -> tuple[str, ...]:
    return tuple(message.content for message in given.messages) or (given.text,)
