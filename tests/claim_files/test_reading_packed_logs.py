"""Packed logs of Inspect AI (``.eval``): read as the same log in JSON is, and within bounds.

``inspect_logs/`` has one log in both formats, as inspect-ai 0.3.285 wrote it of a run with ``mockllm/model``: two
epochs, a solver's system message, two scorers, a sample that failed, one with an image. Its events are taken out.
"""

from __future__ import annotations

import io
import json
import struct
import sys
import zipfile
from pathlib import Path

import pytest
from toy_claims import HEAD

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.prompts.exchanged import packed_logs
from neuronclaims.foreign_files import ForeignFileError, archives
from neuronclaims.prompts import shown

LOGS = Path(__file__).parent / "inspect_logs"


@pytest.fixture
def chosen(read, tmp_path):
    """Return a function that reads a set of a file with these bytes."""

    def chosen(content, mapping, name="x.eval"):
        (tmp_path / name).write_bytes(content)
        text = f"sets:\n  a: {{file: {name}{mapping}}}\n  b: [another prompt]\nclaims:\n"
        return read(HEAD + text + "  - neuron 1:2 activates more for a than b\n").sets["a"]

    return chosen


@pytest.mark.parametrize("name", ["colours.json", "colours.eval"])
def test_a_real_log_is_read_alike_packed_or_not(chosen, name):
    log, suffix = (LOGS / name).read_bytes(), Path(name).suffix

    def found(mapping):
        return chosen(log, mapping, f"x{suffix}")

    graded = "where: {epoch: 1, score.match: C}, graded_by: {column: fingerprint}, id: id"
    with pytest.raises(ClaimFileError, match=r"this one holds 'image'\): only text can be measured"):
        found(f", {graded}")
    right = found(f", {graded}, column: input".replace("C}", "C, metadata.hue: green}"))
    assert (right.graded_by, [shown(prompt.text) for prompt in right.prompts]) == (
        "ab" * 32,
        ["What colour is grass?"],
    )
    wrongly = found(", where: {epoch: 1, score.match: I, status: success}, id: id")
    assert [(prompt.id, shown(prompt.text)) for prompt in wrongly.prompts] == [
        ("blood", "system: Answer in a word. | user: What colour is blood?")
    ]
    second = found(
        ", where: {epoch: 2, score.shape.whole: true, metadata.place: [1, 2]}, column: input, id: id"
    )
    assert [prompt.id for prompt in second.prompts] == ["blood", "grass"]
    (prompt,) = found(r", where: {error: 'RuntimeError(''no answer \x1b[31m'')'}").prompts
    assert shown(prompt.text) == "system: Answer in a word. | user: What colour is a clear sky?"


def packed(members, compression=zipfile.ZIP_DEFLATED):
    """Return the bytes of a zip archive with these members."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content if isinstance(content, (str, bytes)) else json.dumps(content))
    return whole.getvalue()


def sample(number, question, value):
    return {"id": number, "epoch": 1, "input": question, "scores": {"match": {"value": value}}}


START = {"version": 2, "eval": {"task": "t", "model": "hf/gpt2"}, "plan": {}}


def test_a_run_that_ended_early_and_a_sample_that_was_logged_again(chosen):
    first, again = sample(1, "Is it wet?", "I"), sample(1, "Is it wet?", "C")
    members = [("_journal/start.json", START), ("samples/1_epoch_1.json", first)]
    with pytest.warns(UserWarning, match="Duplicate name"):
        early = packed([*members, ("samples/1_epoch_1.json", again), ("../../samples/2.json", first)])
    found = chosen(early, ", where: {status: started, score: C, task: t}, column: input")
    assert [shown(prompt.text) for prompt in found.prompts] == ["Is it wet?"]
    assert not (Path("..") / "samples").exists()


def broken(members, place, value, code="<I"):
    """Return an archive of which a number in the list of members is another."""
    whole = bytearray(packed(members))
    listed = whole.index(b"PK\x01\x02")
    struct.pack_into(code, whole, listed + place, value)
    return bytes(whole)


ONE = [
    ("header.json", {**START, "status": "success"}),
    ("samples/1_epoch_1.json", sample(1, "Is it wet?", "C")),
]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK", "is no zip archive, or not all of it"),
        (packed(ONE)[:-30], "is no zip archive, or not all of it"),
        (packed([("x.json", {})]), "it has no _journal/start.json"),
        (packed([("header.json", [1])]), "does not say what was evaluated"),
        (packed([("header.json", "{")]), "is broken: 'header.json' is not valid JSON"),
        (packed([ONE[0], ("samples/1.json", b"\xff")]), "is broken: 'samples/1.json' is not valid JSON"),
        (broken(ONE, 24, 7), "is broken: 'header.json' unpacks to something else than it says"),
        (broken(ONE, 16, 7), "is broken: 'header.json' unpacks to something else than it says"),
        (
            broken(ONE, 24, 2_000_000_000),
            "has a member of 2,000 MB ('header.json'), and at most 100 MB are read",
        ),
        (broken(ONE, 8, 1, "<H"), "is encrypted"),
        (
            broken(ONE, 10, 12, "<H"),
            "the file is packed in a way that is not read (number 12), or make a .json of it: inspect",
        ),
        (broken(ONE, 10, 93, "<H"), "is broken"),
        (broken(ONE, 42, 900_000_000), "is broken"),
    ],
)
def test_a_packed_log_that_is_broken_or_hostile_is_one_error(chosen, content, said):
    with pytest.raises(ClaimFileError) as caught:
        chosen(content, "")
    assert said in str(caught.value)
    assert "x.eval:1:1: the file" in str(caught.value)


def test_bombs_are_refused_before_they_are_unpacked(chosen, tmp_path, monkeypatch):
    bomb = packed([*ONE, ("samples/2_epoch_1.json", b" " * 3_000_000)])
    assert len(bomb) < 10_000
    with pytest.raises(ClaimFileError, match="not valid JSON"):
        chosen(bomb, "")
    monkeypatch.setattr(packed_logs, "LARGEST_SAMPLE", 2_000_000)
    with pytest.raises(
        ClaimFileError, match=r"has a member of 3 MB \('samples/2_epoch_1.json'\), and at most 2 MB are read"
    ):
        chosen(bomb, "")
    monkeypatch.setattr(packed_logs, "LARGEST_IN_ALL", 1_000_000)
    with pytest.raises(ClaimFileError, match="unpacks to 3 MB, and at most 1 MB are read"):
        chosen(bomb, "")
    (tmp_path / "many.zip").write_bytes(packed([(f"{number}", "") for number in range(100)]))
    monkeypatch.setattr(archives, "LARGEST_LIST", 2_000)
    with (
        pytest.raises(ForeignFileError, match="its list of members has 0 MB"),
        archives.open_archive(tmp_path / "many.zip"),
    ):
        pass


def test_without_pyarrow_it_is_said_what_to_install_or_to_convert(chosen, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ClaimFileError) as caught:
        chosen((LOGS / "colours.eval").read_bytes(), "")
    said = (
        'with Zstandard, which is read with pyarrow: pip install "neuronclaims[data]", or make a .json of it'
    )
    assert f"the file is packed {said}: inspect log convert x.eval --to json" in str(caught.value)
