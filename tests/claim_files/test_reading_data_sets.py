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
        ("file: kept", "or it is a folder that 'datasets' saved", None),
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

    def refused(mapping, message):
        with pytest.raises(ClaimFileError) as caught:
            taken(mapping)
        assert message in str(caught.value)
        assert len(caught.value.problems) == 2  # in the claim file, and in the table

    # 300,000 equal rows fill a few hundred bytes.
    parquet.write_table(pyarrow.table({"text": ["x"] * 300_000}), tmp_path / "many.parquet")
    refused("file: many.parquet", "it has 300,000 rows, and at most 200,000 are read")
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
    with pytest.raises(ClaimFileError, match=r"as a \.parquet file: Parquet schema too deeply nested"):
        taken("file: deep.parquet")
