"""Proofs of what attention and the MLP add: two states of a block differ by it, and by nothing else.

Attention and MLP cannot be told apart by that, so it is also shown what each depends on: what an MLP adds at a position
depends on the state there alone, what attention adds depends on other positions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from neuronclaims.models.bringing.offloaded import device_of
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.proofs.looking import Looked
from neuronclaims.models.running.proofs.stream import near, tolerance
from neuronclaims.models.structure import words

OF_ATTENTION = ("attn_z", "attn_out", "attn_out_normed")
OF_MLP = ("mlp_post", "mlp_out", "mlp_out_normed")


@dataclass(frozen=True, slots=True, eq=False)
class BlockStates:
    """The states of one layer's block in one run: what it is given, and what flows between its children."""

    ready: Ready
    layer: int
    seen: Looked

    @property
    def entry(self) -> torch.Tensor | None:
        """What the block is given [tokens, hidden]; None where that is not one state."""
        return self.seen.given[self.layer].get("")

    @property
    def mixers(self) -> tuple[str, ...]:
        """The children that mix positions, by their names."""
        return mixers_of(self.ready, self.layer)

    def targets(self) -> list[torch.Tensor]:
        """Return the states that something may have been added to: what the block gives, and what norms are given."""
        given, gave = self.seen.given[self.layer], self.seen.gave[self.layer]
        found = [gave[""]] if "" in gave else []
        for path, value in given.items():
            if path and ("." not in path or words.NORM.search(path.rsplit(".", 1)[-1])):
                found.append(value)
        return found

    def origins(self) -> list[torch.Tensor]:
        """Return the states that something may be added to: the entry, and what children are given or norms give."""
        given, gave = self.seen.given[self.layer], self.seen.gave[self.layer]
        found = [self.entry] if self.entry is not None else []
        found += [value for path, value in given.items() if path and "." not in path]
        for path, value in gave.items():
            if "." not in path and path and (path in self.mixers or words.NORM.search(path)):
                found.append(value)
        return found

    def normed(self, value: torch.Tensor) -> Iterator[torch.Tensor]:
        """Yield a value and what each norm of the block that is given this value gives."""
        yield value
        given, gave = self.seen.given[self.layer], self.seen.gave[self.layer]
        for path, before in given.items():
            norm = path and "." not in path and path in gave and words.NORM.search(path)
            if norm and before.shape == value.shape and torch.equal(before, value):
                yield gave[path]

    def mixed(self) -> list[torch.Tensor]:
        """Return what the mixers add to the entry, normed or not."""
        gave = self.seen.gave[self.layer]
        found = [each for path in self.mixers if path in gave for each in self.normed(gave[path])]
        out = self.seen.values.get(("attn_out", self.layer))
        return found + (list(self.normed(out)) if out is not None else [])

    def unmixed(self) -> list[torch.Tensor]:
        """Return what the other children give that may be added to the entry beside attention."""
        gave = self.seen.gave[self.layer]
        others = [path for path in gave if path and "." not in path and path not in self.mixers]
        return [each for path in others if not words.NORM.search(path) for each in self.normed(gave[path])]


def mixers_of(ready: Ready, layer: int) -> tuple[str, ...]:
    """Return the names of a block's children that mix positions."""
    block = ready.blocks[layer]
    inside = getattr(block, "_original_component", None)  # in a bridge of TransformerLens
    children = [*block.named_children()]
    if inside is not None:
        named = [each for each in inside.named_children() if not words.NORM.search(each[0])]
        children += [(f"_original_component.{name}", child) for name, child in named]
    return tuple(
        name for name, child in children if words.mixes(name) and any(True for _ in child.children())
    )


def added_fails(ready: Ready, seen: Looked, site: str, layer: int) -> str | None:
    """Say why no two states of the block differ by what a site adds, and by nothing else."""
    states = BlockStates(ready, layer, seen)
    value = _adds(ready, seen, site, layer)
    if value is None:
        return "what its module gives was not seen"
    if site == "attn_out_normed":
        given, out = (
            seen.given[layer].get(ready.point(site, layer).module),
            seen.values.get(("attn_out", layer)),
        )
        if given is None or out is None or not near(ready, given, out):
            return "it is not made of attn_out"
    tight = tolerance(ready)
    if _is_all_of_its_child(ready, states, site, value):
        return None
    for added in states.normed(value):
        for origin in _distinct(states.origins(), added.shape):
            for target in states.targets():
                if target.shape == added.shape and _differ_by(target - origin, [added], tight):
                    return None
            if any(_made_of(target, [added, origin], tight) for target in states.targets()):
                return None
        if states.entry is not None and states.entry.shape == added.shape:
            beside = [*states.mixed(), *(states.unmixed() if site in OF_ATTENTION else [])]
            others = [each for each in beside if each.shape == added.shape and not near(ready, each, added)]
            for target in states.targets():
                if target.shape == added.shape and _differ_by(target - states.entry, [added, *others], tight):
                    return None
    return (
        "no two states of the block differ by what it adds and nothing else: it is not all of "
        f"{'attention' if site in OF_ATTENTION else 'the MLP'}, or not that"
    )


