"""Look at a module of somebody's own by running it on three tokens: where its sites are, and that they can be read.

What a name means nobody can check. What can be checked is: every module is there and seen once in every block, a block
is given what the one before it gave, and no position sees a later one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from functools import partial
from typing import Any, Literal, TypeAlias

import torch
from torch import nn

from neuronclaims.measurements.errors import MeasurementError, ModelError, told_as
from neuronclaims.models.bringing.handed import ModuleModel
from neuronclaims.models.running.brought.module import BroughtModule, OwnConfig, check_logits, plain_call
from neuronclaims.models.running.worker import evaluating
from neuronclaims.models.structure.architecture import Architecture, Derived, HookPoint
from neuronclaims.sites import site_names

Seen: TypeAlias = "dict[tuple[str, int], list[Any]]"
"""What was seen at each site of each block."""

_INSIDE = "module"
"""Where a module lies in what it is run by."""


def brought(handed: ModuleModel, spec: str) -> BroughtModule:
    """Return a module ready to be run like a model of Transformers; raise ModelError for what does not fit it."""
    module: nn.Module = handed.model
    blocks = _blocks(module, handed.blocks, spec)
    points = _points(handed.sites, spec)
    run = handed.forward or plain_call
    seen, logits = _looked_at(module, blocks, points, run, handed.context, spec)
    widths = _widths(points, seen, len(blocks), spec)
    _check_chain(seen, len(blocks), spec)
    name = type(module).__name__
    sites = {
        site: HookPoint(
            f"{_INSIDE}.{point.module}" if point.where == "body" else point.module,
            point.side,
            widths[site],
            point.where,
        )
        for site, point in points.items()
    }
    sizes = {"hidden": widths["resid_post"], "layers": len(blocks), "context": handed.context}
    architecture = Architecture(
        name,
        f"a module of its own ({name})",
        f"{_INSIDE}.{handed.blocks}",
        sites,
        derived=Derived(sizes, loads_as=""),
    )
    config = OwnConfig(architecture.model_type, list(map(int, handed.stops)) or None)
    tuples = isinstance(seen["resid_post", 0][0], (tuple, list))
    return BroughtModule(module, run, architecture, config, int(logits.shape[-1]), tuples)


def _blocks(module: nn.Module, path: str, spec: str) -> list[nn.Module]:
    found: Any = None
    if path:
        try:
            found = module.get_submodule(path)
        except AttributeError:
            found = None
    children = list(found.children()) if isinstance(found, (nn.ModuleList, nn.Sequential)) else []
    if not children:
        lists = [
            name
            for name, each in module.named_modules()
            if name and isinstance(each, (nn.ModuleList, nn.Sequential)) and len(each) > 1
        ]
        near = get_close_matches(path, lists, n=1, cutoff=0.3) or lists[:1]
        hint = f" Did you mean blocks={near[0]!r}?" if near else ""
        raise ModelError(
            f"The module of model {spec!r}, a {type(module).__name__}, has no list of blocks at {path!r}.{hint}"
        )
    return children


def _points(sites: Mapping[str, str | HookPoint], spec: str) -> dict[str, HookPoint]:
    """Return where sites are read, in the order in which they are known."""
    found = {"resid_pre": HookPoint("", "input"), "resid_post": HookPoint("", "output")}
    for site, given in sites.items():
        if site not in site_names():
            near = get_close_matches(str(site), site_names(), n=1, cutoff=0.5)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ModelError(
                f"ModuleModel for {spec!r}: {site!r} is no site.{hint} Sites: {', '.join(site_names())}."
            )
        if isinstance(given, HookPoint):
            found[site] = given
            continue
        path, _, side = str(given).rpartition(":")
        if side not in ("input", "output"):
            raise ModelError(
                f"ModuleModel for {spec!r}: the site {site!r} is at {given!r}. Write PATH:input or PATH:output, such "
                "as 'mlp.c_proj:input'."
            )
        where: Literal["block", "body"] = "body" if site == "final_norm" else "block"
        found[site] = HookPoint(path, "input" if side == "input" else "output", where=where)
    return {site: found[site] for site in site_names() if site in found}


def _looked_at(
    module: nn.Module,
    blocks: list[nn.Module],
    points: Mapping[str, HookPoint],
    run: Any,
    context: int,
    spec: str,
) -> tuple[Seen, torch.Tensor]:
    """Run two texts that differ in their last token; return what was seen of the first, and its logits."""
    device = next((each.device for each in module.parameters()), torch.device("cpu"))
    length = min(3, context)
    texts = torch.zeros(2, length, dtype=torch.long, device=device)
    texts[1, -1] = 1
    seen: Seen = {}
    with (
        told_as(ModelError, f"The module of model {spec!r} does not run on {length} tokens"),
        torch.no_grad(),
        evaluating(module),
    ):
        with _watched(module, blocks, points, seen, spec):
            logits = run(module, texts[:1])
        other = run(module, texts[1:])
    try:
        check_logits(logits, texts[:1])
        check_logits(other, texts[1:])
    except MeasurementError as error:
        raise ModelError(f"ModuleModel for {spec!r}: {error}") from None
    if not torch.equal(logits[:, :-1], other[:, :-1]):
        raise ModelError(
            f"The module of model {spec!r} gives two texts that begin alike other logits: what it predicts depends on "
            "later tokens, or on chance, and only causal modules are measured."
        )
    return seen, logits


@contextmanager
def _watched(
    module: nn.Module, blocks: list[nn.Module], points: Mapping[str, HookPoint], seen: Seen, spec: str
) -> Iterator[None]:
    handles = []
    try:
        for site, point in points.items():
            places = list(enumerate(blocks)) if point.where == "block" else [(len(blocks) - 1, module)]
            for layer, whole in places:
                part = _part(whole, point.module, site, layer, spec)
                keep = partial(_keep, seen, (site, layer))
                if point.side == "input":
                    handles.append(part.register_forward_pre_hook(keep, with_kwargs=True))
                else:
                    handles.append(part.register_forward_hook(keep))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _keep(seen: Seen, place: tuple[str, int], _: nn.Module, args: Any, last: Any) -> None:
    """Keep what a module was given (then ``last`` are its arguments by name), or what it gave."""
    value = last
    if isinstance(last, dict) and isinstance(args, tuple):
        value = args[0] if args else next(iter(last.values()), None)
    seen.setdefault(place, []).append(value)


def _part(whole: nn.Module, path: str, site: str, layer: int, spec: str) -> nn.Module:
    try:
        return whole.get_submodule(path)
    except AttributeError:
        names = [name for name, _ in whole.named_modules() if name]
        near = get_close_matches(path, names, n=1, cutoff=0.4)
        hint = f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(names[:8])}."
        raise ModelError(
            f"ModuleModel for {spec!r}: the site {site!r} is at {path!r}, which block {layer} does not have. {hint}"
        ) from None


def _widths(points: Mapping[str, HookPoint], seen: Seen, layers: int, spec: str) -> dict[str, int]:
    """Return how wide every site is; raise ModelError where it is not seen once, or not equally wide everywhere."""
    found: dict[str, int] = {}
    for site, point in points.items():
        for layer in range(layers) if point.where == "block" else [layers - 1]:
            values = seen.get((site, layer), [])
            if len(values) != 1:
                how = "is never run" if not values else f"runs {len(values)} times in one forward"
                raise ModelError(
                    f"ModuleModel for {spec!r}: the module of the site {site!r} in block {layer} {how}, so its values "
                    "cannot be told."
                )
            tensor = _first(values[0])
            if tensor is None or tensor.ndim not in (2, 3):
                raise ModelError(
                    f"ModuleModel for {spec!r}: at the site {site!r} of block {layer} there is no tensor [rows, "
                    "tokens, width] but something else."
                )
            width = int(tensor.shape[-1])
            if found.setdefault(site, width) != width:
                raise ModelError(
                    f"ModuleModel for {spec!r}: the site {site!r} is {found[site]} wide in one block and {width} in "
                    f"block {layer}; sites that differ from block to block are not measured."
                )
    return found


def _check_chain(seen: Seen, layers: int, spec: str) -> None:
    """Raise ModelError unless every block is given what the one before it gave."""
    for layer in range(layers - 1):
        gave, given = _first(seen["resid_post", layer][0]), _first(seen["resid_pre", layer + 1][0])
        if gave is None or given is None or not torch.equal(gave, given):
            raise ModelError(
                f"ModuleModel for {spec!r}: block {layer + 1} is not given what block {layer} gave, so what stands at "
                f"'blocks' is no chain of blocks. Name the list whose members follow one another."
            )


def _first(value: Any) -> torch.Tensor | None:
    found = value[0] if isinstance(value, (tuple, list)) and value else value
    return found if isinstance(found, torch.Tensor) else None
