"""Prompts as items: read back as they were written, equal exactly for equal prompts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuronclaims.prompts import ROLES, ChatMessage, PromptInput, brief, is_plain, shown

TEXTS = st.text(st.characters(codec="utf-8")).filter(lambda text: not text.startswith("\x00"))
CONTENTS = st.text()
MESSAGES = st.lists(st.builds(ChatMessage, st.sampled_from(ROLES), CONTENTS), min_size=1, max_size=4).map(
    tuple
)
SPANS = st.lists(st.tuples(st.text(min_size=1, max_size=5), CONTENTS), max_size=3).map(tuple)
PROMPTS = st.one_of(
    st.builds(PromptInput, TEXTS, st.just(()), SPANS), st.builds(PromptInput, st.just(""), MESSAGES, SPANS)
)


@given(PROMPTS)
def test_an_item_is_read_back_as_the_prompt_it_stands_for(prompt: PromptInput) -> None:
    assert PromptInput.of(prompt.item) == prompt
    assert PromptInput.of(prompt.item).item == prompt.item
    assert is_plain(prompt.item) == (not prompt.messages and not prompt.spans)
    assert not shown(prompt.item).startswith("\x00{") or prompt.text.startswith("\x00{")


@given(PROMPTS, PROMPTS)
def test_items_are_equal_exactly_for_equal_prompts(one: PromptInput, other: PromptInput) -> None:
    assert (one.item == other.item) == (one == other)


@given(TEXTS)
def test_a_plain_text_is_its_own_item(text: str) -> None:
    assert PromptInput(text).item == text == shown(text)
    assert PromptInput.of(text).text == text


@given(st.permutations([("a", "1"), ("b", "2"), ("c", "3")]))
def test_the_order_of_columns_and_columns_nobody_reads_change_no_item(columns: list[tuple[str, str]]) -> None:
    given_ = PromptInput("Tom sleeps.")
    assert (
        given_.with_spans(dict(columns), ("a", "c")).item
        == PromptInput("Tom sleeps.", spans=(("a", "1"), ("c", "3"))).item
    )
    assert given_.with_spans(dict(columns), ()).item == "Tom sleeps."


def test_what_an_item_looks_like_is_kept() -> None:
    """Items are names in the cache: another spelling would measure everything again."""
    chat = PromptInput(
        messages=(ChatMessage("system", "Ü"), ChatMessage("user", "a\nb")), spans=(("s", "b"),)
    )
    assert chat.item == '\x00{"messages":[["system","Ü"],["user","a\\nb"]],"spans":[["s","b"]]}'
    assert json.loads(chat.item[1:])["messages"] == [["system", "Ü"], ["user", "a\nb"]]
    assert chat.prefill is None
    assert PromptInput(messages=(ChatMessage("user", "a"), ChatMessage("assistant", "b"))).prefill == "b"


def test_no_text_can_be_taken_for_an_item_or_stand_beside_messages() -> None:
    with pytest.raises(ValueError, match="U\\+0000"):
        PromptInput("\x00{}")
    with pytest.raises(ValueError, match="not both"):
        PromptInput("a", (ChatMessage("user", "b"),))


def test_chats_with_one_long_system_message_can_be_told_apart():
    system = ChatMessage(
        "system", "You are a helpful assistant, and you answer in one very short sentence. " * 3
    )
    chats = [
        PromptInput(messages=(system, ChatMessage("user", asked))).item
        for asked in ("Where is Hanoi?", "Who?")
    ]
    assert [brief(chat, 100) for chat in chats] == [
        "system: You are a helpf… | user: Where is Hanoi?",
        "system: You are a helpf… | user: Who?",
    ]
    assert brief("long " * 50, 20) == "long " * 50
    assert brief(PromptInput(messages=(system,)).item, 20) == shown(PromptInput(messages=(system,)).item)
