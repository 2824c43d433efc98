"""``neuronclaims init``: a claim file that passes as it is, and nothing is ever overwritten."""

from __future__ import annotations

import json
import os

import pytest
from forked import run_pytest

from neuronclaims.claim_files.editor import editor_schema
from neuronclaims.cli import main
from neuronclaims.kinds import templates


def test_what_it_writes_passes_as_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    assert "Try: pytest claims" in capsys.readouterr().out
    assert json.loads(
        (tmp_path / "claims" / "claims.schema.json").read_text(encoding="utf-8")
    ) == editor_schema(templates())
    assert main(["check", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["warnings"] == []
    done = run_pytest(tmp_path, ["claims", "-q", "-p", "no:cacheprovider"], os.environ)
    assert done.returncode == 0, done.stdout
    assert "1 supported, 1 inconclusive" in done.stdout


@pytest.mark.parametrize("name", ["example.claims.yaml", "claims.schema.json"])
def test_nothing_is_overwritten(tmp_path, capsys, name):
    (tmp_path / name).write_text("mine", encoding="utf-8")
    assert main(["init", str(tmp_path)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert [file.read_text(encoding="utf-8") for file in tmp_path.iterdir()] == ["mine"]


def test_a_file_in_the_way_is_one_clear_error(tmp_path, capsys):
    (tmp_path / "claims").write_text("", encoding="utf-8")
    assert main(["init", str(tmp_path / "claims")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_schema_and_a_table_of_options_can_be_printed(capsys):
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == editor_schema(templates())
    assert main(["schema", "--options"]) == 0
    assert "| `damage` | ablation, " in capsys.readouterr().out
