"""Proofs of what goes into a non-linearity and into attention: by changing it, and seeing what moves."""

from __future__ import annotations

from collections.abc import Callable

import torch

from neuronclaims.models.running.hooks import Place
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.proofs.looking import TOKENS, Change, Looked
from neuronclaims.models.running.proofs.stream import near, tolerance

Run = Callable[[dict[Place, Change]], Looked]
"""Runs the text again with changes, every block given what it was given before."""


def before_fails(ready: Ready, clean: Looked, run: Run, layers: list[int]) -> dict[int, str]:
    """Say for layers why ``mlp_pre`` is not what the non-linearity is given: number by number, and no mere factor."""
    width = ready.facts.widths["mlp_pre"]
    columns = torch.tensor([(n * 2 + 1) * width // (2 * TOKENS) for n in range(TOKENS)])

    def one_each(values: torch.Tensor) -> torch.Tensor:
        moved, rows = values.clone(), torch.arange(TOKENS)
        moved[0, rows, columns] += 1.0 + values.abs().amax()
        return moved

    places = [("mlp_pre", layer) for layer in layers]
    single, opposite = run(dict.fromkeys(places, one_each)), run(dict.fromkeys(places, lambda values: -values))
    found: dict[int, str] = {}
    for layer in layers:
        place = "mlp_post", layer
        if not all(place in each.values for each in (clean, single, opposite)):
            found[layer] = "what comes of it (mlp_post) was not seen"
            continue
        before = clean.values[place]
        apart = (single.values[place] - before).abs()
        own = apart[torch.arange(TOKENS), columns]
        size = tolerance(ready) * max(float(before.abs().max()), 1e-6)
        rest = apart.clone()
        rest[torch.arange(TOKENS), columns] = 0.0
        if float(rest.max()) > size or not bool((own > 0).any()):
            found[layer] = "a change of one of its numbers does not change that number of mlp_post and no other"
        elif near(ready, opposite.values[place], -before):
            found[layer] = "it enters mlp_post as a factor, not through the non-linearity"
    return found


def heads_fail(ready: Ready, clean: Looked, run: Run, site: str, layers: list[int]) -> dict[int, str]:
    """Say for layers why ``q``, ``k`` or ``v`` is not what attention's definition says of queries, keys or values."""
    places = [(site, layer) for layer in layers]
    at = TOKENS - 1 if site == "q" else 1

    def first_head(values: torch.Tensor) -> torch.Tensor:
        moved = values.clone()
        moved[0, at, 0] += 3.0 * (1.0 + float(values.abs().amax()))
        return moved

    one, twice = run(dict.fromkeys(places, first_head)), run(dict.fromkeys(places, lambda values: 2 * values))
    found: dict[int, str] = {}
    for layer in layers:
        why = _head_fails(ready, clean, (one, twice), site, layer, at)
        if why is not None:
            found[layer] = why
    return found


def _head_fails(
    ready: Ready, clean: Looked, runs: tuple[Looked, Looked], site: str, layer: int, at: int
) -> str | None:
    place = "attn_z", layer
    if not all(place in each.values for each in (clean, *runs)):
        return "what the heads give (attn_z) was not seen"
    before, one, twice = (each.values[place] for each in (clean, *runs))
    apart = (one - before).abs()
    size = tolerance(ready) * max(float(before.abs().max()), 1e-6)
    rows, columns = (apart > size).any(1), (apart > size).any(0)
    if not bool(rows.any()):
        return "a change of it changes nothing that the heads give"
    split = ready.point(site, layer).part is not None
    touched = int(columns.nonzero()[-1]) + 1 - int(columns.nonzero()[0])
    if split and touched > before.shape[1] // _least_heads(ready, site, layer):
        return "a change of one head changes what others give"
    elsewhere, own = bool(rows[[n for n in range(TOKENS) if n != at]].any()), bool(rows[at])
    linear = near(ready, twice, 2 * before)
    if site == "q":
        return "its position is not the one that asks" if elsewhere or linear else None
    if site == "v":
        return None if own and (linear or near(ready, twice, before)) else "what the heads give is not in proportion to it"
    return None if elsewhere and not linear else "it does not change what later positions attend to"


def _least_heads(ready: Ready, site: str, layer: int) -> int:
    """Return how many groups of heads share keys and values, or how many heads there are; 1 where it is not known."""
    del layer
    heads = getattr(ready.model.config, "num_attention_heads", None)
    groups = getattr(ready.model.config, "num_key_value_heads", None) or heads
    found = heads if site == "q" else groups
    return found if isinstance(found, int) and found > 0 else 1
