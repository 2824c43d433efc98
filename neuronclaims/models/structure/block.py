"""Derive where the sites of one block are, from its modules: their names, their shapes, and what is inside what.

Torch is not needed: a module is anything with ``named_modules`` and, if it is a projection, the numbers that go in and
come out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from neuronclaims.models.structure import words
from neuronclaims.models.structure.architecture import HookPoint, Part


@dataclass(frozen=True, slots=True)
class Projection:
    """A matrix of a block: its path, and how many numbers go in and come out."""

    path: str
    given: int
    gives: int

    @property
    def name(self) -> str:
        """The last name of its path that says what it does."""
        parts = [part for part in self.path.split(".") if part not in ("linear", "0")]
        return parts[-1] if parts else self.path


@dataclass(frozen=True, slots=True)
class BlockSites:
    """The sites of a block, and why it lacks others; ``mixers`` are its children that mix positions."""

    sites: dict[str, HookPoint]
    lacking: dict[str, str]
    mixers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes that shapes are compared with: the residual width, and the number of heads."""

    hidden: int
    heads: int = 0


def sizes_of(module: Any) -> tuple[int, int] | None:
    """Return how many numbers a projection is given and gives; None for another module."""
    given, gives = getattr(module, "in_features", None), getattr(module, "out_features", None)
    if isinstance(given, int) and isinstance(gives, int):
        return given, gives
    shape = tuple(getattr(getattr(module, "weight", None), "shape", ()))
    return (int(shape[0]), int(shape[1])) if type(module).__name__ == "Conv1D" and len(shape) == 2 else None


def sites_of(block: Any, sizes: Sizes) -> BlockSites:
    """Derive the sites of a block."""
    reader = _BlockReader(block, sizes)
    reader.attention()
    reader.mlp()
    reader.norms()
    return BlockSites(reader.sites, reader.lacking, reader.mixers)


def _without_adapters(modules: dict[str, Any]) -> dict[str, Any]:
    """Return modules without what is inside those that PEFT has put an adapter on: they do the work of one."""
    adapted = tuple(f"{path}." for path, module in modules.items() if hasattr(module, "base_layer"))
    return {path: module for path, module in modules.items() if not path.startswith(adapted)}


