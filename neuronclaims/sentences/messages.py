"""The words of error messages: a line of carets, a nearest word, lists and quotes."""

from __future__ import annotations

import difflib
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

from neuronclaims.foreign_text import spelled

WINDOW = 100
"""How many characters of a long source line are shown around the caret."""

MOST_LISTED = 20
"""How many of the things allowed are listed."""


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that is closest to ``word``, None if none is close.

    >>> closest("hanoy", ["baseline", "hanoi"])
    'hanoi'
    """
    by_fold = {candidate.casefold(): candidate for candidate in candidates}
    folded = word.casefold()
    if folded in by_fold:
        return by_fold[folded]
    if len(word) > 80:  # difflib takes quadratic time, and nobody mistypes so long a word
        return None
    near = difflib.get_close_matches(folded, by_fold, n=1, cutoff=0.6)
    return by_fold[near[0]] if near else None


def either(options: Sequence[str], word: str = "or") -> str:
    """Join options as a sentence does.

    >>> either(["zero", "mean", "resample"])
    'zero, mean or resample'
    """
    if len(options) < 2:
        return "".join(options)
    return f"{', '.join(options[:-1])} {word} {options[-1]}"


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
    """List the allowed values: short ones in a row, long ones one per line."""
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
    seen = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)
    return f"'{seen}'"


def printable(text: str) -> str:
    """Return ``text`` on one line as a terminal may safely show it: a tab as four spaces, what is not seen spelled."""
    return spelled(text.replace("\t", "    "))


def _columns(text: str) -> int:
    """Return how many terminal columns ``text`` fills as it is shown."""
    return sum(_character_columns(character) for character in printable(text))


def _character_columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
