"""The output of every command: printed text moves no cursor, and no line is taken for a command by a CI system."""

from __future__ import annotations

import sys
from textwrap import fill
from typing import TextIO

from neuronclaims.foreign_text import fitting, harmless, inert, spelled

WIDTH = 80
"""Columns of what is told in sentences."""


def say(*texts: str, file: TextIO | None = None) -> None:
    """Print texts, each on its own line or lines."""
    _write("\n".join(map(harmless, texts)), file)


def wrapped(text: str, indent: str = "", later: str = "") -> str:
    """Return text in lines of at most 80 columns, of which those after the first begin ``later``; no word is broken."""
    return fill(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + later,
        break_long_words=False,
        break_on_hyphens=False,
    )


def say_styled(text: str) -> None:
    """Print text with our own colours, made from text that is already visible."""
    _write(inert(text), None)


def say_commands(lines: list[str]) -> None:
    """Print commands for GitHub, whose quoted text is already visible."""
    if lines:
        _write("\n".join(f"::{inert(spelled(line.removeprefix('::')))}" for line in lines), None)


def _write(text: str, file: TextIO | None) -> None:
    stream = sys.stdout if file is None else file
    print(fitting(text, getattr(stream, "encoding", None) or "utf-8"), file=stream)
