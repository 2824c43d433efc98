"""The identity of a model object: its tensors, its modules with their settings, and all that changes its results.

A state dict is not enough. A hook, another activation, another ``eps`` or a patched ``forward`` changes every value
and leaves the state dict as it is. What a library ships is known by its name and version. Code of the user's own is
not: it may read a global that changes. Values of such a model are measured and not kept.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from neuronclaims.models.bringing.offloaded import Elsewhere, added, elsewhere, hooks_of, only_moves
from neuronclaims.models.identity.code import LibraryCode, is_of_library, is_shipped, unwrapped
from neuronclaims.models.identity.settings import ORIGIN, PlainSettings, numbers, tensor_bytes, type_name
from neuronclaims.models.identity.surroundings import surroundings

if TYPE_CHECKING:
    import torch
    from torch import nn

T = TypeVar("T")

_HOOKS = ("_forward_hooks", "_forward_pre_hooks")
_TORCH = {
    "_parameters",
    "_buffers",
    "_modules",
    "_non_persistent_buffers_set",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_is_full_backward_hook",
    "_forward_hooks",
    "_forward_pre_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
    "_output_capturing_hooks_installed",
}
"""Attributes of a module that are looked at by themselves, or that no forward pass reads."""


@dataclass(frozen=True, slots=True)
class ObjectIdentity:
    """The hash of a model object, and why its values cannot be kept, if so.

    ``digest`` is a SHA-256 in hex. ``unknown`` names the first part that no hash can hold, such as a hook: the digest
    then says too little, and no value may be read from a cache by it.
    """

    digest: str
    unknown: str | None = None


def object_identity(model: nn.Module) -> ObjectIdentity:
    """Hash a model object with everything that changes what it computes.

    Where the hooks of accelerate keep a tensor does not count, only its numbers do, which are read from there. Raises
    ModelError for weights that are nowhere, such as those that were never loaded.

    >>> import torch
    >>> layer = torch.nn.LayerNorm(4)
    >>> before = object_identity(layer)
    >>> layer.eps = 0.1
    >>> object_identity(layer).digest == before.digest
    False
    >>> handle = layer.register_forward_hook(lambda module, args, output: output * 0)
    >>> object_identity(layer).unknown
    'a forward hook on the model itself'
    """
    whole = _structure(model)
    digest = hashlib.sha256(whole.digest.encode())
    for head in _each_tensor(model, _hashed):
        digest.update(head)
    return ObjectIdentity(digest.hexdigest(), whole.unknown)


def quick_state(model: nn.Module, code: LibraryCode | None = None) -> ObjectIdentity:
    """Return a checksum of modules, settings and tensors that is fast to compute and changes when any of them does.

    It tells whether a model was changed in place since it was last hashed; it is no identity. The code behind it is
    added to ``code``.
    """
    whole = _structure(model, code)
    total = hashlib.sha256(whole.digest.encode())
    for line in _each_tensor(model, _checksum):
        total.update(line.encode())
    return ObjectIdentity(total.hexdigest(), whole.unknown)


def _structure(model: nn.Module, looked_at: LibraryCode | None = None) -> ObjectIdentity:
    """Hash the modules of a model with their settings and the library's code behind them, its tensors left out."""
    modules = list(model.named_modules(remove_duplicate=False))
    known = {id(module) for _, module in modules}
    around = surroundings()
    digest, unknown = (
        hashlib.sha256(json.dumps(around.settings).encode()),
        [*_global_hooks(), *around.unknown],
    )
    for name, module in modules:
        place = name or "the model itself"
        changes = list(_changes(module, place))
        reader = PlainSettings(place, known)
        own = _own(module, added(module))
        settings = {key: reader.plain(value) for key, value in sorted(own.items())}
        unknown += [*changes, *reader.unknown]
        said = [name, type_name(type(module)), settings, changes]
        digest.update(json.dumps(said, sort_keys=True).encode())
    code = LibraryCode() if looked_at is None else looked_at
    code.add({type(module) for _, module in modules}, _attention(module for _, module in modules))
    digest.update(json.dumps(code.names).encode())
    moving = LibraryCode(code)  # whether it is accelerate's own; which version moves tensors changes no value
    moving.add({type(hook) for _, module in modules for hook in hooks_of(module)})
    unknown += [*code.strange, *moving.strange, *_strange_tensors(model)]
    return ObjectIdentity(digest.hexdigest(), unknown[0] if unknown else None)


