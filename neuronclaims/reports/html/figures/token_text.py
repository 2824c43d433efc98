"""Texts whose tokens are coloured, as the templates show them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShownToken:
    """A token with its value in words and the classes of its colour."""

    text: str
    value: str
    classes: str


@dataclass(frozen=True, slots=True)
class ShownPrompt:
    """A prompt of the map: which set it is of, what the claim reads of it, and its tokens."""

    set: str
    value: str
    before: bool
    after: bool
    tokens: tuple[ShownToken, ...]


@dataclass(frozen=True, slots=True)
class TokenText:
    """The prompts of a map, those for the claim first, under what they speak.

    ``scale`` explains the colours, ``marked`` says whether tokens are marked as read.
    """

    groups: tuple[tuple[str, tuple[ShownPrompt, ...]], ...]
    scale: tuple[ShownToken, ...]
    marked: bool
