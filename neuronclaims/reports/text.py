"""Text of users made fit to be shown: prompts, reasons and ids may hold anything."""

from __future__ import annotations

import re

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Control characters, what turns the direction of writing, line separators, and halves of surrogate pairs."""


def visible(text: str) -> str:
    r"""Return text with every character that could move a cursor spelled out: an escape as ``\x1b``.

    Line feeds stay, and a tab becomes a space.
    """
    return "\n".join(_UNSEEN.sub(_spelled, line.replace("\t", " ")) for line in text.split("\n"))


def one_line(text: str) -> str:
    """Return visible text on one line."""
    return visible(" ".join(part.strip() for part in text.splitlines() if part.strip()))


def fitting(text: str, encoding: str) -> str:
    """Return text as it can be written in an encoding, with what it lacks spelled out."""
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _spelled(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
