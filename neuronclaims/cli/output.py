"""The one way out of every command: what is printed moves no cursor, and no line of it is a CI system's command."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn, TextIO

from neuronclaims.foreign_text import fitting, harmless, inert, spelled


def say(*texts: str, file: TextIO | None = None) -> None:
    """Print texts, each in a line of its own, or in as many as it has."""
    _write("\n".join(map(harmless, texts)), file)


def say_styled(text: str) -> None:
    """Print what was drawn with colours of our own, from text that was made visible before."""
    _write(inert(text), None)


def say_commands(lines: list[str]) -> None:
    """Print lines that GitHub is to obey, each with all that it quotes made visible before."""
    if lines:
        _write("\n".join(map(spelled, lines)), None)


class Parser(argparse.ArgumentParser):
    """A parser of words whose errors quote them made visible."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong with the words, and exit with 2."""
        super().error(harmless(message))


def _write(text: str, file: TextIO | None) -> None:
    stream = sys.stdout if file is None else file
    print(fitting(text, getattr(stream, "encoding", None) or "utf-8"), file=stream)
