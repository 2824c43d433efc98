"""The account of prompt sets: rows taken and left, look-alike labels, odd cells, white space at the end, frames."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_claims import HEAD

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.prompts.frames import likenesses, words_of
from neuronclaims.claim_files.prompts.misleading import data_problems
from neuronclaims.set_accounts import Frame

LINE = "claims:\n  - neuron 1:2 activates more for a than b\n"
FRAMES = [
    "The man from {} is old.",
    "I flew to {} last year",
    "Her aunt was born in {}!",
    "«{}» is what we read on the door",
]
FILLERS = ["Paris", "Rome", "New York", "Oslo", "Hanoi"]
NATURAL = [
    "She opened the window to let in fresh air.",
    "The meeting starts at nine.",
    "He forgot his umbrella again.",
    "We painted the kitchen on Sunday.",
    "The cat slept through the whole film.",
    "They sold the old car.",
    "Nobody knew where the key was.",
    "After lunch it began to rain.",
]


def file_of(name: str, text: str) -> None:
    with open(name, "w", encoding="utf-8", newline="") as file:
        file.write(text)


def sets(where: str = "", more: str = "") -> str:
    return f"sets:\n  a: {{file: p.csv, column: text{where}}}\n  b: [other, another]\n{more}{LINE}"


def listed(name: str, texts: list[str]) -> str:
    return f"  {name}:\n" + "".join(f'    - "{text}"\n' for text in texts)


def warnings(file) -> list[str]:
    return [problem.message for problem in data_problems(file)]


LABELS = ["h", "h ", "\u00a0h", "h\u200b", "H", "ｈ", "b", "b", ""]


def test_where_takes_what_is_the_same_names_what_looks_alike_and_counts_all(read):
    file_of(
        "p.csv", "text,label\n" + "".join(f'text {number},"{label}"\n' for number, label in enumerate(LABELS))
    )
    file = read(HEAD + sets(", where: {label: h}"))
    account = file.sets["a"].account
    (column,) = account.taken.where
    assert (account.prompts, account.taken.rows) == (4, 9)
    assert sorted(column.taken) == sorted([("h", 1), ("h ", 1), ("\u00a0h", 1), ("h\u200b", 1)])
    assert set(column.left) == {("b", 2), ("H", 1), ("ｈ", 1), ("", 1)}
    assert set(column.alike) == {("H", 1), ("ｈ", 1)}
    assert sum(count for _, count in column.taken + column.left) + column.others + column.without == 9
    (warning,) = warnings(file)
    assert warning.startswith("'where' of 'a' leaves 2 rows whose label looks like one that it takes: ")
    assert "'H' (1)" in warning
    assert "4 of 9 rows of p.csv (label 'h' (1)" in account.summary
    assert file.claims[0].data.sets[0] is account
    assert list(file.claims[0].data.warnings) == [warning]


@pytest.mark.parametrize(
    ("asked", "left"), [("1", "'1.0' (2), 'True' (1)"), ("true", "'1' (3), '1.0' (2), 'True' (1)")]
)
def test_ways_to_write_one_are_named(read, asked, left):
    file_of(
        "p.csv",
        "text,label\n" + "".join(f"t{i},{label}\n" for i, label in enumerate("1 1 1.0 1.0 1 True 0".split())),  # noqa: SIM905
    )
    if asked == "1":
        assert left in warnings(read(HEAD + sets(", where: {label: 1}")))[0]
        return
    with pytest.raises(ClaimFileError) as caught:
        read(HEAD + sets(", where: {label: true}"))
    assert (
        "none of the 7 rows of p.csv fits 'where'; label holds '1' (3), '1.0' (2), '0' (1), 'True' (1)"
        in str(caught.value)
    )
    assert "did you mean 'label: " in str(caught.value)


def test_a_value_that_no_row_has_gets_the_nearest_one(read):
    file_of("p.csv", "text,label\none,hanoi\ntwo,hue\n")
    with pytest.raises(ClaimFileError, match=r"did you mean 'label: hanoi'\?"):
        read(HEAD + sets(", where: {label: hanoy}"))


def test_many_values_are_counted_and_not_all_named(read):
    file_of("p.jsonl", "".join(f'{{"text": "t{i}", "n": {i}}}\n' for i in range(100)) + '{"text": "none"}\n')
    text = HEAD + "sets:\n  a: {file: p.jsonl, where: {n: [1, 2.0]}}\n  b: [other]\n" + LINE
    file = read(text)
    (column,) = file.sets["a"].account.taken.where
    assert (column.taken, len(column.left), column.others, column.without) == ((("1", 1),), 12, 87, 1)
    assert column.alike == (("2", 1),)  # 2.0 was asked for


@pytest.mark.parametrize("end", [" ", "\t", "\u00a0", " \u200b"])
def test_white_space_at_the_end_is_told_where_the_last_token_is_read(read, end):
    file_of("p.csv", "text\n" + "".join(f'"{text}{end}"\n' for text in NATURAL[:3]) + f'"{NATURAL[3]}"\n')
    last = read(HEAD.replace("mean of prompt", "last of prompt") + sets())
    assert last.sets["a"].account.end == 3
    assert warnings(last)[0].startswith(
        "3 of 4 prompts of 'a' end in white space: where it is a token of its own, 'last"
    )
    mean = read(HEAD.replace("last of prompt", "mean of prompt") + sets())
    assert warnings(mean) == []
    assert "3 end in white space" in mean.sets["a"].account.summary


def test_pairs_that_end_in_white_space_or_share_a_text_are_told(read):
    file_of(
        "p.csv", "clean,corrupted\nThe sky is ,The sea is\nHe ran,He sat\nhe ran!,He stood\nWe ate,We slept\n"
    )
    file = read(HEAD + "sets:\n  a: [some]\n  b: [other]\npairs:\n  p: {file: p.csv}\n" + LINE)
    (first,) = warnings(file)
    assert first.startswith("1 prompt of 'p' has the words of an earlier one")
    assert file.pairs["p"].account.end == 1


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["nan", "one"], "1 text is 'nan', as programs write for nothing"),
        (["None", "N/A", "one"], "2 texts are 'None', as programs write for nothing"),
        (["3.0", "one"], "1 text is a number, such as '3.0'"),
        (["<s>One day", "<s> The sun", "one"], "2 texts begin with '<s>', which is there twice if"),
        (["<|begin_of_text|>One"], "1 text begins with '<|begin_of_text|>', which is there twice if"),
        (["The cafÃ© is open", "one"], "1 text may have been decoded wrongly: 'Ã©' for 'é'"),
        (["Itâ€™s open", "one"], "1 text may have been decoded wrongly: 'â€™' for '’'"),
    ],
)
def test_odd_cells_are_told(read, cells, said):
    file_of("p.csv", "text\n" + "".join(f'"{cell}"\n' for cell in cells))
    (warning,) = warnings(read(HEAD + sets()))
    assert warning.startswith(f"in 'a', {said}")


@pytest.mark.parametrize(
    "cells",
    [["3.0", "4.5"], ["Ça va, Zoë? Große Œuvre: “naïve” – 5 €"], ["a < s > b", "Nan came", "none of it"]],
)
def test_cells_that_are_as_meant_are_not_odd(read, cells):
    file_of("p.csv", "text\n" + "".join(f'"{cell}"\n' for cell in cells))
    assert warnings(read(HEAD + sets())) == []


def test_groups_that_look_alike_are_told(read):
    file_of("p.csv", "text,g\none,T1\ntwo,t1\nthree,nan\n")
    found = warnings(read(HEAD + sets(", group: g").replace("[other, another]", "[{text: other, group: u}]")))
    assert [warning.partition(", ")[2] for warning in found] == [
        "1 text has the group 'nan'",
        "the groups 'T1' and 't1' look alike and count as two",
    ]


def test_the_same_words_are_told_within_a_set_and_across(read):
    twice = [NATURAL[0], NATURAL[0].upper(), NATURAL[0].replace(".", "!"), NATURAL[1]]
    file = read(
        HEAD + "sets:\n" + listed("a", twice) + listed("b", ["the Meeting starts, at nine", "else"]) + LINE
    )
    within, across = warnings(file)
    assert file.sets["a"].account.same_words == 2
    assert within.startswith("2 prompts of 'a' have the words of an earlier one")
    assert across.startswith("1 prompt of 'a' and 'b' has the same words in both (x.claims.yaml:")


def test_prompts_of_one_pair_may_have_the_same_words(read):
    pairs = "sets:\n  a: [{text: NO WAY, pair: p}]\n  b: [{text: no way, pair: p}]\n"
    assert warnings(read(HEAD + pairs + LINE)) == []


def test_four_frames_with_five_fillers_are_found_and_proposed_as_groups(read):
    texts = [frame.format(filler) for frame, filler in itertools.product(FRAMES, FILLERS)]
    file = read(HEAD + "sets:\n" + listed("a", texts) + listed("b", NATURAL) + LINE)
    account = file.sets["a"].account
    assert sorted(account.frames, key=lambda frame: frame.text) == sorted(
        [
            Frame("The man from … is old", 5),
            Frame("I flew to … last year", 5),
            Frame("Her aunt was born in …", 5),
            Frame("… is what we read on the door", 5),
        ],
        key=lambda frame: frame.text,
    )
    assert (account.framed, account.units, account.units_with_frames) == (20, 20, 4)
    (warning,) = warnings(file)
    assert warning.startswith("20 of 20 prompts of 'a' share 4 frames, such as ")
    assert warning.endswith("give all of one frame the same 'group', which leaves 4 units")
    assert file.sets["b"].account.frames == ()


def test_frames_that_groups_or_blocks_hold_together_are_counted_without_a_warning(read):
    for key in ("group", "block"):
        rows = [
            f'"{frame.format(filler)}",t{number}\n'
            for number, frame in enumerate(FRAMES)
            for filler in FILLERS
        ]
        file_of("p.csv", "text,g\n" + "".join(rows))
        file = read(HEAD + sets(f", {key}: g").replace("[other, another]", f"[{{text: other, {key}: t1}}]"))
        account = file.sets["a"].account
        assert account.units == account.units_with_frames == (4 if key == "group" else 20)
        assert (len(account.frames), warnings(file)) == (4, [])


def test_groups_that_cut_through_frames_are_told(read):
    rows = [
        f'"{frame.format(filler)}",g{number}\n' for frame in FRAMES for number, filler in enumerate(FILLERS)
    ]
    file_of("p.csv", "text,g\n" + "".join(rows))
    file = read(HEAD + sets(", group: g").replace("[other, another]", "[{text: other, group: u}]"))
    account = file.sets["a"].account
    assert (account.units, account.units_with_frames) == (5, 1)
    assert (
        "prompts of one frame are in several groups: a 'group' that holds them together leaves 1 unit"
        in warnings(file)[0]
    )


def test_sets_of_one_frame_each_are_told_and_one_frame_for_both_is_not(read):
    one, other = ([frame.format(filler) for filler in FILLERS] for frame in FRAMES[:2])
    (warning,) = warnings(read(HEAD + "sets:\n" + listed("a", one) + listed("b", other) + LINE))
    assert warning == (
        "all prompts of 'a' are 'The man from … is old' and all of 'b' are 'I flew to … last year': "
        "whatever differs may be the frame"
    )
    same = [FRAMES[0].format(filler) for filler in ("Hue", "Lima", "Bonn", "Bern")]
    assert warnings(read(HEAD + "sets:\n" + listed("a", one) + listed("b", same) + LINE)) == []


def test_two_words_far_apart_and_scripts_without_spaces():
    two = [
        f"The {who} of {where} is old"
        for who, where in [("king", "France"), ("queen", "Spain"), ("duke", "Italy")]
    ]
    assert [frame for frame, _ in likenesses(two).frames] == [Frame("The … of … is old", 3)]
    assert [
        len(places) for _, places in likenesses(["我喜欢河内", "我喜欢巴黎", "我喜欢罗马", "他走了"]).frames
    ] == [3]


def test_texts_of_the_world_have_no_frames_or_copies():
    found = likenesses(NATURAL)
    assert (found.frames, found.same_words, found.near_copies) == ((), {}, {})
    assert likenesses([*NATURAL, NATURAL[0].replace("window", "door")]).near_copies == {8: 0}


words = st.sampled_from(["the", "a", "man", "dog", "is", "old", "saw", "in", "house", "we", "left"])


@given(st.lists(st.lists(words, min_size=1, max_size=8), min_size=3, max_size=12), st.randoms())
def test_each_prompt_has_one_frame_whose_words_it_has_and_any_order_finds_as_many_copies(texts, rng):
    texts = [" ".join(each) for each in texts]
    found = likenesses(texts)
    members = [place for _, places in found.frames for place in places]
    assert len(set(members)) == len(members)
    for frame, places in found.frames:
        assert frame.prompts == len(places) >= 3
        shared = [word for word in frame.text.split() if word != "…"]
        for place in places:
            left = iter(words_of(texts[place]))
            assert all(word in left for word in shared)  # in their order
            assert 1 <= len(words_of(texts[place])) - len(shared) <= 2
    shuffled = rng.sample(texts, len(texts))
    assert (
        len(likenesses(shuffled).same_words)
        == len(found.same_words)
        == len(texts) - len({tuple(sorted(text.split())) for text in texts})
    )
