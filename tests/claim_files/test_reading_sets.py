"""Prompt sets from files: which rows, which texts, which lines, and what is refused."""

from __future__ import annotations

import csv
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_claims import EVERY_TEMPLATE, HEAD

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.prompts.sameness import content
from neuronclaims.claim_files.reader import read_claim_file

CSV = 'id,text,label,q,n\n1,"Paris, in France",true,a,1\n2,"two\nlines",false,b,2\n3," Hue ",true,b,3\n'


@pytest.fixture
def prompts(read, tmp_path):
    """Return a function that reads one set from a file of prompts, written first."""

    def prompts(name, content, options=""):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        sets = f"sets:\n  a: {{file: {name}{options}}}\n  b: [another prompt]\n"
        file = read(HEAD + sets + "claims:\n  - neuron 1:2 activates more for a than b\n")
        return file.sets["a"].prompts

    return prompts


def test_a_txt_file_has_one_prompt_per_line_and_keeps_its_spaces(prompts):
    found = prompts("p.txt", "\ufeffHanoi is\r\n\r\n  The city \r\n\t\r\nlast")
    assert [(p.text, p.source) for p in found] == [
        ("Hanoi is", "p.txt:1"),
        ("  The city ", "p.txt:3"),
        ("last", "p.txt:5"),
    ]


def test_a_csv_file_gives_texts_groups_pairs_and_ids_of_the_rows_that_fit(prompts):
    found = prompts("p.csv", CSV, ", column: text, where: {label: true}, group: q, pair: n, id: id")
    assert [(p.text, p.group, p.pair, p.id, p.source) for p in found] == [
        ("Paris, in France", "a", "1", "1", "p.csv:2"),
        (" Hue ", "b", "3", "3", "p.csv:5"),
    ]


def test_where_takes_a_list_and_all_its_columns_must_fit(prompts):
    assert len(prompts("p.csv", CSV, ", column: text, where: {n: [1, 2]}")) == 2
    assert len(prompts("p.csv", CSV, ", column: text, where: {n: [1, 2], label: 'false'}")) == 1


def test_a_cell_may_span_lines_and_line_ends_of_any_kind_are_read(prompts):
    for whole in (CSV, CSV.replace("\n", "\r\n"), "\ufeff" + CSV):
        found = prompts("p.csv", whole, ", column: text")
        assert [p.source for p in found] == ["p.csv:2", "p.csv:3", "p.csv:5"]
        assert found[1].text.split() == ["two", "lines"]


def test_a_jsonl_file_reads_text_unless_told_and_compares_values_as_the_claim_file_writes_them(prompts):
    rows = [
        {"text": "one", "ok": True, "n": 1},
        {"text": "two", "ok": False, "n": 2.5},
        {"text": "three", "ok": True, "n": 3},
    ]
    content = "\n".join(json.dumps(row) for row in rows)
    assert [p.text for p in prompts("p.jsonl", content)] == ["one", "two", "three"]
    assert [p.text for p in prompts("p.jsonl", content, ", where: {ok: true}, group: n")] == ["one", "three"]
    assert [p.text for p in prompts("p.jsonl", content, ", where: {n: [2.5]}")] == ["two"]
    assert [p.source for p in prompts("p.jsonl", "\n" + content, ", column: text")] == [
        "p.jsonl:2",
        "p.jsonl:3",
        "p.jsonl:4",
    ]


@pytest.mark.parametrize(
    ("name", "content", "options", "found"),
    [
        (
            "p.csv",
            "text,text\na,b\n",
            ", column: text",
            "p.csv:1:1: the column 'text' stands twice in the header",
        ),
        ("p.csv", 'text\n"a\n', ", column: text", "p.csv:2:1: not valid CSV: unexpected end of data"),
        (
            "p.csv",
            "text\na,b\n",
            ", column: text",
            "p.csv:2:1: this row has 2 cells, the header 1",
        ),
        (
            "p.csv",
            "text,g\na,x\nb,\n",
            ", column: text, group: g",
            "p.csv:3:1: this row has no group (column 'g')",
        ),
        (
            "p.csv",
            "text,g\na,x\n ,y\n",
            ", column: text",
            "p.csv:3:1: this row has no prompt (column 'text')",
        ),
        (
            "p.csv",
            "text\na\nb\na\n",
            ", column: text",
            "p.csv:4:1: the prompt 'a' is in this set already (p.csv:2)",
        ),
        ("p.jsonl", '{"text": "\\ud800"}', "", "p.jsonl:1:1: a text here holds half of a surrogate pair"),
        ("p.jsonl", "[" * 100_000, "", "p.jsonl:1:1: it is nested more than 60 levels deep"),
        ("p.jsonl", '{"text": "a"}\n{"text": "b",}', "", "p.jsonl:2:"),
        ("p.txt", b"a\n\xff\n", "", "p.txt:2:1: byte 2 (0xff) is not UTF-8; save the file as UTF-8"),
    ],
)
def test_a_faulty_file_of_prompts_is_shown_at_its_line_and_where_it_was_named(
    prompts, name, content, options, found
):
    from neuronclaims.claim_files.errors import ClaimFileError

    with pytest.raises(ClaimFileError) as caught:
        prompts(name, content, options)
    message = str(caught.value)
    assert found in message
    if "already" not in found:
        assert f"x.claims.yaml:6:13: the set 'a' cannot be read: see {name}:" in message


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc",), exclude_characters="\ufeff\ufffd"), min_size=1
).filter(content)


@settings(max_examples=30)
@given(rows=st.lists(texts, min_size=1, max_size=5, unique_by=content))
def test_every_text_comes_back_from_csv_and_jsonl_as_it_was_written(prompts, tmp_path, rows):
    with (tmp_path / "p.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["text"], *([row] for row in rows)])
    found = prompts("p.csv", (tmp_path / "p.csv").read_bytes(), ", column: text")
    assert [p.text for p in found] == rows
    found = prompts("p.jsonl", "\n".join(json.dumps({"text": row}) for row in rows))
    assert [p.text for p in found] == rows


def test_a_set_or_pairs_whose_one_item_is_missing_is_a_problem_of_the_file(tmp_path):
    path = tmp_path / "x.claims.yaml"
    head = "version: 1\nmodels: [demo]\nsite: mlp_post\ntokens: mean of prompt\n"
    for section in ("sets", "pairs"):
        path.write_text(f"{head}{section}:\n  hanoi:\n    - \n")
        with pytest.raises(ClaimFileError, match=r"x\.claims\.yaml:7"):
            read_claim_file(path, EVERY_TEMPLATE)
