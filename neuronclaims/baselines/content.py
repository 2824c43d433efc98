"""The content of a claim: a hash of everything it asks, to tell an edited claim from a lost one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from neuronclaims.baselines.rows import digest
from neuronclaims.sentences.options import given_options
from neuronclaims.token_classes import TokenLabel
from neuronclaims.tokens.spans import ALL_TOKENS

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.claim_files.directions.direction import Direction

DIGITS = 16


def content_of(claim: Claim) -> str:
    """Return the hash of a claim: its canonical sentence, its prompts in any order, and how it is tested.

    Its id, its place, comments, what is expected of it and why, tags and marks do not count: they change no number.
    """
    settings = claim.settings
    asked = {
        "sentence": claim.text,
        "site": settings.site,
        "tokens": str(settings.tokens),
        "generate": settings.generate
        if not settings.sampling
        else [settings.generate, str(settings.sampling)],
        "searched": None if settings.searched is None else str(settings.searched),
        "resamples": settings.resamples,
        "seed": settings.seed,
        "options": {name: repr(value) for name, value in given_options(settings.options).items()},
        "sets": {name: _prompts(found.prompts) for name, found in claim.sets.items()},
        "pairs": {
            name: sorted([p.clean, p.corrupted, p.group or ""] for p in found.pairs)
            for name, found in claim.pairs.items()
        },
        "directions": {name: direction_key(found) for name, found in claim.directions.items()},
        **(
            {"neurons": {name: found.key for name, found in claim.neuron_sets.items()}}
            if claim.neuron_sets
            else {}
        ),
        **(
            {"probes": {name: [p.site, p.given.digest] for name, p in claim.probes.items()}}
            if claim.probes
            else {}
        ),
        **spans_named(claim),
        **labels_named(claim),
        "discovered": sorted(p.text for p in claim.discovered.prompts) if claim.discovered else None,
    }
    return digest(asked)[:DIGITS]


def spans_named(claim: Claim) -> dict[str, Any]:
    """Return the texts by which tokens are read, if any are."""
    prompts = [
        *(prompt for found in claim.sets.values() for prompt in found.prompts),
        *(prompt for found in claim.pairs.values() for prompt in found.prompts),
    ]
    found = sorted({(prompt.text, *prompt.columns) for prompt in prompts if prompt.columns}, key=repr)
    named = claim.settings.tokens.span.columns or getattr(claim.settings.options, "at", ALL_TOKENS).columns
    return {"spans": found} if named else {}


def labels_named(claim: Claim) -> dict[str, Any]:
    """Return the stretches with the label that the sentence names, if it names one."""
    said = (getattr(claim.sentence, field.name) for field in fields(claim.sentence))
    named = {value.name for value in said if isinstance(value, TokenLabel)}
    prompts = [prompt for found in claim.sets.values() for prompt in found.prompts]
    found = sorted(
        (prompt.text, start, end)
        for prompt in prompts
        for start, end, name in set(prompt.labels or ())
        if name in named
    )
    return {"labels": found} if named else {}


def direction_key(direction: Direction) -> list[Any]:
    """Return all that a direction is made of."""
    order = list if direction.paired else sorted
    sides = [order(_one(prompt) for prompt in side) for side in (direction.first, direction.second)]
    neutral = _prompts(direction.neutral.prompts) if direction.neutral else None
    if direction.given is not None:
        return [direction.site, direction.given.digest, neutral]
    return [direction.method, sides, neutral]


def _prompts(prompts: Iterable[Prompt]) -> list[list[str]]:
    return sorted(map(_one, prompts))


def _one(prompt: Prompt) -> list[str]:
    return [prompt.text, prompt.group or "", prompt.pair or "", prompt.block or ""]
