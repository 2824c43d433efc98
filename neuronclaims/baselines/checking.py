"""Check what a row of a baseline holds, before it is used: people merge and edit these files."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, get_args

from neuronclaims.baselines.rows import ONE_SET, Scale
from neuronclaims.results import VERDICTS, Alternative

LARGEST = 1e99
"""The largest size of a value whose square can be summed."""

Check = Callable[[str, Any], None]


class Unfit(Exception):
    """A value in a file that is not allowed; the message says which, and what is allowed.

    ``of`` is the name of the whole that the message is about, None where it is about a part of it.
    """

    def __init__(self, message: str, of: str | None = None) -> None:
        super().__init__(message)
        self.of = of


def text(name: str, value: Any) -> None:
    """Raise Unfit for anything but text."""
    if not isinstance(value, str):
        raise Unfit(f"{name!r} must be text, not {_excerpt(value)}")


def number(low: float = -LARGEST, high: float = LARGEST) -> Check:
    """Return a check that raises Unfit for anything but a number between two bounds."""

    def check(name: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise Unfit(f"{name!r} must be a number, not {_excerpt(value)}")
        if not low <= value <= high:
            raise Unfit(f"{name!r} must be a number from {low:g} to {high:g}, not {value:g}")

    return check


def whole(name: str, value: Any) -> None:
    """Raise Unfit for anything but a count."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Unfit(f"{name!r} must be a whole number, not {_excerpt(value)}")


def one_of(words: Collection[str]) -> Check:
    """Return a check that raises Unfit for anything but one of some words."""

    def check(name: str, value: Any) -> None:
        if not isinstance(value, str) or value not in words:
            raise Unfit(f"{name!r} must be one of {', '.join(words)}, not {_excerpt(value)}")

    return check


def either(name: str, value: Any) -> None:
    """Raise Unfit for anything but true and false."""
    if not isinstance(value, bool):
        raise Unfit(f"{name!r} must be true or false, not {_excerpt(value)}")


def mapping(inner: Check) -> Check:
    """Return a check that raises Unfit for anything but a mapping from names to values of one sort."""

    def check(name: str, value: Any) -> None:
        if not isinstance(value, dict):
            raise Unfit(f"{name!r} must be a mapping, not {_excerpt(value)}")
        for key, each in value.items():
            inner(f"{name}.{key}", each)

    return check


def fields(needed: Mapping[str, Check], others: Mapping[str, Check]) -> Check:
    """Return a check that raises Unfit for anything but a mapping with these fields; some of them may be left out."""
    known = {**needed, **others}

    def check(name: str, value: Any) -> None:
        if not isinstance(value, dict):
            raise Unfit(f"{name} must be a mapping, not {_excerpt(value)}", name)
        missing, unknown = needed.keys() - value.keys(), value.keys() - known.keys()
        if missing or unknown:
            what = f"lacks {min(missing)!r}" if missing else f"has a field {min(unknown)!r}, which is none"
            raise Unfit(f"{name} {what}", name)
        for key, each in value.items():
            if each is not None or key in needed:
                known[key](key, each)

    return check


def _values(name: str, value: Any) -> None:
    _VALUES(name, value)
    first, second, scale = value.get("first") or {}, value.get("second") or {}, value["scale"]
    if scale in ONE_SET and (second or value["paired"]):
        raise Unfit(f"values of scale {scale!r} are of one set, but there are two")
    if scale not in ONE_SET and value["paired"] and len(first) != len(second):
        raise Unfit(f"there are {len(first)} and {len(second)} values in pairs")
    if scale in ("ratio", "correlation") and not value["paired"]:
        raise Unfit(f"values of scale {scale!r} must be in pairs")
    if scale in ("share", "mean AUROC"):
        mapping(number(0, 1))("first", first)
    if value.get("blocks") is not None:
        _blocks(value["blocks"], (len(first), len(second)))


def _blocks(blocks: Any, counts: tuple[int, int]) -> None:
    if not (isinstance(blocks, list) and len(blocks) == 2 and all(isinstance(side, list) for side in blocks)):
        raise Unfit("'blocks' must be two lists of block numbers")
    for side in blocks:
        for each in side:
            whole("blocks", each)
    if tuple(map(len, blocks)) != counts or set(blocks[0]) != set(blocks[1]):
        raise Unfit("'blocks' must give each value its block, and each block values of both sets")


def _asked(name: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise Unfit(f"{name!r} must be a mapping, not {_excerpt(value)}")
    for key, each in value.items():
        if isinstance(each, dict):
            mapping(text)(f"{name}.{key}", each)
        elif isinstance(each, bool) or not isinstance(each, (str, int)):
            raise Unfit(f"{name}.{key!r} must be text or a whole number, not {_excerpt(each)}")


def _excerpt(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."


_VALUES = fields(
    {"of": text, "scale": one_of(get_args(Scale)), "paired": either},
    {
        "first": mapping(number()),
        "second": mapping(number()),
        "blocks": lambda *_: None,
        "noise": number(0.0),
    },
)
_EFFECT = fields(
    {"name": text, "level": number(0, 1)},
    {"value": number(), "low": number(), "high": number(), "key": text},
)
check_row: Check = fields(
    {"content": text, "sentence": text, "kind": text, "environment": text},
    {
        "verdict": one_of(VERDICTS),
        "effect": _EFFECT,
        "side": one_of(get_args(Alternative)),
        "p": number(0, 1),
        "p_adjusted": number(0, 1),
        "family": whole,
        "alpha": number(0, 1),
        "n": mapping(whole),
        "values": _values,
        "error": text,
        "share": number(0, 1),
        "asked": _asked,
    },
)
"""Raise Unfit for what is no row of a baseline."""

check_environment: Check = fields(
    {
        "model": text,
        "weights": text,
        "tokenizer": text,
        "dtype": text,
        "device": text,
        "libraries": mapping(text),
    },
    {},
)
"""Raise Unfit for what does not say what rows were measured with."""
