"""The chat template of a model: found in its folder or on its tokenizer, and the text that it makes of a chat.

The text is what ``tokenizer.apply_chat_template`` of Transformers makes of it, on a fixed day. Special tokens are
written in it, so none is added when it becomes tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_files import check_file, read_bytes, read_json_object
from neuronclaims.measurements.errors import MeasurementError, shorten, told_as
from neuronclaims.prompts import PromptInput

NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
"""The special tokens that a template may write by their names."""

_TAG = "CONTINUE_FINAL_MESSAGE_TAG "
"""What Transformers puts behind a prefill to find its end in the rendered text."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt as one text, and where its messages stand: each role with its first character and the one behind it.

    ``whole`` says that all special tokens are written in the text. A message that the template changes, so that it
    cannot be found, has no range.
    """

    text: str
    ranges: tuple[tuple[str, int, int], ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    r"""A model's template; ``tokens`` are its special tokens by name. Without ``text`` there is none.

    >>> template = ChatTemplate("{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}\\n{% endfor %}", {}, "m")
    >>> from neuronclaims.prompts import ChatMessage
    >>> template.rendered(PromptInput(messages=(ChatMessage("user", "user "),)).item)
    Rendered(text='<user>user\\n', ranges=(('user', 6, 10),), whole=True)
    """

    text: str | None
    tokens: Mapping[str, str]
    model: str
    _known: dict[str, Rendered] = field(default_factory=dict, compare=False, repr=False)

    @property
    def dated(self) -> bool:
        """Whether it asks what day it is."""
        return self.text is not None and "strftime_now" in self.text

    def rendered(self, item: str) -> Rendered:
        """Return a prompt as one text; raise MeasurementError where the template cannot be had or refuses the chat."""
        given = PromptInput.of(item)
        if not given.messages:
            return Rendered(given.text)
        if self.text is None:
            raise MeasurementError(
                f"{self.model} has no chat template, so it cannot be given messages such as {shorten(item)}. Take the "
                "instruct version of the model, write plain texts, or put the template that it was trained with into "
                "its folder as chat_template.jinja."
            )
        chat = PromptInput(
            messages=given.messages
        ).item  # what is read of a chat is no part of what is written
        if chat not in self._known:
            with told_as(MeasurementError, f"The chat template of {self.model} fails on {shorten(item)}"):
                self._known[chat] = self._render(PromptInput.of(chat))
        return self._known[chat]

    def _render(self, given: PromptInput) -> Rendered:
        roles = [message.role for message in given.messages]
        contents = [message.content for message in given.messages]
        prefilled = given.prefill is not None
        text = self._apply(roles, contents, prefilled)
        marks = [f"MESSAGE{place}OF{len(roles)}MARKED" for place in range(len(roles))]
        try:
            marked = self._apply(roles, marks, prefilled)
        except Exception:  # a template may refuse what it does not expect; the text itself was made
            marked = ""
        places = between(text, contents, gaps(marked, marks)) or found_once(text, contents)
        ranges = [(role, *place) for role, place in zip(roles, places, strict=True) if place is not None]
        return Rendered(text, tuple(ranges), whole=True)

    def _apply(self, roles: Sequence[str], contents: Sequence[str], prefilled: bool) -> str:
        """Return what the template makes of some messages, the last one left open where it is a prefill."""
        from neuronclaims.models.chats.environment import render

        ends = [*[""] * (len(roles) - 1), _TAG if prefilled else ""]
        messages = [
            {"role": role, "content": content + end}
            for role, content, end in zip(roles, contents, ends, strict=True)
        ]
        text = render(
            self.text or "",
            {
                **self.tokens,
                "messages": messages,
                "tools": None,
                "documents": None,
                "add_generation_prompt": not prefilled,
            },
        )
        return cut(text) if prefilled else text


def cut(text: str) -> str:
    """Return a rendered text up to the end of its prefill, as Transformers cuts it."""
    at = text.rfind(_TAG.strip())
    if at < 0:
        raise ValueError("it leaves out the assistant's last message, so that nothing can be continued")
    return text[:at] if text.startswith(_TAG, at) else text[:at].rstrip()


def gaps(marked: str, marks: Sequence[str]) -> list[str] | None:
    """Return what a template writes around its messages; None where it does not write each once and in order.

    >>> gaps("<s>A1 and B1.", ["A1", "B1"])
    ['<s>', ' and ', '.']
    """
    found, rest = [], marked
    for mark in marks:
        before, there, rest = rest.partition(mark)
        if not there or mark in rest:
            return None
        found.append(before)
    return [*found, rest]


def between(
    text: str, contents: Sequence[str], around: Sequence[str] | None
) -> list[tuple[int, int] | None] | None:
    """Return where contents stand between what the template writes around them; None where they do not.

    A template may take white space from the ends of a message.

    >>> between("<s>a and b.", [" a", "b"], ["<s>", " and ", "."])
    [(3, 4), (9, 10)]
    """
    if around is None or not text.startswith(around[0]):
        return None
    at, places = len(around[0]), []
    for content, behind in zip(contents, around[1:], strict=True):
        ways = (content, content.strip(), content.rstrip(), content.lstrip())
        own = next((way for way in ways if text.startswith(way + behind, at)), None)
        if own is None:
            return None
        places.append((at, at + len(own)))
        at += len(own) + len(behind)
    return list(places) if at == len(text) else None


def found_once(text: str, contents: Sequence[str]) -> list[tuple[int, int] | None]:
    """Return where each content stands in what is left of the text, None where it is not there exactly once.

    >>> found_once("user: a user", ["a user", "b"])
    [(6, 12), None]
    """
    at, places = 0, list[tuple[int, int] | None]()
    for content in contents:
        own = content.strip()
        start = text.find(own, at)
        if own and start >= 0 and text.find(own, start + 1) < 0:
            at = start + len(own)
            places.append((start, at))
        else:
            places.append(None)
    return places


def template_of(tokenizer: Any, model: str) -> ChatTemplate:
    """Return the chat template of a tokenizer object of Transformers."""
    named = getattr(tokenizer, "special_tokens_map", {})
    tokens = {name: str(token) for name, token in named.items() if not isinstance(token, list)}
    return ChatTemplate(_default(getattr(tokenizer, "chat_template", None)), tokens, model)


def template_in(folder: Path, model: str) -> ChatTemplate:
    """Return the chat template that lies in a model's folder, by its files alone.

    Special tokens that only the class of the tokenizer knows are not among its tokens.
    """
    settings: dict[str, Any] = {}
    for name in ("special_tokens_map.json", "tokenizer_config.json"):
        with suppress(NeuronClaimsError, OSError):
            settings |= read_json_object(folder / name, infinite=True)
    text = _default(settings.get("chat_template"))
    path = folder / "chat_template.jinja"
    if path.is_file():
        check_file(path)
        with suppress(OSError, UnicodeDecodeError):
            text = read_bytes(path).decode("utf-8")
    return ChatTemplate(text, _tokens(settings), model)


def _tokens(settings: Mapping[str, Any]) -> dict[str, str]:
    written = {name: settings.get(name) for name in NAMES}
    plain = {name: each.get("content") if isinstance(each, dict) else each for name, each in written.items()}
    return {name: each for name, each in plain.items() if isinstance(each, str)}


def _default(written: object) -> str | None:
    """Return the template to use where a model has several, each with a name: the one called "default"."""
    if isinstance(written, list):
        written = {each.get("name"): each.get("template") for each in written if isinstance(each, dict)}
    if isinstance(written, dict):
        written = written.get("default")
    return written if isinstance(written, str) else None
