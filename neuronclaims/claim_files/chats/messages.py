"""Read the messages of a chat from plain data, wherever they stand, and say what is wrong with them in one sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping

from neuronclaims.claim_files.prompts.sameness import content
from neuronclaims.claim_files.yaml.source import ODD, odd
from neuronclaims.foreign_files import bounded_json
from neuronclaims.prompts import ROLES, ChatMessage
from neuronclaims.sentences.messages import closest, either, quoted

_MEANT = {
    "human": "user",
    "gpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "ai": "assistant",
    "developer": "system",
}
"""What other formats and models call our roles."""

_RENAMED = {"from": "role", "value": "content", "text": "content", "speaker": "role"}
_EXAMPLE = "{role: user, content: ...}"


class MessagesError(Exception):
    """What is wrong with messages: ``where`` leads to it from their list, ``suggestion`` is what was probably meant.

    ``key`` says that a key is at fault, and not what stands under it.
    """

    def __init__(
        self,
        message: str,
        where: tuple[int | str, ...] = (),
        suggestion: str | None = None,
        key: bool = False,
    ) -> None:
        super().__init__(message)
        self.where, self.suggestion, self.key = where, suggestion, key


def messages_of(data: object) -> tuple[ChatMessage, ...]:
    """Return the messages that a list of mappings holds; raise MessagesError for the first that is none.

    >>> messages_of([{"role": "user", "content": "Where is Hanoi?"}])
    (ChatMessage(role='user', content='Where is Hanoi?'),)
    """
    if not isinstance(data, list):
        raise MessagesError(
            f"the messages of a chat are a list, each such as {_EXAMPLE}; this is {_shape(data)}"
        )
    if not data:
        raise MessagesError(f"this chat has no messages; it needs at least one, such as {_EXAMPLE}")
    return tuple(_message(each, place) for place, each in enumerate(data))


def messages_in(cell: str) -> tuple[ChatMessage, ...]:
    """Return the messages that a cell of a file holds as JSON; raise MessagesError where it holds none."""
    try:
        data = bounded_json(cell, infinite=True, once=True)
    except ValueError as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise MessagesError(
            f'it must hold messages as JSON, such as [{{"role": "user", "content": "..."}}], and is no JSON '
            f"({reason[:1].lower()}{reason[1:]}); for plain texts say 'column' and 'as: user'"
        ) from None
    return messages_of(data)


def _message(data: object, place: int) -> ChatMessage:
    if not isinstance(data, Mapping):
        raise MessagesError(f"a message is a mapping such as {_EXAMPLE}; this is {_shape(data)}", (place,))
    known = {key: value for key, value in data.items() if value is not None}
    for key in known:
        if key not in ("role", "content"):
            near = _RENAMED.get(key) or closest(key, ("role", "content"))
            why = "" if near else "; nothing else of a message is given to the model, so take it out"
            raise MessagesError(
                f"unknown key {quoted(str(key))} in a message{why}", (place, key), near, key=True
            )
    for key in ("role", "content"):
        if key not in known:
            raise MessagesError(f"a message has no {quoted(key)}: write it as {_EXAMPLE}", (place,))
    return ChatMessage(_role(known["role"], place), _content(known["content"], place))


def _role(written: object, place: int) -> str:
    if written in ROLES:
        return str(written)
    if written in ("tool", "function", "ipython"):
        message = f"messages of tools ({quoted(str(written))}) are not read: leave them out"
        raise MessagesError(message, (place, "role"))
    text = written if isinstance(written, str) else json.dumps(written)
    near = _MEANT.get(text.casefold()) or closest(text, ROLES)
    raise MessagesError(f"{quoted(text)} is no role: it is {either(ROLES)}", (place, "role"), near)


def _content(written: object, place: int) -> str:
    where = (place, "content")
    if isinstance(written, list):
        texts = [each.get("text") if isinstance(each, Mapping) else None for each in written]
        only = texts[0] if len(texts) == 1 and isinstance(texts[0], str) else None
        kinds = [each.get("type") for each in written if isinstance(each, Mapping)]
        other = next((each for each in kinds if isinstance(each, str) and each != "text"), None)
        held = f" (this one holds {quoted(other[:40])})" if other else ""
        message = (
            f"the content of a message is one text; a list of parts, as of texts and images, is not read{held}: only "
            "text can be measured"
        )
        raise MessagesError(message, where, only)
    if not isinstance(written, str):
        raise MessagesError(f"the content of a message is a text; this is {_shape(written)}", where)
    if strange := ODD.search(written):
        raise MessagesError(odd(strange[0]), where)
    try:
        written.encode("utf-8")
    except UnicodeEncodeError:
        raise MessagesError(
            "a text here holds half of a surrogate pair, which is no character", where
        ) from None
    if not content(written):
        raise MessagesError("this message is empty: write what is said, or leave the message out", where)
    return written


def _shape(data: object) -> str:
    if isinstance(data, str):
        return f"the text {quoted(data)}"
    return (
        "a list" if isinstance(data, list) else "a mapping" if isinstance(data, Mapping) else json.dumps(data)
    )
