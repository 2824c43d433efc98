"""The keys of claim files that make chats: what a set says of all, and messages as editors know them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from neuronclaims.claim_files.chats.forms import As, ChatForm, SaidToAll
from neuronclaims.claim_files.yaml.mapping import FileMapping
from neuronclaims.prompts import ROLES
from neuronclaims.sentences.options import SCALAR


class ChatKeys(FileMapping):
    """What a set says of all its chats."""

    as_: As | None = Field(
        None, alias="as", description="user: each text is the message of a user, in a chat."
    )
    system: SaidToAll | None = Field(
        None,
        description="The system message of every chat, or {column: NAME} where the rows of a file hold it.",
    )
    prefill: SaidToAll | None = Field(
        None, description="What the assistant's answer begins with in every chat, or {column: NAME}."
    )

    @property
    def form(self) -> ChatForm:
        """Return how the prompts become chats."""
        return ChatForm(self.as_ is not None, self.system, self.prefill)


MESSAGES_SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"role": {"enum": list(ROLES)}, "content": SCALAR},
        "required": ["role", "content"],
        "additionalProperties": False,
    },
    "minItems": 1,
}
"""The messages of a chat, for editors."""


def _side(value: object) -> object:
    """Read one side of a pair: a text, or a list of messages, which is read from its nodes."""
    if isinstance(value, str) and not value:
        raise PydanticCustomError("string_too_short", "")
    if isinstance(value, (str, list)):
        return value
    raise PydanticCustomError("claims_rule", "", {"rule": "give a text, or a list of messages"})


Side = Annotated[str | list[Any], PlainValidator(_side), WithJsonSchema({"anyOf": [SCALAR, MESSAGES_SCHEMA]})]
