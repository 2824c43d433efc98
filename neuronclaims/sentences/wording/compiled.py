"""Compile a template's wording, and refuse one that is none."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any

from neuronclaims.sentences.field_types import FieldType
from neuronclaims.sentences.fields import FIELD_TYPES, choice_of
from neuronclaims.sentences.messages import either
from neuronclaims.sentences.wording.pieces import Field, FixedWord, Piece, Segment

_PIECE = re.compile(r"\[|\]|\{([^{}]*)\}|[^\s\[\]{}]+")


class TemplateError(ValueError):
    """A mistake in a kind of claim, not in a claim: a template does not compile, or two read the same sentence."""


def compiled(wording: str, own: Mapping[str, FieldType], build: type[Any]) -> tuple[Segment, ...]:
    """Return the segments of a wording, given the template's own types of field and its dataclass.

    Raises TemplateError where it does not compile, or where its fields are not exactly those of the dataclass.
    """
    segments = tuple(_segments(wording, _known(own)))
    _check_fields(wording, segments, build)
    return segments


def _known(own: Mapping[str, FieldType]) -> Mapping[str, FieldType]:
    if taken := sorted({*own} & {*FIELD_TYPES, "choice"}):
        raise TemplateError(f"{either(taken)} is a type of field already: give yours another name")
    return {**FIELD_TYPES, **own}


def _segments(wording: str, types: Mapping[str, FieldType]) -> Iterator[Segment]:
    pieces: list[Piece] = []
    optional = False
    for match in _PIECE.finditer(wording):
        piece = match[0]
        if piece not in "[]":
            pieces.append(FixedWord(piece) if match[1] is None else _field(match[1], wording, types))
            continue
        if (piece == "]") != optional:
            raise TemplateError(f"unbalanced or nested brackets in {wording!r}")
        if pieces:
            yield Segment(tuple(pieces), optional)
        pieces, optional = [], piece == "["
    if optional:
        raise TemplateError(f"an optional part of {wording!r} is never closed")
    if pieces:
        yield Segment(tuple(pieces), optional=False)


def _field(declaration: str, wording: str, types: Mapping[str, FieldType]) -> Field:
    name, _, type_name = declaration.partition(":")
    if choice := choice_of(type_name):
        if not all(choice.options) or len(set(choice.options)) < len(choice.options):
            raise TemplateError(f"{{{declaration}}} in {wording!r} has an empty option, or one twice")
        return Field(name, choice, "choice")
    if type_name not in types:
        raise TemplateError(
            f"{{{declaration}}} in {wording!r}: no such type of field; there are {either(list(types))}"
        )
    return Field(name, types[type_name], type_name)


def _check_fields(wording: str, segments: tuple[Segment, ...], build: type[Any]) -> None:
    named = [name for segment in segments for name in segment.names]
    declared = [field.name for field in dataclasses.fields(build)]
    if sorted(named) != sorted(declared):
        raise TemplateError(
            f"the fields of {wording!r} are {named}, the fields of {build.__name__} are {declared}"
        )
    if all(segment.optional for segment in segments):
        raise TemplateError(f"{wording!r} has no part that must be there")
    if any(segment.optional and not segment.names for segment in segments):
        raise TemplateError(
            f"an optional part of {wording!r} has no field, so nothing would remember it was there"
        )