def middle_fails(ready: Ready, seen: Looked, layer: int) -> str | None:
    """Say why a state is not the block's input with what attention adds."""
    states, value = BlockStates(ready, layer, seen), seen.values["resid_mid", layer]
    if states.entry is None or states.entry.shape != value.shape:
        return "the block is not given one state"
    if near(ready, value, states.entry):
        return "it is the block's input: attention and MLP are given the same state"
    mixed = [each for each in states.mixed() if each.shape == value.shape]
    if any(_differ_by(value - states.entry, [each], tolerance(ready)) for each in mixed):
        return None
    if any(_made_of(value, [each, states.entry], tolerance(ready)) for each in mixed):
        return None
    if len(states.mixers) > 1 and _differ_by(value - states.entry, mixed, tolerance(ready)):
        return None
    return "it differs from the block's input by something else than what attention adds"


def depends_fails(ready: Ready, clean: Looked, moved: Looked, site: str, layer: int) -> str | None:
    """Say why what a site gives does not depend on the positions that it should.

    The first position of the block's input was moved. What an MLP gives must move there and nowhere else; what
    attention gives must move elsewhere too. A layer may be dead, and give the same whatever it is given: where the
    table says which module it is, that is no defect.
    """
    before, after = clean.values[site, layer], moved.values.get((site, layer))
    if after is None:
        return "it was not seen twice"
    apart = (before - after).abs().amax(1)
    size = tolerance(ready) * max(float(before.abs().max()), 1e-6)
    elsewhere = bool((apart[1:] > size).any())
    if ready.architecture.derived is None and not bool((apart > size).any()):
        return None
    if site in OF_ATTENTION:
        return None if elsewhere else "it depends on its own position alone, so it is not attention's"
    if elsewhere:
        return "it depends on other positions even where attention is held, so it is not the MLP's"
    return None if float(apart[0]) > size else "it does not depend on the state of its own position"


def _adds(ready: Ready, seen: Looked, site: str, layer: int) -> torch.Tensor | None:
    """Return what the site's module adds: its output."""
    point = ready.point(site, layer)
    if point.side == "output" and point.part is None:
        return seen.values[site, layer]
    module = ready.module(point, layer)
    value = seen.values[site, layer].to(device_of(module) or ready.device, ready.model.dtype).unsqueeze(0)
    found = module(value) if point.part is None else None
    return found[0].float().cpu() if isinstance(found, torch.Tensor) else None


def _differ_by(difference: torch.Tensor, added: Sequence[torch.Tensor], tight: float) -> bool:
    """Say whether a difference is made of what was added, each in one proportion, and needs the first of these."""
    size = float(difference.abs().max())
    if not size or not bool(difference.isfinite().all()):
        return False
    if _left(difference, added) > tight * size:
        return False
    return len(added) == 1 or _left(difference, added[1:]) > 10 * tight * size


def _made_of(state: torch.Tensor, parts: Sequence[torch.Tensor], tight: float) -> bool:
    """Say whether a state is made of some parts, each in one proportion, and needs every one."""
    if any(part.shape != state.shape for part in parts):
        return False
    size = float(state.abs().max())
    if not size or not bool(state.isfinite().all()) or _left(state, parts) > tight * size:
        return False
    fewer = [[other for other in parts if other is not part] for part in parts]
    return all(_left(state, rest) > 10 * tight * size for rest in fewer)


def _is_all_of_its_child(ready: Ready, states: BlockStates, site: str, value: torch.Tensor) -> bool:
    """Say whether a value is all that the block's MLP or its attention gives, whatever becomes of it then."""
    child, _, inner = ready.point(site, states.layer).module.partition(".")
    gave = states.seen.gave[states.layer].get(child)
    if gave is None or not near(ready, gave, value):
        return False
    if site in OF_ATTENTION:
        return bool(inner) and states.mixers == (child,)
    facts, layer = ready.facts, states.layer
    mixture = "mlp_post" not in facts.widths or layer not in facts.layers_at("mlp_post")
    return words.WHOLE_MLP.fullmatch(child) is not None and (bool(inner) or mixture)


def _left(difference: torch.Tensor, added: Sequence[torch.Tensor]) -> float:
    """Return the largest number that is left of a difference when it is made as well as possible of what was added."""
    target = difference.double().flatten()
    if len(added) == 1:
        one = added[0].double().flatten()
        share = (target @ one) / (one @ one).clamp(min=1e-30)
        return float((target - share * one).abs().max())
    matrix = torch.stack([each.double().flatten() for each in added], 1)
    shares = torch.linalg.pinv(matrix.T @ matrix, rtol=1e-12, hermitian=True) @ (matrix.T @ target)
    return float((target - matrix @ shares).abs().max())


def _distinct(states: Sequence[torch.Tensor], shape: torch.Size) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []
    for state in states:
        if state.shape == shape and not any(torch.equal(state, other) for other in found):
            found.append(state)
    return found
