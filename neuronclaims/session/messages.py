"""Messages of failures where people read them: on a terminal, lines end between words."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter


class Message(str):
    """A message that pytest may show as a string, and that a terminal gets in lines of its width."""

    __slots__ = ()

    def toterminal(self, out: TerminalWriter) -> None:
        """Write the message as pytest asks of what it shows; a word that is longer than a line stays whole."""
        for line in self.splitlines():
            for part in wrap(line, out.fullwidth, break_long_words=False, break_on_hyphens=False) or [""]:
                out.line(part)
