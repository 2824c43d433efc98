"""Directions in activation space, as a claim file declares them: which prompts they are fitted on, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

from neuronclaims.claim_files.claims import PairSet, Prompt, PromptSet
from neuronclaims.claim_files.directions.direction import PCA, Direction
from neuronclaims.claim_files.directions.entries import DirectionEntry, StoredDirectionEntry
from neuronclaims.claim_files.directions.vectors import direction_vectors
from neuronclaims.claim_files.errors import ClaimFileError, Problem
from neuronclaims.claim_files.prompts.sameness import content
from neuronclaims.claim_files.yaml.positions import Entries, Node, Scalar, scalars
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.claim_files.yaml.validation import Section, validate
from neuronclaims.prompts import brief
from neuronclaims.sentences.messages import closest, quoted


@dataclass(frozen=True, slots=True)
class Entered:
    """The sets and pairs that a direction may name: those that could be read, and the names of all."""

    sets: Mapping[str, PromptSet]
    pairs: Mapping[str, PairSet]
    set_names: tuple[str, ...]
    pair_names: tuple[str, ...]


def read_direction(
    name: str, key: Scalar, node: Node, entered: Entered, source: SourceText
) -> Direction | None:
    """Read one entry of ``directions``; return None if a set it names could not be read (reported elsewhere).

    Raises ClaimFileError with all that is wrong with it.
    """
    if isinstance(node, Entries) and node.get("file") is not None:
        return _stored(name, key, node, entered, source)
    entry, problems = validate(Section(DirectionEntry, f"in the direction {quoted(name)}"), node, source)
    if entry is None or not isinstance(node, Entries):
        raise ClaimFileError(problems)
    problems += _names(entry, node, entered, source)
    if problems:
        raise ClaimFileError(problems)
    sides = _sides(entry, entered)
    neutral = entered.sets.get(entry.neutral) if entry.neutral else None
    if sides is None or (entry.neutral and neutral is None):
        return None
    made = Direction(name, entry.method, tuple(entry.from_), *sides, neutral, source.place(key.start))
    return _aligned(made, node, source)


def _stored(name: str, key: Scalar, node: Entries, entered: Entered, source: SourceText) -> Direction | None:
    """Read a direction whose vectors stand in a file."""
    entry, problems = validate(
        Section(StoredDirectionEntry, f"in the direction {quoted(name)}, which names a file"), node, source
    )
    problems += _neutral(node, entered, source)
    if entry is None or problems:
        raise ClaimFileError(problems)
    place, vectors = direction_vectors(entry, node, source)
    neutral = entered.sets.get(entry.neutral) if entry.neutral else None
    if entry.neutral and neutral is None:
        return None
    return Direction(name, None, (), (), (), neutral, source.place(key.start), vectors, place.site)


def _names(entry: DirectionEntry, node: Entries, entered: Entered, source: SourceText) -> Iterator[Problem]:
    given = cast(Node, node.get("from"))
    if len(entry.from_) > 2:
        message = f"'from' names two prompt sets, or pairs, not {len(entry.from_)} names"
        yield source.problem(given.start, message)
        return
    alone = len(entry.from_) == 1
    for scalar in scalars(given):
        known = entered.pair_names if alone else entered.set_names
        if scalar.name in known:
            continue
        message = f"there are no pairs {quoted(scalar.text)}" if alone else _no_set(scalar.text, entered)
        if alone and scalar.name in entered.set_names:
            message = (
                f"{quoted(scalar.text)} is a prompt set: a direction is made from two sets, or from pairs"
            )
        yield _at(scalar, message, known, source)
    if not alone and entry.from_[0] == entry.from_[1]:
        message = f"{quoted(entry.from_[0])} stands against itself: a direction needs different prompt sets"
        yield source.problem(given.start, message)
    yield from _neutral(node, entered, source)


def _neutral(node: Entries, entered: Entered, source: SourceText) -> Iterator[Problem]:
    """Yield a problem where 'neutral' names no prompt set."""
    neutral = node.get("neutral")
    if isinstance(neutral, Scalar) and not neutral.missing and neutral.name not in entered.set_names:
        yield _at(neutral, _no_set(neutral.text, entered), entered.set_names, source)


def _no_set(name: str, entered: Entered) -> str:
    return f"there is no prompt set {quoted(name)}" + (
        "" if entered.set_names else ": the file has no 'sets'"
    )


def _at(scalar: Scalar, message: str, known: tuple[str, ...], source: SourceText) -> Problem:
    width, near = scalar.end - scalar.start, closest(scalar.text, known)
    return source.problem(scalar.start, message, width=width, suggestion=near, allowed=known)


def _sides(entry: DirectionEntry, entered: Entered) -> tuple[tuple[Prompt, ...], tuple[Prompt, ...]] | None:
    if len(entry.from_) == 1:
        pairs = entered.pairs.get(entry.from_[0])
        return (pairs.prompts[::2], pairs.prompts[1::2]) if pairs else None
    first, second = (entered.sets.get(name) for name in entry.from_)
    return (first.prompts, second.prompts) if first and second else None


def _aligned(made: Direction, node: Entries, source: SourceText) -> Direction:
    """Pair the prompts of two sets if the method needs pairs, and refuse prompts that are in both sets."""
    if len(made.names) == 1:
        return made
    given = cast(Node, node.get("from"))
    known = {content(prompt.text) for prompt in made.second}
    shared = [prompt.text for prompt in made.first if content(prompt.text) in known]
    if shared:
        one = quoted(brief(min(shared), 60))
        message = f"{quoted(made.names[0])} and {quoted(made.names[1])} share the prompt {one}"
        raise ClaimFileError([source.problem(given.start, message)])
    if made.method != PCA:
        return made
    first, second = ({prompt.pair: prompt for prompt in side} for side in (made.first, made.second))
    sizes = {len(first), len(second), len(made.first), len(made.second)}
    if None in first or first.keys() != second.keys() or len(sizes) > 1:
        message = (
            f"{quoted(PCA)} needs pairs: give each prompt of {quoted(made.names[0])} and {quoted(made.names[1])} "
            "the 'pair' of one prompt in the other, or name an entry of 'pairs'"
        )
        raise ClaimFileError([source.problem(given.start, message)])
    order = tuple(first)
    return replace(
        made, first=tuple(first[pair] for pair in order), second=tuple(second[pair] for pair in order)
    )
