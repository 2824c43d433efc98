# ruff: noqa: E501
"""Chats in claim files and in files of prompts: what is read, and what is refused with its place."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from cases import for_each
from hypothesis import given
from hypothesis import strategies as st
from toy_claims import HEAD

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.prompts.frames import likenesses, same_words_in
from neuronclaims.claim_files.prompts.sameness import content, likeness
from neuronclaims.prompts import ROLES, ChatMessage, PromptInput, shown

CLAIM = "claims:\n  - neuron 1:2 activates more for a than b\n"
OTHER = "  b: [another prompt]\n"


def chat(*said: tuple[str, str]) -> str:
    return PromptInput(messages=tuple(ChatMessage(role, content) for role, content in said)).item


@pytest.fixture
def read_a(read):
    """Return a function that reads the set ``a`` of a claim file, written behind ``a:``."""
    return lambda written: read(f"{HEAD}sets:\n  a: {written}\n{OTHER}{CLAIM}").sets["a"].prompts


@pytest.fixture
def read_pairs(read):
    """Return a function that reads the pairs ``c`` of a claim file, written behind ``c:``, as their items."""

    def read_pairs(written: str) -> tuple[str, str]:
        file = read(f"{HEAD}sets:\n  a: [x]\n{OTHER}pairs:\n  c: {written}\n{CLAIM}")
        (pair,) = file.pairs["c"].pairs
        return pair.clean, pair.corrupted

    return read_pairs


@pytest.fixture
def problem(read_a):
    """Return a function that reads the set ``a`` and gives the last of its problems as one line."""

    def problem(written: str) -> str:
        with pytest.raises(ClaimFileError) as told:
            read_a(written)
        found = [each for each in told.value.problems if "cannot be read" not in each.message][-1]
        meant = f" -> {found.suggestion}" if found.suggestion else ""
        return f"{found.place.path.rsplit('/', 1)[-1]}:{found.place.line}:{found.place.column} {found.message}{meant}"

    return problem


USER = ("user", "Where is Hanoi?")


def test_chats_of_a_claim_file_are_read_beside_texts_with_what_belongs_to_them(read_a):
    found = read_a(
        "\n    - Hanoi is old.\n    - messages:\n        - {role: user, content: Where is Hanoi?}\n"
        "        - role: assistant\n          content: 'In '\n      group: g\n      id: x\n    - {text: y, group: g}\n"
        "    - {messages: [{role: system, content: 5}, {role: user, content: no}], group: g}".replace(
            "    - Hanoi is old.\n", ""
        )
    )
    assert [prompt.text for prompt in found] == [
        chat(USER, ("assistant", "In ")),
        "y",
        chat(("system", "5"), ("user", "no")),
    ]
    assert (found[0].group, found[0].id, found[0].source.rsplit(":", 1)[-1]) == (
        "g",
        "x",
        str(HEAD.count("\n") + 3),
    )


def test_a_set_makes_its_texts_chats_and_gives_all_a_system_message_and_a_beginning_of_the_answer(read_a):
    listed = "{as: user, system: Be brief., prefill: In, prompts: [Where is Hanoi?, {text: And Hue?, id: h}]}"
    assert [prompt.text for prompt in read_a(listed)] == [
        chat(("system", "Be brief."), USER, ("assistant", "In")),
        chat(("system", "Be brief."), ("user", "And Hue?"), ("assistant", "In")),
    ]
    mixed = "{system: Be brief., prompts: [{messages: [{role: user, content: Where is Hanoi?}]}]}"
    assert [prompt.text for prompt in read_a(mixed)] == [chat(("system", "Be brief."), USER)]
    assert [prompt.text for prompt in read_a("{prompts: [Hanoi]}")] == ["Hanoi"]


def test_rows_of_jsonl_hold_messages_beside_other_columns(read_a, tmp_path):
    rows = [
        {
            "messages": [{"role": "user", "content": "Where is Hanoi?", "name": None}],
            "label": "x",
            "s": "Be brief.",
        },
        {"messages": [{"role": "user", "content": "No."}], "label": "y", "s": ""},
        {"text": "plain", "label": "x"},
    ]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = read_a("{file: p.jsonl, group: label}")
    assert [(prompt.text, prompt.group) for prompt in found] == [
        (chat(USER), "x"),
        (chat(("user", "No.")), "y"),
        ("plain", "x"),
    ]
    found = read_a("{file: p.jsonl, messages: messages, where: {label: y}, system: {column: s}}")
    assert [prompt.text for prompt in found] == [chat(("user", "No."))]
    assert found[0].source == "p.jsonl:2"


def test_cells_of_csv_hold_messages_as_json_or_texts_of_a_user(read_a, tmp_path):
    with (tmp_path / "p.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["chat", "question", "system", "start"])
        talk = json.dumps([{"role": "user", "content": 'Where is "Hanoi", please?'}])
        writer.writerow([talk, "Where is Hanoi?", "Be brief.", "In"])
        writer.writerow([json.dumps([{"role": "user", "content": "b"}]), "b", "", ""])
    found = read_a("{file: p.csv, messages: chat}")
    assert [prompt.text for prompt in found] == [
        chat(("user", 'Where is "Hanoi", please?')),
        chat(("user", "b")),
    ]
    found = read_a(
        "{file: p.csv, column: question, as: user, system: {column: system}, prefill: {column: start}}"
    )
    assert [prompt.text for prompt in found] == [
        chat(("system", "Be brief."), USER, ("assistant", "In")),
        chat(("user", "b")),
    ]


LINE = HEAD.count("\n") + 2


@for_each(
    "written, said",
    [
        ("[{messages: []}]", "8 this chat has no messages; it needs at least one, such as {role: user, content: ...}"),
        ("[{messages: hi}]", "18 the messages of a chat are a list, each such as {role: user, content: ...}; this is the"),
        ("[{messages: [hi]}]", "19 a message is a mapping such as {role: user, content: ...}; this is the text 'hi'"),
        ("[{messages: [{role: human, content: a}]}]", "26 'human' is no role: it is system, user or assistant -> user"),
        ("[{messages: [{role: usr, content: a}]}]", "26 'usr' is no role: it is system, user or assistant -> user"),
        ("[{messages: [{role: tool, content: a}]}]", "26 messages of tools ('tool') are not read: leave them out"),
        ("[{messages: [{role: user, content: ' '}]}]", "41 this message is empty: write what is said, or leave the"),
        ("[{messages: [{role: user, content: [{type: text, text: a}]}]}]", "32 the content of a message is one text; a"),
        ("[{messages: [{role: user}]}]", "19 a message has no 'content': write it as {role: user, content: ...}"),
        ("[{messages: [{from: user, value: a}]}]", "20 unknown key 'from' in a message -> role"),
        ("[{messages: [{role: user, content: a, name: x}]}]", "44 unknown key 'name' in a message; nothing else of a m"),
        ("[{messages: [{role: user, content: }]}]", "32 'content' has no value"),
        ("[{messages: [{role: user, content: a}], text: b}]", "46 'text' cannot stand in a prompt: a prompt is a text or a chat, not both"),
        ("[{message: [{role: user, content: a}]}]", "8 unknown key 'message' in a prompt -> messages"),
        ("{system: Be brief., prompts: [a]}", "36 'system' is for chats, and this prompt is a text: say 'as: user' of"),
        ("{prefill: In, prompts: [a]}", "30 'prefill' is for chats, and this prompt is a text: say 'as: user' of the set"),
        ("{as: users, prompts: [a]}", "11 'users' is not a way to read texts (as: user makes each the message of a user) "),
        ("{as: user, system: {column: s}, prompts: [a]}", "17 'system' is one text here: a list of prompts has no"),
        ("{as: user, prompts: a}", "17 'prompts' is a list of prompts here"),
        ("{as: user, prompts: [a], file: p.csv}", "31 'file' cannot stand in the set 'a': the set 'a' is a list or a file, not"),
        ("{as: user, promts: [a]}", "11 unknown key 'promts' in the set 'a' -> prompts"),
        ("{as: user, prompts: [a, {messages: [{role: user, content: a}]}]}", " the prompt 'user: a' is in this set a"),
    ],
)  # fmt: skip
def test_what_is_no_chat_is_one_error_with_its_place_and_what_was_meant(written, said, problem):
    _, _, message = said.partition(" ")
    found = problem(written)
    assert message.strip() in found, found
    assert found.startswith(f"x.claims.yaml:{LINE}:"), found


def test_the_system_message_and_the_prefill_of_a_set_may_not_meet_those_of_a_chat(problem):
    own = "{messages: [{role: system, content: s}, {role: user, content: a}, {role: assistant, content: b}]}"
    assert "this chat has a system message of its own, and its set" in problem(
        f"{{system: x, prompts: [{own}]}}"
    )
    assert "this chat ends with the assistant's words, and its set" in problem(
        f"{{prefill: x, prompts: [{own}]}}"
    )


@for_each(
    "row, options, said",
    [
        ({"messages": [{"role": "user", "content": 5}]}, "", "the content of a message is a text; this is 5 (column 'mes"),
        ({"messages": [{"role": "user", "content": None}]}, "", "a message has no 'content': write it as {role: user"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "bot", "content": "b"}]}, "", "(column 'messages', message 2) -> assistant"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "", "only text can be measured (column 'messages', message 1)"),
        ({"messages": [{"role": "user", "content": "a\ufffd"}]}, "", "stands where a text was decoded wrongly before"),
        ({"messages": [], "text": "a"}, "", "this row has a text and messages: say which is meant, 'column: text' or"),
        ({"messages": []}, "", "this chat has no messages; it needs at least one"),
        ({"messages": {"role": "user", "content": "a"}}, "", "the messages of a chat are a list, each such as {role: user, content: ...}; this is a mapping"),
        ({"chat": "hello"}, ", messages: chat", "it must hold messages as JSON, such as [{\"role\": \"user\", \"content\": \"...\"}], and is no JSON (expecting"),
        ({"chat": ""}, ", messages: chat", "this row has no messages (column 'chat')"),
        ({"chat": "5"}, ", messages: chat", "the messages of a chat are a list, each such as {role: user, content: ...}; this is 5 (column 'chat')"),
        ({"text": "a", "s": "x"}, ", system: {column: s}", "'system' is for chats, and this prompt is a text: say 'as: user'"),
        ({"text": "\0{}"}, "", "a text begins with the character U+0000, which is kept for chats"),
    ],
)  # fmt: skip
def test_a_row_that_is_no_chat_is_an_error_at_its_line(row, options, said, problem, tmp_path):
    good = (
        {"messages": [{"role": "user", "content": "good"}]} if "messages" in row else {**row, "text": "good"}
    )
    if "chat" in row:
        good = {"chat": json.dumps([{"role": "user", "content": "good"}])}
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(each) + "\n" for each in (good, row)))
    found = problem(f"{{file: p.jsonl{options}}}")
    assert said in found, found
    assert found.startswith("p.jsonl:2:1 "), found


def test_columns_of_chats_are_checked_like_all_others(problem, tmp_path):
    (tmp_path / "p.csv").write_text("chat,q\n[],a\n")
    assert "p.csv has no column 'chats' -> chat" in problem("{file: p.csv, messages: chats}")
    assert "p.csv has no column 'x'" in problem("{file: p.csv, column: q, as: user, system: {column: x}}")
    assert "'messages' names a column of chats and 'column' is for texts" in problem(
        "{file: p.csv, messages: chat, column: q}"
    )
    assert "'messages' names a column of chats and 'as' is for texts" in problem(
        "{file: p.csv, messages: chat, as: user}"
    )


def test_a_text_that_would_be_taken_for_a_chat_is_refused_with_its_place(problem, read):
    said = "a text begins with the character U+0000, which is kept for chats; take it out"
    for entry in (r'"\0{}"', r'{text: "\0{}"}'):
        found = problem(f"[x, {entry}]")
        assert found.endswith(said), found
        assert f":{LINE}:" in found
    pairs = "pairs:\n  c:\n    - {clean: " + r'"\0a"' + ", corrupted: b}\n"
    with pytest.raises(ClaimFileError, match=r"a text begins with the character U\+0000"):
        read(f"{HEAD}sets:\n  a: [x]\n{OTHER}{pairs}{CLAIM}")


WORDS = st.text(alphabet="abü \u00a0\u200b\n", min_size=1, max_size=6)


@given(st.lists(st.tuples(st.sampled_from(ROLES), WORDS), min_size=1, max_size=3), st.data())
def test_chats_are_the_same_where_each_message_is(said, data):
    spelled = [
        (role, text.replace(" ", data.draw(st.sampled_from(["  ", " ", "\u00a0"])))) for role, text in said
    ]
    assert content(chat(*said)) == content(chat(*spelled))
    assert likeness(chat(*said)) == likeness(chat(*[(role, text.upper()) for role, text in said]))
    other = [*said[:-1], ("user" if said[-1][0] != "user" else "system", said[-1][1])]
    assert content(chat(*said)) != content(chat(*other))
    assert content(chat(*said)) != content(shown(chat(*said)))
    assert content(content(chat(*said))) == content(chat(*said))


def test_labels_and_cells_that_only_begin_like_a_chat_are_what_they_are():
    for text in ("\0{", "\0{}", '\0{"messages":5}', '\0{"messages":[["user"]]}', '\0["a"]', "\0"):
        assert content(text) == content(text[1:])


def test_words_that_all_chats_of_a_set_begin_with_make_no_frame_and_no_copies():
    long = (
        "system",
        "You are a helpful assistant who answers all the questions of the user in one short word.",
    )
    asked = ["Where is Hanoi?", "Who wrote Faust?", "How old is the moon?", "Why do cats sleep so much?"]
    with_system = [chat(long, ("user", text)) for text in asked]
    found = likenesses(with_system)
    assert not found.frames
    assert not found.same_words
    assert not found.near_copies
    assert same_words_in(with_system, asked) == {0: 0, 1: 1, 2: 2, 3: 3}
    framed = [chat(long, ("user", f"Where is {place} on this map?")) for place in ("Hanoi", "Hue", "Rome")]
    assert [frame.text for frame, _ in likenesses(framed).frames] == ["Where is … on this map"]
    personas = [chat(("system", f"You are {who}."), USER) for who in ("a cat", "the moon", "Faust")]
    assert not likenesses(personas).same_words


def test_odd_cells_are_found_in_messages_and_white_space_at_the_end_of_a_prefill(read):
    sets = "sets:\n  a: {as: user, prefill: 'Sure, ', prompts: [nan, <s>Where is Hanoi?, Ã©, 'ends '] }\n"
    file = read(f"{HEAD}{sets}{OTHER}{CLAIM}")
    account = file.sets["a"].account
    assert (account.begin, account.end) == (0, 4)
    told = " ".join(account.odd)
    for part in ("'nan', as programs write", "begins with '<s>'", "'Ã©' for 'é'"):
        assert part in told
    assert "\0" not in told


def test_pairs_may_be_chats(read_pairs, tmp_path):
    both = [("a", chat(("user", "a"))), ("b", chat(("user", "b")))]
    listed = "\n    - clean: [{role: user, content: a}]\n      corrupted: [{role: user, content: b}]"
    assert read_pairs(listed) == tuple(item for _, item in both)
    assert read_pairs("{as: user, prefill: It is an, pairs: [{clean: a, corrupted: b}]}") == tuple(
        chat(("user", text), ("assistant", "It is an")) for text, _ in both
    )
    row = {
        side: [{"role": "user", "content": text}]
        for side, (text, _) in zip(("clean", "corrupted"), both, strict=True)
    }
    (tmp_path / "p.jsonl").write_text(json.dumps({**row, "s": "x"}) + "\n")
    assert read_pairs("{file: p.jsonl}") == tuple(item for _, item in both)
    assert read_pairs("{file: p.jsonl, system: {column: s}}") == tuple(
        chat(("system", "x"), ("user", text)) for text, _ in both
    )


@for_each(
    "written, said",
    [
        ("[{clean: [{role: usr, content: a}], corrupted: b}]", "'usr' is no role: it is system, user or assistant"),
        ("[{clean: {role: user}, corrupted: b}]", "'clean' will not do: give a text, or a list of messages"),
        ("[{clean: a, corrupted: ''}]", "'corrupted' is empty"),
        ("[{clean: [{role: user, content: a}], corrupted: [{role: user, content: 'a '}]}]", "are the same but for white space: nothing differs"),
        ("{as: user, pairs: [{clean: a, corrupted: b}, {clean: a, corrupted: 'b '}]}", "this pair stands here already"),
        ("{pairs: [{clean: a, corrupted: b}], system: x}", "'system' is for chats, and this prompt is a text"),
        ("{pairs: []}", "the entry 'c' of 'pairs' has no pairs"),
        ("{pairs: x}", "'pairs' is a list of pairs here"),
    ],
)  # fmt: skip
def test_what_is_no_pair_of_chats_is_one_error(written, said, read_pairs):
    with pytest.raises(ClaimFileError) as told:
        read_pairs(written)
    messages = [problem.message for problem in told.value.problems]
    assert any(said in message for message in messages), messages
    assert len(messages) == 1, messages


def test_the_example_of_the_documentation_reads(read, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "prompts.md").read_text(encoding="utf-8")
    sets = page.partition("## Chats")[2].partition("```yaml\n")[2].partition("```")[0]
    talk = [{"role": "user", "content": "Where is Hue?"}]
    (tmp_path / "chats.jsonl").write_text(json.dumps({"messages": talk, "topic": "x"}) + "\n")
    (tmp_path / "questions.csv").write_text("question,persona\nWhere is Hue?,Sing.\nWho?,\n")
    with (tmp_path / "chats.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["talk"], [json.dumps(talk)]])
    claim = "claims:\n  - neuron 1:2 activates more for from_texts than asked\n"
    found = read(f"{HEAD}{sets}{claim}").sets
    assert [[shown(prompt.text) for prompt in each.prompts] for each in found.values()] == [
        ["user: Where is Hanoi?", "system: Answer briefly. | user: Who wrote Faust? | assistant: It was"],
        [
            "system: Answer briefly. | user: Where is Hanoi?",
            "system: Answer briefly. | user: Who wrote Faust?",
        ],
        ["user: Where is Hue?"],
        ["user: Where is Hue?"],
        ["system: Sing. | user: Where is Hue?", "user: Who?"],
    ]
