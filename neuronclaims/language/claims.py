"""A claim file as it was read: plain frozen data, with its places."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from neuronclaims.language.errors import Place
from neuronclaims.language.search import Search
from neuronclaims.language.values import Site

Pool: TypeAlias = Literal["last", "mean", "max"]
Span: TypeAlias = Literal["prompt", "generated", "emitting"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Which positions of a text count (``span``), and how they become one number per prompt (``pool``)."""

    pool: Pool
    span: Span

    def __str__(self) -> str:
        return f"{self.pool} of {self.span}"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt, with what belongs to it; ``source`` says where it stands, such as ``prompts/x.csv:12``."""

    text: str
    source: str
    id: str | None = None
    group: str | None = None
    pair: str | None = None
    block: str | None = None


@dataclass(frozen=True, slots=True)
class PromptSet:
    """A named list of different prompts; all of them have a group or none has, and likewise a pair and a block."""

    name: str
    prompts: tuple[Prompt, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Discovery:
    """The prompts a neuron was found on: ``names`` are the sets and files named, ``prompts`` all different ones."""

    names: tuple[str, ...]
    prompts: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """How one claim is to be measured and judged, file defaults filled in.

    ``searched`` says from which layers the neuron was picked on the prompts that test it, None where it was not.
    ``generate`` is the number of new tokens, None when nothing is generated. ``resamples`` is None where the
    file leaves it to the test. ``xfail`` and ``skip`` hold the reason given, None when the claim is neither.
    """

    site: Site
    tokens: Tokens
    generate: int | None
    resamples: int | None
    seed: int
    searched: Search | None
    expect: Literal["supported", "refuted", "inconclusive"]
    because: str | None
    tags: tuple[str, ...]
    xfail: str | None
    skip: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim: ``sentence`` is the dataclass its kind declared, ``text`` the canonical sentence.

    ``sets`` holds the prompt sets the sentence names, by name; ``discovered`` the prompts its neuron was found on,
    none of which is in them, or None where the file does not say.
    """

    id: str
    place: Place
    sentence: Any
    text: str
    settings: Settings
    sets: Mapping[str, PromptSet]
    discovered: Discovery | None = None


@dataclass(frozen=True, slots=True)
class ClaimFile:
    """A whole claim file: its claims in the file's order, the models, and how the family is judged.

    ``digest`` is a SHA-256 of all that the file means, its prompts included: comments, layout and the file's
    place do not change it.
    """

    path: Path
    models: tuple[str, ...]
    alpha: float
    correction: str
    sets: Mapping[str, PromptSet]
    claims: tuple[Claim, ...]
    digest: str


def slug(text: str) -> str:
    """Return an id for a sentence: lower-case words joined by ``-``; a single ``:`` between digits stays.

    pytest's selection by node id allows no ``[``, ``]`` or ``::``, and its display breaks at ``.``.
    """
    return re.sub(r"[^a-z0-9:]+|(?<![0-9]):|:(?![0-9])", "-", text.lower()).strip("-")
