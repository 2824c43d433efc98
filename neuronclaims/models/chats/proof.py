"""Prompts as the texts that a model is run on; one chat of each batch is compared with the text of Transformers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neuronclaims.measurements.errors import MeasurementError, shorten, told_as
from neuronclaims.models.chats.templates import ChatTemplate, Rendered, template_of
from neuronclaims.prompts import PromptInput, is_chat


def as_texts(tokenizer: Any, model: str, items: Sequence[str]) -> list[Rendered]:
    """Return the texts of some prompts, chats by the template of a tokenizer object of Transformers.

    Raises MeasurementError where the template fails on a chat, and where Transformers makes another text of the first.
    """
    template = template_of(tokenizer, model)
    texts = [template.rendered(item) for item in items]
    first = next((place for place, item in enumerate(items) if is_chat(item)), None)
    if first is not None and not template.dated:
        _check_same(tokenizer, template, items[first], texts[first].text)
    return texts


def _check_same(tokenizer: Any, template: ChatTemplate, item: str, ours: str) -> None:
    """Raise MeasurementError where the tokenizer itself makes another text of a chat, as by a method of its own."""
    given = PromptInput.of(item)
    messages = [{"role": message.role, "content": message.content} for message in given.messages]
    prefilled = given.prefill is not None
    with told_as(MeasurementError, f"The chat template of {template.model} fails on {shorten(item)}"):
        theirs = tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=not prefilled, continue_final_message=prefilled
        )
    if theirs != ours:
        raise MeasurementError(
            f"The tokenizer of {template.model} writes the chat {shorten(item)} otherwise than its template does "
            f"({shorten(str(theirs))} and {shorten(ours)}), so it is not known what the model would be given."
        )
