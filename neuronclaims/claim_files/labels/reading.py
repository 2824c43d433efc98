"""Read labelled stretches from plain data, in the forms that people have them in, and say what is wrong with them.

A stretch is ``[4, 7, "noun"]``, or a mapping with ``start``, ``end`` and ``label`` as spaCy, Prodigy and token
classifiers write it, whatever else the mapping holds. A mapping of three lists is what ``datasets`` makes of such a
list. Characters are those of the text as it is written, counted from 0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from neuronclaims.foreign_files import bounded_json
from neuronclaims.prompts import LabelledStretch
from neuronclaims.sentences.field_types import composed
from neuronclaims.sentences.messages import quoted

STARTS, ENDS, NAMES = ("start", "start_offset"), ("end", "end_offset"), ("label", "entity_group", "entity")
"""What the parts of a stretch are called by those who write them as mappings."""

_FORM = '[[4, 7, "noun"]] or [{"start": 4, "end": 7, "label": "noun"}]'
_WHOLE = re.compile(r"[0-9]{1,9}")

LABELS_SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {
        "anyOf": [
            {"type": "array", "minItems": 3, "maxItems": 3},
            {"type": "object", "required": ["start", "end", "label"]},
        ]
    },
}
"""Labelled stretches, for editors."""


class LabelsError(Exception):
    """What is wrong with labels; ``where`` leads to it from their list."""

    suggestion: str | None = None

    def __init__(self, message: str, where: tuple[int | str, ...] = ()) -> None:
        super().__init__(message)
        self.where = where


def labels_in(cell: str, text: str) -> tuple[LabelledStretch, ...]:
    """Return the stretches of ``text`` that a cell holds as JSON; raise LabelsError where it holds none.

    >>> labels_in('[{"start": 4, "end": 7, "label": "noun"}]', "The dog ran")
    ((4, 7, 'noun'),)
    """
    try:
        data = bounded_json(cell, infinite=True, once=True)
    except ValueError as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise LabelsError(
            f"labels are JSON such as {_FORM}, and this is none ({reason[:1].lower()}{reason[1:]})"
        ) from None
    return labels_of(data, text)


def labels_of(data: object, text: str) -> tuple[LabelledStretch, ...]:
    """Return the stretches of ``text`` that plain data holds; raise LabelsError for the first that is none.

    >>> labels_of([[4, 7, "noun"], [8, 11, "verb"]], "The dog ran")
    ((4, 7, 'noun'), (8, 11, 'verb'))
    """
    if isinstance(data, Mapping):
        data = _rows(data)
    if not isinstance(data, list):
        raise LabelsError(f"labels are a list such as {_FORM}; nothing labelled is []")
    return tuple(_stretch(each, place, text) for place, each in enumerate(data))


def _rows(data: Mapping[str, object]) -> list[object] | None:
    """Return a mapping of lists of equal length as a list of mappings; None for any other mapping."""
    lists = {key: value for key, value in data.items() if isinstance(value, list)}
    if not lists or len({len(value) for value in lists.values()}) > 1:
        return None
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _stretch(given: object, place: int, text: str) -> LabelledStretch:
    start, end, name = _whole(given, place), _whole(given, place, 1), _name(given, place)
    if start is None or end is None:
        raise LabelsError(f"a labelled stretch is written as in {_FORM}, with whole numbers from 0", (place,))
    if not name or not name.strip():
        raise LabelsError(f"the stretch [{start}, {end}] has no label, which is a text", (place,))
    if end <= start:
        raise LabelsError(
            f"the stretch [{start}, {end}, {quoted(name)}] holds no character: write the first one and the one after "
            "the last, counted from 0",
            (place,),
        )
    if end > len(text):
        raise LabelsError(
            f"the stretch [{start}, {end}, {quoted(name)}] reaches out of the text {quoted(text)}, which has "
            f"{len(text)} characters{_units(text, end)}",
            (place,),
        )
    said = given.get("text") if isinstance(given, Mapping) else None
    if isinstance(said, str) and said.strip() != text[start:end].strip():
        raise LabelsError(
            f"the stretch [{start}, {end}, {quoted(name)}] holds {quoted(text[start:end])}, and its 'text' is "
            f"{quoted(said)}: the numbers count other characters, or belong to another text{_units(text, end)}",
            (place,),
        )
    return start, end, name


def _part(given: object, number: int, names: Sequence[str]) -> object:
    if isinstance(given, Mapping):
        return next((given[name] for name in names if name in given), None)
    return given[number] if isinstance(given, list) and len(given) == 3 else None


def _whole(given: object, place: int, number: int = 0) -> int | None:
    """Return the first (0) or the second number of a stretch, None where there is no such whole number."""
    written = _part(given, number, (STARTS, ENDS)[number])
    if isinstance(written, str) and _WHOLE.fullmatch(written):  # as claim files are read
        return int(written)
    if isinstance(written, int) and not isinstance(written, bool) and written < 0:
        raise LabelsError(f"a labelled stretch counts characters from 0, and this says {written}", (place,))
    return written if isinstance(written, int) and not isinstance(written, bool) else None


def _name(given: object, place: int) -> str | None:
    written = _part(given, 2, NAMES)
    if isinstance(written, int) and not isinstance(written, bool):
        return str(written)
    if isinstance(written, str):
        try:
            written.encode("utf-8")
        except UnicodeEncodeError:
            raise LabelsError(
                "a label holds half of a surrogate pair, which is no character", (place,)
            ) from None
    return composed(written) if isinstance(written, str) else None


def _units(text: str, end: int) -> str:
    """Say what else the numbers may count, where they would fit it."""
    if text.isascii():
        return ""
    wide, size = len(text.encode("utf-16-le")) // 2, len(text.encode())
    others = [name for name, most in (("UTF-16 units", wide), ("bytes", size)) if len(text) < most >= end]
    return f"; they may count {' or '.join(others)}, and must count characters" if others else ""


def names_in(labels: Sequence[tuple[LabelledStretch, ...]]) -> Iterator[str]:
    """Yield the different labels of some texts, in their order.

    >>> list(names_in([((0, 3, "noun"), (4, 7, "verb")), ((0, 2, "noun"),)]))
    ['noun', 'verb']
    """
    yield from dict.fromkeys(name for stretches in labels for _, _, name in stretches)
