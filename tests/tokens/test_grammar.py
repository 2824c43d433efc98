"""Token rules are read back from what they are written as, and what is wrong is shown at its place."""

from __future__ import annotations

import pytest
from cases import for_each
from hypothesis import given
from hypothesis import strategies as st

from neuronclaims.tokens.grammar import AT_EXAMPLES, read_at, read_tokens
from neuronclaims.tokens.rule_words import EXAMPLES, TokensError
from neuronclaims.tokens.spans import ALL_TOKENS, LAST_TOKEN, WORDS, ChangedTokens, Span, number_of, rule_text

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
NUMBERS = st.integers(-99, 99).filter(lambda number: number not in (0, 1, -1))
TAKEN = st.one_of(st.sampled_from(["first", "last"]), NUMBERS.map("token {}".format))


@st.composite
def spans(draw: st.DrawFn) -> Span:
    part = draw(st.sampled_from([*WORDS, "quoted", "every", "column"]))
    text = draw(TEXTS) if part in ("quoted", "every", "column") else ""
    generated = part in ("generated", "emitting")
    after = draw(st.booleans()) and part not in ("prompt", "every") and not generated
    special = draw(st.booleans()) and not generated and (part != "bos" or after)
    return Span(part, text, after, special)


@given(st.one_of(TAKEN, st.sampled_from(["mean", "max"])), spans())
def test_every_rule_is_read_back_from_how_it_is_written(pool: str, span: Span) -> None:
    written = rule_text("first" if span == Span("bos") else pool, span)
    assert read_tokens(written) == ("first" if span == Span("bos") else pool, span)
    assert rule_text(*read_tokens(written)) == written


@given(st.one_of(TAKEN, st.just("all")), spans().filter(lambda span: not span.generates))
def test_every_place_of_a_change_is_read_back(which: str, span: Span) -> None:
    at = ChangedTokens("all" if span == Span("bos") else which, span)
    assert read_at(str(at)) == at


def test_rules_have_one_spelling() -> None:
    assert [str(read_at(text)) for text in ("all", "last", 'every "a"', "after subject", "bos")] == [
        "all",
        "last",
        'all of every "a"',
        "all after subject",
        "all of bos",
    ]
    assert (read_at("all"), read_at("last")) == (ALL_TOKENS, LAST_TOKEN)
    assert read_tokens("token 1 of prompt") == read_tokens("first of  prompt")
    assert read_tokens("token -1 of prompt") == read_tokens("last of prompt")
    assert read_tokens("mean of bos") == read_tokens("value at bos") == ("first", Span("bos"))
    assert read_tokens('last of column "subject"') == read_tokens("last of subject")
    assert [str(read_tokens(text).span) for text in EXAMPLES] == [
        text.removeprefix("value at ").split(" of ")[-1].replace("first after", "after") for text in EXAMPLES
    ]
    assert all(read_at(text) for text in AT_EXAMPLES)
    assert number_of("all") is None


@for_each(
    "text, part, suggestion",
    [
        ("last", "", "last of prompt"),
        ("lst of prompt", "lst", "last"),
        ("average of prompt", "average", "mean"),
        ("last of promt", "promt", "prompt"),
        ("last of assistent", "assistent", "assistant"),
        ("last in prompt", "in", "of"),
        ("last fo prompt", "fo", "of"),
        ("last prompt", "prompt", "of prompt"),
        ("token 0 of prompt", "0", "1"),
        ("token of prompt", "of", None),
        ("last of 'Hanoi'", "'Hanoi'", '"Hanoi"'),
        ('last of "Hanoi', '"Hanoi', None),
        ('last of ""', '""', None),
        ("mean of every Hanoi", "Hanoi", '"Hanoi"'),
        ("first after prompt", "prompt", None),
        ("mean of prompt including specials tokens", "specials", "special"),
        ("mean of generated including special tokens", "including", None),
        ("value at user", "value", "first of user"),
        ("mean of subject here", "here", None),
    ],
)
def test_what_is_wrong_is_shown_where_it_stands(text: str, part: str, suggestion: str | None) -> None:
    with pytest.raises(TokensError) as caught:
        read_tokens(text)
    error = caught.value
    assert text[error.offset : error.offset + error.width] == part
    assert error.suggestion == suggestion


def test_columns_may_be_called_what_is_somewhat_like_a_span() -> None:
    for name in ("answer", "subject", "object", "entity", "system_prompt", "names", "Entität"):
        assert read_tokens(f"last of {name}") == ("last", Span("column", name))
    assert read_tokens("last of column user") == ("last", Span("column", "user"))


@for_each("text", ["mean of subject", "last of generated", "all of", "first", "all of prompt tokens"])
def test_changes_are_at_tokens_that_are_there(text: str) -> None:
    with pytest.raises(TokensError):
        read_at(text)
