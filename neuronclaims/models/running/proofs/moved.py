"""Proofs of what goes into a non-linearity and into attention: by changing it, and seeing what moves."""

from __future__ import annotations

from collections.abc import Callable

import torch

from neuronclaims.models.running.hooks import Place
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.proofs.looking import TOKENS, Change, Looked
from neuronclaims.models.running.proofs.stream import near, tolerance

_AT = 1
"""The position whose queries, keys or values are changed: one follows it, and one comes before."""

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
    single, opposite = (
        run(dict.fromkeys(places, one_each)),
        run(dict.fromkeys(places, lambda values: -values)),
    )
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
            found[layer] = (
                "a change of one of its numbers does not change that number of mlp_post and no other"
            )
        elif near(ready, opposite.values[place], -before):
            found[layer] = "it enters mlp_post as a factor, not through the non-linearity"
    return found


def heads_fail(ready: Ready, clean: Looked, run: Run, site: str, layers: list[int]) -> dict[int, str]:
    """Say for layers why ``q``, ``k`` or ``v`` is not what attention's definition says of queries, keys or values."""
    places = [(site, layer) for layer in layers]

    def first_head(values: torch.Tensor) -> torch.Tensor:
        moved = values.clone()
        moved[0, _AT, 0] += 3.0 * (1.0 + float(values.abs().amax()))
        return moved

    def all_heads(values: torch.Tensor) -> torch.Tensor:
        moved = values.clone()
        moved[0, _AT] = moved[0, _AT].flip(0) + values[0, 0]
        return moved

    def at_start(values: torch.Tensor) -> torch.Tensor:
        moved = values.clone()
        moved[0, 0] = moved[0, 0].flip(0) + values[0, 1]
        return moved

    changes = (first_head, all_heads, lambda values: 2 * values, at_start)
    runs = [run(dict.fromkeys(places, change)) for change in changes]
    found: dict[int, str] = {}
    for layer in layers:
        seen = [each.values.get(("attn_z", layer)) for each in (clean, *runs)]
        if any(each is None for each in seen):
            found[layer] = "what the heads give (attn_z) was not seen"
            continue
        why = _head_fails(ready, [each for each in seen if each is not None], site, layer)
        if why is not None:
            found[layer] = why
    return found


def _head_fails(ready: Ready, seen: list[torch.Tensor], site: str, layer: int) -> str | None:
    """Say why a site is not queries, keys or values, from what heads give: as they are, and with it changed."""
    before, one, every, twice, start = seen
    size = tolerance(ready) * max(float(before.abs().max()), 1e-6)
    columns = ((one - before).abs() > size).any(0)
    rows = ((every - before).abs() > size).any(1)
    if not bool(columns.any()):
        return "a change of it changes nothing that the heads give"
    touched = int(columns.nonzero()[-1]) + 1 - int(columns.nonzero()[0])
    if ready.point(site, layer).part is not None and touched > before.shape[1] // _groups(ready, site):
        return "a change of one head changes what others give"
    elsewhere = bool(rows[[n for n in range(TOKENS) if n != _AT]].any())
    proportional = near(ready, twice, 2 * before)
    if site == "q":
        return "its position is not the one that asks" if elsewhere or proportional else None
    # Where it is normalised first, its size changes nothing. A first position that sees itself alone then tells values
    # from keys: it takes that value, whatever its key.
    normalised, taken = near(ready, twice, before), bool(((start - before)[0].abs() > size).any())
    if site == "v":
        known = proportional or (normalised and taken and ready.facts.causal)
        return None if elsewhere and known else "what the heads give is not in proportion to it"
    confused = proportional or (normalised and taken and ready.facts.causal and not _has_sinks(ready, layer))
    return None if elsewhere and not confused else "it does not change what later positions attend to"


def _has_sinks(ready: Ready, layer: int) -> bool:
    return any(name.endswith("sinks") for name, _ in ready.blocks[layer].named_parameters())


def _groups(ready: Ready, site: str) -> int:
    """Return how many heads there are, or how many groups of them that share keys; 1 where it is not known."""
    heads = getattr(ready.model.config, "num_attention_heads", None)
    widths = ready.facts.widths
    if not isinstance(heads, int) or widths["attn_z"] % heads:
        return 1
    return max(1, widths[site] // (widths["attn_z"] // heads))
