"""Errors with a place: what is wrong, the words it is about, and what to write instead."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from neuronclaims.errors import NeuronClaimsError

WINDOW = 100
"""How many characters of a long source line are shown around the caret."""
MOST_TOLD = 100
"""How many problems of one file are told."""

MOST_LISTED = 20
"""How many of the things allowed are listed."""

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a file; line and column count from 1, columns in characters."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file.

    ``excerpt`` is the whole source line the place points into, ``width`` the number of characters meant
    there. ``suggestion`` is what was probably meant; ``allowed`` lists what could stand there.
    """

    place: Place
    message: str
    excerpt: str | None = None
    width: int = 1
    suggestion: str | None = None
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        head = f"{self.place}: {self.message}"
        hint = f"did you mean {quoted(self.suggestion)}?" if self.suggestion else ""
        number = str(self.place.line).rjust(5)
        if self.excerpt is None:
            body = [f"      {hint}"] if hint else []
        else:
            body = caret_lines(self.excerpt, self.place.column, self.width, number, hint)
        return "\n".join([head, *body, *allowed_lines(self.allowed)])


class ClaimFileError(NeuronClaimsError):
    """A claim file that cannot be read: all its problems at once, in the order of their places.

    ``problems`` has them all; the text tells the first hundred.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.place))
        super().__init__(self.problems)

    def __str__(self) -> str:
        told = [str(problem) for problem in self.problems[:MOST_TOLD]]
        more = len(self.problems) - len(told)
        return "\n".join([*told, f"and {more} more problems"] if more else told)


def caret_lines(text: str, column: int, width: int, gutter: str, hint: str) -> list[str]:
    """Show a source line and, under ``width`` characters from ``column`` (counted from 1), a line of carets.

    Tabs, wide and combining characters do not displace the carets; of a long line only a window is shown.
    """
    begin = max(0, column - 1 - WINDOW // 2) if len(text) > WINDOW else 0
    shown = text[begin : begin + WINDOW]
    start = column - 1 - begin
    before, marked = shown[:start], shown[start : start + max(width, 1)]
    left, right = ("…" if begin else ""), ("…" if begin + WINDOW < len(text) else "")
    padding = " " * (len(left) + _columns(before) + max(0, start - len(shown)))
    carets = "^" * max(1, _columns(marked))
    blank = " " * len(gutter)
    return [
        f"{gutter} | {left}{printable(shown)}{right}".rstrip(),
        f"{blank} | {padding}{carets} {hint}".rstrip(),
    ]


def allowed_lines(allowed: tuple[str, ...]) -> list[str]:
    """List what could stand here: short ones in a row, long ones one per line."""
    if not allowed:
        return []
    listed = allowed[:MOST_LISTED]
    more = f", and {len(allowed) - MOST_LISTED} more" if len(allowed) > MOST_LISTED else ""
    if max(map(len, listed)) > WINDOW // 3:
        return ["      allowed:", *(f"        {entry}" for entry in listed)]
    return textwrap.wrap(
        ", ".join(listed) + more,
        WINDOW,
        initial_indent="      allowed: ",
        subsequent_indent=" " * 15,
        break_long_words=False,
    )


def quoted(text: str) -> str:
    """Return ``text`` in quotes, cut when long, with unprintable characters spelled out."""
    cut = text if len(text) <= 60 else f"{text[:57]}…"
    spelled = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)
    return f"'{spelled}'"


def printable(text: str) -> str:
    """Return ``text`` as a terminal may safely show it: a tab as four spaces, controls and line ends replaced."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\t", "    "))


def _columns(text: str) -> int:
    """Return how many terminal columns ``text`` fills as it is shown."""
    return sum(_character_columns(character) for character in printable(text))


def _character_columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
