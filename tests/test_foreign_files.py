"""The one gate for files that somebody else wrote, and the commands that read JSON through it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from fuzz.json_files import JsonFiles
from fuzz.trial import check_message

from neuronclaims.cli import main
from neuronclaims.foreign_files import (
    DEEPEST,
    MOST_DIGITS,
    ForeignFileError,
    check_file,
    check_folder,
    parse_json,
    read_bytes,
    read_json,
    read_json_object,
    read_text,
)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3_000_000_000)


NO_FILES = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "cannot be read": lambda path: path.symlink_to(path.name),
    "3,000 MB": sparse,
}


@pytest.mark.parametrize(("says", "make"), NO_FILES.items(), ids=NO_FILES)
def test_nothing_but_a_regular_file_of_a_fair_size_is_opened(tmp_path, says, make) -> None:
    make(tmp_path / "x")
    for read in (read_bytes, read_text, read_json, read_json_object):
        with pytest.raises(ForeignFileError, match=says):
            read(tmp_path / "x")


def test_a_file_that_is_not_there_is_told_apart_from_one_that_cannot_be_read(tmp_path) -> None:
    for path in (tmp_path / "none", tmp_path / "none" / "x"):
        with pytest.raises(FileNotFoundError):
            read_bytes(path)
    with pytest.raises(ForeignFileError):
        read_bytes(tmp_path / ("x" * 5_000))
    with pytest.raises(ForeignFileError):
        read_bytes(tmp_path / "a\0b")


def nested(depth: int) -> str:
    return "[" * depth + "1" + "]" * depth


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (nested(DEEPEST + 1), "levels deep"),
        (nested(100_000), "levels deep"),
        ('{"a":' * 70 + "1" + "}" * 70, "levels deep"),
        ("9" * (MOST_DIGITS + 1), f"{MOST_DIGITS + 1} digits"),
        ("-" + "9" * 5_000, "digits"),
        ("1e999", "too large"),
        ("1." + "0" * 5_000 + "e1", "too large"),
        ("NaN", "NaN"),
        ("[Infinity]", "Infinity"),
        ('{"a": 1, "a": 2}', "'a' twice"),
        ("[" + "1," * 8_000_001 + "1]", "more than 8,000,000 values"),
        ("", "line 1, column 1"),
        ("{", "line 1, column 2"),
        ('{"a": 1,}', "not valid JSON"),
        ('"\0"', "not valid JSON"),
    ],
    ids=lambda value: value[:20],
)
def test_json_out_of_bounds_is_refused_with_its_place(text, says) -> None:
    with pytest.raises(ForeignFileError, match=says) as caught:
        parse_json(text, "config.json", once=True)
    assert str(caught.value).startswith("config.json")
    assert len(str(caught.value)) < 300


def test_json_within_bounds_is_read_as_it_stands() -> None:
    text = (
        '{"a": [1, -2.5, 1e300, true, null, "\\u00e9"], "model_max_length": 1000000000000000019884624838656}'
    )
    assert parse_json(text, "x") == json.loads(text)
    assert parse_json(nested(DEEPEST), "x") == json.loads(nested(DEEPEST))
    assert parse_json('{"a": 1, "a": 2}', "x") == {"a": 2}
    assert parse_json("[-Infinity]", "x", infinite=True) == [float("-inf")]


def test_other_text_than_utf_8_is_refused_and_a_byte_order_mark_is_none(tmp_path) -> None:
    (tmp_path / "x").write_bytes(b"abc\xff")
    with pytest.raises(ForeignFileError, match=r"not UTF-8 text \(byte 3\)"):
        read_text(tmp_path / "x")
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbf{}")
    assert read_json_object(tmp_path / "x") == {}
    (tmp_path / "x").write_text("[]")
    with pytest.raises(ForeignFileError, match="no JSON object but a list"):
        read_json_object(tmp_path / "x")


def test_a_folder_that_a_library_is_to_read_holds_regular_files_and_fair_json(tmp_path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "gone").symlink_to("nowhere")
    (tmp_path / "a.json").write_text('{"eps": NaN}')
    (tmp_path / "tokenizer.json").write_text(nested(100))  # its reader has bounds of its own
    check_folder(tmp_path)
    (tmp_path / "b.json").write_text(nested(100))
    with pytest.raises(ForeignFileError, match=r"b\.json is not read"):
        check_folder(tmp_path)
    (tmp_path / "b.json").unlink()
    os.mkfifo(tmp_path / "merges.txt")
    with pytest.raises(ForeignFileError, match="a pipe"):
        check_folder(tmp_path)
    with pytest.raises(ForeignFileError, match="at most 0 MB"):
        check_file(tmp_path / "a.json", 3)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a report, a baseline and the note of a compared run."""
    folder = tmp_path_factory.mktemp("written")
    JsonFiles().prepare(folder)
    return folder / "good"


