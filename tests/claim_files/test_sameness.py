"""Which texts are the same, and that it holds wherever two texts meet in a claim file."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_claims import HEAD

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.prompts.sameness import (
    INVISIBLE,
    content,
    difference,
    label_likeness,
    likeness,
)

SENTENCE = "I ate some phở in Hanoi."
SPELLINGS = {
    "space behind": f"{SENTENCE} ",
    "tab before": f"\t{SENTENCE}",
    "two spaces": SENTENCE.replace(" ", "  "),
    "no-break space": SENTENCE.replace(" ", "\u00a0", 1),
    "narrow no-break space": SENTENCE.replace(" ", "\u202f"),
    "ideographic space": SENTENCE.replace(" ", "\u3000"),
    "zero-width space": f"{SENTENCE}\u200b",
    "zero-width joiner": SENTENCE.replace("Han", "Ha\u200dn"),
    "word joiner": SENTENCE.replace("Han", "Ha\u2060n"),
    "soft hyphen": SENTENCE.replace("Han", "Ha\u00adn"),
    "variation selector": f"{SENTENCE}\ufe0f",
    "marks of direction": f"\u202a{SENTENCE}\u202c\u200e",
    "decomposed": unicodedata.normalize("NFD", SENTENCE),
    "an invisible character inside a letter": unicodedata.normalize("NFD", SENTENCE).replace(
        "o\u031b", "o\u200b\u031b"
    ),
}
spelled = st.sampled_from(sorted(SPELLINGS.values()))
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc",), exclude_characters="\ufeff\ufffd"), max_size=20
)


@st.composite
def respelled(draw: st.DrawFn, text: str) -> str:
    """Return another spelling of a text: spaces stretched and replaced, invisible characters, another form."""
    spaces = st.sampled_from([" ", "  ", "\u00a0", "\u2009 ", "\u3000", "\u3164"])
    hidden = st.sampled_from(["", "", "\u200b", "\u00ad", "\u200e", "\ufe0f", "\u2066", "\u200d", "\u034f"])
    words = [
        "".join(
            letter + draw(hidden)
            for letter in unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), word)
        )
        for word in text.split()
    ]
    middle = "".join(word + draw(spaces) for word in words[:-1]) + "".join(words[-1:])
    return draw(st.sampled_from(["", " ", "\u200b "])) + middle + draw(st.sampled_from(["", " ", "\u00a0"]))


@given(st.data(), texts)
def test_sameness_is_an_equivalence_that_spelling_does_not_change(data, text):
    other = data.draw(respelled(text))
    assert content(text) == content(other) == content(content(other))
    assert likeness(text) == likeness(other) == likeness(content(other))
    assert bool(difference(text, other)) == (text != other)
    assert difference(text, other) == difference(other, text)


@given(texts, texts)
def test_what_is_the_same_is_the_same_to_the_eye(one, other):
    seen = [
        unicodedata.normalize("NFC", INVISIBLE.sub("", text)).replace("\u3164", " ") for text in (one, other)
    ]
    if content(one) == content(other) and "\u2800" not in one + other and "\uffa0" not in one + other:
        assert "".join(seen[0].split()) == "".join(seen[1].split())


def test_what_a_reader_sees_is_not_the_same():
    different = [
        "a b",
        "ab",
        "a c",
        "a b.",
        "á b",
        "A b",
        "ａ b",
        "a ｂ",
        "x²",
        "x2",
        "½",
        "1⁄2",
        "a-b",
        "a–b",
    ]
    flags = [
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e007f",
        "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e007f",
    ]
    assert len({content(text) for text in different + flags}) == len(different + flags)


def test_labels_that_look_alike():
    for alike in (
        ["1", "1.0", "1.00", "01", "1e0", "True", "TRUE", " true"],
        ["h", "H", "h ", "h\u200b", "ｈ"],
    ):
        assert len({label_likeness(label) for label in alike}) == 1, alike
    assert len({label_likeness(label) for label in ("1", "0", "-1", "10", "yes", "h", "hh", "n/a")}) == 8


def csv(name: str, *texts: str) -> str:
    with open(name, "w", encoding="utf-8", newline="") as file:
        file.write("text\n" + "".join(f'"{text}"\n' for text in texts))
    return f"{{file: {name}, column: text}}"


@pytest.mark.parametrize("kind", SPELLINGS)
def test_a_sentence_spelled_otherwise_is_refused_wherever_it_stands_twice(problems, kind):
    twin, line = SPELLINGS[kind], "claims:\n  - neuron 1:2 activates more for a than b\n"
    (within,) = problems(HEAD + f"sets:\n  a: {csv('a.csv', SENTENCE, twin)}\n  b: [other]\n{line}")
    assert "is in this set already (a.csv:2 but for " in within
    sets = f"sets:\n  a: {csv('a.csv', SENTENCE, 'x')}\n  b: {csv('b.csv', 'y', twin)}\n"
    (across,) = problems(HEAD + sets + line)
    assert "'a' and 'b' share the prompt 'I ate some" in across
    assert "(a.csv:2 and b.csv:3 but for " in across
    found = f"discovered_on: {csv('found.csv', twin)}\n"
    (discovered,) = problems(HEAD + found + "sets:\n  a: ['" + SENTENCE + "']\n  b: [other]\n" + line)
    assert "1 prompt stands both in 'discovered_on' and in what is tested" in discovered


def pairs(*texts: tuple[str, str]) -> str:
    with open("p.csv", "w", encoding="utf-8", newline="") as file:
        file.write("clean,corrupted\n" + "".join(f'"{one}","{other}"\n' for one, other in texts))
    return "sets:\n  a: [some]\n  b: [other]\npairs:\n  p: {file: p.csv}\n"


@given(st.data())
@settings(max_examples=20)
def test_a_claim_file_with_a_text_of_one_set_respelled_in_the_other_is_refused(read, data):
    words = st.lists(st.sampled_from(["pho", "phở", "Hanoi", "is", "old", "été"]), min_size=1, max_size=6)
    sentences = data.draw(st.lists(words.map(" ".join), min_size=2, max_size=5, unique=True))
    twin = data.draw(respelled(data.draw(st.sampled_from(sentences))))
    sets = f"sets:\n  a: {csv('a.csv', *sentences)}\n  b: {csv('b.csv', 'another', twin)}\n"
    with pytest.raises(ClaimFileError, match="share the prompt"):
        read(HEAD + sets + "claims:\n  - neuron 1:2 activates more for a than b\n")


@given(texts=st.lists(spelled, min_size=2, max_size=6))
@settings(max_examples=20)
def test_one_sentence_is_never_two_units(read, texts):
    with pytest.raises(ClaimFileError, match="in this set already"):
        read(
            HEAD
            + f"sets:\n  a: {csv('a.csv', *texts)}\n  b: [other]\nclaims:\n  - neuron 1:2 activates more for a than b\n"
        )


@pytest.mark.parametrize("kind", SPELLINGS)
def test_texts_of_pairs_are_compared_alike(problems, kind):
    twin, line = SPELLINGS[kind], "claims:\n  - neuron 1:2 activates more for a than b\n"
    (one,) = problems(HEAD + pairs((SENTENCE, twin)) + line)
    assert "the two texts of this pair are the same but for " in one
    (two,) = problems(HEAD + pairs((SENTENCE, "x"), (twin, "x")) + line)
    assert "this pair stands here already (p.csv:2 but for " in two


@pytest.mark.parametrize("kind", SPELLINGS)
def test_directions_are_not_made_from_sets_that_share_a_text(problems, kind):
    sets = f"sets:\n  a: {csv('a.csv', SENTENCE, 'x')}\n  b: {csv('b.csv', SPELLINGS[kind], 'y')}\n  c: [s]\n  d: [t]\n"
    made = "directions:\n  to: {from: [a, b], method: mean difference}\n"
    (problem,) = problems(HEAD + sets + made + "claims:\n  - neuron 1:2 activates more for c than d\n")
    assert "'a' and 'b' share the prompt" in problem


def test_groups_that_are_the_same_are_one_and_the_prompt_stays_as_it_is(read):
    with open("g.csv", "w", encoding="utf-8") as file:
        file.write("text,g\n one ,t1\ntwo\u200b,t1 \nthree,t\u200b1\nfour,T1\n")
    sets = "sets:\n  a: {file: g.csv, column: text, group: g}\n  b: [{text: x, group: u}]\n"
    found = read(HEAD + sets + "claims:\n  - neuron 1:2 activates more for a than b\n").sets["a"].prompts
    assert [prompt.group for prompt in found] == ["t1", "t1", "t1", "T1"]
    assert [prompt.text for prompt in found] == [" one ", "two\u200b", "three", "four"]


@pytest.mark.parametrize("text", ["\u200b", "\u00a0\u2009", "\ufe0f \u00ad", "\u3164"])
def test_a_prompt_that_shows_nothing_is_empty(problems, text):
    (problem,) = problems(
        HEAD + f"sets:\n  a: ['{text}']\n  b: [x]\nclaims:\n  - neuron 1:2 activates more for a than b\n"
    )
    assert problem.endswith("this prompt is empty")


@pytest.mark.parametrize(
    ("name", "data", "place", "said"),
    [
        ("p.txt", "one\n\ufefftwo\n", "p.txt:2:1", "U+FEFF is a byte order mark inside the text"),
        ("p.txt", "\ufeff\ufeffone\n", "p.txt:1:1", "U+FEFF is a byte order mark inside the text"),
        (
            "p.csv",
            "text\none\nThe caf\ufffd\n",
            "p.csv:3:8",
            "U+FFFD stands where a text was decoded wrongly",
        ),
        ("p.jsonl", '{"text": "one"}\n{"text": "a\\ufffd"}\n', "p.jsonl:2:1", "U+FFFD stands where"),
        ("p.jsonl", '{"text": "\\ufeffone"}\n', "p.jsonl:1:1", "U+FEFF is a byte order mark"),
        ("p.jsonl", '{"text": "one"}\n{"text": 3.0}\n', "p.jsonl:2:1", "column 'text' holds 3.0 here"),
        ("p.jsonl", '{"text": "one"}\n{"text": true}\n', "p.jsonl:2:1", "column 'text' holds true here"),
        ("p.jsonl", '{"text": "one"}\n{"text": NaN}\n', "p.jsonl:2:1", "this row has no prompt"),
        ("p.jsonl", '{"text": "one"}\n{"text": null}\n', "p.jsonl:2:1", "this row has no prompt"),
        ("p.jsonl", '{"text": "one"}\n{"text": ["a"]}\n', "p.jsonl:2:1", "this row has no prompt"),
        ("p.csv", "text\none\n\u200b\n", "p.csv:3:1", "this row has no prompt"),
    ],
)
def test_what_is_no_text_is_shown_at_its_place(read, name, data, place, said):
    with open(name, "w", encoding="utf-8") as file:
        file.write(data)
    sets = (
        f"sets:\n  a: {{file: {name}, column: text}}\n" if name != "p.txt" else "sets:\n  a: {file: p.txt}\n"
    )
    with pytest.raises(ClaimFileError) as caught:
        read(HEAD + sets + "  b: [x]\nclaims:\n  - neuron 1:2 activates more for a than b\n")
    assert f"{place}: " in str(caught.value)
    assert said in str(caught.value)


def test_labels_of_json_that_are_missing_are_missing(read):
    with open("p.jsonl", "w", encoding="utf-8") as file:
        file.write('{"text": "one", "g": 1}\n{"text": "two", "g": NaN}\n')
    with pytest.raises(ClaimFileError, match="this row has no group"):
        read(
            HEAD
            + "sets:\n  a: {file: p.jsonl, group: g}\n  b: [x]\nclaims:\n  - neuron 1:2 activates more for a than b\n"
        )
