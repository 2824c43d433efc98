"""The commands as one application: help, what was meant, and what is imported for it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import neuronclaims
from neuronclaims.cli import main
from neuronclaims.cli.registry import COMMANDS, Command

ALL = [each for command in COMMANDS for each in command.actions or (command,)]


def words_of(command: Command) -> list[str]:
    group = next((each.name for each in COMMANDS if command in each.actions), None)
    return [*([group] if group else []), command.name]


@pytest.fixture(autouse=True)
def narrow(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setattr("typer.rich_utils.FORCE_TERMINAL", True)  # as in a job of GitHub


def test_every_command_is_told_in_80_columns_with_an_example_and_without_colour(capsys) -> None:
    for command in ALL:
        function, examples = command.load()
        assert (function.__doc__ or "").splitlines()[0] == command.summary
        assert main([*words_of(command), "--help"]) == 0
        told = capsys.readouterr().out
        assert max(map(len, told.splitlines())) <= 80
        assert "\x1b" not in told
        assert "<bool>" not in told
        assert examples
        for example in examples:
            assert example.startswith(f"neuronclaims {' '.join(words_of(command))}")
            assert example in " ".join(told.split())


def test_help_lists_every_command_and_loads_no_heavy_library() -> None:
    code = (
        "import sys; from neuronclaims.cli import main; main(['--help']); main(['-h']);"
        "print({'torch', 'scipy', 'numpy', 'pydantic', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
    assert all(f"{command.name} " in done.stdout for command in COMMANDS)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["chekc"], "Did you mean 'check'"),
        (["cache", "purne"], "neuronclaims cache: No such command 'purne'. Did you mean 'prune'?"),
        (["check", "--fromat", "json"], "No such option: --fromat. Did you mean --format?"),
        (["check", "--format", "a\x1b[31m"], r"'a\x1b[31m' is not one of 'text', 'json', 'github'."),
        (["a\x1b[31m"], r"No such command 'a\x1b[31m'."),
        (["rematch"], "Missing argument 'FILE'."),
    ],
)
def test_what_was_meant_is_told_with_2(words, said, capsys) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    told = capsys.readouterr()
    assert said in told.err
    assert "\x1b" not in told.err
    assert told.out == ""


def test_without_a_command_there_is_help_and_2(capsys) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([])
    assert "Usage: neuronclaims" in capsys.readouterr().out


def test_the_version_and_the_help_of_a_command(capsys) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"neuronclaims {neuronclaims.__version__}\n"
    for words in (["cache", "prune"], ["check"], []):
        assert main(["help", *words]) == main([*words, "--help"]) == 0
        told = capsys.readouterr().out
        assert told[: len(told) // 2] == told[len(told) // 2 :]
    with pytest.raises(SystemExit, match="2"):
        main(["help", "chekc"])
    assert "Did you mean 'check'" in capsys.readouterr().err


def test_a_shell_completes_commands_options_and_choices() -> None:
    for typed, offered in (
        ("neuronclaims che", "check"),
        ("neuronclaims check --for", "--format"),
        ("neuronclaims check --format j", "json"),
        ("neuronclaims cache cl", "clear"),
    ):
        asked = {
            "_NEURONCLAIMS_COMPLETE": "complete_bash",
            "COMP_WORDS": typed,
            "COMP_CWORD": str(typed.count(" ")),
        }
        done = subprocess.run(
            [sys.executable, "-m", "neuronclaims"],
            env={**os.environ, **asked},
            capture_output=True,
            text=True,
        )
        assert done.stdout.split() == [offered], done.stderr


def test_the_page_of_commands_is_current() -> None:
    place = Path(__file__).parents[2] / "docs" / "commands_page.py"
    spec = importlib.util.spec_from_file_location("commands_page", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run: python docs/commands_page.py"
