"""Prompt files that other programs write: .tsv, semicolons, Parquet, and what the library ``datasets`` keeps.

``data_sets/`` was written by ``datasets`` itself: 8 rows with a label (glad, sad), numbers, dates, lists, bytes.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from pathlib import Path

import pytest
from toy_claims import HEAD

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.prompts.rows import PromptRow
from neuronclaims.claim_files.prompts.streamed import taking
from neuronclaims.foreign_files.witness import witnessed
from neuronclaims.prompts import shown

KEPT = Path(__file__).parent / "data_sets"
GLAD = ["The soup was warm.", "Her aunt sang all day.", "We danced in the rain.", "A letter came at last."]
CLAIM = "claims:\n  - neuron 1:2 activates more for a than b\n"


@pytest.fixture
def taken(read, tmp_path, monkeypatch):
    """Return a function that reads one set by its mapping, in a folder with the kept data sets."""
    shutil.copytree(KEPT, tmp_path / "kept")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "kept" / "cache"))

    def taken(mapping):
        file = read(HEAD + f"sets:\n  a: {{{mapping}}}\n  b: [another prompt]\n{CLAIM}")
        return file.sets["a"]

    return taken


def texts(found):
    return [prompt.text for prompt in found.prompts]


def test_tabs_and_semicolons_divide_cells_and_semicolons_are_said(taken, tmp_path):
    (tmp_path / "p.tsv").write_text('text\tkind\nParis, in France; yes\tx\n"a\ttab"\ty\n')
    assert texts(taken("file: p.tsv, column: text")) == ["Paris, in France; yes", "a\ttab"]
    (tmp_path / "p.csv").write_text('text;kind\nParis, in France;x\n"one; two";y\n')
    found = taken("file: p.csv, column: text, where: {kind: [x, y]}")
    assert texts(found) == ["Paris, in France", "one; two"]
    assert (
        found.account.summary
        == "2 of 2 rows of p.csv (cells divided by semicolons; kind 'x' (1), 'y' (1) taken)"
    )
    (tmp_path / "p.csv").write_text("text\tkind\nParis, in France\tx\n")
    assert "cells divided by tabs" in taken("file: p.csv, column: text").account.summary
    # A header with a comma, and a lone column, are what they always were.
    (tmp_path / "p.csv").write_text('text;odd,kind\n"one; two",y\n')
    assert texts(taken("file: p.csv, column: text;odd")) == ["one; two"]
    (tmp_path / "p.csv").write_text("text\none; two\n")
    found = taken("file: p.csv, column: text")
    assert (texts(found), found.account.summary) == (["one; two"], "1 of 1 rows of p.csv")
    (tmp_path / "p.csv").write_text("text;kind\nParis;x;y\n")
    with pytest.raises(ClaimFileError, match="3 cells, the header 2; quote texts with semicolons"):
        taken("file: p.csv, column: text")


def test_a_missing_extra_is_one_error_that_says_what_to_install(taken, monkeypatch):
    monkeypatch.setattr("neuronclaims.claim_files.prompts.origin.find_spec", lambda name: None)
    for mapping in ("file: kept/moods.parquet", "file: kept/saved", "dataset: acme/moods, split: train"):
        with pytest.raises(ClaimFileError) as caught:
            taken(mapping)
        (problem,) = caught.value.problems
        assert 'pip install "neuronclaims[data]"' in problem.message


@pytest.mark.parametrize(
    ("mapping", "message", "near"),
    [
        ("file: kept/splits", "which split of", None),
        ("file: kept/splits, split: tests", "has no split 'tests'", "test"),
        ("file: kept/saved, split: train", "has no splits: leave 'split' out", None),
        ("file: kept/saved, config: x", "'config' means nothing to a folder of rows", None),
        ("file: p.csv, column: text, split: x", "'split' means nothing to a .csv file", None),
        ("dataset: acme/moods", "which split of 'acme/moods' is meant? Add 'split: NAME'", None),
        (
            "dataset: acme/moodz",
            "is not on this machine: load it once with datasets.load_dataset",
            "acme/moods",
        ),
        ("dataset: ../../etc, split: x", "is no name of a data set", None),
        ("dataset: acme/moods, split: train, config: big", "has no config 'big'", None),
        ("dataset: acme/moods, file: p.csv, column: text", "'file' and 'dataset' exclude each other", None),
        ("column: text", "the key 'file' is missing", None),
        ("file: kept", "or it is a folder of .parquet files or one that 'datasets' saved", None),
    ],
)
def test_what_is_not_there_or_is_not_meant_is_said_with_its_place(taken, tmp_path, mapping, message, near):
    (tmp_path / "p.csv").write_text("text\none\n")
    with pytest.raises(ClaimFileError) as caught:
        taken(mapping)
    (problem,) = caught.value.problems
    assert message in problem.message
    assert (problem.suggestion, problem.place.line) == (near, 6)


def test_a_folder_that_leads_out_or_lies_about_its_files_is_not_read(taken, tmp_path):
    state = tmp_path / "kept" / "saved" / "state.json"
    for name in ("../splits/test/data-00000-of-00001.arrow", "/etc/passwd", "state.json"):
        state.write_text(json.dumps({"_data_files": [{"filename": name}]}))
        with pytest.raises(ClaimFileError, match=r"names no .arrow files of its own"):
            taken("file: kept/saved")
    state.write_text(json.dumps({"_data_files": [{"filename": "x.arrow"}]}))
    (state.parent / "x.arrow").symlink_to("/etc/passwd")
    with pytest.raises(ClaimFileError, match="link that leads out of the project"):
        taken("file: kept/saved")
    state.write_text("[" * 100_000)
    with pytest.raises(ClaimFileError, match="60 levels deep"):
        taken("file: kept/saved")


def test_every_format_gives_the_rows_that_datasets_wrote(taken):
    pytest.importorskip("pyarrow")
    for mapping in ("file: kept/moods.parquet", "file: kept/saved", "dataset: acme/moods, split: train"):
        found = taken(f"{mapping}, where: {{mood: glad}}, group: fold, block: είδος, id: weight")
        assert texts(found) == GLAD
        assert [prompt.group for prompt in found.prompts] == ["0", "1", "0", "1"]
        assert [prompt.block for prompt in found.prompts] == ["α", "β", "α", "β"]
        assert [prompt.id for prompt in found.prompts] == ["0.1", "0.2", "0.3", "0.1"]  # 32 bits
        assert [prompt.source.rpartition(":")[2] for prompt in found.prompts] == ["1", "2", "3", "4"]
        assert "mood 'glad' (4) taken, 'sad' (4) left" in found.account.summary
        assert texts(taken(f"{mapping}, where: {{day: 2026-01-05}}")) == ["The bus never came."]
    assert texts(taken("file: kept/splits, split: train")) == GLAD
    assert texts(taken("file: kept/splits/train")) == GLAD
    assert taken("dataset: acme/moods, split: test").prompts[1].source == "acme/moods (test):2"


def test_cells_that_are_no_text_are_refused_at_their_row_as_in_json(taken):
    pytest.importorskip("pyarrow")
    for column, message in (
        ("weight", "column 'weight' holds 0.1 here, which is no text"),
        ("words", "this row has no prompt (column 'words')"),
        ("raw", "this row has no prompt (column 'raw')"),
        ("txet", "has no column 'txet'"),
    ):
        with pytest.raises(ClaimFileError) as caught:
            taken(f"file: kept/moods.parquet, column: {column}")
        assert any(message in problem.message for problem in caught.value.problems)
    with pytest.raises(ClaimFileError) as caught:
        taken("file: kept/moods.parquet, group: weight")
    assert "kept/moods.parquet:6:1: this row has no group (column 'weight')" in str(caught.value)
    assert "'txet'" not in str(caught.value)


def test_tables_beyond_the_bounds_and_broken_ones_are_one_error_each(taken, tmp_path, monkeypatch):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    from neuronclaims.claim_files.prompts import columnar
    from neuronclaims.claim_files.prompts.streamed import taking

    def refused(mapping, message):
        with pytest.raises(ClaimFileError) as caught:
            taken(mapping)
        assert message in str(caught.value)
        assert len(caught.value.problems) == 2  # in the claim file, and in the table

    # Millions of equal rows fill a few hundred bytes.
    monkeypatch.setattr(taking, "MOST_ROWS", 200)
    parquet.write_table(pyarrow.table({"text": ["x"] * 300}), tmp_path / "many.parquet")
    refused("file: many.parquet", "it has 300 rows, and at most 200 are read; take fewer with 'first: N'")
    parquet.write_table(pyarrow.table({"text": [f"x{n}" for n in range(300)]}), tmp_path / "many.parquet")
    assert len(taken("file: many.parquet, first: 150").prompts) == 150
    refused("file: many.parquet, first: 150, where: {text: x299}", "it has more than 200 rows")
    monkeypatch.setattr(taking, "LARGEST_TAKEN", 300)
    refused("file: many.parquet, first: 150", "the rows taken hold more than 0 million characters")
    monkeypatch.undo()
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "kept" / "cache"))
    whole = (tmp_path / "kept" / "moods.parquet").read_bytes()
    for broken in (
        b"",
        b"PAR1",
        whole[:-40],
        b"PAR1" + b"\xff" * 200 + b"PAR1",
    ):
        (tmp_path / "bad.parquet").write_bytes(broken)
        with pytest.raises(ClaimFileError):
            taken("file: bad.parquet")
    arrow = tmp_path / "kept" / "splits" / "train" / "data-00000-of-00001.arrow"
    sound = arrow.read_bytes()
    for place in range(0, len(sound) - 8, 40):  # whatever is broken, no crash: an error, or rows of texts
        arrow.write_bytes(sound[:place] + b"\xff" * 8 + sound[place + 8 :])
        with contextlib.suppress(ClaimFileError):
            assert all(isinstance(text, str) for text in texts(taken("file: kept/splits/train")))
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table([["a"], ["b"]], names=["text", "text"]), buffer)
    (tmp_path / "twice.parquet").write_bytes(buffer.getvalue())
    refused("file: twice.parquet", "it has two columns 'text'")
    monkeypatch.setattr(columnar, "LARGEST_COLUMNS", 100)
    refused("file: kept/moods.parquet", "the columns asked for hold")
    monkeypatch.setattr(columnar, "LARGEST_COLUMNS", 10)
    refused("file: kept/saved", "the columns asked for hold")
    monkeypatch.setattr(columnar, "LARGEST_FILE", 100)
    refused("file: kept/saved", "at most 0 MB are read")


def test_chats_are_read_from_columns_of_messages(taken, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    chats = [[{"role": "user", "content": text}, {"role": "assistant", "content": "Yes."}] for text in GLAD]
    for name, mapping in (("messages", ""), ("chat", ", messages: chat")):
        parquet.write_table(pyarrow.table({name: chats, "kind": list("xyxy")}), tmp_path / "chats.parquet")
        found = taken(f"file: chats.parquet{mapping}, where: {{kind: x}}")
        assert [shown(prompt.text) for prompt in found.prompts] == [
            f"user: {text} | assistant: Yes." for text in GLAD[::2]
        ]


def test_a_schema_nested_beyond_all_measure_is_an_error_and_no_crash(taken, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    deep = pyarrow.string()
    for _ in range(200):
        deep = pyarrow.list_(deep)
    parquet.write_table(pyarrow.table({"text": pyarrow.nulls(3, deep)}), tmp_path / "deep.parquet")
    with pytest.raises(
        ClaimFileError, match=r"as a \.parquet file: (Parquet schema too deeply nested|Invalid)"
    ):
        taken("file: deep.parquet")


def test_a_corpus_in_parts_is_read_as_one_as_far_as_its_rows_are_taken(taken, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    (tmp_path / "corpus").mkdir()
    for part in range(3):
        rows = {
            "text": [f"Text {part} {row}." for row in range(10)],
            "kind": list("xy" * 5),
            "more": ["z" * 99] * 10,
        }
        path = tmp_path / "corpus" / f"part-{part}.parquet"
        parquet.write_table(pyarrow.table(rows), path, row_group_size=4)
    whole = taken("file: corpus, where: {kind: x}, group: kind")
    assert texts(whole) == [f"Text {part} {row}." for part in range(3) for row in range(0, 10, 2)]
    assert whole.prompts[5].source.endswith("corpus:11")
    with witnessed() as seen:
        assert texts(taken("file: corpus/part-*.parquet")) == texts(taken("file: corpus"))
    assert not seen.lasting  # a part more is another set
    some = taken("file: corpus/*.parquet, where: {kind: x}, first: 6")
    assert texts(some) == texts(whole)[:6]
    assert some.account.summary.startswith("6 of 11 rows of ")
    assert "kind 'x' (6) taken, 'y' (5) left" in some.account.summary
    # What lies behind the last row that is taken is not looked at.
    (tmp_path / "corpus" / "part-2.parquet").write_bytes(b"broken")
    assert len(taken("file: corpus, first: 20").prompts) == 20
    with pytest.raises(ClaimFileError, match=r"cannot be read as a \.parquet file"):
        taken("file: corpus, first: 21")
    with pytest.raises(ClaimFileError, match=r"there is no file .*absent-\*\.parquet"):
        taken("file: corpus/absent-*.parquet")
    (tmp_path / "corpus" / "part-2.parquet").unlink()
    (tmp_path / "corpus" / "part-2.parquet").symlink_to("/etc/passwd")
    with pytest.raises(ClaimFileError, match="a link that leads out of the project"):
        taken("file: corpus")
    assert texts(taken("file: kept/saved, first: 2, where: {mood: glad}")) == GLAD[:2]


def test_large_json_lines_are_read_line_by_line(taken, tmp_path, monkeypatch):
    monkeypatch.setattr("neuronclaims.claim_files.yaml.source.LARGEST_FILE", 5_000)
    path = tmp_path / "large.jsonl"
    lines = [
        json.dumps({"text": f"Text {row}.", "kind": "xy"[row % 2], "n": row, "more": "z" * 99})
        for row in range(99)
    ]
    path.write_text("\n".join(lines))
    found = taken("file: large.jsonl, where: {kind: y}, first: 5, id: n")
    assert [(prompt.text, prompt.id) for prompt in found.prompts] == [
        (f"Text {n}.", str(n)) for n in range(1, 10, 2)
    ]
    assert found.account.summary.startswith("5 of 10 rows of large.jsonl (kind 'y' (5) taken, 'x' (5) left)")
    assert len(taken("file: large.jsonl").prompts) == 99
    for line, message, column in (
        (lines[0][:-1], "not valid JSON: expecting ',' delimiter", len(lines[0])),
        ('{"text": "a\x01"}', "the character U+0001", 12),
        ("[1]", "a line is one JSON object", 1),
        ('{"text": "a\\ufffd"}', "the character U+FFFD", 1),
        ('{"text": 7}', "column 'text' holds 7 here, which is no text", 1),
        ("\udcff", "byte 0 of this line (0xff) is not UTF-8", 1),
    ):
        path.write_bytes("\n".join([*lines[:60], line]).encode("utf-8", "surrogateescape"))
        assert len(taken("file: large.jsonl, first: 60").prompts) == 60
        with pytest.raises(ClaimFileError) as caught:
            taken("file: large.jsonl")
        (found,) = (problem for problem in caught.value.problems if problem.place.path == "large.jsonl")
        assert message in found.message
        assert (found.place.line, found.place.column) == (61, column)


def test_as_many_rows_are_read_as_are_allowed_and_no_more(monkeypatch) -> None:
    monkeypatch.setattr(taking, "MOST_ROWS", 2)
    monkeypatch.setattr(taking, "LARGEST_TAKEN", 6)
    rows = taking.TakenRows({"kind": ["x"]})
    rows.offer(PromptRow({"kind": "x", "text": "ab"}, 1))
    rows.offer(PromptRow({"kind": "x", "text": "cd"}, 2))
    assert [row.values["text"] for row in rows.rows] == ["ab", "cd"]  # six characters in two rows
    with pytest.raises(taking.TooManyRowsError, match="more than 2 rows"):
        rows.offer(PromptRow({"kind": "y", "text": ""}, 3))
    rows = taking.TakenRows()
    with pytest.raises(taking.TooManyRowsError, match="characters"):
        rows.offer(PromptRow({"kind": "x", "text": "abcdef"}, 1))
