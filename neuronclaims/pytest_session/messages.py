"""Failure messages for people: on a terminal, lines break between words."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from neuronclaims.foreign_text import inert, visible

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter
    from _pytest.terminal import TerminalReporter


class Message(str):
    """A message that pytest may show as a string, and that a terminal gets in lines of its width."""

    __slots__ = ()

    def toterminal(self, out: TerminalWriter) -> None:
        """Write the message as pytest asks of what it shows; a word that is longer than a line stays whole."""
        for line in between_words(self, out.fullwidth):
            out.line(inert(line))


def write_line(reporter: TerminalReporter, text: str, *, whole: bool = False, **marks: bool) -> None:
    """Write a line to pytest's report: the way out for all that we print there, whoever wrote it.

    On a terminal it becomes lines of its width, those after the first set in, unless it is to stay ``whole``.
    """
    width = reporter.config.get_terminal_writer().fullwidth
    text = visible(text)
    for line in between_words(text, width, "  ") if reporter.isatty and not whole else [text]:
        reporter.write_line(inert(line), **marks)


def between_words(text: str, width: int, indent: str = "") -> list[str]:
    """Return the lines of a text; break long lines between words, and begin the rest with ``indent``."""
    return [
        part
        for line in text.splitlines()
        for part in wrap(
            line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        or [""]
    ]