def _attention(modules: Iterator[nn.Module]) -> set[str]:
    """Return the names of the attention implementations in use."""
    names = (getattr(getattr(module, "config", None), "_attn_implementation", None) for module in modules)
    return {name for name in names if isinstance(name, str)}


def _strange_tensors(model: nn.Module) -> Iterator[str]:
    """Yield tensors of a class that may compute in its own way."""
    for name, tensor in _tensors(model):
        if not is_shipped(type(tensor)):
            yield f"the class {type_name(type(tensor))} of the tensor {name}"


def _hashed(name: str, tensor: torch.Tensor, kept: Elsewhere | None) -> bytes:
    return tensor_bytes(name, tensor if kept is None else kept.load())


def _checksum(name: str, tensor: torch.Tensor, kept: Elsewhere | None) -> str:
    """Return what changes with a tensor's numbers: a CRC-32 misses one change in four thousand million.

    Of a tensor on disk it is what changes when its file does: it is not read for it.
    """
    import torch

    if kept is not None:
        stamp = kept.stamp
        if stamp is not None:
            return f"{name} {tuple(tensor.shape)} {tensor.dtype} {stamp}\n"
        tensor = kept.load()
    plain = not (tensor.is_meta or tensor.is_quantized or tensor.layout != torch.strided)
    told = zlib.crc32(numbers(tensor)) if plain else "elsewhere"
    return f"{name} {tuple(tensor.shape)} {tensor.dtype} {tensor.device} {told}\n"


def _each_tensor(
    model: nn.Module, function: Callable[[str, torch.Tensor, Elsewhere | None], T]
) -> Iterator[T]:
    """Yield what a function returns for every tensor, in order, worked out with as many threads as torch has.

    It is given the name, the tensor in the model, and where it is kept if that is elsewhere.
    """
    import torch

    kept = elsewhere(model)
    with ThreadPoolExecutor(max(torch.get_num_threads(), 1)) as pool:
        yield from pool.map(lambda item: function(item[0], item[1], kept.get(item[0])), _tensors(model))


def _tensors(model: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield every parameter and buffer, those that are not saved included, in the order of their names."""
    found = dict(model.named_parameters(remove_duplicate=False)) | dict(
        model.named_buffers(remove_duplicate=False)
    )
    yield from sorted(found.items())


def _global_hooks() -> Iterator[str]:
    from torch.nn.modules import module

    if any(getattr(module, f"_global{name}", None) for name in _HOOKS):
        yield "a forward hook on all modules"


def _changes(module: nn.Module, place: str) -> Iterator[str]:
    """Yield what changes a module in a way that no hash can hold."""
    hooks = [hook for name in _HOOKS for hook in getattr(module, name, {}).values()]
    if not all(_only_looks(hook) for hook in hooks):
        yield f"a forward hook on {place}"
    if "forward" in vars(module) and not only_moves(module):
        yield f"a forward of its own on {place}"
    if not is_shipped(type(module)):
        yield f"the class {type_name(type(module))} of {place}"


def _only_looks(hook: Any) -> bool:
    """Say whether a hook is one by which Transformers hands out hidden states: a model once asked for them keeps it."""
    return isinstance(hook, FunctionType) and all(
        each.__globals__.get("__name__") == "transformers.utils.output_capturing" and is_of_library(each)
        for each in unwrapped(hook)
    )


def _own(module: nn.Module, moving: Collection[str]) -> Mapping[str, Any]:
    """Return the settings of a module; ``moving`` names the attributes that say on what device it lies."""
    return {
        key: value
        for key, value in vars(module).items()
        if key not in _TORCH and key not in moving and key not in ORIGIN and key != "forward"
    }
