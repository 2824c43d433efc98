"""Make text that others wrote safe to print: names, prompts, reasons, configs, errors of other libraries.

Such text may hold escape sequences that move a terminal's cursor, characters that turn the direction of writing, and
lines that a CI system takes for commands. Whatever is printed is made ``visible`` here, and each line that is printed
is made ``inert``.
"""

from __future__ import annotations

import json
import re

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Control characters, what turns the direction of writing or hides, line separators, and halves of surrogate pairs.

The joiners U+200C and U+200D stay: Persian, Indian scripts and emoji are written with them.
"""

_COMMAND = re.compile(r"^((?:[^\S\n]|\x1b\[[0-9;]*m)*):(?=:)|#(?=#(?:vso)?\[)", re.MULTILINE)
"""What a log of GitHub or Azure obeys: ``::`` where a line begins, ``##[`` and ``##vso[`` anywhere in it."""


def spelled(text: str) -> str:
    r"""Return text on one line, with every invisible character (line feeds too) written as an escape such as ``\x1b``.

    >>> print(spelled("a\x1b[31m red\n\u202eline"))
    a\x1b[31m red\n\u202eline
    """
    return _UNSEEN.sub(_in_python, text.replace("\t", " "))


def visible(text: str) -> str:
    r"""Return text with every character that could move a cursor written as an escape such as ``\x1b``.

    Line feeds stay, and a tab becomes a space.
    """
    return "\n".join(map(spelled, text.split("\n")))


def one_line(text: str) -> str:
    """Return visible text on one line."""
    return visible(" ".join(part.strip() for part in text.splitlines() if part.strip()))


def inert(text: str) -> str:
    r"""Return lines for printing, none of which a CI system takes for a command.

    Colours of our own may stand in them.

    >>> print(inert("a reason\n  ::add-mask::b"))
    a reason
      \x3a:add-mask::b
    """
    return _COMMAND.sub(_first_spelled, text)


def harmless(text: str) -> str:
    """Return text of others that is safe to print, with its line breaks."""
    return inert(visible(text))


def harmless_line(text: str) -> str:
    r"""Return somebody else's text as it may be printed, in one line that others may break wherever they like.

    >>> print(harmless_line("a reason\n::add-mask::b"))
    a reason \x3a:add-mask\x3a:b
    """
    return inert(one_line(text)).replace("::", r"\x3a:")


def fitting(text: str, encoding: str) -> str:
    """Return text for an encoding, with characters that the encoding lacks written as escapes."""
    return text.encode(encoding, "backslashreplace").decode(encoding)


def in_json(text: str) -> str:
    """Return JSON with invisible characters escaped: the same data, and safe to print."""
    return _UNSEEN.sub(lambda found: found[0] if found[0] == "\n" else json.dumps(found[0])[1:-1], text)


def _in_python(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def _first_spelled(found: re.Match[str]) -> str:
    start, sign = found[0][:-1], found[0][-1]
    return f"{start}\\x{ord(sign):02x}"
