"""What is shown of tokens that are read: their text with each in brackets, those that differ; foreign text escaped."""

from __future__ import annotations

from neuronclaims.tokens.grammar import read_at
from neuronclaims.tokens.readings import FIRST, SHOWN, TokensAsked, marked, reading_of
from neuronclaims.tokens.split_text import SplitText


def words(text: str) -> SplitText:
    """Split a text before every space, with a special token before it."""
    offsets, at = [(0, 0)], 0
    for place, sign in enumerate(text):
        if sign == " " and place:
            offsets.append((at, place))
            at = place
    offsets.append((at, len(text)))
    tokens = ("<s>", *(text[start:end] for start, end in offsets[1:]))
    return SplitText(text, tokens, (False, *[True] * (len(offsets) - 1)), tuple(offsets))


def asked(at: str, *items: str) -> TokensAsked:
    return TokensAsked("hanoi", False, at, read_at(at), items)


def test_tokens_are_in_brackets_in_their_text() -> None:
    text = words("I ate some pho in Hanoi and was glad of it all the long day")
    assert marked(text, (6,)) == "I ate some pho in[ Hanoi] and was glad of it all …"
    assert marked(text, (0,)) == "[<s>]I ate some pho in Hanoi …"
    assert marked(text, (2, 3, 15)) == "I[ ate][ some] pho in Hanoi and was glad of it all the long[ day]"
    far = words("a " + "long " * 30 + "way")
    assert "…" in marked(far, (1, 32))
    assert marked(far, (1, 32)).endswith("[ way]")
    slow = SplitText("I ate", ("I", "ate"), (True, True))
    assert marked(slow, (1,)) == "I | [ate]"


def test_the_first_prompts_are_shown_and_one_of_each_that_differs() -> None:
    same = [f"w{number} ends" for number in range(40)]
    found = reading_of(asked("last of prompt", *same, "w41 stops", "w42 stops", "w43 rests"), words)
    assert [each.tokens for each in found.shown] == [(" ends",)] * FIRST + [(" stops",), (" rests",)]
    assert [each.alike for each in found.shown] == [40] * FIRST + [2, 1]
    assert (found.prompts, found.different) == (43, 3)
    assert found.shown[0].places == (2,)
    many = reading_of(asked("last of prompt", *(f"a b{number}" for number in range(99))), words)
    assert (len(many.shown), many.different) == (SHOWN, 99)


def test_prompts_without_the_tokens_are_left_to_the_run() -> None:
    found = reading_of(asked('last of "Hanoi"', "We saw Hanoi now", "We saw Rome"), words)
    assert [each.marked for each in found.shown] == ["We saw[ Hanoi] now"]
    assert found.prompts == 1


def test_foreign_text_is_escaped() -> None:
    text = words("a \x1b[31mred\u202e b")
    assert marked(text, (2,)) == "a[ \\x1b[31mred\\u202e] b"
    (shown,) = reading_of(asked("token 2 of prompt", text.text), words).shown
    assert shown.tokens == (" \\x1b[31mred\\u202e",)
