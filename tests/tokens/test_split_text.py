"""Spans lie where their characters are: against an oracle that asks of every character which token it is in."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuronclaims.tokens.grammar import read_at
from neuronclaims.tokens.spans import Span, SpanError
from neuronclaims.tokens.split_text import SplitText

LETTERS = st.text("ab ", min_size=1, max_size=14)


def split(text: str, cuts: list[int], bos: bool = True) -> SplitText:
    """Cut a text at some places, with a special token before it."""
    edges = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    offsets = list(pairwise(edges))
    tokens = [text[start:end] for start, end in offsets]
    if bos:
        offsets, tokens = [(0, 0), *offsets], ["<s>", *tokens]
    counts = tuple(token != "<s>" for token in tokens)
    return SplitText(text, tuple(tokens), counts, tuple(offsets))


@given(LETTERS, st.lists(st.integers(0, 14), max_size=8), st.text("ab ", min_size=1, max_size=3))
def test_a_token_belongs_to_a_text_if_it_has_one_of_its_characters(text, cuts, wanted) -> None:
    cut = split(text, cuts)
    core = wanted.strip() or wanted
    lead = wanted.index(core)
    starts = [at for at in range(len(text)) if text.startswith(wanted, at)]
    characters = {at + lead + step for at in starts for step in range(len(core))}
    assert cut.offsets is not None
    expected = tuple(
        place for place, (start, end) in enumerate(cut.offsets) if characters & set(range(start, end))
    )
    if not starts:
        for part in ("quoted", "every"):
            with pytest.raises(SpanError, match="does not hold"):
                cut.places(Span(part, wanted))
        return
    assert cut.places(Span("every", wanted)) == expected
    if len(starts) == 1:
        assert cut.places(Span("quoted", wanted)) == expected
        behind = tuple(range(expected[-1] + 1, len(cut.tokens)))
        after = Span("quoted", wanted, after=True)
        if behind:
            assert cut.places(after) == behind
        else:
            with pytest.raises(SpanError, match="has no token of text after"):
                cut.places(after)
    else:
        with pytest.raises(SpanError, match=f" {len(starts)} times"):
            cut.places(Span("quoted", wanted))


def test_special_tokens_count_when_they_are_asked_for() -> None:
    cut = split("I ate", [1])
    assert cut.places(Span("prompt")) == (1, 2)
    assert cut.places(Span("prompt", special=True)) == (0, 1, 2)
    assert cut.places(Span("bos")) == (0,)
    assert cut.places(Span("bos", after=True)) == (1, 2)
    assert cut.changed(read_at("all")) == (0, 1, 2)
    assert cut.changed(read_at("last of prompt")) == (2,)
    assert cut.changed(read_at("token -2 of prompt")) == (1,)
    with pytest.raises(SpanError, match="No special token stands before the prompt 'I ate'"):
        split("I ate", [1], bos=False).places(Span("bos"))
    with pytest.raises(
        SpanError, match=r"'token 3 of prompt' has no token in the prompt 'I ate'.* only 2 tokens"
    ):
        cut.changed(read_at("token 3 of prompt"))


def test_a_bare_space_whose_characters_were_trimmed_belongs_to_what_it_is() -> None:
    cut = SplitText("a  b", ("a", " ", " b"), (True, True, True), ((0, 1), (2, 2), (3, 4)))
    assert cut.places(Span("quoted", "  ")) == (1,)
    assert cut.places(Span("quoted", "b")) == (2,)


def test_several_tokens_of_one_character_all_belong_to_it() -> None:
    cut = SplitText("a😀b", ("a", "x", "y", "z", "b"), (True,) * 5, ((0, 1), (1, 2), (1, 2), (1, 2), (2, 3)))
    assert cut.places(Span("quoted", "😀")) == (1, 2, 3)


def test_errors_name_the_prompt_and_show_what_is_there() -> None:
    cut = split("In Hanoi or near hanoi", [2, 8, 11, 16])
    with pytest.raises(
        SpanError, match=r"prompt 'In Hanoi or near hanoi' does not hold \"HANOI\"; it has \"Hanoi\""
    ):
        cut.places(Span("quoted", "HANOI"))
    with pytest.raises(
        SpanError, match=r"holds \"anoi\" 2 times: In H\[anoi\] or near han…, …oi or near h\[anoi\]\."
    ):
        cut.places(Span("quoted", "anoi"))
    slow = SplitText("In Hanoi", ("In", " Hanoi"), (True, True))
    assert slow.places(Span("prompt")) == (0, 1)
    with pytest.raises(SpanError, match="a slow one"):
        slow.places(Span("quoted", "Hanoi"))


def test_columns_and_roles() -> None:
    text = "Hanoi is not Hanoi"
    offsets = ((0, 5), (5, 8), (8, 12), (12, 18))
    columns = {"s": "is", "t": "[13, 18]", "u": "Hanoi", "v": "[0, 19]"}
    cut = SplitText(
        text,
        ("Hanoi", " is", " not", " Hanoi"),
        (True,) * 4,
        offsets,
        columns=columns,
    )
    assert cut.places(Span("column", "s")) == (1,)
    assert cut.places(Span("column", "s", after=True)) == (2, 3)
    assert cut.places(Span("column", "t")) == (3,)
    for name, reason in {
        "u": "2 times",
        "v": "has 18 characters",
        "w": "has nothing in the column 'w'",
    }.items():
        with pytest.raises(SpanError, match=reason):
            cut.places(Span("column", name))
    with pytest.raises(SpanError, match="is a plain text"):
        cut.places(Span("user"))
    chat = SplitText(
        text, cut.tokens, cut.counts, offsets, roles={"user": ((0, 5),), "assistant": ((9, 18),)}
    )
    assert chat.places(Span("user")) == (0,)
    assert chat.places(Span("assistant")) == (2, 3)
    # Between the messages is the template's own text, which nobody quoted.
    with pytest.raises(SpanError, match="does not hold"):
        chat.places(Span("quoted", "is"))
    with pytest.raises(SpanError, match="no message of the role 'system'"):
        chat.places(Span("system"))
