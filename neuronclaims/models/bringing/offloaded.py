"""Models whose parts lie on several devices: the hooks of accelerate, and the weights that these keep elsewhere.

Accelerate puts a hook on modules, which brings inputs and weights to the device that computes, with a ``forward`` of
its own. Weights on disk, or on the CPU beside a GPU, are ``meta`` tensors while their module does not run. No torch is
imported here before a model is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any

from neuronclaims.models.identity.code import is_of_library, is_shipped, unwrapped

_ALIGNING = ("AlignDevicesHook", "CpuOffload")
"""Hooks of accelerate that move tensors, and change no value."""

_WARNING = ("to", "cuda", "npu", "mlu", "sdaa", "musa", "xpu", "neuron")
"""Methods that accelerate replaces on a model so that they warn."""

ADDED = ("_hf_hook", "_old_forward", "hf_device_map")
"""Attributes by which accelerate keeps where a module lies."""


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """A tensor that a hook keeps elsewhere: ``held`` has it under ``key``, and ``like`` stands for it in the model."""

    held: Mapping[str, Any]
    key: str
    like: Any

    def load(self) -> Any:
        """Return the tensor, on whatever device it is kept, in the number type that the model has it in."""
        return self.held[self.key].to(self.like.dtype)

    @property
    def stamp(self) -> tuple[object, ...] | None:
        """What changes when the file that it lies in does; None where it is in memory."""
        source, key = _source(self.held, self.key)
        if key in getattr(source, "state_dict", {}) or not hasattr(source, "index"):
            return None
        index = source.index[key]
        status = Path(index.get("safetensors_file") or f"{source.save_folder}/{key}.dat").stat()
        stamp = status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev
        return index.get("weight_name", key), *stamp


def _source(held: Any, key: str) -> tuple[Any, str]:
    """Return what a hook's map reads from, behind its prefixes, and the key there."""
    while hasattr(held, "dataset") and hasattr(held, "prefix"):
        held, key = held.dataset, f"{held.prefix}{key}"
    return held, key


def _holds(held: Any, key: str) -> bool:
    """Say whether a hook's map has a tensor, without reading it."""
    source, key = _source(held, key)
    return key in getattr(source, "index", ()) or key in getattr(source, "state_dict", source)


def hooks_of(module: Any) -> Iterator[Any]:
    """Yield the hooks of accelerate on one module, those of a sequence one by one."""
    left = [vars(module).get("_hf_hook")]
    while left:
        hook = left.pop(0)
        if type(hook).__name__ == "SequentialHook" and is_shipped(type(hook)):
            left = [*hook.hooks, *left]
        elif hook is not None:
            yield hook


def only_moves(module: Any) -> bool:
    """Say whether the ``forward`` of a module is its class' own behind hooks of accelerate that change no value."""
    own = vars(module)
    forward, before, hooks = own.get("forward"), own.get("_old_forward"), list(hooks_of(module))
    if not hooks or not isinstance(forward, partial) or not isinstance(before, MethodType):
        return False
    made = forward.func
    return (
        all(
            type(hook).__name__ in _ALIGNING
            and is_shipped(type(hook))
            and not {"pre_forward", "post_forward"} & vars(hook).keys()
            for hook in hooks
        )
        and isinstance(made, FunctionType)
        and made.__module__ == "accelerate.hooks"
        and is_of_library(made)
        and len(forward.args) == 1
        and forward.args[0] is module
        and not forward.keywords
        and before.__self__ is module
        and before.__func__ is getattr(type(module), "forward", None)
    )


def added(module: Any) -> set[str]:
    """Return the attributes of a module that accelerate put there, and that change no value."""
    own = vars(module)
    names = {name for name in ("hf_device_map",) if name in own}
    if only_moves(module):
        names |= {name for name in (*ADDED, "forward") if name in own}
        names |= {name for name in _WARNING if isinstance(own.get(name), FunctionType) and _warns(own[name])}
    return names


def _warns(function: FunctionType) -> bool:
    own, *rest = unwrapped(function)
    return own.__globals__.get("__name__") == "accelerate.big_modeling" and all(
        is_of_library(each) for each in (own, *rest)
    )


def elsewhere(model: Any) -> dict[str, Elsewhere]:
    """Return the tensors of a model that hooks of accelerate keep elsewhere, by their names in the model."""
    found: dict[str, Elsewhere] = {}
    for name, module in model.named_modules(remove_duplicate=False):
        for hook in hooks_of(module):
            held = getattr(hook, "weights_map", None)
            if not getattr(hook, "offload", False) or held is None:
                continue
            deep = bool(getattr(hook, "place_submodules", False))
            tensors = (
                *module.named_parameters(recurse=deep, remove_duplicate=False),
                *module.named_buffers(recurse=deep, remove_duplicate=False),
            )
            prefix = f"{name}." if name else ""
            for key, tensor in tensors:
                if tensor.is_meta and _holds(held, key):
                    found[prefix + key] = Elsewhere(held, key, tensor)
    return found


def weight_of(module: Any, name: str = "weight") -> Any:
    """Return a tensor of a module itself, brought to the device that the module computes on where it is kept elsewhere.

    >>> import torch
    >>> weight_of(torch.nn.Linear(3, 2)).shape
    torch.Size([2, 3])
    """
    tensor = getattr(module, name)
    if not tensor.is_meta:
        return tensor
    return elsewhere(module)[name].load().to(device_of(module))


def device_of(module: Any) -> Any:
    """Return the device that a module computes on: what its hook says, or where its tensors lie.

    None where it has neither.

    >>> import torch
    >>> device_of(torch.nn.Linear(3, 2)), device_of(torch.nn.ReLU())
    (device(type='cpu'), None)
    """
    import torch

    for hook in hooks_of(module):
        if getattr(hook, "execution_device", None) is not None:
            return torch.device(hook.execution_device)
    tensors = (*module.parameters(), *module.buffers())
    found = next((tensor.device for tensor in tensors if not tensor.is_meta), None)
    return found if found is not None else next((device_of(child) for child in module.children()), None)


def computing_devices(model: Any) -> set[Any]:
    """Return the devices that the modules of a model compute on: of those with tensors of their own."""
    found = set()
    for module in model.modules():
        tensors = (*module.parameters(recurse=False), *module.buffers(recurse=False))
        if tensors:
            found.add(device_of(module))
    return found - {None}


def sort_of_devices(model: Any) -> str:
    """Return the sort of devices that a model computes on, such as ``cpu`` or ``cuda``; several with a plus.

    >>> import torch
    >>> sort_of_devices(torch.nn.Linear(3, 2))
    'cpu'
    """
    return "+".join(sorted({str(device.type) for device in computing_devices(model)})) or "cpu"
