"""Whether a command that stands in a page could be run: that its program, its options and its files exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest
from blocks import ROOT

OTHERS = {"hf", "inspect"}
"""Programs that are not ours, of which nothing is known here."""
ASSIGNED = re.compile(r"[A-Z_]+=")


def lines_of(text: str) -> Iterator[str]:
    """Yield the commands of a block, with what goes on in the next line, without prompts and what is no command."""
    lines = text.replace("\\\n", " ").splitlines()
    for line in [line for line in lines if line.startswith("$ ")] or lines:
        command = line.removeprefix("$ ").removeprefix("run: ").removeprefix("- run: ").rstrip(" &")
        if command and not command.startswith("#"):
            yield command


def problem(command: str, parser: pytest.Parser) -> str | None:
    """Return what is wrong with a command, and None where it could be run."""
    plain = re.sub(r"\$\((?:[^()]|\([^()]*\))*\)+", "X", command)
    words = shlex.split(plain, comments=True)
    while words and ASSIGNED.match(words[0]):
        words = words[1:]
    if ">" in words:
        words = words[: words.index(">")]
    if not words or words[0] in OTHERS:
        return None
    program, rest = words[0], words[1:]
    if program == "python" and rest[:2] == ["-m", "pytest"]:
        program, rest = "pytest", rest[2:]
    if program == "python" and rest[:2] == ["-m", "neuronclaims"]:
        program, rest = "neuronclaims", rest[2:]
    known = {"neuronclaims": ours, "python": script, "make": target, "pip": installed, "pytest": session}
    if program not in known:
        return f"{program} is no program that is known here"
    said = session(rest, parser) if program == "pytest" else known[program](rest)
    return said and f"{command}: {said}"


def ours(words: list[str]) -> str | None:
    """Read a command of neuronclaims as the command line reads it."""
    import typer

    from neuronclaims.cli.application import loaded
    from neuronclaims.cli.registry import COMMANDS

    if not words or words[0] in ("--help", "--version", "--install-completion", "--show-completion"):
        return None
    entries = {entry.name: entry for entry in COMMANDS}
    entry = entries.get(words[0])
    rest = words[1:]
    if entry is not None and entry.actions and rest:
        entry, rest = {action.name: action for action in entry.actions}.get(rest[0]), rest[1:]
    if entry is None or entry.actions:
        return None if entry else "there is no such command"
    command = loaded(entry)
    try:
        command.make_context(entry.name, [word for word in rest if word != "--help"])
    except typer.Exit:
        return None
    except typer.TyperException as error:
        return error.format_message()
    return None


def session(words: list[str], parser: pytest.Parser) -> str | None:
    """Read a command of pytest as pytest reads it, with the plugins of this session."""
    own = [word for word in words if not re.match(r"(-n|--dist|--numprocesses|--max-worker-restart)\b", word)]
    try:
        unknown = parser.parse_known_and_unknown_args(own)[1]
    except (pytest.UsageError, SystemExit) as error:
        return str(error)
    return f"unknown: {' '.join(unknown)}" if unknown else None


def script(words: list[str]) -> str | None:
    """Find the script or the module, and every option in its text."""
    name, rest = words[0], words[1:]
    if name == "-c":
        return None
    if name == "-m":
        name, rest = f"tools/{rest[0].replace('.', '/')}.py", rest[1:]
    path = ROOT / name
    if not path.is_file():
        return f"there is no {name}"
    text = path.read_text(encoding="utf-8")
    missing = [word for word in rest if word.startswith("--") and f'"{word.partition("=")[0]}"' not in text]
    return f"unknown: {missing}" if missing else None


def target(words: list[str]) -> str | None:
    """Find the targets and variables in the Makefile."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    missing = [
        word
        for word in words
        if not re.search(rf"^{word.partition('=')[0]}{' [?:]?=' if '=' in word else ':'}", text, re.M)
    ]
    return f"no targets: {missing}" if missing else None


def installed(words: list[str]) -> str | None:
    """Find the extras in pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    extras = [name for word in words for name in re.findall(r"\[(\w+)\]$", word)]
    missing = [name for name in extras if f"\n{name} = [" not in text]
    return f"no extras: {missing}" if missing else None
