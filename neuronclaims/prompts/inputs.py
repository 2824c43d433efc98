r"""A prompt as a model is given it, and the str that stands for it: its item.

Measurements, plans and the cache know prompts as items. A plain text is its own item, so nothing changes for it. A
chat, or a text with named spans, is written as "\x00" and JSON; no text that is read may begin with that character. An
item is for programs: people see ``shown(item)``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

LabelledStretch: TypeAlias = tuple[int, int, str]
"""The first character of a stretch of a text, the one after its last, and its label."""

ROLES = ("system", "user", "assistant")
"""Who may speak in a chat."""

MARK = "\x00"
"""What an item begins with that is more than a text."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """What one side of a chat says; ``role`` is one of ``ROLES``."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class PromptInput:
    r"""A text or, where there are messages, a chat; ``spans`` are (name, text) of the stretches that a claim reads.

    A chat has the text "". The spans of a text are in the order of their names, so that equal prompts have equal items;
    so are ``labels``, the stretches that somebody labelled, whose characters are those of ``labelled_text``.

    >>> PromptInput("I like Hanoi.").item
    'I like Hanoi.'
    >>> chat = PromptInput(messages=(ChatMessage("user", "Where is Hanoi?"),))
    >>> chat.item
    '\x00{"messages":[["user","Where is Hanoi?"]]}'
    >>> PromptInput.of(chat.item) == chat
    True
    """

    text: str = ""
    messages: tuple[ChatMessage, ...] = ()
    spans: tuple[tuple[str, str], ...] = ()
    labels: tuple[LabelledStretch, ...] = ()

    def __post_init__(self) -> None:
        """Put spans and labels in order. Raises ValueError for a text that reads as an item, or beside messages."""
        if self.text.startswith(MARK):
            raise ValueError("a text may not begin with the character U+0000")
        if self.text and self.messages:
            raise ValueError("a prompt is a text or messages, not both")
        object.__setattr__(self, "spans", tuple(sorted(self.spans)))
        object.__setattr__(self, "labels", tuple(sorted(set(self.labels))))

    @property
    def item(self) -> str:
        """The prompt as one str, which is equal for equal prompts alone."""
        if not self.messages and not self.spans and not self.labels:
            return self.text
        parts: dict[str, object] = {"text": self.text} if self.text else {}
        if self.messages:
            parts["messages"] = [[message.role, message.content] for message in self.messages]
        if self.spans:
            parts["spans"] = [list(span) for span in self.spans]
        if self.labels:
            parts["labels"] = [list(stretch) for stretch in self.labels]
        return MARK + json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def of(cls, item: str) -> PromptInput:
        """Return the prompt that an item stands for."""
        if is_plain(item):
            return cls(item)
        parts = json.loads(item[len(MARK) :])
        return cls(
            parts.get("text", ""),
            tuple(ChatMessage(role, content) for role, content in parts.get("messages", ())),
            tuple((name, text) for name, text in parts.get("spans", ())),
            tuple((start, end, label) for start, end, label in parts.get("labels", ())),
        )

    @property
    def labelled_text(self) -> str:
        """The text whose characters labels count: of a chat, the last message of the user."""
        said = [message.content for message in self.messages if message.role == "user"]
        return said[-1] if said else self.text

    @property
    def prefill(self) -> str | None:
        """The beginning of the answer that the model goes on with: what a last message of the assistant says."""
        last = self.messages[-1] if self.messages else None
        return last.content if last is not None and last.role == "assistant" else None

    def with_spans(self, columns: Mapping[str, str], names: Collection[str]) -> PromptInput:
        """Return the prompt with those of some columns that are named: no other one is part of what is measured.

        >>> PromptInput("Tom sleeps.").with_spans({"subject": "Tom", "verb": "sleeps"}, ["subject"]).spans
        (('subject', 'Tom'),)
        """
        kept = tuple((name, text) for name, text in columns.items() if name in names)
        return PromptInput(self.text, self.messages, kept)

    def with_labels(self, labels: Iterable[LabelledStretch]) -> PromptInput:
        """Return the prompt with stretches that are labelled.

        >>> PromptInput("Tom sleeps.").with_labels([(4, 10, "verb")]).item[1:]
        '{"labels":[[4,10,"verb"]],"text":"Tom sleeps."}'
        """
        return PromptInput(self.text, self.messages, self.spans, tuple(labels))


def is_plain(item: str) -> bool:
    """Say whether an item is the text of a prompt and nothing more."""
    return not item.startswith(MARK)


def is_chat(item: str) -> bool:
    """Say whether an item stands for a chat."""
    return not is_plain(item) and bool(PromptInput.of(item).messages)


def shown(item: str) -> str:
    r"""Return a prompt as people read it: its text, or who says what in a chat. It is not safe to print by itself.

    >>> chat = PromptInput(messages=(ChatMessage("user", "Where is Hanoi?"), ChatMessage("assistant", "In")))
    >>> shown(chat.item)
    'user: Where is Hanoi? | assistant: In'
    """
    if is_plain(item):
        return item
    given = PromptInput.of(item)
    if not given.messages:
        return given.text
    return " | ".join(f"{message.role}: {message.content}" for message in given.messages)


def brief(item: str, width: int) -> str:
    """Return a prompt as people read it; of a chat longer than ``width``, what stands before the last question is cut.

    So that chats with one long system message can be told apart. It may still be longer.

    >>> said = ChatMessage("system", "You answer in one short sentence, as a pirate would.")
    >>> brief(PromptInput(messages=(said, ChatMessage("user", "Where is Hanoi?"))).item, 60)
    'system: You answer in o… | user: Where is Hanoi?'
    """
    text = shown(item)
    if len(text) <= width or not is_chat(item):
        return text
    messages = PromptInput.of(item).messages
    asked = max((place for place, each in enumerate(messages) if each.role == "user"), default=0)
    cut = [
        ChatMessage(
            each.role, each.content if place >= asked or len(each.content) <= 16 else f"{each.content[:15]}…"
        )
        for place, each in enumerate(messages)
    ]
    return shown(PromptInput(messages=tuple(cut)).item)
