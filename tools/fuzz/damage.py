"""Damage to bytes, to JSON, and to what a name in a folder stands for; all of it drawn from a random generator."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random
from typing import Any

WORDS = (
    *(
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        '"',
        "'",
        "\\",
        "\n",
        "\r",
        "\t",
        " ",
        "#",
        "&a",
        "*a",
        "!!python/object:x",
        "|",
        "-",
    ),
    *(
        "\0",
        "\x1b[31m",
        "\u2028",
        "\ufeff",
        "é",
        "null",
        "true",
        "NaN",
        "-Infinity",
        "1e999",
        "9" * 5_000,
        "[" * 3_000,
    ),
    *(
        "0x10",
        "11:36",
        "<<: *a",
        "...",
        "---",
        "~",
        "::set-output name=x::y",
        "../../x",
        "x" * 3_000,
        "\ud800",
    ),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**39, 1.5, -0.0, 1e308, 5e-324),
    *(
        float("nan"),
        float("inf"),
        "",
        " ",
        "\0",
        "\x1b[2J",
        "x" * 10_000,
        "NaN",
        "1",
        "../../x",
        "::error::x",
        "é",
    ),
    *([], {}, [[]], [{}], [None], [1, 2], {"a": {}}, {"": ""}, [[[[[[[[[[]]]]]]]]]], ["x"] * 50),
)


def bytes_damaged(data: bytes, rng: Random) -> bytes:
    """Return bytes with one to four pieces cut, doubled, changed or put in."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        start = rng.randrange(len(data) + 1)
        length = int(rng.expovariate(1 / 20))
        match rng.randrange(6):
            case 0:
                data = data[:start] + data[start + length :]
            case 1:
                data = data[:start] + data[start : start + length] * 2 + data[start + length :]
            case 2:
                data = data[:start] + rng.choice(WORDS).encode("utf-8", "surrogatepass") + data[start:]
            case 3:
                data = data[:start] + rng.randbytes(min(length, 8)) + data[start + min(length, 8) :]
            case 4 if data and start < len(data):
                data = data[:start] + bytes([data[start] ^ 1 << rng.randrange(8)]) + data[start + 1 :]
            case _ if rng.random() < 0.3:
                data = data[:start]
    return data


def json_damaged(data: bytes, rng: Random) -> bytes:
    """Return JSON with one to three values changed, taken out, doubled or nested; a third of the times as bytes."""
    if rng.random() < 0.33:
        return bytes_damaged(data, rng)
    value = json.loads(data)
    for _ in range(rng.randint(1, 3)):
        value = _changed(value, rng)
    text = json.dumps(value)
    if rng.random() < 0.05:
        text = text.replace(": ", f": {'9' * 5_000}, ", 1)
    return text.encode()


def _changed(value: Any, rng: Random, depth: int = 0) -> Any:
    """Return a value with one part changed, which may lie anywhere in it."""
    if isinstance(value, (dict, list)) and value and rng.random() < 0.85 and depth < 30:
        key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        copy: Any = dict(value) if isinstance(value, dict) else list(value)
        if rng.random() < 0.1:
            del copy[key]
        else:
            copy[key] = _changed(copy[key], rng, depth + 1)
        return copy
    draw = rng.random()
    if draw < 0.08:
        nested: Any = value
        for _ in range(rng.choice((3, 70, 250))):
            nested = [nested]
        return nested
    if draw < 0.16 and isinstance(value, (int, float)) and not isinstance(value, bool):
        return value * rng.choice((-1, 2, 10**6, 10**12))
    return rng.choice(VALUES)


def replaced(path: Path, rng: Random) -> None:
    """Put something else than a regular file in a file's place, or one that is far too large."""
    path.unlink(missing_ok=True)
    match rng.randrange(7):
        case 0:
            os.mkfifo(path)
        case 1:
            path.mkdir()
        case 2:
            path.symlink_to("/dev/zero")
        case 3:
            path.symlink_to(path.name)
        case 4:
            path.symlink_to("/nowhere/at/all")
        case 5:
            with path.open("wb") as file:
                file.truncate(3_000_000_000)
        case _:
            path.touch()