def edited(path: Path, to: Path, *keys: str | int, value: object) -> Path:
    """Write JSON with the value at some keys changed."""
    whole = json.loads(path.read_text(encoding="utf-8"))
    inner = whole
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    to.mkdir(exist_ok=True)
    (to / path.name).write_text(json.dumps(whole), encoding="utf-8")
    return to / path.name


PLACES = [
    ("claims",),
    ("claims", 0),
    ("claims", 0, "id"),
    ("claims", 0, "model"),
    ("claims", 0, "verdict"),
    ("claims", 0, "evidence"),
    ("claims", 0, "evidence", "effect"),
    ("claims", 0, "evidence", "effect", "name"),
    ("claims", 0, "evidence", "effect", "low"),
    ("claims", 0, "evidence", "test"),
    ("claims", 0, "evidence", "counts"),
    ("claims", 0, "evidence", "figures"),
    ("claims", 0, "evidence", "figures", 0),
    ("claims", 0, "evidence", "figures", 0, "rows"),
    ("environment",),
]
VALUES = [2**63, "::error::", [], {}, None, float("nan")]


@pytest.mark.parametrize("keys", PLACES, ids=lambda keys: ".".join(map(str, keys)))
def test_no_value_in_a_report_is_a_traceback(written, tmp_path, capsys, keys) -> None:
    for value in VALUES:
        path = edited(written / "claims.json", tmp_path, *keys, value=value)
        svg = str(tmp_path / "f.svg")
        figure = ["figure", f"x.claims.yaml::{identity(written)}", "--report", str(tmp_path), "-o", svg]
        for command in (
            ["trend", str(path)],
            ["compare", str(path), str(written / "claims.json"), "--all"],
            *([figure] if "evidence" in keys else []),
        ):
            status = main(command)
            said = capsys.readouterr()
            assert status == (1 if said.err else 0)
            assert said.err.count("\n") <= 1
            check_message(said.out + said.err, 100_000)


def test_figures_whose_parts_do_not_belong_together_are_one_sentence(written, tmp_path, capsys) -> None:
    pytest.importorskip("matplotlib")
    kept = json.loads((written / "claims.json").read_text(encoding="utf-8"))["claims"][0]["evidence"][
        "figures"
    ][0]
    first = kept["rows"][0]
    for rows in (
        [first | {"values": [1e308, -1e308]}, first],
        [first | {"values": [1.0]}],
        [first | {"keys": ["x"]}],
    ):
        edited(written / "claims.json", tmp_path, "claims", 0, "evidence", "figures", 0, "rows", value=rows)
        main(
            [
                "figure",
                f"x.claims.yaml::{identity(written)}",
                "--report",
                str(tmp_path),
                "-o",
                str(tmp_path / "f.svg"),
            ]
        )
        said = capsys.readouterr()
        assert said.err.count("\n") <= 1


def identity(written: Path) -> str:
    """The id of the first claim."""
    return str(json.loads((written / "claims.json").read_text(encoding="utf-8"))["claims"][0]["id"])
