"""What a set says of all its prompts: that its texts are a user's, and what stands before and behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from neuronclaims.claim_files.chats.messages import MessagesError
from neuronclaims.claim_files.prompts.sameness import content
from neuronclaims.prompts import ChatMessage, PromptInput
from neuronclaims.sentences.messages import quoted
from neuronclaims.sentences.options import SCALAR, OneOf

As = Annotated[Literal["user"], OneOf("way to read texts (as: user makes each the message of a user)")]


@dataclass(frozen=True, slots=True)
class Said:
    """What every chat of a set says: one text for all, or the column that holds each row's."""

    text: str | None = None
    column: str | None = None

    def of(self, row: Mapping[str, str]) -> str | None:
        """Return what the chat of a row says; None where its cell is empty."""
        said = self.text if self.column is None else row.get(self.column, "")
        return said if said is not None and content(said) else None


def _said(value: object) -> Said:
    if isinstance(value, str) and content(value):
        return Said(text=value)
    if isinstance(value, dict) and list(value) == ["column"] and isinstance(value["column"], str):
        return Said(column=value["column"])
    raise PydanticCustomError("claims_rule", "", {"rule": "give one text for all, or {column: NAME}"})


_COLUMN: dict[str, Any] = {
    "type": "object",
    "properties": {"column": {"type": "string"}},
    "required": ["column"],
    "additionalProperties": False,
}
SaidToAll = Annotated[Said, PlainValidator(_said), WithJsonSchema({"anyOf": [SCALAR, _COLUMN]})]


@dataclass(frozen=True, slots=True)
class ChatForm:
    """How the prompts of a set become chats; as it is here, texts stay texts."""

    as_user: bool = False
    system: Said | None = None
    prefill: Said | None = None

    def item(self, text: str, messages: tuple[ChatMessage, ...], row: Mapping[str, str] | None = None) -> str:
        """Return the item of a prompt that is written as a text or as messages; ``row`` holds its columns.

        Raises MessagesError where the set says what the chat says itself, or says something of what is no chat.

        >>> from neuronclaims.prompts import shown
        >>> shown(ChatForm(as_user=True, system=Said("Be brief."), prefill=Said("In")).item("Where is Hanoi?", ()))
        'system: Be brief. | user: Where is Hanoi? | assistant: In'
        """
        system, prefill = (said.of(row or {}) if said else None for said in (self.system, self.prefill))
        if not messages and not self.as_user:
            for key, said in (("system", self.system), ("prefill", self.prefill)):
                if said is not None:
                    raise MessagesError(
                        f"{quoted(key)} is for chats, and this prompt is a text: say 'as: user' of the set to make "
                        "each text the message of a user, or write 'messages'"
                    )
            return text
        chat = messages or (ChatMessage("user", text),)
        if system is not None:
            if chat[0].role == "system":
                raise MessagesError(
                    "this chat has a system message of its own, and its set gives it another: leave one of them out"
                )
            chat = (ChatMessage("system", system), *chat)
        if prefill is not None:
            if chat[-1].role == "assistant":
                raise MessagesError(
                    "this chat ends with the assistant's words, and its set gives it others ('prefill'): leave one of "
                    "them out"
                )
            chat = (*chat, ChatMessage("assistant", prefill))
        return PromptInput(messages=chat).item
