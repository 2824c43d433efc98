"""Split the sets: one half to look for neurons, the other to test claims about them.

What belongs together is on one side: one text however it is spelled, near copies, declared groups and pairs, and the
prompts of one frame where the sets can then still be halved. What goes where follows from the texts alone, so the order
of the rows changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from neuronclaims.claim_files.claims import Claim, PairSet, Prompt, PromptSet
from neuronclaims.claim_files.prompts.frames import likenesses
from neuronclaims.discovery.errors import DiscoveryError
from neuronclaims.kinds.interventions.changed_neurons import TextUnits
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.shared.designs import design_of
from neuronclaims.kinds.shared.requests import in_order
from neuronclaims.rematch.halves import SetKey, dealt, of_pair, of_prompt
from neuronclaims.stats import StatsError, TwoSampleDesign
from neuronclaims.stats.designs import Unit

Texts: TypeAlias = PromptSet | PairSet
"""What is halved: a set of prompts, or a list of pairs."""

LEAST_PART = 0.3
"""Frames are kept together only where either half then has so large a part of the units of each set."""
FEWEST = 2
"""Units of a set that a half must have."""


@dataclass(frozen=True, slots=True)
class SplitSets:
    """The sets, or lists of pairs, halved.

    ``searched`` and ``tested`` are all of them, by name, with what can be exchanged in each.
    ``torn`` is how many frames (prompts with one or two words exchanged) have prompts in both halves.
    """

    searched: Mapping[str, Texts]
    tested: Mapping[str, Texts]
    designs: tuple[TwoSampleDesign, TwoSampleDesign]
    torn: int


def split(claim: Claim, names: tuple[str, ...], unit: Unit = "prompt") -> SplitSets:
    """Split the two sets of a claim, or its single one; raise DiscoveryError where they cannot be halved.

    ``unit`` is what is counted of a single set without groups.
    """
    sets: dict[str, Texts] = {
        name: claim.pairs[name] if name in claim.pairs else claim.sets[name] for name in names
    }
    if any(prompt.block is not None for each in sets.values() for prompt in each.prompts):
        raise DiscoveryError(
            "Neurons are not looked for within blocks: declare the blocks as groups, or leave them out."
        )
    framed, near = _alike(sets)
    whole = _try(sets, [*near, *framed], framed, unit)
    if whole is not None and _even(whole):
        return whole
    found = _try(sets, near, framed, unit)
    if found is None:
        raise DiscoveryError(_too_few(sets))
    return found


def _try(
    sets: Mapping[str, Texts], tied: list[tuple[str, ...]], frames: list[tuple[str, ...]], unit: Unit
) -> SplitSets | None:
    """Deal the prompts out, with some texts tied together; None where a half has too little of a set."""
    keys: dict[str, list[Hashable]] = defaultdict(list)
    for number, texts in enumerate(tied):
        for text in texts:
            keys[text].append(("alike", number))
    units: dict[SetKey, list[tuple[tuple[str, ...], tuple[Hashable, ...]]]] = {}
    for name, each in sets.items():
        key: SetKey
        if isinstance(each, PairSet):
            key, made = ("pairs", name), [of_pair(pair) for pair in each.pairs]
        else:
            key, made = ("set", name), [of_prompt(prompt) for prompt in each.prompts]
        units[key] = [
            (texts, (*own, *(same for text in texts for same in keys[text]))) for texts, own in made
        ]
    halves = dealt(units, frozenset())
    sides = [
        {name: _some(each, texts) for name, each in sets.items()}
        for texts in (halves.searched, halves.checked)
    ]
    try:
        designs = _design(sides[0], unit), _design(sides[1], unit)
    except StatsError:
        return None
    torn = sum(len({text in halves.checked for text in texts}) > 1 for texts in frames)
    return SplitSets(sides[0], sides[1], designs, torn)


def with_half(claim: Claim, half: Mapping[str, Texts]) -> Claim:
    """Return a claim with the prompts of one half alone."""
    sets = {name: each for name, each in half.items() if isinstance(each, PromptSet)}
    return replace(
        claim, sets=sets, pairs={name: each for name, each in half.items() if isinstance(each, PairSet)}
    )


def _some(prompts: Texts, texts: frozenset[str]) -> Texts:
    if isinstance(prompts, PairSet):
        return replace(
            prompts, pairs=tuple(each for each in prompts.pairs if each.clean in texts), account=None
        )
    return replace(
        prompts, prompts=tuple(each for each in prompts.prompts if each.text in texts), account=None
    )


def _design(side: Mapping[str, Texts], unit: Unit) -> TwoSampleDesign:
    found = [_counted(each) for each in side.values()]
    if min(map(len, found)) < FEWEST:
        raise StatsError("too few prompts")
    if len(found) == 2:
        return design_of(*found)
    try:
        units = TextUnits.of([prompt.group for prompt in found[0]], unit)
    except ClaimError as error:
        raise StatsError(str(error)) from None
    return TwoSampleDesign(
        units.unit, True, units.rows, units.rows, (0, 0)
    )  # each beside what nothing would be


def _counted(texts: Texts) -> tuple[Prompt, ...]:
    """Return what is counted, in the order of the texts: prompts, or the clean text of each pair for the pair."""
    if isinstance(texts, PromptSet):
        return in_order(texts)
    ordered = sorted(texts.pairs, key=lambda pair: (pair.clean, pair.corrupted))
    return tuple(pair.prompts[0] for pair in ordered)


def _even(found: SplitSets) -> bool:
    counts = [design.counts for design in found.designs]
    return all(min(pair) >= LEAST_PART * sum(pair) for pair in zip(*counts, strict=True))


def _alike(sets: Mapping[str, Texts]) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Return the texts of each frame, and of each pair of near copies, over all sets together."""
    texts = sorted({prompt.text for each in sets.values() for prompt in each.prompts})
    found = likenesses(texts)
    frames = [tuple(texts[place] for place in places) for _, places in found.frames]
    copies = [*found.same_words.items(), *found.near_copies.items()]
    return frames, [(texts[one], texts[other]) for one, other in copies]


def _too_few(sets: Mapping[str, Texts]) -> str:
    sizes = " and ".join(f"{name} has {_size(each)}" for name, each in sets.items())
    return (
        f"The prompts cannot be halved: {sizes}, and each half needs {FEWEST} of each set at least. Near copies, "
        "groups and pairs stay on one side. Give more prompts."
    )


def _size(texts: Texts) -> str:
    prompts, noun = _counted(texts), "prompt" if isinstance(texts, PromptSet) else "pair"
    groups = {prompt.group for prompt in prompts}
    count = f"{len(prompts)} {noun}s" if len(prompts) != 1 else f"1 {noun}"
    return count if None in groups else f"{count} in {len(groups)} groups"