class _BlockReader:
    """What is found of one block, part by part."""

    def __init__(self, block: Any, sizes: Sizes) -> None:
        self._modules = _without_adapters(dict(block.named_modules()))
        self._sizes = sizes
        self._children: list[str] = [name for name, _ in block.named_children()]
        self._projections = tuple(self._all())
        self.mixers = tuple(
            name
            for name in self._children
            if words.mixes(name) and any(True for _ in self._modules[name].children())
        )
        hidden = sizes.hidden
        self.sites = {
            "resid_pre": HookPoint("", "input", hidden),
            "resid_post": HookPoint("", "output", hidden),
        }
        self.lacking: dict[str, str] = {}

    def attention(self) -> None:
        """Find attention's projections."""
        inside = [each for each in self._projections if self._mixes(each.path)]
        heads = {site: _named(inside, names) for site, names in words.ONE_OF_THREE.items()}
        fused = next((each for name in words.THREE_IN_ONE for each in inside if each.name == name), None)
        if fused is not None and fused.name == "in_proj" and "att" not in fused.path:
            fused = None  # that of a state space or of a convolution
        out = self._attention_output(inside)
        if out is None or (
            fused is None and heads["v"] is None and heads["k"] is None and not _latent(inside)
        ):
            self._lack(
                "what mixes its positions is no attention with one output projection.", "attn_z", "attn_out"
            )
            self._lack("it has no projections of queries, keys and values.", "q", "k", "v")
            return
        self.sites["attn_z"] = HookPoint(out.path, "input", out.given)
        self.sites["attn_out"] = HookPoint(out.path, "output", out.gives)
        for site, one in heads.items():
            if one is not None and one.given == self._sizes.hidden:
                self.sites[site] = self._own(site, one, out.given)
        if fused is not None and "q" not in self.sites:
            self.sites |= self._shared(fused, out.given)
        missing = [site for site in "qkv" if site not in self.sites]
        self._lack("no single projection of the residual stream gives it.", *missing)

    def mlp(self) -> None:
        """Find the MLP's projections, or the mixture that stands in its place."""
        outside = [each for each in self._projections if self._is_mlp(each.path)]
        hidden = self._sizes.hidden
        mixture = self._mixture()
        if mixture is not None:
            self._lack(
                "it is a mixture of experts, whose neurons are not those of one MLP.", "mlp_pre", "mlp_post"
            )
            beside = {each.path.split(".")[0] for each in outside if each.gives == hidden} - {mixture}
            if beside - {each for each in beside if words.ASIDE.search(each)}:
                self._lack(
                    f"what {', '.join(sorted(beside))} gives is added to its mixture of experts.", "mlp_out"
                )
            else:
                self.sites["mlp_out"] = HookPoint(mixture, "output", hidden)
            return
        outs = [each for each in outside if each.gives == hidden and not words.ASIDE.search(each.path)]
        outs = [each for each in outs if each.given != hidden] or outs
        outs = [each for each in outs if "." in each.path] or outs
        if len(outs) != 1:
            found = ", ".join(each.path for each in outs)
            why = f"it has several that may be its MLP's output ({found})." if outs else "it has no MLP."
            self._lack(why, "mlp_pre", "mlp_post", "mlp_out")
            return
        (out,) = outs
        self.sites["mlp_post"] = HookPoint(out.path, "input", out.given)
        self.sites["mlp_out"] = HookPoint(out.path, "output", hidden)
        before = _into(outside, out, hidden)
        if before is None:
            self._lack(
                "no single projection of the residual stream gives what the non-linearity is given.",
                "mlp_pre",
            )
        else:
            half = Part(0, 1, 2) if before.gives == 2 * out.given else None
            self.sites["mlp_pre"] = HookPoint(before.path, "output", out.given, part=half)

    def norms(self) -> None:
        """Find the norm between attention and MLP, and those of what is added."""
        hidden, there = self._sizes.hidden, self._children
        middle = next((name for name in words.MIDDLE if name in self._modules), None)
        ahead = {"pre_feedforward_layernorm", "pre_mlp_layernorm", "pre_moe_layernorm"} & {*there}
        bare = "input_layernorm" not in there and "attention_layernorm" not in there
        first = {name for name in words.AFTER_ATTENTION if name in there}
        sandwich = (
            bool(ahead) or "post_self_attn_layernorm" in there or (bare and set(words.AFTER_MLP) & {*there})
        )
        if sandwich and "attn_out" in self.sites and first:
            name = next(name for name in words.AFTER_ATTENTION if name in first)
            self.sites["attn_out_normed"] = HookPoint(name, "output", hidden)
        if sandwich and "mlp_out" in self.sites:
            after = next((name for name in words.AFTER_MLP if name in there), None)
            if after is not None:
                self.sites["mlp_out_normed"] = HookPoint(after, "output", hidden)
        if bare and not ahead and middle == "post_attention_layernorm" and sandwich:
            # Here the MLP is given the residual stream itself.
            middle = next((name for name in there if name in ("mlp", "feed_forward")), None)
        if middle is not None:
            self.sites["resid_mid"] = HookPoint(middle, "input", hidden)
        else:
            self._lack(
                "attention and MLP do not follow one another, or no norm stands between them.", "resid_mid"
            )

    def _all(self) -> Iterator[Projection]:
        for path, module in self._modules.items():
            found = sizes_of(module)
            if found is not None:
                yield Projection(path, *found)

    def _lack(self, why: str, *sites: str) -> None:
        self.lacking |= dict.fromkeys(sites, why)

    def _mixes(self, path: str) -> bool:
        first = path.split(".")[0]
        return first in self.mixers and not words.ACROSS.search(path)

    def _is_mlp(self, path: str) -> bool:
        return path.split(".")[0] not in self.mixers and not words.ACROSS.search(path)

    def _attention_output(self, inside: list[Projection]) -> Projection | None:
        """Return attention's output projection; None where there are several mixers, or no name is known."""
        mixers = {each.path.split(".")[0] for each in inside}
        if len(mixers) != 1:
            return None
        ends = [each for each in inside if each.gives == self._sizes.hidden]
        for name in words.OUTPUTS:
            for each in ends:
                path = each.path.removesuffix(".linear")
                if path == name or path.endswith(f".{name}"):
                    return each
        return None

    def _own(self, site: str, one: Projection, heads_wide: int) -> HookPoint:
        if site == "q" and one.gives == 2 * heads_wide and self._sizes.heads:
            # Queries and the gates of what attention gives, side by side for every head.
            return HookPoint(one.path, "output", heads_wide, part=Part(0, 1, 2, self._sizes.heads))
        return HookPoint(one.path, "output", one.gives)

    def _shared(self, fused: Projection, wide: int) -> dict[str, HookPoint]:
        """Return the parts of one projection that are queries, keys and values; nothing where sizes do not fit."""
        heads = self._sizes.heads
        if not heads or wide % heads:
            return {}
        size = wide // heads
        pieces, left = divmod(fused.gives, size)
        groups, odd = divmod(pieces - heads, 2)
        if left or odd or groups < 1:
            return {}
        by_head = words.THREE_IN_ONE[fused.name] and groups > 1 and heads % groups == 0
        many, stretches = (heads // groups, groups) if by_head else (heads, 1)
        few = 1 if by_head else groups
        ends = {"q": (0, many), "k": (many, many + few), "v": (many + few, many + 2 * few)}
        return {
            site: HookPoint(
                fused.path,
                "output",
                (stop - start) * size * stretches,
                part=Part(start, stop, many + 2 * few, stretches),
            )
            for site, (start, stop) in ends.items()
        }

    def _mixture(self) -> str | None:
        """Return the child that is a mixture of experts, if one is."""
        for name in self._children:
            if name in self.mixers:
                continue
            inner: list[str] = [child for child, _ in self._modules[name].named_children()]
            if any(words.EXPERTS.match(child) for child in inner) or words.EXPERTS.match(name):
                return name
        return None


def _named(inside: list[Projection], names: tuple[str, ...]) -> Projection | None:
    found = [each for name in names for each in inside if each.name == name]
    return found[0] if found else None


def _latent(inside: list[Projection]) -> bool:
    """Say whether keys and values come from a common smaller state (multi-head latent attention)."""
    return any(each.name in ("kv_b_proj", "kv_proj", "kv_a_proj_with_mqa") for each in inside)


def _into(outside: list[Projection], out: Projection, hidden: int) -> Projection | None:
    """Return the projection whose output the non-linearity is given: of a gated MLP, the gate's."""
    near = out.path.rsplit(".", 1)[0] if "." in out.path else ""
    found = [each for each in outside if each is not out and each.given == hidden]
    inside = [each for each in found if each.path.startswith(f"{near}.")] or found
    whole = [each for each in inside if each.gives == out.given]
    gates = [each for each in whole if words.GATES.search(each.name)]
    both = [each for each in inside if each.gives == 2 * out.given]
    return next(iter([*gates, *(whole if not both else []), *both]), None)
